"""How many checks a chart runs before it signals: average run lengths, in checks. No I/O.

Shifts are in standard deviations of known mean and spread. The integral equations are solved on
Gauss-Legendre points (Montgomery 9; Crowder 1987, recalled).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, exp, pi, sqrt

from tramdo.drift.charts import ewma_steady_limit
from tramdo.drift.distributions import NORMAL

POINTS = 48


@lru_cache(maxsize=256)
def shewhart_arl(width: float, shift: float = 0.0) -> float:
    """Return the exact ARL of a two-sided Shewhart chart with limits at `width`."""
    return 1 / (NORMAL.cdf(-width - shift) + NORMAL.cdf(shift - width))


@lru_cache(maxsize=256)
def cusum_arl(k: float, h: float, shift: float = 0.0) -> float:
    """Return the zero-state ARL of a two-sided tabular CUSUM."""
    return 1 / (1 / cusum_one_sided_arl(k, h, shift) + 1 / cusum_one_sided_arl(k, h, -shift))


@lru_cache(maxsize=256)
def cusum_one_sided_arl(k: float, h: float, shift: float = 0.0) -> float:
    """Return the zero-state ARL of the upper half of a tabular CUSUM."""
    points, weights = _between(0.0, h)

    def row(start: float) -> list[float]:
        drop = start - k + shift
        back = NORMAL.cdf(-drop)  # the sum falls back to 0, where a mass of probability sits
        return [back, *(w * _density(y - drop) for y, w in zip(points, weights, strict=True))]

    return _expected([row(start) for start in (0.0, *points)])[0]


@lru_cache(maxsize=256)
def ewma_arl(weight: float, width: float, shift: float = 0.0) -> float:
    """Return the zero-state ARL of a two-sided EWMA with steady limits."""
    steady = ewma_steady_limit(weight=weight, width=width)
    points, weights = _between(-steady, steady)

    def row(start: float) -> list[float]:
        stays = (1 - weight) * start
        near = (_density((y - stays) / weight - shift) / weight for y in points)
        return [w * density for w, density in zip(weights, near, strict=True)]

    lengths = _expected([row(start) for start in points])
    return 1 + sum(q * length for q, length in zip(row(0.0), lengths, strict=True))


def cusum_h(k: float, arl: float) -> float:
    """Return the decision interval that gives a two-sided CUSUM this in-control ARL."""
    low, high = 0.0, 1.0
    while cusum_arl(k, high) < arl:
        low, high = high, 2 * high
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if cusum_arl(k, middle) < arl else (low, middle)
    return (low + high) / 2


def false_alarms(arl: float, instruments: int, checks_per_week: float = 1.0) -> float:
    """Return the weeks between false alarms of that many instruments together."""
    return arl / (instruments * checks_per_week)


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def _expected(stays: list[list[float]]) -> list[float]:
    """Solve L = 1 + Q L: the expected run from each state, `stays` holding the rows of Q."""
    size = len(stays)
    rows = [[float(i == j) - stays[i][j] for j in range(size)] + [1.0] for i in range(size)]
    for i in range(size):
        # Rows of Q sum to less than 1, so that 1 - Q needs no exchange of rows.
        pivot = rows[i][i]
        for below in rows[i + 1 :]:
            share = below[i] / pivot
            below[i:] = [b - share * a for a, b in zip(rows[i][i:], below[i:], strict=True)]
    lengths = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * lengths[j] for j in range(i + 1, size))
        lengths[i] = (rows[i][size] - known) / rows[i][i]
    return lengths


def _between(low: float, high: float) -> tuple[Sequence[float], Sequence[float]]:
    points, weights = _gauss_legendre(POINTS)
    half = (high - low) / 2
    return [low + half * (1 + x) for x in points], [half * w for w in weights]


@lru_cache(maxsize=4)
def _gauss_legendre(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return points and weights on -1 to 1, by Newton's method on Legendre's polynomial."""
    points, weights = [], []
    for i in range(count):
        x = cos(pi * (i + 0.75) / (count + 0.5))
        for _ in range(8):
            value, slope = _legendre(count, x)
            x -= value / slope
        slope = _legendre(count, x)[1]
        points.append(x)
        weights.append(2 / ((1 - x * x) * slope * slope))
    return tuple(points), tuple(weights)


def _legendre(degree: int, x: float) -> tuple[float, float]:
    before, value = 1.0, x
    for n in range(2, degree + 1):
        before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
    return value, degree * (x * value - before) / (x * x - 1)
