"""The published control charts as pure functions of a series. No I/O.

NIST/SEMATECH e-Handbook 6.3.2 and Montgomery, Introduction to Statistical Quality Control.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import sqrt
from statistics import fmean

MEAN_RANGE_OF_TWO = 1.128  # d2 of the e-Handbook: the mean range of two, in standard deviations


def ewma(values: Iterable[float], *, weight: float, start: float) -> list[float]:
    """Return the exponentially weighted moving average, the start value first."""
    return list(accumulate(values, lambda z, x: weight * x + (1 - weight) * z, initial=start))


def ewma_limit(count: int, *, weight: float, width: float) -> float:
    """Return the limit, in standard deviations, on an EWMA of `count` values.

    `width` is the K of NIST/SEMATECH e-Handbook 6.3.2.4; the exact limit widens towards the
    steady one.
    """
    return width * sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * count)))


def ewma_steady_limit(*, weight: float, width: float) -> float:
    """Return the limit, in standard deviations, that `ewma_limit` widens towards."""
    return width * sqrt(weight / (2 - weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cusum:
    """Both sides of a tabular CUSUM after one value, and for how long each has been above 0.

    `total` is the plain sum of the deviations from the target.
    """

    high: float = 0.0
    low: float = 0.0
    run_high: int = 0
    run_low: int = 0
    total: float = 0.0

    def add(self, deviation: float, *, k: float) -> "Cusum":
        """Return the sums after one more deviation, in the unit of `k`."""
        high = max(0.0, self.high + deviation - k)
        low = max(0.0, self.low - deviation - k)
        return Cusum(
            high=high,
            low=low,
            run_high=self.run_high + 1 if high else 0,
            run_low=self.run_low + 1 if low else 0,
            total=self.total + deviation,
        )

    @property
    def further(self) -> float:
        """The side that is further out, the low one negative."""
        return self.high if self.high >= self.low else -self.low

    def beyond(self, h: float) -> bool:
        """Return whether either side is above the decision interval `h`."""
        return abs(self.further) > h

    def shift(self, *, k: float) -> float:
        """Return the estimated shift from the target, by the side that is further out."""
        if self.high >= self.low:
            return k + self.high / self.run_high if self.run_high else 0.0
        return -k - self.low / self.run_low

    @property
    def run(self) -> int:
        """How many values ago the shift began, by the side that is further out."""
        return self.run_high if self.high >= self.low else self.run_low


def cusum(values: Iterable[float], *, target: float, k: float) -> list[Cusum]:
    """Return the tabular CUSUM after each value; `k` is in the values' unit."""
    sums = [Cusum()]
    for value in values:
        sums.append(sums[-1].add(value - target, k=k))
    return sums[1:]


def limits(mean: float, sigma: float, width: float) -> tuple[float, float]:
    """Return mean minus and plus `width` standard deviations: 2 to warn, 3 to act (NIST SOP 9)."""
    return mean - width * sigma, mean + width * sigma


def moving_range(values: Sequence[float]) -> float:
    """Return the mean range of neighbours, in the values' unit; raises ValueError below two."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} values have no moving range; at least 2 have")
    return fmean(abs(after - before) for before, after in pairwise(values))


def individuals_limits(values: Sequence[float], width: float = 3.0) -> tuple[float, float]:
    """Return the limits of an individuals chart (e-Handbook 6.3.2.2), spread by moving ranges."""
    return limits(fmean(values), moving_range(values) / MEAN_RANGE_OF_TWO, width)
