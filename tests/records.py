"""Journals for tests: opened and running, and their bytes walked by the rules of the chain."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tramdo.clock import Stamp
from tramdo.events import STATION_WIDE, Event
from tramdo.journal import Journal
from tramdo.journal.bounds import Bounds
from tramdo.journal.readonly import stored
from tramdo.proof import GENESIS, Link

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def stamp(seconds: float = 0.0, quality: str = "unknown") -> Stamp:
    at = AT + timedelta(seconds=seconds)
    return Stamp(at=at, monotonic=12.5 + seconds, quality=quality, boot="b00t")


def event(kind: str = "check", instrument: str = "scale-1", **body: Any) -> Event:
    return Event(kind=kind, instrument=instrument, stamp=stamp(), body=body)


def reading(number: int, size: int = 400) -> Event:
    body = {"readings": [], "filler": "x" * size, "n": number}
    return Event(kind="reading", instrument=STATION_WIDE, stamp=stamp(number), body=body)


@asynccontextmanager
async def opened(
    path: Path, *, signed: bool = True, bounds: Bounds | None = None
) -> AsyncIterator[Journal]:
    key = path.with_suffix(".key") if signed else None
    journal = Journal(path, "tn-01", key=key, bounds=bounds)
    await journal.open()
    task = asyncio.create_task(journal.run())
    try:
        yield journal
    finally:
        task.cancel()
        await asyncio.wait([task])
        await journal.close()


def links(path: Path) -> list[Link]:
    return [Link.of(one.wire) for one in stored(path)]


def bodies(path: Path, kind: str) -> list[dict[str, Any]]:
    return [link.body for link in links(path) if link.kind == kind]


def assert_chained(path: Path) -> None:
    """Every stored chain value follows from its message, holes only where a gap event bridges."""
    declared = {one["from"]: one for body in bodies(path, "gap") for one in body.get("shed", ())}
    value, expected = GENESIS, 1
    for one in stored(path):
        link = Link.of(one.wire)
        while expected != link.seq:
            hole = declared[expected]
            assert bytes.fromhex(hole["before"]) == value
            value, expected = bytes.fromhex(hole["after"]), hole["to"] + 1
        assert link.previous == value
        value = link.value(value)
        assert value == one.hash
        expected += 1


def kinds(path: Path) -> list[str]:
    return [json.loads(one.wire)["kind"] for one in stored(path)]
