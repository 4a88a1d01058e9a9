"""From what an instrument shows to its error of indication, beyond the plain difference. No I/O."""

from decimal import Decimal
from typing import NamedTuple

from tramdo.limits.plate import LimitsError


class WeighingError(NamedTuple):
    """One weighing, all in the load's unit.

    `p` is the indication before rounding, `error` (E) is p minus the load, `corrected` (Ec) is E
    minus the error at zero. OIML R 76-1:2006, A.4.4.3 (unverified).
    """

    p: Decimal
    error: Decimal
    corrected: Decimal


def changeover_error(
    load: Decimal, indication: Decimal, added: Decimal, e: Decimal, zero_error: Decimal = Decimal(0)
) -> WeighingError:
    """Return the error found with small weights, all in one unit.

    `added` is the sum of the weights, in steps of e/10, that brought the display to the next e.
    """
    return _weighing(indication + e / 2 - added, load, zero_error)


def high_resolution_error(
    load: Decimal, indication: Decimal, zero_error: Decimal = Decimal(0)
) -> WeighingError:
    """Return the error read from a finer display, all in one unit; see `fine_enough`."""
    return _weighing(indication, load, zero_error)


def fine_enough(d: Decimal, e: Decimal) -> bool:
    """Say whether a display of scale interval d shows the error itself: d is at most e/5."""
    return 5 * d <= e


def relative_error(indicated: Decimal, reference: Decimal) -> float:
    """Return the error of an indicated volume in per cent of the reference volume.

    Above zero the customer gets less than shown. Both in one unit; `LimitsError` unless the
    reference is above 0.
    """
    if not (reference.is_finite() and reference > 0):
        raise LimitsError(f"no relative error at a reference of {reference}; allowed: above 0")
    return float(100 * (indicated - reference) / reference)


def _weighing(p: Decimal, load: Decimal, zero_error: Decimal) -> WeighingError:
    error = p - load
    return WeighingError(p, error, error - zero_error)
