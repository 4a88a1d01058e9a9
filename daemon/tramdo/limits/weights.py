"""Check weights: their own MPE, and whether they are good enough for a scale. No I/O."""

from decimal import Decimal
from functools import cache

from pydantic import TypeAdapter

from tramdo.limits.files import table
from tramdo.limits.plate import LimitsError
from tramdo.reading import Unit
from tramdo.reference import convert

_THIRD_AT, _FIFTH_AT = Decimal("0.3"), Decimal("0.2")


def weight_mpe(nominal: Decimal, unit: Unit, accuracy_class: str) -> Decimal:
    """Return the MPE of a weight of class F2, M1, M2 or M3 in `unit` (R 111-1 Table 1, likely).

    Raises `LimitsError` for a nominal value or class that is not in the table, `UnitMismatch`
    unless `unit` is of mass.
    """
    classes = _by_nominal().get(convert(nominal, unit, Unit.G), {})
    if accuracy_class not in classes:
        known = ", ".join(classes) or "none of this nominal value"
        raise LimitsError(f"a weight of {nominal:f} {unit}, class {accuracy_class}; has: {known}")
    return convert(classes[accuracy_class], Unit.MG, unit)


def suitable(weight: Decimal, scale_mpe: Decimal) -> bool:
    """Say whether a weight's MPE or U is at most a third of the scale's MPE, both in one unit.

    OIML R 76-1:2006, 3.7.1 (clause likely).
    """
    return 3 * weight <= scale_mpe


def weights_needed(capacity: Decimal, unit: Unit, repeatability: Decimal, e: Decimal) -> Decimal:
    """Return the least sum of true weights when other loads stand in for the rest, in `unit`.

    Half of Max, a third where repeated results lie within 0.3 e, a fifth within 0.2 e; never less
    than 1 t, and all of Max up to 1 t (OIML R 76-1:2006, 3.7.3; unverified).
    """
    ton = convert(Decimal(1), Unit.T, unit)
    part = 5 if repeatability <= _FIFTH_AT * e else 3 if repeatability <= _THIRD_AT * e else 2
    return min(capacity, max(ton, capacity / part))


@cache
def _by_nominal() -> dict[Decimal, dict[str, Decimal]]:
    reader = TypeAdapter(tuple[dict[str, Decimal], ...])
    return {row.pop("g"): row for row in reader.validate_python(table("r111-weights")["weights"])}
