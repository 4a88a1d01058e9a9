"""The journal as the station uses it: recorded on the way in, acknowledged on the way out."""

import time
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from tramdo.errors import JournalDamaged, JournalError
from tramdo.journal.readonly import events_of
from tramdo.journal.recorder import ACKED, BY_CENTRAL, SLOW_DISK, Recorder
from tramdo.journal.rows import Row, Stream


class Journal(Recorder):
    """The record of one station, and how far the other side has it."""

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
        if self.why_not:
            return "not_recording"
        return "evidence_only" if self.house.full else "recording"

    @property
    def why_not(self) -> str:
        """Why nothing is recorded now, also where the disk does not answer; "" while it is."""
        since = self._committing_since
        if not self.failing and since is not None and time.monotonic() - since > SLOW_DISK:
            return f"the disk has not answered for {time.monotonic() - since:.0f} s"
        return self.failing

    def facts(self) -> dict[str, Any]:
        """Return how the record is, for the board."""
        return {
            "events": self.last,
            "state": self.state,
            "failing": self.why_not,
            "waiting": self.backlog,
            "given_up": dict(self._queue.given_up),
            **self.house.facts(self.backlog),
        }

    async def unsent(self, but: Container[Stream], most: int) -> list[Row]:
        """Return up to `most` events to send, but of these streams: urgent kinds, then others."""
        rows: list[Row] = []
        for urgent in (True, False):
            if (room := most - len(rows)) and (marks := self.marks.pending(but, urgent=urgent)):
                rows += await self._read(self.store.oldest, marks, room)
        return rows

    def mark_sent(self, row: Row) -> None:
        """Note that an event got through, and those of its stream before it.

        Stored with the next commit: after a crash some are sent again, with the same ids.
        """
        if self.marks.mark(row) and not self.marks.by_central:
            self._unsent[row.stream] -= 1

    def rewind(self) -> None:
        """Send again, with the same ids, what no central has acknowledged."""
        self.marks.rewind()
        self.grown.set()

    def acknowledge(self, upto: Mapping[str, int]) -> int:
        """Take a central's acknowledgement, by epoch; return the number that all is covered to.

        Raises `RestoredCopy`. It is stored with the next commit: an older one only costs repeats.
        """
        before = self.acked
        covered = self.marks.acknowledge(upto, self.store.epochs, self.last)
        if not self.marks.by_central:
            self.marks.by_central = True
            self._kept[BY_CENTRAL] = "yes"
        if covered != before:
            self._kept[ACKED] = str(covered)
        return covered

    async def begin_epoch(self, why: str) -> None:
        """Begin a new epoch in the same file; what the old one holds counts as acknowledged."""
        before = self.last
        seq, event = await self._in_writer(self.store.begin_epoch, why)
        self._note_new(event.kind, event.instrument, seq)
        self.epoch, self.last, self.marks.acked = self.store.epoch, seq, before
        self._kept[ACKED] = str(before)
        self.grown.set()

    async def between(self, epoch: str, first: int, last: int) -> list[Row]:
        """Return the events of an epoch from one number to another, as far as they are there."""
        rows = await self._read(self.store.between, first, last)
        return [row for row in rows if row.epoch == epoch]

    async def of_kind(self, kind: str) -> list[Row]:
        """Return every event of a kind, oldest first, also from a file that can only be read."""
        if self._store is None:
            return await self._in_writer(_still_readable, self.path, kind)
        try:
            return await self._read(self.store.of_kind, kind)
        except JournalDamaged:
            return []  # the file is set aside as soon as the journal runs

    async def head(self) -> bytes | None:
        """Return the newest chain value, signed, as a message; None where there is none."""
        return await self._read(self.store.head)


def _still_readable(path: Path, kind: str) -> list[Row]:
    try:
        return events_of(path, [kind], None)
    except JournalError:
        return []
