"""Least squares: a line or a parabola through errors over time, volume or load. No I/O.

x is centred and scaled before it is solved for, which the certified data of NIST StRD ask for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, sqrt

from tramdo.drift.distributions import t_quantile, t_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A polynomial by least squares: coefficients with their standard deviations, from b0 up.

    `residual_sd` is of one value of weight 1, with `freedom` degrees of freedom; `f` compares
    what the polynomial explains with what it leaves; both are of the whole fit.
    """

    coefficients: tuple[float, ...]
    sds: tuple[float, ...]
    residual_sd: float
    freedom: int
    r2: float
    f: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line by least squares, about the `centre` of its x, whose y is `level`.

    `spread` is the sum of squares of x about the centre, `weight` the sum of the weights.
    """

    fit: Fit
    centre: float
    level: float
    spread: float
    weight: float

    @property
    def slope(self) -> float:
        """The change of y with x."""
        return self.fit.coefficients[1]

    @property
    def p(self) -> float:
        """The chance of so steep a slope, either way, where there is none."""
        sd = self.fit.sds[1]
        t = abs(self.slope) / sd if sd else (inf if self.slope else 0.0)
        return 2 * t_tail(t, self.fit.freedom)

    def at(self, x: float) -> float:
        """Return y on the line."""
        return self.level + self.slope * (x - self.centre)

    def interval(self, x: float, confidence: float) -> tuple[float, float]:
        """Return the limits within which one more value of weight 1 falls with that confidence."""
        variance = 1 + 1 / self.weight + (x - self.centre) ** 2 / self.spread
        t = t_quantile((1 + confidence) / 2, self.fit.freedom)
        half = t * self.fit.residual_sd * sqrt(variance)
        return self.at(x) - half, self.at(x) + half


def line(
    x: Sequence[float],
    y: Sequence[float],
    weights: Sequence[float] | None = None,
    *,
    least_sd: float = 0.0,
) -> Line:
    """Return the line of least squares; raises ValueError below 3 points or without spread in x.

    `weights` are 1 / u2 up to a factor; `least_sd` is the residual spread to believe at least.
    """
    w = _checked(x, y, weights, 3)
    weight = fsum(w)
    centre, level = _mean(x, w), _mean(y, w)
    u = [one - centre for one in x]
    spread = fsum(a * b * b for a, b in zip(w, u, strict=True))
    if not spread:
        raise ValueError(f"all {len(x)} points at {centre:g}; a line needs two places")
    slope = fsum(a * b * (c - level) for a, b, c in zip(w, u, y, strict=True)) / spread
    rest = [c - level - slope * b for b, c in zip(u, y, strict=True)]
    sd = max(_residual_sd(rest, w, 2), least_sd)
    sds = (sd * sqrt(1 / weight + centre**2 / spread), sd / sqrt(spread))
    fit = _fit((level - slope * centre, slope), sds, sd, y, rest, w)
    return Line(fit=fit, centre=centre, level=level, spread=spread, weight=weight)


def parabola(x: Sequence[float], y: Sequence[float], weights: Sequence[float] | None = None) -> Fit:
    """Return y = b0 + b1 x + b2 x2 by least squares; raises ValueError below 4 points."""
    w = _checked(x, y, weights, 4)
    centre = _mean(x, w)
    scale = max(abs(one - centre) for one in x)
    if not scale:
        raise ValueError(f"all {len(x)} points at {centre:g}; a parabola needs three places")
    u = [(one - centre) / scale for one in x]
    # 1, u and q are orthogonal under the weights, so that each coefficient stands alone.
    su2 = _dot(u, u, w)
    a, b = _dot([v * v for v in u], u, w) / su2, su2 / fsum(w)
    q = [v * v - a * v - b for v in u]
    sq2 = _dot(q, q, w)
    if sq2 <= 1e-20 * fsum(w):
        raise ValueError(f"{len(x)} points at two places; a parabola needs three")
    level = _mean(y, w)
    e = [one - level for one in y]
    slope, bend = _dot(u, e, w) / su2, _dot(q, e, w) / sq2
    rest = [r - slope * v - bend * z for r, v, z in zip(e, u, q, strict=True)]
    sd = _residual_sd(rest, w, 3)
    # Each orthogonal polynomial written out in powers of x gives a column of the coefficients.
    columns = (
        _in_x((1.0, 0.0, 0.0), centre, scale),
        _in_x((0.0, 1.0, 0.0), centre, scale),
        _in_x((-b, -a, 1.0), centre, scale),
    )
    found = (level, slope, bend)
    own = (sd / sqrt(fsum(w)), sd / sqrt(su2), sd / sqrt(sq2))
    powers = range(3)
    coefficients = tuple(
        fsum(c * k[i] for c, k in zip(found, columns, strict=True)) for i in powers
    )
    sds = tuple(
        sqrt(fsum((s * k[i]) ** 2 for s, k in zip(own, columns, strict=True))) for i in powers
    )
    return _fit(coefficients, sds, sd, y, rest, w)


def _in_x(
    powers: tuple[float, float, float], centre: float, scale: float
) -> tuple[float, float, float]:
    """Write c0 + c1 u + c2 u2, u = (x - centre) / scale, in powers of x."""
    c0, c1, c2 = powers[0], powers[1] / scale, powers[2] / scale**2
    return c0 - c1 * centre + c2 * centre**2, c1 - 2 * c2 * centre, c2


def _checked(
    x: Sequence[float], y: Sequence[float], weights: Sequence[float] | None, least: int
) -> Sequence[float]:
    w = [1.0] * len(x) if weights is None else weights
    if not (len(x) == len(y) == len(w) and len(x) >= least):
        says = f"{len(x)} x, {len(y)} y, {len(w)} weights"
        raise ValueError(f"{says}; allowed: as many of each, at least {least}")
    if min(w) <= 0:
        raise ValueError(f"a weight of {min(w)}; allowed: > 0")
    return w


def _mean(values: Sequence[float], w: Sequence[float]) -> float:
    return fsum(a * b for a, b in zip(w, values, strict=True)) / fsum(w)


def _dot(a: Sequence[float], b: Sequence[float], w: Sequence[float]) -> float:
    return fsum(i * j * k for i, j, k in zip(a, b, w, strict=True))


def _residual_sd(rest: Sequence[float], w: Sequence[float], spent: int) -> float:
    return sqrt(_dot(rest, rest, w) / (len(rest) - spent))


def _fit(  # noqa: PLR0913, PLR0917
    coefficients: tuple[float, ...],
    sds: tuple[float, ...],
    sd: float,
    y: Sequence[float],
    rest: Sequence[float],
    w: Sequence[float],
) -> Fit:
    mean = _mean(y, w)
    about = [one - mean for one in y]
    whole, left = _dot(about, about, w), _dot(rest, rest, w)
    freedom = len(y) - len(coefficients)
    explained = (whole - left) / (len(coefficients) - 1)
    return Fit(
        coefficients=coefficients,
        sds=sds,
        residual_sd=sd,
        freedom=freedom,
        r2=1 - left / whole if whole else 0.0,
        f=explained / (left / freedom) if left else inf,
    )
