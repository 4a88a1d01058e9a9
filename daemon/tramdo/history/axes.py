"""Where values and instants lie in a picture, and which of them are named. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from math import ceil, floor, log10

MOST_DATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A straight scale: `low` lies at the pixel `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value lies, to a hundredth of a pixel."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values from low to high, some `about` of them."""
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough * 0.999)
    return [n * step for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def labels(values: Sequence[float]) -> list[str]:
    """Return the values with as many decimals as they need, sign shown."""
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    decimals = next(n for n in range(12) if abs(step - round(step, n)) <= step * 1e-6)
    return [f"{value:+.{decimals}f}" if round(value, decimals) else "0" for value in values]


def dates(begin: datetime, end: datetime, zone: tzinfo | None) -> list[tuple[datetime, str]]:
    """Return round days between two instants with their names, at most `MOST_DATES`."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    for days in (1, 2, 7, 14):
        if (last - first) / timedelta(days=days) <= MOST_DATES:
            return [(one, f"{one:%Y-%m-%d}") for one in _days(first, last, days)]
    for months in (1, 2, 3, 6, 12, 24, 60):
        found = list(_months(first, last, months))
        if len(found) <= MOST_DATES:
            break
    return [(one, f"{one:%Y-%m}") for one in found]


def _days(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    at = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= last:
        if at >= first:
            yield at
        at += timedelta(days=step)


def _months(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    year, month = first.year, 1
    while (at := datetime(year, month, 1, tzinfo=first.tzinfo)) <= last:
        if at >= first:
            yield at
        year, month = year + (month - 1 + step) // 12, (month - 1 + step) % 12 + 1
