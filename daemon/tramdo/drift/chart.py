"""The control chart of one instrument at one reference point: frozen state. No I/O.

A single comparison gives an error; drift is a change of errors over time, so it takes a chart.
Charts are statistics and use floats; errors keep their decimal digits.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import get_args

from tramdo.drift.baseline import Baseline, contradiction, learnt
from tramdo.drift.settings import ChartName, ChartSettings
from tramdo.drift.statistic import ChartState, Statistic

_DEFAULT, _START = ChartSettings(), Statistic()


class Control(StrEnum):
    """What the chart says of one instrument at one reference point."""

    LEARNING = "learning"
    IN_CONTROL = "in_control"
    WARNING = "warning"
    OUT_OF_CONTROL = "out_of_control"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChart:
    """Individuals, EWMA and CUSUM of the errors of one segment; `settings` says which decides.

    Mean and spread come from a few checks at first, so each limit takes Student's quantile for
    the normal one and adds the uncertainty of the mean; every `refix` checks the latest ones join
    the baseline, if F test and t test do not contradict it, and the limits close in. Once out of
    control, the chart stays so until it is back within the warning limit, so that one excursion
    is one alarm. Together they keep false alarms as rare as `stated_arl` says.

    `floor` is the least standard deviation to believe, in the errors' unit: `sigma_floor(d)`.
    Equal settings and errors give equal charts, so a chart is rebuilt by adding the recorded
    errors again. `recent` holds the checks that the baseline does not know yet, at most `refix`;
    `began` says why the segment did, `fixing` why the limits were or were not fixed again.
    """

    floor: float
    settings: ChartSettings = _DEFAULT
    segment: int = 1
    began: str = ""
    fixing: str = ""
    count: int = 0
    recent: tuple[float, ...] = ()
    baseline: Baseline | None = None
    statistic: Statistic = _START
    out: bool = False

    def __post_init__(self) -> None:
        if not (self.floor > 0 and isfinite(self.floor)):
            raise ValueError(f"floor {self.floor}; allowed: a number > 0")

    def add(self, error: float) -> "ControlChart":
        """Return the chart after one more check; raises ValueError if the error is not finite."""
        if not isfinite(error):
            raise ValueError(f"an error of {error} cannot be charted")
        chart = self._fixed() if self._due else self
        after = replace(chart, count=chart.count + 1, recent=(*chart.recent, error))
        if chart.baseline is None:
            return after
        statistic = chart.statistic.add(error, chart.baseline, chart.settings)
        judged = replace(after, statistic=statistic)
        return replace(judged, out=_beyond(judged.deciding, was_out=self.out))

    def anew(self, reason: str) -> "ControlChart":
        """Return the empty chart of the next segment: as-left never joins as-found."""
        return ControlChart(
            floor=self.floor, settings=self.settings, segment=self.segment + 1, began=reason
        )

    @property
    def mean(self) -> float:
        """The baseline's mean error, in the errors' unit; 0 before the first check."""
        return self._known.mean

    @property
    def sigma(self) -> float:
        """The baseline's standard deviation, in the errors' unit, never below `floor`."""
        return self._known.sigma

    @property
    def states(self) -> tuple[ChartState, ...]:
        """The three charts with their limits, for display; none while learning."""
        return tuple(state for name in get_args(ChartName) if (state := self._state(name)))

    @property
    def deciding(self) -> ChartState | None:
        """The chart that decides; None while learning."""
        return self._state(self.settings.decides)

    @property
    def z(self) -> float:
        """Where the deciding chart stands, in standard deviations; 0 while learning."""
        return self.deciding.z if self.deciding else 0.0

    @property
    def limit(self) -> float | None:
        """The action limit on the size of `z`; None while learning."""
        return self.deciding.action if self.deciding else None

    @property
    def control(self) -> Control:
        """Learning until a check follows the baseline; then `z` against limit and warning."""
        state = self.deciding
        if state is None:
            return Control.LEARNING
        if self.out:
            return Control.OUT_OF_CONTROL
        return Control.WARNING if abs(state.z) > state.warning else Control.IN_CONTROL

    def _state(self, name: ChartName) -> ChartState | None:
        if self.baseline is None or not self.statistic.count:
            return None
        return self.statistic.state(name, self.baseline, self.settings)

    @property
    def _known(self) -> Baseline:
        return self.baseline or learnt(self.recent, self.floor)

    @property
    def _due(self) -> bool:
        # A block is taken in with the check that follows it: what a check was judged by stays.
        if self.baseline is None:
            return self.count == self.settings.learn
        return self.count % self.settings.refix == 0 and len(self.recent) > 1

    def _fixed(self) -> "ControlChart":
        block, old, many = learnt(self.recent, self.floor), self.baseline, len(self.recent)
        if old is None:
            return replace(self, baseline=block, recent=(), fixing=f"fixed by {many} checks")
        why = "out of control" if self.out else contradiction(old, block)
        if why:
            fixing = f"left at check {self.count}: {why}"
            return replace(self, recent=(), fixing=fixing)
        new = old.with_block(block)
        return replace(
            self,
            baseline=new,
            statistic=self.statistic.against(old, new, self.settings),
            recent=(),
            fixing=f"fixed again at check {self.count} by {new.count} checks",
        )


def _beyond(state: ChartState | None, *, was_out: bool) -> bool:
    if state is None:
        return False
    return abs(state.z) > (state.warning if was_out else state.action)
