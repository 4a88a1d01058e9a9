"""`tramdo-central import` and `export`: a record in a file, where there is no network."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tramdo import __version__
from tramdo.cli.exits import FAILED, leave
from tramdo.errors import TramdoError
from tramdo.events import iso
from tramdo.proof import export as form
from tramdo_central.cli.files import CentralFile, Json, ledger, load
from tramdo_central.ledger import Ledger, Taken

AT_ONCE = 500
MOST_NAMED = 5

_Exports = Annotated[
    list[Path], typer.Argument(metavar="EXPORT...", help="Files that `tramdo export` has made.")
]
_Name = Annotated[str, typer.Argument(metavar="STATION", help="The station's id.")]
_Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A new file (default: standard output).")
]


def bring(file: CentralFile, exports: _Exports, *, as_json: Json = False) -> None:
    """Take the events of exported files into the ledger, each exactly once."""
    loaded = load(file)
    try:
        read = [form.read(path) for path in exports]
    except TramdoError as error:
        leave(str(error), FAILED)
    with ledger(loaded, read_only=False) as one:
        found = [_bring(one, some) for some in read]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
    else:
        typer.echo("\n".join(each.said() for each in found))
    if any(each.refused or not each.whole for each in found):
        raise typer.Exit(FAILED)


def _bring(one: Ledger, export: form.Export) -> "_Brought":
    """Give the ledger what stands in one file; return what became of it."""
    found = _Brought(file=str(export.path), station=export.header.station)
    for wires in _batches(export):
        found.add(one.take(wires, datetime.now(UTC)))
    closing = export.closing()
    found.whole = closing is not None
    if closing is not None and closing.head is not None:
        one.take_head(closing.head.message(), datetime.now(UTC))
    return found


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    reading = iter(lines)
    while batch := list(islice(reading, AT_ONCE)):
        yield batch


@dataclass(slots=True, kw_only=True)
class _Brought:
    """What became of the events of one file; `whole`: its closing line was there."""

    file: str
    station: str
    new: int = 0
    repeated: int = 0
    forked: int = 0
    refused: int = 0
    why: list[str] = field(default_factory=list)
    whole: bool = False

    def add(self, taken: Taken) -> None:
        """Count what the ledger did with some of them."""
        self.new += taken.new
        self.repeated += taken.repeated
        self.forked += taken.forked
        self.refused += len(taken.refused)
        why = dict.fromkeys([*self.why, *(one.why for one in taken.refused)])
        self.why = list(why)[:MOST_NAMED]

    def said(self) -> str:
        """Return it for people."""
        lines = [f"{self.file}: {self.new} new, {self.repeated} known already"]
        if self.forked:
            lines[0] += f", {self.forked} contradict what is here (see: tramdo-central findings)"
        if self.refused:
            lines.append(f"  refused: {self.refused}; {'; '.join(self.why)}")
        if not self.whole:
            lines.append("  its closing line is missing: the file is cut off")
        return "\n".join(lines)


def export(file: CentralFile, station: _Name, output: _Output = None) -> None:
    """Write a station's record as an export that `verify` proves without this server."""
    with ledger(load(file)) as one:
        if station not in [row.station for row in one.stations()]:
            leave(f"{station}: nothing has been heard of it; see: tramdo-central stations", FAILED)
        header = form.Header(station=station, made=iso(datetime.now(UTC)), version=__version__)
        if output is None:
            form.write(sys.stdout.buffer, header, one.export(station))
            return
        try:
            with output.open("xb") as out:
                count = form.write(out, header, one.export(station))
        except OSError as error:
            leave(f"{output}: cannot be written: {error.strerror}", FAILED)
    typer.echo(f"{output}: {count} events of {station}")
