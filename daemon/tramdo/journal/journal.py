"""The station's own record: events queued, committed in groups by one writer, sent oldest first.

An event is recorded when its commit has returned; numbers are given then. How far the other side
has them is kept for each kind and instrument, as for each topic: it may want alerts and nothing
else.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from tramdo import clock
from tramdo.errors import JournalError
from tramdo.events import STATION_WIDE, Event
from tramdo.store import Mark, Row, Store, Stream

log = structlog.get_logger()

MOST_WAITING = 10_000
RETRY_AFTER = 5.0
T = TypeVar("T")


@dataclass(slots=True)
class _Waiting:
    event: Event
    recorded: "asyncio.Future[int] | None"


class Journal:
    """Append, read oldest first, and remember how far the broker has it.

    `last` is the number of the newest recorded event, 0 when there is none; `epoch` the random
    id of the file's making; `failing` why nothing can be recorded now, "" while all is well.
    """

    def __init__(self, path: Path, station: str) -> None:
        self.path, self.station = path, station
        self.epoch = ""
        self.last = 0
        self.failing = ""
        self.shed: Counter[str] = Counter()
        self.grown = asyncio.Event()
        self._waiting: deque[_Waiting] = deque()
        self._queued = asyncio.Event()
        self._sent: dict[Stream, int] = {}
        self._moved: set[Stream] = set()
        self._kept: dict[str, str] = {}
        self._unsent: Counter[Stream] = Counter()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The open file; raises `JournalError`."""
        if self._store is None:
            raise JournalError(f"{self.path} is not open")
        return self._store

    @property
    def backlog(self) -> int:
        """How many recorded events the other side does not have yet."""
        return self._unsent.total()

    async def open(self) -> None:
        """Open or make the file, setting a damaged one aside; raises `JournalError`."""
        store = await self._in_writer(Store, self.path, self.station)
        self._sent = await self._in_writer(store.marks)
        self._unsent = await self._in_writer(store.unsent)
        self._store, self.epoch, self.last = store, store.epoch, store.last_seq
        if store.set_aside is not None:
            log.warning("journal damaged", kept_as=str(store.set_aside))
            self._tell_gap({"damaged_file_kept_as": store.set_aside.name})

    async def close(self) -> None:
        """Commit what waits and close."""
        if self._store is None:
            return
        try:
            await self._commit()
        finally:
            await self._in_writer(self._store.close)
            self._store = None
            self._writer.shutdown(wait=False)

    def append(self, event: Event) -> None:
        """Queue an event for the next commit."""
        self._queue(_Waiting(event, None))

    def record(self, *events: Event) -> "asyncio.Future[int]":
        """Queue events for one commit; the future is the last one's number once it is on disk."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for event in events[:-1]:
            self._queue(_Waiting(event, None))
        self._queue(_Waiting(events[-1], future))
        return future

    async def run(self) -> None:
        """Commit what is queued until cancelled; what comes during a commit shares the next."""
        while True:
            await self._queued.wait()
            self._queued.clear()
            try:
                await self._commit()
            except JournalError as error:
                self._enter_failing(str(error))
                await asyncio.sleep(RETRY_AFTER)
                self._queued.set()
            else:
                self._recovered()

    async def unsent(self, but: Container[Stream], most: int) -> list[Row]:
        """Return up to `most` events that the other side lacks, oldest first, but these streams."""
        streams = [one for one, many in self._unsent.items() if many > 0 and one not in but]
        marks = [(*one, self._sent.get(one, 0)) for one in streams]
        return await self._in_writer(self.store.oldest, marks, most) if marks else []

    async def of_kind(self, kind: str) -> list[Row]:
        """Return every event of a kind, oldest first: charts are rebuilt from these."""
        return await self._in_writer(self.store.of_kind, kind)

    async def kept(self) -> dict[str, str]:
        """Return what was kept beside the events, by name."""
        return await self._in_writer(self.store.kept)

    def keep(self, name: str, body: str) -> None:
        """Keep a text under a name, in place of the one before, with the next commit."""
        self._kept[name] = body
        self._queued.set()

    def mark_sent(self, row: Row) -> None:
        """Note that the other side has this event and those of its stream before it.

        Stored with the next commit: after a crash some are sent again, with the same ids.
        """
        if row.seq > self._sent.get(row.stream, 0):
            self._sent[row.stream] = row.seq
            self._moved.add(row.stream)
            self._unsent[row.stream] -= 1

    def _queue(self, waiting: _Waiting) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._make_room()
        self._waiting.append(waiting)
        self._queued.set()

    def _make_room(self) -> None:
        """Give up the oldest waiting reading, or the oldest event when there is none."""
        readings = (i for i, one in enumerate(self._waiting) if one.event.kind == "reading")
        index = next(readings, 0)
        given_up = self._waiting[index]
        del self._waiting[index]
        self.shed[given_up.event.kind] += 1
        if given_up.recorded is not None and not given_up.recorded.done():
            given_up.recorded.set_exception(JournalError(f"{self.path}: given up, no room to wait"))

    def _enter_failing(self, why: str) -> None:
        if not self.failing:
            log.error("not recording", why=why)
        self.failing = why

    def _recovered(self) -> None:
        if self.failing:
            log.warning("recording again", given_up=dict(self.shed))
            self.failing = ""
        if self.shed:
            self._tell_gap({"given_up": dict(self.shed)})
            self.shed.clear()

    def _tell_gap(self, body: dict[str, Any]) -> None:
        self.append(Event(kind="gap", instrument=STATION_WIDE, stamp=clock.now(), body=body))

    async def _commit(self) -> None:
        """Commit all that waits; a cancellation lets the commit end and then goes on."""
        batch, first = list(self._waiting), self.last + 1
        moved, self._moved = self._moved, set()
        kept, self._kept = self._kept, {}
        self._waiting.clear()
        marks: list[Mark] = [(*one, self._sent[one]) for one in moved]
        events = [one.event for one in batch]
        commit = asyncio.ensure_future(
            self._in_writer(self.store.store, events, marks, list(kept.items()))
        )
        try:
            await asyncio.shield(commit)
        finally:
            await asyncio.wait([commit])
            if commit.exception() is None:
                self._committed(batch, first)
            else:
                self._waiting.extendleft(reversed(batch))
                self._moved |= moved
                self._kept = kept | self._kept

    def _committed(self, batch: list[_Waiting], first: int) -> None:
        self._unsent.update((one.event.kind, one.event.instrument) for one in batch)
        self.last += len(batch)
        for seq, one in enumerate(batch, first):
            if one.recorded is not None and not one.recorded.done():
                one.recorded.set_result(seq)
        self.grown.set()

    async def _in_writer(self, work: Callable[..., T], *words: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *words)
