"""`tramdo-central verify`: whether a record is complete and as the station wrote it. No network."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.errors import TramdoError
from tramdo.journal.readonly import stored
from tramdo.proof import BadKey, Verifier
from tramdo.proof.export import Export, read
from tramdo.proof.findings import Report
from tramdo.proof.known import Known
from tramdo.proof.record import Record, link_of, wire_of
from tramdo.proof.walk import prove
from tramdo_central.report_text import Lines, page

LONGEST = 20  # digits of a number
SQLITE = b"SQLite format 3\0"
HASH = re.compile(r"[0-9a-fA-F]{64}")


def verify(  # noqa: PLR0913  the options of a command
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An export, or a journal or its copy.")
    ],
    *,
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="The station's public key (PEM); repeatable.")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option("--known", help="What must be in it, [EPOCH.]NUMBER:HASH; repeatable."),
    ] = None,
    central: Annotated[
        str | None,
        typer.Option("--central", help="A ledger, file or URL: what it has must be in FILE."),
    ] = None,
    chain_only: Annotated[
        bool, typer.Option("--chain-only", help="Be content with the chain where no key is given.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove that a station's record is complete and untouched.

    Ends with 0 when it is, also where its newest events are not signed yet or only --central or
    --known can tell that its end was not cut off (it says so); with 1 when it is not, or nobody
    vouches for it; with 2 on wrong arguments.
    """
    verifier = _verifier(key or [])
    points = [_known(text) for text in known or []]
    export, record = _record(file)
    try:
        if central is not None:
            points += _of_central(central, record)
        report = prove(record, verifier, points)
        named = {(one.epoch, one.first) for one in report.findings}
        lines = export.lines(named) if export and named else {}
    except TramdoError as error:
        leave(str(error), FAILED)
    good = report.whole and (report.vouched_for or chain_only)
    if as_json:
        typer.echo(_json(report, lines, good=good))
    else:
        typer.echo(page(report, str(file), verifier, lines))
    raise typer.Exit(0 if good else FAILED)


def _verifier(files: list[Path]) -> Verifier | None:
    try:
        return Verifier.of(*(one.read_bytes() for one in files)) if files else None
    except OSError as error:
        leave(f"--key {error.filename}: cannot be read: {error.strerror}", WRONG_SETTINGS)
    except BadKey as error:
        leave(f"--key {', '.join(map(str, files))}: {error}", WRONG_SETTINGS)


def _known(text: str) -> Known:
    place, _, digits = text.partition(":")
    epoch, _, number = place.rpartition(".")
    whole = number.isascii() and number.isdigit() and len(number) < LONGEST and int(number) > 0
    if whole and HASH.fullmatch(digits):
        return Known(seq=int(number), value=bytes.fromhex(digits), epoch=epoch)
    return leave(
        f"--known {text!r}: allowed: NUMBER:HASH or EPOCH.NUMBER:HASH, the hash in 64 hex digits",
        WRONG_SETTINGS,
    )


def _record(file: Path) -> tuple[Export | None, Record]:
    try:
        with file.open("rb") as start:
            is_journal = start.read(len(SQLITE)) == SQLITE
    except OSError as error:
        leave(f"{file}: cannot be read: {error.strerror}", WRONG_SETTINGS)
    try:
        if is_journal:
            return None, Record(entries=lambda: stored(file))
        export = read(file)
        return export, export.record()
    except TramdoError as error:
        leave(str(error), FAILED)


def _of_central(url: str, record: Record) -> list[Known]:
    """Return the newest event of each epoch that a ledger has of the same station."""
    from tramdo_central.ledger import Ledger  # noqa: PLC0415  the database only where asked for

    if url.endswith(".toml"):
        leave(f"--central {url}: give the ledger (central.db), not the settings", WRONG_SETTINGS)
    station = record.station or _first_station(record)
    ledger = Ledger.open(url, lambda _: None, read_only=True)
    newest: dict[str, Known] = {}
    try:
        for wire in ledger.export(station):
            link = link_of(wire)
            if link.previous is not None:
                value = link.value(link.previous)
                newest[link.epoch] = Known(epoch=link.epoch, seq=link.seq, value=value)
    finally:
        ledger.close()
    if not newest:
        leave(f"--central {url}: has nothing of station {station}", WRONG_SETTINGS)
    return list(newest.values())


def _first_station(record: Record) -> str:
    for entry in record.entries():
        try:
            return link_of(wire_of(entry)).station
        except ValueError:
            continue
    return ""


def _json(report: Report, lines: Lines, *, good: bool) -> str:
    fields = asdict(report)
    for one, finding in zip(fields["findings"], report.findings, strict=True):
        one["text"] = finding.text
        one["line"] = lines.get((finding.epoch, finding.first))
    tail = [report.tail[0], report.tail[-1]] if report.tail else None
    fields |= {"events": report.events, "tail": tail, "whole": report.whole, "good": good}
    return json.dumps(fields)
