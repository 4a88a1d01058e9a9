"""The seam to `tramdo.drift`: charts rebuilt from recorded errors, and their dates. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tramdo.drift.chart import ControlChart
from tramdo.drift.forecast import Backtest, Forecast, Point, backtest, forecast
from tramdo.drift.settings import ChartName, ChartSettings
from tramdo.drift.statistic import ChartState
from tramdo.history.records import Figures
from tramdo.series import TREND_ERRORS

LEAST = 8  # results that a forecast needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The chart after one error.

    `figures` are those that a record holds; `states` are the individuals, EWMA and CUSUM charts
    (none while learning); `high` and `low` are the two sums of the CUSUM, in standard deviations;
    `fixing` says how the baseline was fixed last.
    """

    figures: Figures
    states: tuple[ChartState, ...]
    high: float
    low: float
    fixing: str

    def state(self, name: ChartName) -> ChartState | None:
        """Return where one of the three charts stands, None while learning."""
        return next((one for one in self.states if one.name == name), None)


def replayed(errors: Iterable[float], floor: float, settings: ChartSettings) -> list[Step]:
    """Return the chart after each error of one segment, as the daemon keeps it."""
    chart, steps = ControlChart(floor=floor, settings=settings), []
    for error in errors:
        chart = chart.add(error)
        steps.append(_step(chart))
    return steps


def _step(chart: ControlChart) -> Step:
    figures = Figures(
        mean=chart.mean,
        sigma=chart.sigma,
        z=chart.z,
        limit=chart.limit,
        control=chart.control,
        count=chart.count,
    )
    sums = chart.statistic.cusum
    return Step(
        figures=figures, states=chart.states, high=sums.high, low=sums.low, fixing=chart.fixing
    )


def foretold(points: Sequence[Point], mpe: float, floor: float) -> Forecast | None:
    """Return when the trend reaches the MPE, from as many errors as the daemon looks at."""
    return forecast(tuple(points[-TREND_ERRORS:]), mpe=mpe, least=LEAST, floor=floor)


def tried(points: Sequence[Point], mpe: float | None, floor: float) -> Backtest | None:
    """Return how the forecasts of a segment's past held where it crossed the MPE."""
    if mpe is None:
        return None
    return backtest(tuple(points), mpe=mpe, least=LEAST, floor=floor)
