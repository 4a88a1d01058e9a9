"""A journal kept within its bounds, and what is done when the disk has no room."""

import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from tramdo import clock
from tramdo.journal.ballast import Ballast
from tramdo.journal.bounds import MEGABYTE, Bounds
from tramdo.journal.shedding import CLASSES, LATEST, Shed
from tramdo.journal.store import Store
from tramdo.journal.wear import Wear

# Bytes of an event, until some have been recorded.
TYPICAL = 600
KEPT_TO_EVIDENCE = "the disk is full: readings are given up, checks and alerts go on"
MOST_HOURS = 24 * 3650


class Step(NamedTuple):
    """What was given up in one commit, why, and the number of the event that tells it."""

    shed: Shed
    why: str
    store_seq: int


class Housekeeping:
    """Size, age, space and wear of one journal file; steps run in the writer, facts anywhere."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.bounds = bounds
        self.ballast = Ballast(path.with_name(f"{path.name}.ballast"), bounds.ballast)
        self.wear = Wear(began=time.monotonic())
        self.full = False
        self.size = 0
        self.gone: Counter[str] = Counter()
        self._after = [0] * len(CLASSES)
        self._shrinking = False
        self._make_room = False
        self._in_vain = 0
        self._recorded = self._rows = 0

    @property
    def too_large(self) -> bool:
        """Whether something must go now."""
        return self._shrinking or self._make_room or self.size > self._limit()

    def _limit(self) -> int:
        """Return the size to begin at; higher where there was nothing left to give up."""
        return max(self.bounds.high, self._in_vain)

    def grew(self, rows: int, recorded: int) -> None:
        """Note a commit: how many events, and the store's count of bytes recorded in all."""
        many, self._recorded = recorded - self._recorded, recorded
        self._rows += rows
        self.size += many
        self.wear.grew(many, time.monotonic())

    def begin(self, store: Store) -> None:
        """Begin with a newly opened file."""
        self._recorded = store.recorded
        self._after = [0] * len(CLASSES)
        self.measure(store)

    def measure(self, store: Store) -> None:
        """Learn the size that the file really has."""
        self.size = store.size()

    def shed(self, store: Store, covered: int) -> Step | None:
        """Give up one step of what is too much or too old; None where nothing is.

        Readings that the other side has, up to the number `covered`, go when they are old; the
        others only for want of room.
        """
        self.measure(store)
        if self.size > self._limit():
            self._shrinking = True
        elif self.size <= self.bounds.low:
            self._shrinking = False
        if self._shrinking:
            return self._for_room(store)
        if self._make_room:
            self._make_room = False
            return self._step(store, 0, "disk_full", store.last_seq)
        return self._too_old(store, covered)

    def _for_room(self, store: Store) -> Step | None:
        for index in range(len(CLASSES)):
            if (step := self._step(store, index, "size", store.last_seq)) is not None:
                return step
        self._shrinking, self._in_vain = False, self.size + MEGABYTE
        return None

    def _too_old(self, store: Store, covered: int) -> Step | None:
        """Give up delivered readings of long ago, where the clock can be believed."""
        now = clock.now()
        cutoff = self.bounds.cutoff(now.at) if now.quality == "synchronised" else ""
        return self._step(store, 0, "age", covered, cutoff) if cutoff else None

    def _step(
        self, store: Store, index: int, why: str, upto: int, before: str = LATEST
    ) -> Step | None:
        shed = store.shed(CLASSES[index], why, self._after[index], upto, before)
        if shed is None:
            return None
        self._after[index], self._in_vain = shed.runs[-1].last, 0
        self.gone += shed.kinds
        return Step(shed, why, store.last_seq)

    def enter_full(self) -> dict[str, Any]:
        """Give the ballast back and keep to evidence; return the alert."""
        self.full = self._make_room = True
        given_back = "given back" if self.ballast.release() else "none was left"
        return {"alert": "disk_full", "why": KEPT_TO_EVIDENCE, "ballast": given_back}

    def look(self) -> dict[str, Any] | None:
        """See how much space there is; return an alert where that has changed things."""
        if self.full:
            if not self.ballast.restore():
                return None
            self.full = False
            return {"alert": "disk_space_back", "why": "there is room again; readings go on"}
        if self.ballast.scarce():
            self.full = True
            return {"alert": "disk_full", "why": KEPT_TO_EVIDENCE, "ballast": "kept"}
        self.ballast.restore()
        return None

    def facts(self, waiting: int) -> dict[str, Any]:
        """Return size, wear, and for how many hours of outage there is room, for the board."""
        now = time.monotonic()
        mean = self._recorded / self._rows if self._rows else TYPICAL
        hours = self.wear.hours_left(round(self.bounds.high - waiting * mean), now)
        facts: dict[str, Any] = {
            "size_mb": round(self.size / MEGABYTE, 1),
            "max_mb": self.bounds.most // MEGABYTE,
        }
        if hours is not None:
            facts["hours_left"] = round(min(hours, MOST_HOURS), 1)
        if (written := self.wear.written_per_day(now)) is not None:
            facts["bytes_written_per_day"] = written
        if self.gone:
            facts["shed"] = dict(self.gone)
        return facts
