"""Means of one value per day; slow changes show where the daily swing does not. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from tramdo.drift import Control, ControlChart

KEPT = 60
RUN = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMeans:
    """Means of the last `KEPT` days (UTC) with at least `least` values each.

    A day counts when the first value of another day comes. `control` is what the chart of the
    days kept says, for show only: its false alarms would be ours. `floor` is the least standard
    deviation it believes.
    """

    floor: float
    least: int = 3
    day: date | None = None
    sum: float = 0.0
    count: int = 0
    means: tuple[float, ...] = ()
    control: Control = Control.LEARNING

    def add(self, value: float, day: date) -> "DayMeans":
        """Return the means after one more value."""
        if day == self.day:
            return replace(self, sum=self.sum + value, count=self.count + 1)
        fresh = replace(self, day=day, sum=value, count=1)
        if self.count < self.least:
            return fresh
        return fresh.with_means((*self.means, self.sum / self.count))

    def with_means(self, means: Iterable[float]) -> "DayMeans":
        """Return the state with these for the means of the days before."""
        kept = tuple(means)[-KEPT:]
        return replace(self, means=kept, control=_control(kept, self.floor))

    @property
    def run(self) -> tuple[float, ...]:
        """The means of the last `RUN` days."""
        return self.means[-RUN:]

    def steady(self, least: float) -> bool:
        """Say whether the last `RUN` days all went one way, and by more than `least` in all."""
        steps = [after - before for before, after in pairwise(self.run)]
        one_way = all(step > 0 for step in steps) or all(step < 0 for step in steps)
        return len(self.run) == RUN and one_way and abs(sum(steps)) > least


def _control(means: Iterable[float], floor: float) -> Control:
    chart = ControlChart(floor=floor)
    for mean in means:
        chart = chart.add(mean)
    return chart.control
