"""A program that records events of several kinds and prints each number once it is recorded.

A line is `epoch seq token`; the event's body bears the token. `failing WHY`, `recording` tell
when the journal's state changes; `cannot WHY` ends the program where the journal cannot be opened.
"""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from tramdo import clock
from tramdo.errors import JournalError
from tramdo.events import Event
from tramdo.journal import Journal

STATION = "fault-01"
READING = {"readings": [{"n": n, "values": [{"value": f"{n}.00"}]} for n in range(12)]}


def event(kind: str, number: int, **body: Any) -> Event:
    body |= {"n": number}
    return Event(kind=kind, instrument="scale-1", stamp=clock.now(), body=body)


def groups(token: str) -> Iterator[tuple[Event, ...]]:
    """Yield what belongs into one commit, in turn: evidence between many readings."""
    for number in itertools.count():
        body = {"token": f"{token}-{number}"}
        kinds = (("check",), ("check", "alert"), ("availability",), ("transaction", "adjustment"))
        first = [event(kind, number) for kind in kinds[number % 4][:-1]]
        yield *first, event(kinds[number % 4][-1], number, **body)


async def tell_state(journal: Journal) -> None:
    """Print when recording ends and begins again."""
    before = journal.failing
    while True:
        if journal.failing != before:
            print(f"failing {journal.failing}" if journal.failing else "recording", flush=True)
        before = journal.failing
        await asyncio.sleep(0.01)


async def write(journal: Journal, token: str, most: int, readings: int, pause: float) -> None:
    """Record until told to stop; readings are queued, evidence is waited for."""
    for number, group in enumerate(itertools.islice(groups(token), most)):
        for _ in range(readings):
            journal.append(event("reading", number, **READING))
        journal.keep("signals", f"{token}-{number}")
        seq = await journal.record(*group)
        print(journal.epoch, seq, group[-1].body["token"], flush=True)
        await asyncio.sleep(pause)


async def run(path: Path, token: str, **how: Any) -> None:
    journal = Journal(path, STATION, key=path.with_suffix(".key"))
    await journal.open()
    parts = [asyncio.create_task(one) for one in (journal.run(), tell_state(journal))]
    work = asyncio.create_task(write(journal, token, **how))
    await asyncio.wait([work, *parts], return_when=asyncio.FIRST_COMPLETED)
    for part in parts:
        part.cancel()
    ended = await asyncio.gather(*parts, return_exceptions=True)
    await journal.close()
    for one in (*ended, work.exception() if work.done() else None):
        if isinstance(one, Exception):
            raise one


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("path", type=Path)
    words.add_argument("--token", default="t", help="distinguishes this run's events")
    words.add_argument("--most", type=int, default=1_000_000_000, help="how many commits")
    words.add_argument("--readings", type=int, default=2, help="before each commit")
    words.add_argument("--pause", type=float, default=0.0, help="seconds after each commit")
    given = words.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        asyncio.run(run(**vars(given)))
    except JournalError as error:
        print(f"cannot {error}", flush=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
