"""The way into the journal: events queued, committed in groups by one writer, kept in bounds.

An event is recorded when its commit has returned; numbers are given then. One thread writes; what
comes during a commit shares the next. Whatever the disk does, measuring goes on and the state says
whether anything is recorded.
"""

import asyncio
import time
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
from tramdo.journal import keyfile
from tramdo.journal import store as files
from tramdo.journal.bounds import Bounds
from tramdo.journal.housekeeping import Housekeeping
from tramdo.journal.marks import Marks
from tramdo.journal.queue import Queue, Waiting
from tramdo.journal.rows import Mark, Row, Stream
from tramdo.journal.store import Store
from tramdo.proof import Signer

log = structlog.get_logger()

RETRY_AFTER = 2.0
TEND_EVERY = 5.0
SLOW_DISK = 10.0
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
        self._doubtful: list[Waiting] = []
        self._damage: JournalDamaged | None = None
        self._to_reopen = False
        self._committing_since: float | None = None

    @property
    def store(self) -> Store:
        """The open file; raises `JournalError`."""
        if self._store is None:
            raise JournalError(self.failing or f"{self.path} is not open")
        return self._store

    async def open(self) -> None:
        """Open or make the file; a damaged one is set aside.

        Raises `JournalRefused` or `BadKey` where the station must not start. Whatever else is
        wrong, such as a card that has become read-only, is tried again while it runs.
        """
        try:
            await self._begin()
        except JournalRefused:
            raise
        except JournalError as error:
            self._enter_failing(str(error))

    async def _begin(self) -> None:
        """Open the file, setting a damaged one aside, and learn where it stands."""
        if self.key is not None and self.signer is None:
            signer, made = await self._in_writer(keyfile.found, self.key)
            if made:
                self._tell("security", {"security": "key made", "fingerprint": signer.fingerprint})
            self.signer = signer
        try:
            await self._open_once()
        except JournalDamaged as error:
            await self._set_aside(str(error))
            await self._open_once()

    async def _open_once(self) -> None:
        store = await self._in_writer(Store, self.path, self.station, self.signer)
        try:
            await self._learn(store)
        except BaseException:
            self._store = None
            await self._in_writer(store.close)
            raise

    async def _set_aside(self, why: str) -> None:
        try:
            kept_as = await self._in_writer(files.put_aside, self.path)
        except OSError as error:
            raise files.journal_error(self.path, error) from error
        log.error("journal damaged", why=why, kept_as=str(kept_as))
        self._tell("alert", {"alert": "journal_damaged", "why": why, "kept_as": kept_as.name})
        self._tell("gap", {"damaged_file_kept_as": kept_as.name})

    async def _learn(self, store: Store) -> None:
        marks = self.marks
        marks.sent.clear()
        marks.newest = await self._in_writer(store.newest)
        marks.confirmed = await self._in_writer(store.confirmed)
        kept = await self._in_writer(store.kept)
        marks.acked = int(kept.get(ACKED, 0))
        marks.by_central = marks.by_central or kept.get(BY_CENTRAL) == "yes"
        self._unsent = await self._in_writer(store.unsent)
        marks.holes = await self._in_writer(store.holes, marks.acked)
        await self._in_writer(self.house.begin, store)
        newest = await self._in_writer(store.between, store.last_seq, store.last_seq)
        self._tell_unclean_end(newest, kept)
        self._store, self.epoch, self.last = store, store.epoch, store.last_seq
        if (told := await self._in_writer(self.house.look)) is not None:
            self._tell("alert", told)

    def _tell_unclean_end(self, newest: list[Row], kept: Mapping[str, str]) -> None:
        """Say that something polled and not yet recorded may be missing: the end was not clean."""
        if kept.get(RUNNING) == "yes" and newest:
            ended = {"last": newest[0].seq, "last_time": newest[0].time}
            self._tell("gap", {"unclean_end": ended})
        self._kept[RUNNING] = "yes"

    async def close(self) -> None:
        """Commit what waits, with what was given up, and close."""
        if self._store is None:
            return
        if self._queue.given_up:
            self._tell("gap", self._queue.tell())
        self._kept[RUNNING] = ""
        try:
            await self._commit_all()
        except DiskFull:
            await self._in_writer(self.house.enter_full)
            await self._commit_all()
        finally:
            await self._in_writer(self._store.close)
            self._store = None
            self._writer.shutdown(wait=False)

    def append(self, event: Event) -> None:
        """Queue an event for the next commit; a reading is given up while the disk is full."""
        waiting = Waiting((event,))
        if self.house.full and event.kind == "reading":
            self._queue.drop(waiting, "the disk is full")
        else:
            self._put(waiting)

    def record(self, *events: Event) -> "asyncio.Future[int]":
        """Queue events for one commit; the future is the last one's number once it is on disk."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._put(Waiting(events, future))
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
                if self._queue.waiting or self.house.too_large:
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
        """Bring what waits to disk; raises what the last commit or a read has shown to be wrong."""
        if self._store is None:
            await self._begin()
        if self._damage is not None:
            raise self._damage
        if self._to_reopen:
            await self._in_writer(self.store.reopen)
            self._find_written()
            self._to_reopen = False
        await self._commit()

    async def _commit_all(self) -> None:
        await self._commit()
        while self._queue.waiting:
            await self._commit()

    async def _tend(self) -> None:
        """Give up a step of what is too much or too old; see whether a full disk has room again.

        One step: what is to be recorded meanwhile does not wait for all of them.
        """
        step = await self._in_writer(self.house.shed, self.store, self.marks.lowest())
        if step is not None:
            self._note_own("gap", step.store_seq)
            self.marks.gone((run.first, run.last) for run in step.shed.runs)
            for seq, stream in step.shed.events:
                self._unsent[stream] -= seq > self.marks.confirmed.get(stream, 0)
        if (told := await self._in_writer(self.house.look)) is not None:
            self._tell("alert", told)

    def _note_own(self, kind: str, seq: int) -> None:
        """Count an event that the store has recorded by itself."""
        self.last = seq
        self._note_new(kind, STATION_WIDE, seq)
        self.grown.set()

    async def _mend(self, error: JournalError) -> None:
        """Do what an error asks for, so that the next commit has a chance."""
        self._to_reopen = not isinstance(error, DiskFull | JournalDamaged)
        if isinstance(error, DiskFull) and (not self.house.full or self.house.ballast.there):
            told = await self._in_writer(self.house.enter_full)
            self._queue.drop_readings()
            self._tell("alert", told)
            log.error("disk full", recording="checks and alerts only")
            return
        if isinstance(error, JournalDamaged) and self._store is not None:
            with suppress(JournalError):  # the next turn meets it again
                await self._put_away(str(error))
                self._queued.set()
                return
        self._enter_failing(str(error))
        if isinstance(error, JournalRefused):
            raise error
        await asyncio.sleep(RETRY_AFTER)
        self._queued.set()

    async def _put_away(self, why: str) -> None:
        """Close a damaged file and set it aside; the next turn begins a new one."""
        store, self._store, self._damage = self.store, None, None
        self._queue.put_back(self._doubtful)
        self._doubtful = []
        await self._in_writer(store.close)
        await self._set_aside(why)

    def _find_written(self) -> None:
        """Settle what a commit that had failed left in the file all the same; the rest waits again.

        The commit may have been one of the store's own, of an event that never waited here.
        """
        doubtful, self._doubtful = self._doubtful, []
        many = sum(len(one.events) for one in doubtful)
        found = self.store.between(self.last + 1, self.store.last_seq)
        ours = [each.kind for one in doubtful for each in one.events]
        if found and [row.kind for row in found] == ours and len(found) == many:
            self._committed(doubtful, self.store.last_seq)
            return
        for row in found:
            self._note_new(row.kind, row.instrument, row.seq)
        self.last = self.store.last_seq
        self.marks.holes = self.store.holes(self.marks.acked)
        self._queue.put_back(doubtful)

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
        batch = self._doubtful or self._queue.take()
        self._doubtful = []
        moved, self.marks.moved = self.marks.moved, set()
        kept, self._kept = self._kept, {}
        marks: list[Mark] = [(*one, self.marks.confirmed[one]) for one in moved]
        events = [event for one in batch for event in one.events]
        self._committing_since = time.monotonic()
        commit = asyncio.ensure_future(
            self._in_writer(self.store.store, events, marks, list(kept.items()))
        )
        try:
            await asyncio.shield(commit)
        finally:
            await asyncio.wait([commit])
            self._committing_since = None
            if (error := commit.exception()) is None:
                self._committed(batch, commit.result())
            else:
                self._keep_for_later(batch, error)
                self.marks.moved |= moved
                self._kept = kept | self._kept

    def _keep_for_later(self, batch: list[Waiting], error: BaseException) -> None:
        """Put back what was not recorded; where the disk failed, it may have been all the same."""
        if isinstance(error, DiskFull | JournalDamaged):
            self._queue.put_back(batch)
        else:
            self._doubtful = batch

    def _committed(self, batch: list[Waiting], last: int) -> None:
        seq = last - sum(len(one.events) for one in batch)
        for one in batch:
            for event in one.events:
                seq += 1
                self._note_new(event.kind, event.instrument, seq)
            one.settle(seq)
        self.last = last
        self.house.grew(sum(len(one.events) for one in batch), self.store.recorded)
        self.grown.set()

    def _note_new(self, kind: str, instrument: str, seq: int) -> None:
        self._unsent[kind, instrument] += 1
        self.marks.grown((kind, instrument), seq)

    async def kept(self) -> dict[str, str]:
        """Return what was kept beside the events, by name."""
        return {} if self._store is None else await self._read(self._store.kept)

    async def _read(self, work: Callable[..., T], *words: Any) -> T:
        """Read from the file; damage that is met is seen to by whoever writes."""
        store = self._store
        try:
            return await self._in_writer(work, *words)
        except JournalDamaged as error:
            if store is self._store:  # and not one that has been set aside meanwhile
                self._damage = error
                self._queued.set()
            raise

    async def _in_writer(self, work: Callable[..., T], *words: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *words)
