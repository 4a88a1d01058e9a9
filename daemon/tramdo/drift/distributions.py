"""Student's t, Fisher's F and the binomial: tails and quantiles. No I/O.

The incomplete beta function is the continued fraction of DLMF 8.17.22, held to mpmath by the
tests: a chart needs a quantile at the daemon's start, and mpmath takes half a second to import.
"""

from collections.abc import Callable
from functools import lru_cache
from math import comb, exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist

NORMAL = NormalDist()


def normal_tail(z: float) -> float:
    """Return the probability that a standard normal value is above `z`."""
    return NORMAL.cdf(-z)


def t_tail(t: float, freedom: float) -> float:
    """Return the probability that Student's t with `freedom` degrees of freedom is above `t`."""
    # Of x and 1 - x the one that does not cancel goes in: far tails keep their digits.
    far = t * t / (freedom + t * t) if t * t < inf else 1.0
    half = beta_share(freedom / 2, 0.5, freedom / (freedom + t * t), far) / 2
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1024)
def t_quantile(p: float, freedom: float) -> float:
    """Return the t that Student's distribution stays below with probability `p`."""
    _probability(p)
    if p < 0.5:
        return -_falls_to(p, lambda t: t_tail(t, freedom))
    return _falls_to(1 - p, lambda t: t_tail(t, freedom))


def f_tail(f: float, upper: float, lower: float) -> float:
    """Return the probability that F with `upper` and `lower` degrees of freedom is above `f`."""
    if f <= 0:
        return 1.0
    if f == inf:
        return 0.0
    whole = lower + upper * f
    return beta_share(lower / 2, upper / 2, lower / whole, upper * f / whole)


@lru_cache(maxsize=1024)
def f_quantile(p: float, upper: float, lower: float) -> float:
    """Return the F that the distribution stays below with probability `p`."""
    _probability(p)
    return _falls_to(1 - p, lambda f: f_tail(f, upper, lower))


def binomial_tail(least: int, trials: int, p: float = 0.5) -> float:
    """Return the probability of `least` or more successes among `trials` of chance `p`."""
    if not (0 <= p <= 1 and trials >= 0):
        raise ValueError(f"p {p}, trials {trials}; allowed: 0 to 1 and >= 0")
    chances = range(max(least, 0), trials + 1)
    return sum(comb(trials, n) * p**n * (1 - p) ** (trials - n) for n in chances)


def student_factor(count: int, p: float) -> float:
    """Return t(p, count - 1) / sqrt(count): a mean's limit in standard deviations (R 87)."""
    return t_quantile(p, count - 1) / sqrt(count)


def beta_share(a: float, b: float, x: float, rest: float | None = None) -> float:
    """Return the regularised incomplete beta function I_x(a, b); `rest` is 1 - x."""
    rest = 1 - x if rest is None else rest
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, rest, x)
    below = log(x) if x < 0.5 else log1p(-rest)
    above = log(rest) if rest < 0.5 else log1p(-x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * below + b * above)
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / ((1 + step * d) or tiny)
            c = (1 + step / c) or tiny
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def _probability(p: float) -> None:
    if not 0 < p < 1:
        raise ValueError(f"a probability of {p}; allowed: above 0 and below 1")


def _falls_to(tail: float, of: Callable[[float], float]) -> float:
    """Return the x >= 0 at which a falling tail passes `tail`, by halving."""
    low, high = 0.0, 1.0
    while of(high) > tail:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if of(middle) > tail else (low, middle)
    return (low + high) / 2
