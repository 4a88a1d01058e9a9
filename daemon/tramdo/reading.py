"""What an instrument showed: units, indications, readings. No I/O."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tramdo.errors import InstrumentError, WrongUnit


class Unit(StrEnum):
    """Units as they are written everywhere outside the wire (SI brochure spelling)."""

    MG = "mg"
    G = "g"
    KG = "kg"
    T = "t"
    LB = "lb"
    OZ = "oz"
    CT = "ct"
    GN = "gn"
    ML = "mL"
    L = "L"
    M3 = "m3"
    VND = "VND"
    VND_PER_L = "VND/L"
    L_PER_MIN = "L/min"
    KG_PER_H = "kg/h"
    KG_PER_M3 = "kg/m3"
    CELSIUS = "°C"
    HZ = "Hz"
    ONE = "1"


class Quantity(StrEnum):
    """What an indication is the value of."""

    WEIGHT = "weight"
    TARE = "tare"
    VOLUME = "volume"
    AMOUNT = "amount"
    UNIT_PRICE = "unit_price"
    VOLUME_TOTAL = "volume_total"
    AMOUNT_TOTAL = "amount_total"
    MASS_TOTAL = "mass_total"
    VOLUME_FLOW = "volume_flow"
    MASS_FLOW = "mass_flow"
    DENSITY = "density"
    TEMPERATURE = "temperature"
    FREQUENCY = "frequency"
    COUNT = "count"
    EVENT_COUNT = "event_count"
    ADJUSTMENT_COUNT = "adjustment_count"


ASSUMABLE = frozenset({Quantity.WEIGHT, Quantity.TARE, Quantity.VOLUME, Quantity.VOLUME_TOTAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """A quantity value provided by an instrument, its digits kept (VIM 4.1).

    `value`'s exponent is the resolution shown. `stable` is None where the protocol has no such
    flag. `basis` is "gross", "net" or None where the protocol does not say. `unit` is None only
    until the station has put the site's setting in its place, which it marks with the flag
    "unit_assumed".
    """

    value: Decimal
    unit: Unit | None
    quantity: Quantity = Quantity.WEIGHT
    stable: bool | None = None
    basis: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def is_zeroed(self) -> bool:
        """Whether it may be compared: "not_zeroed" is shown since power-up, from no zero."""
        return "not_zeroed" not in self.flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One poll, or one line heard: indications, or the error that stood in their place.

    `at` and `monotonic` (seconds) are those of the last byte; `sequence` counts this
    instrument's readings since the daemon started; `raw` holds the frames it came from.
    """

    instrument: str
    sequence: int
    at: datetime
    monotonic: float
    indications: tuple[Indication, ...] = ()
    error: InstrumentError | None = None
    raw: tuple[bytes, ...] = field(default=(), repr=False)

    def find(self, quantity: Quantity) -> Indication | None:
        """Return the indication of a quantity, or None."""
        return next((one for one in self.indications if one.quantity == quantity), None)


def in_unit(reading: Reading, unit: Unit) -> Reading:
    """Return the reading in the instrument's unit, or with `WrongUnit` in place of its values.

    Where a frame carried no unit the site's setting takes its place, marked "unit_assumed". Only
    the main quantities are looked at: a price or a temperature has no use for a scale's unit.
    """
    main = [one for one in reading.indications if one.quantity in ASSUMABLE]
    if all(one.unit == unit for one in main):
        return reading
    if wrong := [one for one in main if one.unit not in (unit, None)]:
        why = f"shows {wrong[0].value} {wrong[0].unit}; the station file says {unit}"
        return replace(reading, indications=(), error=WrongUnit(why))
    return replace(reading, indications=tuple(_assumed(one, unit) for one in reading.indications))


def _assumed(one: Indication, unit: Unit) -> Indication:
    if one.unit is not None or one.quantity not in ASSUMABLE:
        return one
    return replace(one, unit=unit, flags=(*one.flags, "unit_assumed"))
