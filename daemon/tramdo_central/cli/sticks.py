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
from tramdo.proof.findings import (
    ALTERED,
    DAMAGED,
    FORGED,
    FORK,
    OTHER_STATION,
    UNSIGNED,
    WRONG_KEY,
)
from tramdo.proof.findings import Finding as Fault
from tramdo.proof.keys import public_text
from tramdo.proof.walk import prove
from tramdo_central.cli.files import CentralFile, Json, ledger, load
from tramdo_central.keyring import Keyring
from tramdo_central.ledger import Finding, Ledger, Taken
from tramdo_central.opening import keyring

AT_ONCE = 500
MOST_NAMED = 5
WRONG = frozenset({ALTERED, DAMAGED, FORGED, FORK, OTHER_STATION, WRONG_KEY})

_Exports = Annotated[
    list[Path], typer.Argument(metavar="EXPORT...", help="Files that `tramdo export` has made.")
]
_Name = Annotated[str, typer.Argument(metavar="STATION", help="The station's id.")]
_Anyway = Annotated[
    bool, typer.Option("--anyway", help="Take also what is not as the station wrote it.")
]
_Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A new file (default: standard output).")
]


def bring(
    file: CentralFile, exports: _Exports, *, anyway: _Anyway = False, as_json: Json = False
) -> None:
    """Take the events of exported files into the ledger, each exactly once.

    Each file is proven first, with the enrolled key; one that is not as the station wrote it is
    not taken. Ends with 1 when something was not taken, contradicts the ledger or is cut off.
    """
    loaded = load(file)
    try:
        read = [form.read(path) for path in exports]
    except TramdoError as error:
        leave(str(error), FAILED)
    with ledger(loaded, read_only=False) as one:
        ring = keyring(loaded)
        found = [_judged(one, some, ring, anyway=anyway) for some in read]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
    else:
        typer.echo("\n".join(each.said() for each in found))
    if not all(each.good for each in found):
        raise typer.Exit(FAILED)


def _judged(one: Ledger, export: form.Export, ring: Keyring, *, anyway: bool) -> "_Brought":
    """Take a file unless it is not as the station wrote it; say what is newly found."""
    station = export.header.station
    report = prove(export.record(), ring(station))
    wrong = [fault for fault in report.faults if _is_wrong(fault, export)]
    if wrong and not anyway:
        more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
        named = f"{wrong[0].where} {wrong[0].kind.upper()}{more}"
        return _Brought(file=str(export.path), station=station, not_taken=named)
    before = {_text(each) for each in one.findings()}
    brought = _bring(one, export)
    brought.findings = [text for each in one.findings() if (text := _text(each)) not in before]
    return brought


def _is_wrong(fault: Fault, export: form.Export) -> bool:
    """Whether this speaks against what stands there, and not of what a ledger may still get."""
    return fault.kind in WRONG or (fault.kind == UNSIGNED and not export.header.kinds)


def _text(one: Finding) -> str:
    return f"{one.station} {one.name.upper()} {one.epoch}.{one.seq}: {one.text}"


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
    """What became of the events of one file; `whole`: its closing line was there.

    `not_taken` says what is wrong with a file of which nothing was taken; `findings` are new ones.
    """

    file: str
    station: str
    new: int = 0
    repeated: int = 0
    forked: int = 0
    refused: int = 0
    why: list[str] = field(default_factory=list)
    whole: bool = False
    not_taken: str = ""
    findings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything in the file is in the ledger now, and agrees with it."""
        return self.whole and not (self.refused or self.forked or self.not_taken)

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
        if self.not_taken:
            return (
                f"{self.file}: not taken, it is not as the station wrote it ({self.not_taken}); "
                "--anyway takes it"
            )
        lines = [f"{self.file}: {self.new} new, {self.repeated} known already"]
        if self.forked:
            lines[0] += f", {self.forked} contradict what is here (see: tramdo-central findings)"
        if self.refused:
            lines.append(f"  refused: {self.refused}; {'; '.join(self.why)}")
        if not self.whole:
            lines.append("  its closing line is missing: the file is cut off")
        return "\n".join([*lines, *(f"  {each}" for each in self.findings)])


def export(file: CentralFile, station: _Name, output: _Output = None) -> None:
    """Write a station's record as an export that `verify` proves without this server."""
    loaded = load(file)
    with ledger(loaded) as one:
        if station not in [row.station for row in one.stations()]:
            leave(f"{station}: nothing has been heard of it; see: tramdo-central stations", FAILED)
        made, key = iso(datetime.now(UTC)), _enrolled(keyring(loaded), station)
        header = form.Header(station=station, made=made, version=__version__, key=key)
        if output is None:
            form.write(sys.stdout.buffer, header, one.export(station))
            return
        try:
            with output.open("xb") as out:
                count = form.write(out, header, one.export(station))
        except FileExistsError:
            leave(form.exists(output), FAILED)
        except OSError as error:
            leave(f"{output}: cannot be written: {error.strerror}", FAILED)
    typer.echo(f"{output}: {count} events of {station}")


def _enrolled(ring: Keyring, station: str) -> str:
    """Return the key for the header, "" where it is not one: a card may have been changed."""
    verifier = ring(station)
    return public_text(verifier.keys[0]) if verifier and len(verifier.keys) == 1 else ""
