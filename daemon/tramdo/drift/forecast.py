"""When errors will reach the MPE: three dates from a straight line, and how good they were.

The early date is the one to act by. No I/O and no clock: dates follow from the points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import copysign, exp, inf, pi, sqrt

from tramdo.drift.distributions import t_quantile
from tramdo.drift.trend import Line, line

DAY = timedelta(days=1)
FURTHEST = 20 * 365.25  # days; a date further off says nothing

Point = tuple[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When one series of errors reaches `limit`: the MPE, or minus the MPE, that it heads for.

    `line` is in days from `since`. `expected` is where the line crosses, `act_by` and `latest`
    where its prediction limits do, which hold the true crossing with `confidence`; None: not
    within 20 years of the last check. A date may be past. `p` is the chance of such a slope in
    errors that do not drift.
    """

    line: Line
    since: datetime
    limit: float
    act_by: datetime | None
    expected: datetime | None
    latest: datetime | None
    confidence: float
    p: float

    def holds(self, crossing: datetime) -> bool:
        """Return whether the crossing is not before `act_by` nor after `latest`."""
        early = self.act_by is not None and self.act_by <= crossing
        return early and (self.latest is None or crossing <= self.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """How often the forecasts of past checks held the crossing; `share` is None without any."""

    crossing: datetime | None
    forecasts: int
    held: int

    @property
    def share(self) -> float | None:
        """The part of the forecasts that held the crossing."""
        return self.held / self.forecasts if self.forecasts else None


def crossing(
    fitted: Line, limit: float, confidence: float, *, stretch: float = 1.0
) -> tuple[float, float, float]:
    """Return the x at which the near prediction limit, the line and the far one reach `limit`.

    Infinite where one never does; all three in the order in which x grows. The line's own variance
    counts `stretch` times. Raises ValueError for a line without slope.
    """
    if not fitted.slope:
        raise ValueError("a level line reaches no limit")
    gap, slope = limit - fitted.level, fitted.slope
    t = t_quantile((1 + confidence) / 2, fitted.fit.freedom) * fitted.fit.residual_sd
    mean = fitted.centre + gap / slope
    # (gap - slope v)2 = t2 (1 + stretch (1 / weight + v2 / spread)), solved for v = x - centre.
    own = t * t * (1 + stretch / fitted.weight)
    doubt = stretch * t * t / fitted.spread
    steep = slope**2 - doubt
    root = own * steep + gap**2 * doubt
    if steep > 0:
        sides = [(gap * slope + sign * sqrt(root)) / steep for sign in (-1, 1)]
        return fitted.centre + sides[0], mean, fitted.centre + sides[1]
    if root < 0:
        return -inf, mean, inf
    near = (gap**2 - own) / (gap * slope + copysign(sqrt(root), gap * slope))
    return fitted.centre + near, mean, inf


def forecast(  # noqa: PLR0913 - each is a choice of the caller's
    points: Sequence[Point],
    *,
    mpe: float,
    confidence: float = 0.9,
    significance: float = 0.001,
    least: int = 8,
    floor: float = 0.0,
) -> Forecast | None:
    """Return when the errors reach the MPE; None below `least` points or without a clear slope.

    Errors, `mpe` and `floor` (`sigma_floor(d)`: the residual spread to believe at least) are in
    one unit; all points are of one segment. `significance` is small because the test is repeated
    at every check.
    """
    if len(points) < max(least, 3) or len({at for at, _ in points}) < 2:
        return None
    since = points[0][0]
    days = [(at - since) / DAY for at, _ in points]
    fitted = line(days, [error for _, error in points], least_sd=floor)
    p = fitted.p
    if p >= significance or not fitted.slope:
        return None
    limit = copysign(mpe, fitted.slope)
    stretch = _stretch(fitted, confidence, floor)
    dates = crossing(fitted, limit, confidence, stretch=stretch)
    act_by, expected, latest = (_date(since, x, days[-1]) for x in dates)
    return Forecast(
        line=fitted,
        since=since,
        limit=limit,
        act_by=act_by,
        expected=expected,
        latest=latest,
        confidence=confidence,
        p=p,
    )


def backtest(  # noqa: PLR0913 - those of the forecast, and the crossing
    points: Sequence[Point],
    *,
    mpe: float,
    crossing: datetime | None = None,
    confidence: float = 0.9,
    significance: float = 0.001,
    least: int = 8,
    floor: float = 0.0,
) -> Backtest:
    """Replay the forecast after each check before the crossing, and count those that held it.

    Without a given `crossing`, it is the first check at or beyond the MPE after which no check
    was within: an error that only noise carried over is none.
    """
    at = crossing or _observed(points, mpe)
    if at is None:
        return Backtest(crossing=None, forecasts=0, held=0)
    made = [
        forecast(
            points[:many],
            mpe=mpe,
            confidence=confidence,
            significance=significance,
            least=least,
            floor=floor,
        )
        for many in range(least, len(points) + 1)
        if points[many - 1][0] < at
    ]
    issued = [one for one in made if one]
    return Backtest(crossing=at, forecasts=len(issued), held=sum(one.holds(at) for one in issued))


def _observed(points: Sequence[Point], mpe: float) -> datetime | None:
    found = None
    for at, error in reversed(points):
        if abs(error) < mpe:
            break
        found = at
    return found


def _stretch(fitted: Line, confidence: float, floor: float) -> float:
    """Return how many times the line's own variance counts in a forecast.

    A line picked for being steep is steeper than the truth more often than not, so its own part
    takes the quantile of a tenth of the doubt. Errors rounded to d with little noise keep their
    rounding for many checks: together they count as six values at most, less so as noise of some
    0.3 d makes neighbours differ.
    """
    asked, picked = (
        t_quantile(1 - doubt / 2, fitted.fit.freedom)
        for doubt in (1 - confidence, (1 - confidence) / 10)
    )
    chosen = (picked / asked) ** 2
    if not floor:
        return chosen
    ratio = (fitted.fit.residual_sd / floor) ** 2
    alike = exp(-(pi**2) / 3 * (ratio - 1))
    return chosen * (1 + fitted.weight / 6 / ratio * alike)


def _date(since: datetime, days: float, last: float) -> datetime | None:
    if days - last > FURTHEST:
        return None
    return since + DAY * max(days, -FURTHEST)
