"""Are two series, two instruments or one odd value different? Tests with their p values. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean, stdev

from tramdo.drift.distributions import f_quantile, f_tail, t_quantile, t_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Count, mean and standard deviation of a sample."""

    count: int
    mean: float
    sd: float

    def __post_init__(self) -> None:
        if self.count < 2 or self.sd < 0:
            raise ValueError(f"count {self.count}, sd {self.sd}; allowed: from 2, and >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test statistic against its critical values; `p` is two-sided."""

    __test__ = False

    statistic: float
    freedom: tuple[float, ...]
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """Return whether the statistic is outside its critical values."""
        return not self.low <= self.statistic <= self.high


def summary(values: Sequence[float]) -> Summary:
    """Return the summary of a sample; raises ValueError below two values."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} values; a sample needs at least 2")
    return Summary(count=len(values), mean=fmean(values), sd=stdev(values))


def f_test(one: Summary, other: Summary, *, significance: float = 0.05) -> Test:
    """Compare two spreads (e-Handbook 1.3.5.9); raises ValueError if the other's is 0."""
    if not other.sd:
        raise ValueError("the other sample's sd is 0; an F test divides by it")
    freedom = one.count - 1, other.count - 1
    f = (one.sd / other.sd) ** 2
    tail = f_tail(f, *freedom)
    return Test(
        statistic=f,
        freedom=freedom,
        low=f_quantile(significance / 2, *freedom),
        high=f_quantile(1 - significance / 2, *freedom),
        p=min(1.0, 2 * min(tail, 1 - tail)),
    )


def pooled_sd(one: Summary, other: Summary) -> float:
    """Return the standard deviation that two samples of equal spread share."""
    squares = (one.count - 1) * one.sd**2 + (other.count - 1) * other.sd**2
    return sqrt(squares / (one.count + other.count - 2))


def pooled_t_test(one: Summary, other: Summary, *, significance: float = 0.05) -> Test:
    """Compare two means of equal spread (e-Handbook 1.3.5.3)."""
    spread = pooled_sd(one, other) * sqrt(1 / one.count + 1 / other.count)
    return _t_test(one, other, spread, one.count + other.count - 2, significance)


def welch_t_test(one: Summary, other: Summary, *, significance: float = 0.05) -> Test:
    """Compare two means whose spreads may differ (e-Handbook 1.3.5.3)."""
    a, b = one.sd**2 / one.count, other.sd**2 / other.count
    if not a + b:
        raise ValueError("both sds are 0; a t test divides by them")
    freedom = (a + b) ** 2 / (a**2 / (one.count - 1) + b**2 / (other.count - 1))
    return _t_test(one, other, sqrt(a + b), freedom, significance)


def _t_test(
    one: Summary, other: Summary, spread: float, freedom: float, significance: float
) -> Test:
    if not spread:
        raise ValueError("both sds are 0; a t test divides by them")
    t = (one.mean - other.mean) / spread
    critical = t_quantile(1 - significance / 2, freedom)
    p = 2 * t_tail(abs(t), freedom)
    return Test(statistic=t, freedom=(freedom,), low=-critical, high=critical, p=p)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """The value furthest from the mean, how far in standard deviations, and what is allowed."""

    value: float
    index: int
    g: float
    critical: float

    @property
    def significant(self) -> bool:
        """Return whether the value is an outlier."""
        return self.g > self.critical


def grubbs(values: Sequence[float], *, significance: float = 0.05) -> Outlier:
    """Test for one outlier on either side (e-Handbook 1.3.5.17.1); raises ValueError below 3.

    Values without any spread have none: g is 0.
    """
    if len(values) < 3:
        raise ValueError(f"{len(values)} values; Grubbs' test needs at least 3")
    n, mean, sd = len(values), fmean(values), stdev(values)
    index = max(range(n), key=lambda i: abs(values[i] - mean))
    t = t_quantile(1 - significance / (2 * n), n - 2)
    critical = (n - 1) / sqrt(n) * sqrt(t * t / (n - 2 + t * t))
    g = abs(values[index] - mean) / sd if sd else 0.0
    return Outlier(value=values[index], index=index, g=g, critical=critical)


def en_score(value: float, reference: float, u_value: float, u_reference: float) -> float:
    """Return the En score of a value by expanded uncertainties (ISO 13528), all in one unit."""
    return (value - reference) / hypot(u_value, u_reference)


def satisfactory(en: float) -> bool:
    """Return whether an En score says that the two agree: at most 1 in size (ISO/IEC 17043)."""
    return abs(en) <= 1
