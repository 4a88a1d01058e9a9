"""Which holes to ask a station for, and when. Pure: the time is given, in seconds. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tramdo.plan import BackOff
from tramdo.statelog import Budget

MOST_AT_ONCE = 10_000
MOST_HOLES = 50
# Holes nearer than this are asked for as one range: what is between comes a second time.
CLOSE = 100
PATIENCE = 10.0
# A station takes 60 requests an hour; what it never answers must leave room for what is new.
MOST_FIRSTS_AN_HOUR = 35
MOST_REPEATS_AN_HOUR = 20
LONGEST_WAIT = 900.0
_NEW = BackOff(first=PATIENCE, limit=LONGEST_WAIT)


class Hole(Protocol):
    """Numbers `first` to `last` of a station's epoch that the ledger lacks."""

    @property
    def station(self) -> str:
        """Whose."""

    @property
    def epoch(self) -> str:
        """Of which file."""

    @property
    def first(self) -> int:
        """The first number missing."""

    @property
    def last(self) -> int:
        """The last number missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A range to ask for: both ends belong to it."""

    station: str
    epoch: str
    first: int
    last: int


@dataclass(slots=True)
class _Asked:
    """A range that was asked for: under way until `until`, not asked again before `again`."""

    request: Request
    missing: int
    until: float
    again: float
    back_off: BackOff

    def look(self, holes: Iterable[Hole], now: float) -> bool:
        """Note what came in since, and tell whether some of it is still missing."""
        missing = _missing(self.request, holes)
        if missing < self.missing:
            self.missing, self.back_off = missing, _NEW.failed()
            self.until = self.again = now + PATIENCE
        return missing > 0

    def covers(self, hole: Hole) -> bool:
        """Tell whether a hole begins in this range."""
        asked = self.request
        return asked.epoch == hole.epoch and asked.first <= hole.first <= asked.last


class Resends:
    """Remembers what was asked: of a station one range at a time, each less and less often.

    A range that the station does not answer steps aside for the next.
    """

    def __init__(self) -> None:
        self._asked: dict[str, list[_Asked]] = {}
        self._firsts = Budget(most=MOST_FIRSTS_AN_HOUR)
        self._repeats = Budget(most=MOST_REPEATS_AN_HOUR)

    def due(self, holes: Iterable[Hole], now: float) -> list[Request]:
        """Return what to ask for now; holes of one epoch in order of number."""
        of: dict[str, list[Hole]] = defaultdict(list)
        for hole in holes:
            if len(of[hole.station]) < MOST_HOLES:
                of[hole.station].append(hole)
        self._asked = {station: some for station, some in self._asked.items() if station in of}
        return [one for station in of if (one := self._of(station, of[station], now)) is not None]

    def _of(self, station: str, holes: list[Hole], now: float) -> Request | None:
        asked = [one for one in self._asked.get(station, []) if one.look(holes, now)]
        self._asked[station] = asked
        if any(now < one.until for one in asked):
            return None
        for at, hole in enumerate(holes):
            if not any(one.covers(hole) for one in asked):
                if self._firsts.take(station, now) is None:
                    break
                return self._ask(asked, None, _request(holes[at:]), holes, now)
        return self._again(station, holes, asked, now)

    def _again(
        self, station: str, holes: list[Hole], asked: list[_Asked], now: float
    ) -> Request | None:
        """Return a range that was asked for long enough ago, where there is nothing new."""
        for at, hole in enumerate(holes):
            before = next((one for one in asked if one.covers(hole)), None)
            if before and now >= before.again and self._repeats.take(station, now) is not None:
                return self._ask(asked, before, _request(holes[at:]), holes, now)
        return None

    @staticmethod
    def _ask(
        asked: list[_Asked], before: _Asked | None, request: Request, holes: list[Hole], now: float
    ) -> Request:
        back_off = _NEW.failed()
        if before is not None:
            asked.remove(before)
            back_off = before.back_off.failed()
        missing = _missing(request, holes)
        again = now + back_off.delay
        asked.append(_Asked(request, missing, now + PATIENCE, again, back_off))
        return request

    def forget(self, station: str) -> None:
        """Ask a station again at the next look: it has just come back."""
        self._asked.pop(station, None)


def _request(holes: Sequence[Hole]) -> Request:
    """Return the range of the first hole, and of those close behind it in one."""
    start, last = holes[0], holes[0].last
    for hole in holes[1:]:
        if hole.epoch != start.epoch or hole.first - last > CLOSE:
            break
        last = hole.last
    last = min(last, start.first + MOST_AT_ONCE - 1)
    return Request(station=start.station, epoch=start.epoch, first=start.first, last=last)


def _missing(asked: Request, holes: Iterable[Hole]) -> int:
    """Return how many of the numbers asked for are missing."""
    spans = (
        min(hole.last, asked.last) - max(hole.first, asked.first) + 1
        for hole in holes
        if hole.epoch == asked.epoch
    )
    return sum(span for span in spans if span > 0)
