"""The three running statistics of a chart, and limits that allow for a young baseline. No I/O."""

from dataclasses import dataclass
from math import sqrt

from tramdo.drift.baseline import Baseline, widened
from tramdo.drift.charts import Cusum, ewma_limit
from tramdo.drift.settings import ChartName, ChartSettings

# Limits are wider than normal theory asks: a baseline that a test kept from being re-fixed is a
# worse one than its count says, and errors of little spread against d come in lumps.
RESERVE = 0.10
LUMPS = 0.30
# How many standard errors of the baseline's mean the CUSUM's k allows for: a mean that is off
# adds up at every check.
ALLOWED_OFFSET = 1.25
# In control, rounding and noise put a check up to this many scale intervals from the mean.
ROUNDING = 1.5


_NO_SUMS = Cusum()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartState:
    """Where one chart stands: `z`, warning and action limit on its size, in standard deviations."""

    name: ChartName
    z: float
    warning: float
    action: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """The last standardised error, EWMA and CUSUM after `count` checks against a baseline."""

    count: int = 0
    individual: float = 0.0
    ewma: float = 0.0
    cusum: Cusum = _NO_SUMS

    def add(self, error: float, baseline: Baseline, settings: ChartSettings) -> "Statistic":
        """Return the statistics after one more error, in the baseline's unit."""
        z = (error - baseline.mean) / baseline.sigma
        return Statistic(
            count=self.count + 1,
            individual=z,
            ewma=settings.weight * z + (1 - settings.weight) * self.ewma,
            cusum=self.cusum.add(z, k=_allowing_k(baseline, settings)),
        )

    def against(self, old: Baseline, new: Baseline, settings: ChartSettings) -> "Statistic":
        """Return the statistics as they stand against another baseline; the CUSUM goes on."""
        seen = 1 - (1 - settings.weight) ** self.count
        moved = self.ewma * old.sigma + seen * (old.mean - new.mean)
        return Statistic(
            count=self.count,
            individual=(self.individual * old.sigma + old.mean - new.mean) / new.sigma,
            ewma=moved / new.sigma,
            cusum=self.cusum,
        )

    def state(self, name: ChartName, baseline: Baseline, settings: ChartSettings) -> ChartState:
        """Return where the named chart stands; a CUSUM's low side is negative."""
        share = settings.warn / (settings.width if name == "ewma" else settings.shewhart)
        if name == "ewma":
            z, action = self.ewma, _ewma_limit(self.count, baseline, settings)
        elif name == "cusum":
            z, action = self.cusum.further, _cusum_limit(baseline, settings)
        else:
            z, action = self.individual, _individual_limit(baseline, settings)
        return ChartState(name=name, z=z, warning=share * action, action=action)


def _allowing_k(baseline: Baseline, settings: ChartSettings) -> float:
    return settings.k + ALLOWED_OFFSET / sqrt(baseline.count)


def _individual_limit(baseline: Baseline, settings: ChartSettings) -> float:
    width = _reserve(baseline) * widened(settings.shewhart, baseline.freedom)
    rounding = ROUNDING * sqrt(12) * baseline.floor / baseline.sigma
    return max(width * sqrt(1 + 1 / baseline.count), rounding)


def _ewma_limit(count: int, baseline: Baseline, settings: ChartSettings) -> float:
    """Return the limit with the baseline mean's own variance added to that of the EWMA."""
    own = ewma_limit(count, weight=settings.weight, width=1)
    mean = (1 - (1 - settings.weight) ** count) / sqrt(baseline.count)
    return _reserve(baseline) * widened(settings.width, baseline.freedom) * sqrt(own**2 + mean**2)


def _cusum_limit(baseline: Baseline, settings: ChartSettings) -> float:
    share = widened(settings.shewhart, baseline.freedom) / settings.shewhart
    return _reserve(baseline) * share * settings.h


def _reserve(baseline: Baseline) -> float:
    return sqrt(1 + RESERVE + LUMPS * (baseline.floor / baseline.sigma) ** 2)
