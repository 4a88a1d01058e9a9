"""How far a station's record is here without a hole, and whether it holds together. No I/O.

The walk goes over events in order of number, from the frontier to the first hole that nothing
declares. What does not fit becomes a finding, and the walk goes on from the event's own value:
a station cannot mend what it has sent, so asking it again would help nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tramdo.proof import GENESIS, chained

Proves = Callable[[int, bytes, bytes], bool]
Note = tuple[int, str, str]


class Kept(NamedTuple):
    """One stored event as the chain sees it.

    `value` is its own chain value: None for a message that does not name the one before it, until
    the frontier has passed it; `message` is needed only then.
    """

    seq: int
    prev: bytes | None
    value: bytes | None
    signature: bytes | None
    message: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers that a proven gap event of an epoch declares gone, the values before and after.

    `before` is None where nothing can stand before: the numbers under a new epoch's first. `after`
    is None where the station itself does not know it: a hole that it has confessed.
    """

    epoch: str
    first: int
    last: int
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Every number <= `upto` is stored or declared gone; `value` is the chain value there.

    `proven` is the highest number that a signature vouches for. `head` and `head_value` are the
    highest that the station has signed as its newest.
    """

    upto: int = 0
    value: bytes = GENESIS
    proven: int = 0
    head: int = 0
    head_value: bytes = b""


@dataclass(slots=True, kw_only=True)
class Walk:
    """A walk along one epoch; afterwards `frontier`, `notes` and `values` say what it brought.

    `proves` checks a signature under a chain value, None where no key is enrolled; `declared`
    returns the declared ranges that cover a number; `stored` the chain value of a stored event.
    """

    epoch: str
    frontier: Frontier
    proves: Proves | None
    declared: Callable[[int], Sequence[Range]]
    stored: Callable[[int], bytes | None]
    notes: list[Note] = field(default_factory=list)
    values: dict[int, bytes] = field(default_factory=dict)

    def along(self, events: Iterable[Kept]) -> None:
        """Walk along events in order of number, the first above the frontier."""
        for event in events:
            while event.seq > self.frontier.upto + 1:
                if not (self._jump() or self._leap(event)):
                    return
            if event.seq == self.frontier.upto + 1:
                self._step(event)
        while self._jump():
            pass

    def _step(self, event: Kept) -> None:
        before, seq = self.frontier, event.seq
        if event.prev is not None and event.prev != before.value:
            text = f"it names {event.prev.hex()} as the value before it, here is"
            self.notes.append((seq, "altered", f"{text} {before.value.hex()}"))
        value = event.value
        if value is None:
            value = self.values[seq] = chained(event.prev or before.value, event.message or b"")
        self.frontier = replace(before, upto=seq, value=value)
        self.vouch(seq, value, event.signature)
        if seq == before.head:
            self.compare_head(value)

    def vouch(self, seq: int, value: bytes, signature: bytes | None) -> None:
        """Count a signature under a stored event's value, or note that it proves nothing."""
        if signature is None or self.proves is None:
            return
        if self.proves(seq, value, signature):
            self.frontier = replace(self.frontier, proven=max(self.frontier.proven, seq))
        else:
            self.notes.append((seq, "forged", "its signature is not of an enrolled key"))

    def compare_head(self, value: bytes | None) -> None:
        """Let the signed head vouch for the stored event with its number, or note that it differs.

        `value` is that event's chain value, None where it is not here.
        """
        seq, said = self.frontier.head, self.frontier.head_value
        if value == said:
            self.frontier = replace(self.frontier, proven=max(self.frontier.proven, seq))
        elif value is not None:
            text = f"the station's signed head says {said.hex()}, here is {value.hex()}"
            self.notes.append((seq, "altered", text))

    def _jump(self) -> bool:
        """Pass the hole at the frontier where a proven gap event declares it."""
        return self._land(self.frontier.upto + 1)

    def _land(self, seq: int) -> bool:
        fitting = [
            (one.last, one.after)
            for one in self.declared(seq)
            if one.after is not None and self._fits(one)
        ]
        if not fitting:
            return False
        last, after = max(fitting)
        self.frontier = replace(self.frontier, upto=last, value=after)
        return True

    def _leap(self, event: Kept) -> bool:
        """Pass a hole that the station has confessed; what stands behind it says its value."""
        before = self.frontier
        far = before.upto
        while far + 1 < event.seq and (lasts := [*self._confessed(far + 1)]):
            far = max(lasts)
        if far + 1 < event.seq:
            return far > before.upto and self._land(far + 1)
        self.frontier = replace(before, upto=event.seq - 1, value=event.prev or before.value)
        return True

    def _confessed(self, seq: int) -> Iterator[int]:
        for run in self.declared(seq):
            if run.after is None and run.epoch == self.epoch:
                yield run.last

    def _fits(self, run: Range) -> bool:
        """Tell whether the value before a range is ours.

        Numbers go on through the epochs of one file, so a gap event may speak of an older epoch
        than its own: the value before tells of which.
        """
        if run.before is None:
            return run.epoch == self.epoch
        here = self._value_at(run.first - 1)
        if run.epoch != self.epoch:
            return here == run.before
        if here is not None and here != run.before:
            text = f"the gap {run.first}-{run.last} begins at {run.before.hex()}, here is"
            self.notes.append((run.first, "altered", f"{text} {here.hex()}"))
            return False
        return True

    def _value_at(self, seq: int) -> bytes | None:
        if seq == self.frontier.upto:
            return self.frontier.value
        return GENESIS if seq == 0 else self.values.get(seq) or self.stored(seq)


def holes(
    missing: Iterable[tuple[int, int]], declared: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the parts of missing ranges that no declared range covers; both in order."""
    covers = sorted(declared)
    at = 0
    for first, last in missing:
        while at < len(covers) and covers[at][1] < first:
            at += 1
        start = first
        for low, high in covers[at:]:
            if low > last:
                break
            if low > start:
                yield start, low - 1
            start = max(start, high + 1)
        if start <= last:
            yield start, last
