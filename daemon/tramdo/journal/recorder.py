"""The way into the journal: events queued, committed in groups by one writer, kept in bounds.

An event is recorded when its commit has returned; numbers are given then. One thread writes; what
comes during a commit shares the next. Whatever the disk does, measuring goes on and the state says
whether anything is recorded.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog

from tramdo import clock
from tramdo.errors import DiskFull, JournalDamaged, JournalError, JournalRefused
from tramdo.events import STATION_WIDE, Event
from tramdo.journal import store as files
from tramdo.journal.bounds import Bounds
from tramdo.journal.housekeeping import Housekeeping
from tramdo.journal.marks import Marks
from tramdo.journal.queue import Queue, Waiting
from tramdo.journal.rows import Mark, Stream
from tramdo.journal.store import Store
from tramdo.proof import Signer

log = structlog.get_logger()

RETRY_AFTER = 5.0
TEND_EVERY = 10.0
MOST_IN_A_COMMIT = 500
RUNNING, ACKED, BY_CENTRAL = "running", "acked", "by_central"
T = TypeVar("T")


class Recorder:
    """The record of one station, in one file.

    `last` is the number of the newest recorded event, 0 when there is none; `epoch` the random
    id of the file's making; `failing` why nothing can be recorded now, "" while all is well.
    Without a key file events are chained and not signed.
    """

    def __init__(
        self, path: Path, station: str, *, key: Path | None = None, bounds: Bounds | None = None
    ) -> None:
        self.path, self.station, self.key = path, station, key
        self.signer: Signer | None = None
        self.epoch = ""
        self.last = 0
        self.failing = ""
        self.grown = asyncio.Event()
        self.marks = Marks()
        self.house = Housekeeping(path, bounds or Bounds())
        self._queue = Queue()
        self._queued = asyncio.Event()
        self._kept: dict[str, str] = {}
        self._unsent: Counter[Stream] = Counter()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The open file; raises `JournalError`."""
        if self._store is None:
            raise JournalError(self.failing or f"{self.path} is not open")
        return self._store

    @property
    def acked(self) -> int:
        """The number up to which a central has everything."""
        return self.marks.acked

    @property
    def by_central(self) -> bool:
        """Whether an event counts as delivered when a central says so, not when a broker does."""
        return self.marks.by_central

    @by_central.setter
    def by_central(self, central: bool) -> None:
        self.marks.by_central = central

    @property
    def backlog(self) -> int:
        """How many recorded events the other side does not have yet."""
        if self.marks.by_central:
            return self.marks.waiting(self.last)
        return self._unsent.total()

    @property
    def state(self) -> str:
        """One of recording, evidence_only, not_recording."""
        if self.failing:
            return "not_recording"
        return "evidence_only" if self.house.full else "recording"

    def facts(self) -> dict[str, Any]:
        """Return how the record is, for the board."""
        return {
            "events": self.last,
            "state": self.state,
            "failing": self.failing,
            "waiting": self.backlog,
            "given_up": dict(self._queue.given_up),
            **self.house.facts(self.backlog),
        }

    async def open(self) -> None:
        """Open or make the file; a damaged one is set aside.

        Raises `JournalRefused` or `BadKey` where the station must not start. Whatever else is
        wrong, such as a card that has become read-only, is tried again while it runs.
        """
        if self.key is not None:
            self.signer = await self._in_writer(self._find_key, self.key)
        try:
            await self._begin()
        except JournalRefused:
            raise
        except JournalError as error:
            self._enter_failing(str(error))

    def _find_key(self, key: Path) -> Signer:
        if key.exists():
            return Signer.of(key)
        signer = Signer.made(key)
        self._tell("security", {"security": "key made", "fingerprint": signer.fingerprint})
        return signer

    async def _begin(self) -> None:
        """Open the file, setting a damaged one aside, and learn where it stands."""
        try:
            store = await self._in_writer(Store, self.path, self.station, self.signer)
        except JournalDamaged as error:
            await self._set_aside(str(error))
            store = await self._in_writer(Store, self.path, self.station, self.signer)
        await self._learn(store)

    async def _set_aside(self, why: str) -> None:
        kept_as = await self._in_writer(files.put_aside, self.path)
        log.error("journal damaged", why=why, kept_as=str(kept_as))
        self._tell("alert", {"alert": "journal_damaged", "why": why, "kept_as": kept_as.name})
        self._tell("gap", {"damaged_file_kept_as": kept_as.name})

    async def _learn(self, store: Store) -> None:
        marks = self.marks
        marks.newest = await self._in_writer(store.newest)
        marks.confirmed = await self._in_writer(store.confirmed)
        kept = await self._in_writer(store.kept)
        marks.acked = int(kept.get(ACKED, 0))
        marks.by_central = marks.by_central or kept.get(BY_CENTRAL) == "yes"
        self._unsent = await self._in_writer(store.unsent)
        marks.holes = await self._in_writer(store.holes, marks.acked)
        self._store, self.epoch, self.last = store, store.epoch, store.last_seq
        self._tell_unclean_end(store, kept)
        await self._in_writer(self.house.measure, store)

    def _tell_unclean_end(self, store: Store, kept: Mapping[str, str]) -> None:
        """Say that something polled and not yet recorded may be missing: the end was not clean."""
        if kept.get(RUNNING) == "yes" and store.last_seq:
            last = store.between(store.last_seq, store.last_seq)
            ended = {"last": store.last_seq, "last_time": last[0].time if last else ""}
            self._tell("gap", {"unclean_end": ended})
        self._kept[RUNNING] = "yes"

    async def close(self) -> None:
        """Commit what waits and close."""
        if self._store is None:
            return
        self._kept[RUNNING] = ""
        try:
            await self._commit()
            while self._queue.waiting:
                await self._commit()
        finally:
            await self._in_writer(self._store.close)
            self._store = None
            self._writer.shutdown(wait=False)

    def append(self, event: Event) -> None:
        """Queue an event for the next commit; a reading is given up while the disk is full."""
        waiting = Waiting(event)
        if self.house.full and event.kind == "reading":
            self._queue.drop(waiting, "the disk is full")
        else:
            self._put(waiting)

    def record(self, *events: Event) -> "asyncio.Future[int]":
        """Queue events for one commit; the future is the last one's number once it is on disk."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for event in events[:-1]:
            self._put(Waiting(event))
        self._put(Waiting(events[-1], future))
        return future

    def _put(self, one: Waiting) -> None:
        self._queue.put(one)
        self._queued.set()

    def keep(self, name: str, body: str) -> None:
        """Keep a text under a name, in place of the one before, with the next commit."""
        self._kept[name] = body
        self._queued.set()

    async def run(self) -> None:
        """Commit what is queued and keep the file within its bounds, until cancelled."""
        loop = asyncio.get_running_loop()
        tended = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(tended + TEND_EVERY):
                    await self._queued.wait()
            self._queued.clear()
            try:
                await self._settle()
                if self._queue.waiting:
                    self._queued.set()
                if loop.time() - tended >= TEND_EVERY or self.house.too_large:
                    await self._tend()
                    tended = loop.time()
            except JournalError as error:
                await self._mend(error)
                tended = loop.time()
            else:
                self._recovered()

    async def _settle(self) -> None:
        if self._store is None:
            await self._begin()
        await self._commit()

    async def _tend(self) -> None:
        """Give up what is too much or too old; see whether a full disk has room again."""
        while step := await self._in_writer(self.house.shed, self.store, self.marks.lowest()):
            self._note_shed(step.store_seq)
            self.marks.holes += [(run.first, run.last) for run in step.shed.runs]
            for seq, stream in step.shed.events:
                self._unsent[stream] -= seq > self.marks.confirmed.get(stream, 0)
        if (told := await self._in_writer(self.house.look)) is not None:
            self._tell("alert", told)

    def _note_shed(self, seq: int) -> None:
        """Count the gap event that the store has recorded by itself."""
        self.last = seq
        self._note_new("gap", STATION_WIDE, seq)

    async def _mend(self, error: JournalError) -> None:
        """Do what an error asks for, so that the next commit has a chance."""
        if isinstance(error, DiskFull) and not self.house.full:
            told = await self._in_writer(self.house.enter_full)
            self._queue.drop_readings()
            self._tell("alert", told)
            log.error("disk full", recording="checks and alerts only")
            return
        self._enter_failing(str(error))
        if isinstance(error, JournalRefused):
            raise error
        await asyncio.sleep(RETRY_AFTER)
        with suppress(JournalError):
            await self._reopen(damaged=isinstance(error, JournalDamaged), why=str(error))
        self._queued.set()

    async def _reopen(self, *, damaged: bool, why: str) -> None:
        if self._store is None:
            return
        if damaged:
            await self._in_writer(self._store.close)
            self._store = None
            await self._set_aside(why)
        else:
            await self._in_writer(self._store.reopen)
            self._find_written(self._store.last_seq)

    def _find_written(self, last: int) -> None:
        """Settle events whose commit had failed and that were found in the file all the same."""
        self._committed(self._queue.take(last - self.last), last)

    def _enter_failing(self, why: str) -> None:
        if not self.failing:
            log.error("not recording", why=why)
        self.failing = why
        self._kept[RUNNING] = "yes"  # something to write: only that shows that it works again
        self._queued.set()

    def _recovered(self) -> None:
        if self.failing:
            log.warning("recording again", given_up=dict(self._queue.given_up))
            self._tell("alert", {"alert": "recording_again", "why": self.failing})
            self.failing = ""
        if self._queue.given_up and not self.house.full:
            self._tell("gap", self._queue.tell())

    def _tell(self, kind: str, body: dict[str, Any]) -> None:
        self.append(Event(kind=kind, instrument=STATION_WIDE, stamp=clock.now(), body=body))

    async def _commit(self) -> None:
        """Commit what waits, a group of it; a cancellation lets the commit end and then goes on."""
        batch = self._queue.take(MOST_IN_A_COMMIT)
        moved, self.marks.moved = self.marks.moved, set()
        kept, self._kept = self._kept, {}
        marks: list[Mark] = [(*one, self.marks.confirmed[one]) for one in moved]
        events = [one.event for one in batch]
        commit = asyncio.ensure_future(
            self._in_writer(self.store.store, events, marks, list(kept.items()))
        )
        try:
            await asyncio.shield(commit)
        finally:
            await asyncio.wait([commit])
            if commit.exception() is None:
                self._committed(batch, commit.result())
            else:
                self._queue.put_back(batch)
                self.marks.moved |= moved
                self._kept = kept | self._kept

    def _committed(self, batch: list[Waiting], last: int) -> None:
        for seq, one in enumerate(batch, last - len(batch) + 1):
            self._note_new(one.event.kind, one.event.instrument, seq)
            one.settle(seq)
        self.last = last
        self.house.grew(len(batch), self.store.recorded)
        self.grown.set()

    def _note_new(self, kind: str, instrument: str, seq: int) -> None:
        self._unsent[kind, instrument] += 1
        self.marks.grown((kind, instrument), seq)

    async def kept(self) -> dict[str, str]:
        """Return what was kept beside the events, by name."""
        return {} if self._store is None else await self._in_writer(self._store.kept)

    async def _in_writer(self, work: Callable[..., T], *words: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *words)
