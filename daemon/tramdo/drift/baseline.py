"""What a chart believes of an instrument in control: mean, spread, and how well both are known.

No I/O.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from statistics import fmean, stdev

from tramdo.drift.distributions import f_tail, normal_tail, t_quantile, t_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Mean and standard deviation of `count` errors, in their unit; `sigma` is at least `floor`."""

    mean: float
    sigma: float
    floor: float
    count: int

    @property
    def freedom(self) -> int:
        """Degrees of freedom of `sigma`."""
        return max(self.count - 1, 1)

    def with_block(self, block: "Baseline") -> "Baseline":
        """Return the baseline of these and the block's errors together."""
        count = self.count + block.count
        mean = (self.count * self.mean + block.count * block.mean) / count
        between = self.count * block.count / count * (block.mean - self.mean) ** 2
        squares = self.freedom * self.sigma**2 + block.freedom * block.sigma**2 + between
        sigma = max(sqrt(squares / (count - 1)), self.floor)
        return Baseline(mean=mean, sigma=sigma, floor=self.floor, count=count)


def learnt(errors: Sequence[float], floor: float) -> Baseline:
    """Return the baseline of these errors; before the second the floor stands for the spread."""
    sigma = stdev(errors) if len(errors) > 1 else floor
    mean = fmean(errors) if errors else 0.0
    return Baseline(mean=mean, sigma=max(sigma, floor), floor=floor, count=len(errors))


@lru_cache(maxsize=4096)
def widened(width: float, freedom: int) -> float:
    """Return Student's quantile of the tail that `width` has in the normal distribution."""
    return t_quantile(1 - normal_tail(width), freedom)


def contradiction(before: Baseline, block: Baseline, significance: float = 0.001) -> str | None:
    """Return why the block contradicts the baseline; None if F test and t test see nothing.

    NIST SOP 9 re-fixes limits only after both tests (as cited, unverified). The floors keep equal
    indications from making every change significant.
    """
    tail = f_tail((block.sigma / before.sigma) ** 2, block.freedom, before.freedom)
    if 2 * min(tail, 1 - tail) < significance:
        return f"F test: the spread went from {before.sigma:.3g} to {block.sigma:.3g}"
    freedom = before.freedom + block.freedom
    squares = before.freedom * before.sigma**2 + block.freedom * block.sigma**2
    spread = sqrt(squares / freedom * (1 / before.count + 1 / block.count))
    if 2 * t_tail(abs(block.mean - before.mean) / spread, freedom) < significance:
        return f"t test: the mean went from {before.mean:.3g} to {block.mean:.3g}"
    return None
