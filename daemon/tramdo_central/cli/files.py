"""The file that every command begins with, and the ledger that it names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.errors import SettingsError, TramdoError
from tramdo_central import centralfile
from tramdo_central.centralfile import Loaded
from tramdo_central.ledger import Ledger
from tramdo_central.opening import opened

CentralFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file of the central server (TOML).")
]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Station = Annotated[str | None, typer.Argument(metavar="[STATION]", help="Only this station.")]


def load(file: Path) -> Loaded:
    """Return the file, or end the program with every problem in it."""
    try:
        return centralfile.read(file)
    except SettingsError as error:
        count = len(error.problems)
        leave(f"{error}\n{count} problem{'s' if count > 1 else ''} in {file}", WRONG_SETTINGS)


@contextmanager
def ledger(loaded: Loaded, *, read_only: bool = True) -> Iterator[Ledger]:
    """Open the ledger; whatever it raises ends the program with one message."""
    try:
        one = opened(loaded, read_only=read_only)
        try:
            yield one
        finally:
            one.close()
    except TramdoError as error:
        leave(str(error), FAILED)
