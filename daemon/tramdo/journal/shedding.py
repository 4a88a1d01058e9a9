"""What a journal over its bound gives up: the oldest readings first, checks and alerts last.

What is given up is told by the runs of numbers that are gone, with the chain values on both sides,
so that the chain can be walked across.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from tramdo.journal.rows import Stream
from tramdo.proof import GENESIS

CLASSES = (
    ("reading",),
    ("availability", "clock", "transaction"),
    ("config", "security"),
    ("adjustment", "alert", "check"),  # and never a gap: it tells what is gone
)
MOST_ROWS = 1000
MOST_RUNS = 200
LATEST = "~"  # after every time that an event can bear
# The plus keeps SQLite from the index by kind: the rows are wanted in order, few at a time.
_OLDEST = """SELECT seq, kind, instrument, time, message FROM event
  WHERE seq > ? AND seq <= ? AND +kind IN ({kinds}) ORDER BY seq LIMIT ?"""
_DROP = "DELETE FROM event WHERE seq BETWEEN ? AND ?"


class Old(NamedTuple):
    """One event that may go."""

    seq: int
    kind: str
    instrument: str
    time: str
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Numbers `first` to `last`, all of them gone, and the chain values before and after."""

    first: int
    last: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shed:
    """What one step gives up."""

    runs: tuple[Run, ...]
    events: tuple[tuple[int, Stream], ...]
    oldest: str
    newest: str

    @property
    def kinds(self) -> Counter[str]:
        """How many events of each kind."""
        return Counter(kind for _, (kind, _) in self.events)

    def body(self, why: str) -> dict[str, Any]:
        """Return the body of the gap event that tells it."""
        return {
            "shed": [
                {
                    "from": run.first,
                    "to": run.last,
                    "before": run.before.hex(),
                    "after": run.after.hex(),
                }
                for run in self.runs
            ],
            "kinds": dict(self.kinds),
            "why": why,
            "oldest": self.oldest,
            "newest": self.newest,
        }

    def drop(self, base: sqlite3.Connection) -> None:
        """Delete the rows, inside the caller's transaction."""
        base.executemany(_DROP, [(run.first, run.last) for run in self.runs])


def oldest(
    base: sqlite3.Connection, kinds: tuple[str, ...], after: int, upto: int, before: str
) -> list[Old]:
    """Return a step of the oldest events of these kinds, from times before `before`.

    Their numbers are above `after` and not above `upto`. Nothing where the oldest of them is not
    old enough: what stands behind it is younger.
    """
    query = _OLDEST.format(kinds=", ".join("?" * len(kinds)))
    rows = [Old(*row) for row in base.execute(query, (after, upto, *kinds, MOST_ROWS))]
    return list(takewhile(lambda row: row.time < before, rows))


def shed_of(base: sqlite3.Connection, rows: list[Old]) -> Shed | None:
    """Return these events as something to give up; None where there are none."""
    runs: list[Run] = []
    taken: list[Old] = []
    for group in _neighbours(rows):
        if len(runs) == MOST_RUNS:
            break
        runs.append(_run(base, group))
        taken += group
    if not runs:
        return None
    return Shed(
        runs=tuple(runs),
        events=tuple((row.seq, (row.kind, row.instrument)) for row in taken),
        oldest=taken[0].time,
        newest=taken[-1].time,
    )


def _neighbours(rows: list[Old]) -> Iterator[list[Old]]:
    group: list[Old] = []
    for row in rows:
        if group and row.seq != group[-1].seq + 1:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _run(base: sqlite3.Connection, group: list[Old]) -> Run:
    (after,) = base.execute("SELECT hash FROM event WHERE seq = ?", (group[-1].seq,)).fetchone()
    return Run(
        first=group[0].seq, last=group[-1].seq, before=_before(base, group[0]), after=bytes(after)
    )


def _before(base: sqlite3.Connection, first: Old) -> bytes:
    """Return the chain value before an event, which all but old messages name."""
    if named := json.loads(first.message).get("prev"):
        return bytes.fromhex(named)
    found = base.execute(
        "SELECT hash FROM event WHERE seq < ? ORDER BY seq DESC LIMIT 1", (first.seq,)
    )
    (link,) = found.fetchone() or (GENESIS,)
    return bytes(link)
