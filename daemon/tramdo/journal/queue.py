"""What waits for the next commit: bounded, readings give way first."""

from asyncio import Future
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tramdo.errors import JournalError
from tramdo.events import Event, iso

# Counted in readings, of which an event may hold many; another event counts as one.
MOST_WAITING = 10_000
MOST_IN_A_COMMIT = 500


@dataclass(slots=True, eq=False)
class Waiting:
    """Events for one commit, not yet on disk, and who is told when they are."""

    events: tuple[Event, ...]
    recorded: "Future[int] | None" = None

    @property
    def weight(self) -> int:
        """How much room it takes, in readings."""
        return sum(len(one.body.get("readings", ())) or 1 for one in self.events)

    @property
    def only_readings(self) -> bool:
        """Whether nothing but readings would be lost with it."""
        return all(one.kind == "reading" for one in self.events)

    def give_up(self, why: str) -> None:
        """Tell that it will not be recorded."""
        if self.recorded is not None and not self.recorded.done():
            self.recorded.set_exception(JournalError(why))

    def settle(self, seq: int) -> None:
        """Tell the number under which its last event is recorded."""
        if self.recorded is not None and not self.recorded.done():
            self.recorded.set_result(seq)


@dataclass(slots=True)
class Queue:
    """Events in the order in which they happened; `given_up` counts what found no room, by kind."""

    waiting: deque[Waiting] = field(default_factory=deque)
    given_up: Counter[str] = field(default_factory=Counter)
    since: str = ""
    why: str = ""
    weight: int = 0

    def put(self, one: Waiting) -> None:
        """Take events; the oldest reading, or the oldest of all, gives way when it is full."""
        while self.waiting and self.weight + one.weight > MOST_WAITING:
            first = next((each for each in self.waiting if each.only_readings), self.waiting[0])
            self.waiting.remove(first)
            self.weight -= first.weight
            self.drop(first, "no room to wait")
        self.waiting.append(one)
        self.weight += one.weight

    def take(self) -> list[Waiting]:
        """Take out the oldest: as many as share a commit."""
        batch: list[Waiting] = []
        room = MOST_IN_A_COMMIT
        while self.waiting and room > 0:
            one = self.waiting.popleft()
            self.weight -= one.weight
            room -= len(one.events)
            batch.append(one)
        return batch

    def put_back(self, batch: Iterable[Waiting]) -> None:
        """Put a batch that was not recorded before everything else."""
        for one in reversed(list(batch)):
            self.waiting.appendleft(one)
            self.weight += one.weight

    def drop(self, one: Waiting, why: str) -> None:
        """Count events that will never be recorded."""
        self.given_up.update(each.kind for each in one.events)
        self.since = self.since or iso(one.events[0].stamp.at)
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
        batch = list(self.waiting)
        self.waiting.clear()
        self.weight = 0
        for one in batch:
            if one.only_readings:
                self.drop(one, "the disk is full")
        self.put_back(one for one in batch if not one.only_readings)
