"""From an indication to its error, and the least spread that rounding alone explains. No I/O."""

from decimal import Decimal
from math import sqrt

from tramdo.reading import Indication
from tramdo.reference import ReferenceValue, convert


def error_of_indication(indication: Indication, reference: ReferenceValue) -> Decimal:
    """Return indication minus reference value (VIM 2.16), in the indication's unit, sign kept.

    Positive: the instrument shows too much; at a fuel dispenser the customer gets less. Raises
    `UnitMismatch`.
    """
    return indication.value - convert(reference.value, reference.unit, indication.unit)


def sigma_floor(d: Decimal) -> float:
    """Return the standard deviation that a scale interval d alone causes, in d's unit (GUM)."""
    return float(d) / sqrt(12)
