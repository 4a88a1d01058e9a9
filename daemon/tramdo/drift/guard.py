"""Guard bands, and the risk of accepting what is beyond its limit. No I/O.

ILAC-G8:09/2019 takes w = U; ISO 14253-1:2017 takes 1.645 u for 95 % (the latter unverified).
"""

from enum import StrEnum

from tramdo.drift.distributions import NORMAL, normal_tail


class GuardedResult(StrEnum):
    """The four statements of ILAC-G8 with a guard band on both sides of a limit."""

    PASS = "pass"  # noqa: S105
    CONDITIONAL_PASS = "conditional_pass"  # noqa: S105
    CONDITIONAL_FAIL = "conditional_fail"
    FAIL = "fail"


def ilac_g8_band(u: float, k: float = 2.0) -> float:
    """Return the guard band w = U = k u, in the unit of `u`."""
    return k * u


def iso_14253_band(u: float, confidence: float = 0.95) -> float:
    """Return the guard band for this one-sided probability of conformity, in the unit of `u`."""
    return NORMAL.inv_cdf(confidence) * u


def acceptance_limit(limit: float, band: float) -> float:
    """Return the limit less its guard band: AL = TL - w."""
    return limit - band


def false_acceptance(value: float, limit: float, u: float) -> float:
    """Return the chance that the true value is above `limit` when `value` was measured (PFA)."""
    if u <= 0:
        raise ValueError(f"u {u}; allowed: > 0")
    return normal_tail((limit - value) / u)


def uncertainty_ratio(limit: float, expanded: float) -> float:
    """Return the limit in expanded uncertainties (TUR)."""
    if expanded <= 0:
        raise ValueError(f"U {expanded}; allowed: > 0")
    return limit / expanded


def guarded(error: float, mpe: float, band: float) -> GuardedResult:
    """Return what an error says of the MPE with a guard band on both sides of it."""
    size = abs(error)
    if size <= mpe - band:
        return GuardedResult.PASS
    if size <= mpe:
        return GuardedResult.CONDITIONAL_PASS
    return GuardedResult.CONDITIONAL_FAIL if size <= mpe + band else GuardedResult.FAIL
