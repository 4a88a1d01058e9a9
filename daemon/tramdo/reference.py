"""What an indication is compared with, and the exact conversion between metric units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tramdo.errors import TramdoError
from tramdo.reading import Quantity, Unit

# Powers of ten, per kind of quantity: only these conversions are exact in decimal digits.
_POWERS: tuple[dict[Unit, int], ...] = (
    {Unit.MG: -3, Unit.G: 0, Unit.KG: 3, Unit.T: 6},
    {Unit.ML: -3, Unit.L: 0, Unit.M3: 3},
)


class UnitMismatch(TramdoError):
    """Two values stand in units that cannot be compared exactly."""


def convert(value: Decimal, unit: Unit | None, to: Unit | None) -> Decimal:
    """Return a value in another unit of mass or volume, its digits kept; raises `UnitMismatch`.

    Only steps by powers of ten are made; lb, oz and ct are refused, and so is no unit at all.
    """
    if unit is not None and unit == to:
        return value
    for powers in _POWERS:
        if unit in powers and to in powers:
            return value.scaleb(powers[unit] - powers[to])
    metric = "; ".join(", ".join(powers) for powers in _POWERS)
    raise UnitMismatch(
        f"{value:f} {unit or '(no unit)'} cannot be said in {to or '(no unit)'}; allowed: the same "
        f"unit, or both among {metric}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceValue:
    """The certified value of a check standard (VIM 5.18).

    `expanded_uncertainty` is U at k = 2, in `unit`. `nominal` is the value marked on it, which
    places it in a table of limits (None: the certified value does). `kind` is "weight",
    "proving_can", "master_meter" or "balance". `valid_until` is the certificate's last good day;
    None: it names none.
    """

    id: str
    quantity: Quantity
    value: Decimal
    unit: Unit
    expanded_uncertainty: Decimal
    kind: str
    nominal: Decimal | None = None
    certificate: str | None = None
    valid_until: date | None = None

    @property
    def marked(self) -> Decimal:
        """What is marked on it and places it in a table of limits: nominal, else the certified."""
        return self.value if self.nominal is None else self.nominal

    def expired(self, on: date) -> bool:
        """Say whether the certificate's last good day lies before `on`."""
        return self.valid_until is not None and on > self.valid_until

    def with_value(self, value: Decimal) -> "ReferenceValue":
        """Return it with the value it had in one use, such as what was read on a can's neck."""
        return replace(self, value=value)

    def with_nominal(self, nominal: Decimal) -> "ReferenceValue":
        """Return it with another value marked on it."""
        return replace(self, nominal=nominal)

    def in_unit(self, unit: Unit) -> "ReferenceValue":
        """Return it in another unit; raises `UnitMismatch`."""
        nominal = None if self.nominal is None else convert(self.nominal, self.unit, unit)
        return replace(
            self,
            value=convert(self.value, self.unit, unit),
            nominal=nominal,
            expanded_uncertainty=convert(self.expanded_uncertainty, self.unit, unit),
            unit=unit,
        )


def zero_of(unit: Unit) -> ReferenceValue:
    """Return the reference value of an empty scale."""
    return ReferenceValue(
        id="zero",
        quantity=Quantity.WEIGHT,
        value=Decimal(0),
        unit=unit,
        expanded_uncertainty=Decimal(0),
        kind="zero",
    )


def combine(references: Sequence[ReferenceValue]) -> ReferenceValue:
    """Return several check standards used together as one; raises `UnitMismatch`.

    Values and uncertainties add up (weights of one set share their calibration, so their
    uncertainties are taken as fully correlated); the first certificate to end ends the whole.
    """
    first, *others = references
    if not others:
        return first
    days = [one.valid_until for one in references if one.valid_until is not None]
    return ReferenceValue(
        id="+".join(one.id for one in references),
        quantity=first.quantity,
        value=_sum((one.value, one.unit) for one in references),
        unit=first.unit,
        expanded_uncertainty=_sum((one.expanded_uncertainty, one.unit) for one in references),
        kind=first.kind,
        nominal=_sum((one.marked, one.unit) for one in references),
        certificate="; ".join(one.certificate for one in references if one.certificate) or None,
        valid_until=min(days, default=None),
    )


def _sum(terms: Iterable[tuple[Decimal, Unit]]) -> Decimal:
    values = list(terms)
    unit = values[0][1]
    return sum((convert(value, one, unit) for value, one in values), Decimal(0))
