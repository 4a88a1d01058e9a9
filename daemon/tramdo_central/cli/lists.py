"""`tramdo-central stations`, `gaps`, `findings`: what the ledger says, read only."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from tramdo.events import iso
from tramdo_central.cli.files import CentralFile, Json, Station, ledger, load
from tramdo_central.ledger import Gap, StationRow

_HEADS = ("station", "last heard", "online", "upto", "proven", "holes", "findings", "key")


def stations(file: CentralFile, *, as_json: Json = False) -> None:
    """List stations: last heard, how far complete and proven, holes, findings, online."""
    with ledger(load(file)) as one:
        holes = _missing(one.gaps())
        found = [_station(row, holes.get(row.station, 0)) for row in one.stations()]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        now = datetime.now(UTC)
        _print(_HEADS, [_row(row, now) for row in found], "No station has been heard yet.")


def gaps(file: CentralFile, station: Station = None, *, as_json: Json = False) -> None:
    """List numbers that are known to exist, and are neither here nor declared gone."""
    with ledger(load(file)) as one:
        found = [
            {
                "station": gap.station,
                "epoch": gap.epoch,
                "from": gap.first,
                "to": gap.last,
                "since": iso(gap.since),
            }
            for gap in one.gaps(station)
        ]
    _say(found, ("station", "epoch", "from", "to", "since"), "No holes.", as_json=as_json)


def findings(file: CentralFile, station: Station = None, *, as_json: Json = False) -> None:
    """List what is wrong with the records: altered, forged, fork, missing, old copy."""
    with ledger(load(file)) as one:
        found = [
            {
                "at": iso(one.at),
                "station": one.station,
                "finding": one.name,
                "epoch": one.epoch,
                "seq": one.seq,
                "text": one.text,
            }
            for one in one.findings(station)
        ]
    heads = ("at", "station", "finding", "epoch", "seq", "text")
    _say(found, heads, "No findings.", as_json=as_json)


def _missing(gaps: Iterable[Gap]) -> dict[str, int]:
    missing: dict[str, int] = {}
    for gap in gaps:
        missing[gap.station] = missing.get(gap.station, 0) + gap.last - gap.first + 1
    return missing


def _station(row: StationRow, missing: int) -> dict[str, Any]:
    return {
        "station": row.station,
        "seen": iso(row.seen),
        "online": row.online,
        "silent_since": None if row.silent_since is None else iso(row.silent_since),
        "enrolled": row.enrolled,
        "epoch": row.epoch,
        "upto": row.upto,
        "proven": row.proven,
        "highest": row.highest,
        "missing": missing,
        "findings": row.findings,
    }


def _row(one: dict[str, Any], now: datetime) -> list[str]:
    online = {True: "online", False: "offline", None: "?"}[one["online"]]
    if one["silent_since"] is not None:
        online += ", silent"
    return [
        one["station"],
        _ago(now - datetime.fromisoformat(one["seen"])),
        online,
        *(str(one[name]) for name in ("upto", "proven", "missing", "findings")),
        "enrolled" if one["enrolled"] else "not enrolled",
    ]


def _ago(age: Any) -> str:
    seconds = max(0, round(age.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _say(
    found: Sequence[dict[str, Any]], heads: Sequence[str], none: str, *, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(heads, [[str(one[head]) for head in heads] for one in found], none)


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> None:
    """Print columns, or a sentence where there are no rows."""
    if not rows:
        typer.echo(none)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
