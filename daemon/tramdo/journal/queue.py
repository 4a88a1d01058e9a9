"""What waits for the next commit: bounded, readings give way first."""

from asyncio import Future
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tramdo.errors import JournalError
from tramdo.events import Event, iso

MOST_WAITING = 10_000


@dataclass(slots=True)
class Waiting:
    """An event not yet on disk, and who is told when it is."""

    event: Event
    recorded: "Future[int] | None" = None

    def give_up(self, why: str) -> None:
        """Tell that it will not be recorded."""
        if self.recorded is not None and not self.recorded.done():
            self.recorded.set_exception(JournalError(why))

    def settle(self, seq: int) -> None:
        """Tell the number under which it is recorded."""
        if self.recorded is not None and not self.recorded.done():
            self.recorded.set_result(seq)


@dataclass(slots=True)
class Queue:
    """Events in the order in which they happened; `given_up` counts what found no room, by kind."""

    waiting: deque[Waiting] = field(default_factory=deque)
    given_up: Counter[str] = field(default_factory=Counter)
    since: str = ""
    why: str = ""

    def put(self, one: Waiting) -> None:
        """Take an event; the oldest reading, or the oldest event, gives way when it is full."""
        if len(self.waiting) >= MOST_WAITING:
            readings = (i for i, each in enumerate(self.waiting) if each.event.kind == "reading")
            index = next(readings, 0)
            self.drop(self.waiting[index], "no room to wait")
            del self.waiting[index]
        self.waiting.append(one)

    def take(self, most: int) -> list[Waiting]:
        """Take out the oldest, up to so many."""
        return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]

    def put_back(self, batch: Iterable[Waiting]) -> None:
        """Put a batch that was not recorded before everything else."""
        self.waiting.extendleft(reversed(list(batch)))

    def drop(self, one: Waiting, why: str) -> None:
        """Count an event that will never be recorded."""
        self.given_up[one.event.kind] += 1
        self.since = self.since or iso(one.event.stamp.at)
        self.why = why
        one.give_up(f"given up: {why}")

    def tell(self) -> dict[str, Any]:
        """Return the body of the event that tells what was given up, and count afresh."""
        body = {"given_up": dict(self.given_up), "why": self.why, "since": self.since}
        self.given_up.clear()
        self.since = self.why = ""
        return body

    def drop_readings(self) -> None:
        """Give up every reading that waits."""
        kept = [one for one in self.waiting if one.event.kind != "reading"]
        for one in self.waiting:
            if one.event.kind == "reading":
                self.drop(one, "the disk is full")
        self.waiting = deque(kept)
