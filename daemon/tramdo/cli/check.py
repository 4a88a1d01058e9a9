"""`tramdo check`: everything wrong in a station file, at once."""

from pathlib import Path
from typing import Annotated

import typer

from tramdo import build, limits, stationfile
from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.errors import SettingsError, TramdoError

StationFile = Annotated[Path, typer.Argument(metavar="FILE", help="The station file (TOML).")]


def load(file: Path) -> stationfile.Loaded:
    """Return a station file, or end the program with every problem in it."""
    try:
        loaded = stationfile.read(file, known_rules=limits.available([file.parent / "limits"]))
    except SettingsError as error:
        count = len(error.problems)
        leave(f"{error}\n{count} problem{'s' if count > 1 else ''} in {file}", WRONG_SETTINGS)
    try:
        build.checkers(loaded)
        build.guides(loaded)
    except TramdoError as error:
        leave(str(error), WRONG_SETTINGS)
    for warning in loaded.warnings:
        typer.secho(f"warning: {warning}", err=True, fg="yellow")
    return loaded


def check(file: StationFile) -> None:
    """Check a station file: all problems at once, with line, value and what is allowed."""
    station = load(file).station
    typer.echo(
        f"{file}: good. Station {station.station.id}: {len(station.ports)} ports, "
        f"{len(station.instruments)} instruments, {len(station.references)} references, "
        f"{len(station.checks)} checks."
    )
