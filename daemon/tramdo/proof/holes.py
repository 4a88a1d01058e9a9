"""Numbers that are not where they should be, and what explains them. No I/O."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from tramdo.proof import findings as found
from tramdo.proof.declared import Run
from tramdo.proof.findings import Findings

GONE = "given up by the station for want of room, as a signed gap event declares"
NOWHERE = "not in the file, and no proven gap event declares them gone"
NO_BRIDGE = "declared gone, but the declared chain values are not those of the events on both sides"
BESIDE = "its chain value is not that which the gap event beside it names"


class Neighbour(Protocol):
    """An event beside a hole."""

    epoch: str
    seq: int
    previous: bytes | None
    value: bytes | None
    signed: bool | None
    virtual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """The numbers between two events; an edge is None where no event stands beside them."""

    left: Neighbour | None
    right: Neighbour | None
    first: int
    last: int
    epoch: str

    @classmethod
    def between(cls, left: Neighbour, right: Neighbour) -> "Hole":
        """Return the hole between two events."""
        return cls(
            left=left, right=right, first=left.seq + 1, last=right.seq - 1, epoch=right.epoch
        )

    def __contains__(self, seq: int) -> bool:
        return self.first <= seq <= self.last


def holding(holes: list[Hole], seq: int) -> int | None:
    """Return which of these holes, in order, holds a number."""
    at = bisect_right(holes, seq, key=lambda hole: hole.first) - 1
    return at if at >= 0 and seq in holes[at] else None


def filled(holes: list[Hole], displaced: Iterable[Neighbour]) -> Iterator[Neighbour]:
    """Put events that stand elsewhere into their holes; yield those that do not fit there."""
    for one in sorted(displaced, key=lambda event: event.seq):
        at = holding(holes, one.seq)
        if at is None:
            continue
        hole = holes[at]
        pieces = (
            replace(hole, right=one, last=one.seq - 1),
            replace(hole, left=one, first=one.seq + 1),
        )
        holes[at : at + 1] = [piece for piece in pieces if piece.first <= piece.last]
        if not (_joins(hole.left, one) and _joins(one, hole.right)):
            yield one


def _joins(left: Neighbour | None, right: Neighbour | None) -> bool:
    """Whether two events do not contradict each other."""
    if left is None or right is None or right.seq != left.seq + 1:
        return True
    return None in (left.value, right.previous) or left.value == right.previous


def without(holes: list[Hole], damaged: Iterable[tuple[int, int]]) -> list[Hole]:
    """Return what is left of holes when the numbers of damaged events are taken out."""
    for first, last in damaged:
        holes = [piece for hole in holes for piece in _outside(hole, first, last)]
    return holes


def _outside(hole: Hole, first: int, last: int) -> Iterator[Hole]:
    if last < hole.first or first > hole.last:
        yield hole
        return
    if hole.first < first:
        yield replace(hole, last=first - 1, right=None)
    if hole.last > last:
        yield replace(hole, first=last + 1, left=None)


class Gone:
    """The runs that a record's gap events declare gone, joined where they touch."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._spans: list[tuple[int, int]] = []
        self._before: dict[int, set[bytes]] = {}
        self._after: dict[int, set[bytes]] = {}
        for run in sorted(runs, key=lambda one: one.first):
            self._before.setdefault(run.first, set()).add(run.before)
            if run.after is not None:
                self._after.setdefault(run.last, set()).add(run.after)
            if self._spans and run.first <= self._spans[-1][1] + 1:
                self._spans[-1] = (self._spans[-1][0], max(run.last, self._spans[-1][1]))
            else:
                self._spans.append((run.first, run.last))

    def parts(self, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
        """Yield these numbers in runs, each with whether it is declared gone."""
        at = max(0, bisect_right(self._spans, first, key=lambda span: span[0]) - 1)
        while first <= last and at < len(self._spans) and self._spans[at][0] <= last:
            start, end = self._spans[at]
            at += 1
            if end < first:
                continue
            if start > first:
                yield first, start - 1, False
            yield max(first, start), min(last, end), True
            first = min(last, end) + 1
        if first <= last:
            yield first, last, False

    def denies(self, hole: Hole) -> Iterator[Neighbour]:
        """Yield the neighbours of a hole that have other chain values than declared."""
        left, right = hole.left, hole.right
        if left is not None and _other(self._before.get(hole.first), left.value):
            yield left
        if right is not None and _other(self._after.get(hole.last), right.previous):
            yield right


def _other(declared: set[bytes] | None, value: bytes | None) -> bool:
    return declared is not None and value is not None and value not in declared


def explain(hole: Hole, gone: Gone, findings: Findings) -> None:
    """Say of a hole which of it is declared, which is missing, and whether the chain bridges it."""
    contradicted = False
    for one in gone.denies(hole):
        if one.signed or one.virtual:
            contradicted = True
        else:
            findings.once(found.ALTERED, one.epoch, one.seq, BESIDE)
    for first, last, declared in gone.parts(hole.first, hole.last):
        if not declared:
            findings.add(found.MISSING, hole.epoch, (first, last), NOWHERE)
        elif contradicted:
            findings.add(found.MISSING, hole.epoch, (first, last), NO_BRIDGE)
        else:
            findings.add(found.DECLARED_GONE, hole.epoch, (first, last), GONE, fault=False)
