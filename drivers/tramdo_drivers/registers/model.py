"""A register map: what stands where in a Modbus instrument, at one site. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from tramdo.driver import Kind, Proof
from tramdo.reading import ASSUMABLE, Quantity, Unit
from tramdo_drivers.modbus.pdu import COILS, DISCRETE_INPUTS, Span
from tramdo_drivers.registers.tables import Code, Status, Table, Value, WordOrder, Workarounds

SITE = "site"
# What an instrument may show beyond its capacity before the value counts as absurd.
ABOVE_CAPACITY = Decimal("1.1")
_ADDRESSES = 65536

Item = Value | Status | Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a station file says of an instrument; a field left at None or False changes nothing."""

    decimals: int | None = None
    unit: Unit | None = None
    scale: Decimal | None = None
    capacity: Decimal | None = None
    word_order: WordOrder | None = None
    channel: int = 1
    raw: bool = False


class RegisterMap(Table):
    """Everything `ModbusMap` has to know of one instrument model."""

    name: str
    maker: str
    models: tuple[str, ...]
    kind: Kind
    source: str
    proof: Proof
    notes: tuple[str, ...] = ()
    function: Literal[3, 4] = 3
    address_base: Annotated[int, Field(ge=0, le=465535)] = 0
    word_order: WordOrder = "ABCD"
    merge_hole: Annotated[int, Field(ge=0, le=124)] = 0
    max_registers: Annotated[int, Field(ge=1, le=125)] = 125
    channels: Annotated[int, Field(ge=1, le=64)] = 1
    workarounds: Workarounds = Workarounds()
    value: Annotated[tuple[Value, ...], Field(min_length=1)]
    status: tuple[Status, ...] = ()
    code: tuple[Code, ...] = ()

    @property
    def means(self) -> frozenset[str]:
        """Return every word that a status bit or a code of this map can say."""
        bits = {one.means for one in self.status}
        codes = [one for one in self.code if one.tells == "status"]
        words = {word for one in codes for word in one.codes.values()}
        return frozenset(bits | words | {one.otherwise for one in codes if one.otherwise})

    def tells(self, what: str) -> bool:
        """Whether a code of this map says the decimals or the unit."""
        return any(one.tells == what for one in self.code)

    def span(self, item: Item) -> Span:
        """Return where on the wire a value, a status bit or a code is read."""
        if isinstance(item, Status) and item.coil is not None:
            return Span(COILS, item.coil, 1)
        if isinstance(item, Status) and item.discrete_input is not None:
            return Span(DISCRETE_INPUTS, item.discrete_input, 1)
        return Span(self.function, (item.at or 0) - self.address_base, item.width)

    def order(self, item: Item) -> WordOrder:
        """Return the word order of an item.

        Within one register the protocol itself says high byte first, and instruments keep to it.
        """
        own = item.word_order if isinstance(item, Value) else None
        return own or self.word_order if item.width > 1 else "ABCD"

    def at_site(self, site: Site) -> "RegisterMap":
        """Return the map with the site's settings in the places that it leaves open.

        A value whose scale is "site" is left out where the site gives none, a raw one where it
        asks for none. `capacity`, in the unit of the weight, sets the bounds of weights without
        bounds. `channel` counts from 1. Raises `ValueError` where the map has no such channel,
        or no value that these settings leave.
        """
        values = self._left(site)
        self._check_channel(site.channel, (*values, *self.status, *self.code))
        filled = (one.model_copy(update=self._filled(one, site)) for one in values)
        return self.model_copy(
            update={
                "value": tuple(filled),
                "status": tuple(_moved(one, site.channel) for one in self.status),
                "code": tuple(_moved(one, site.channel) for one in self.code),
                "word_order": site.word_order or self.word_order,
            }
        )

    def _left(self, site: Site) -> tuple[Value, ...]:
        wanted = [one for one in self.value if site.raw or not one.raw]
        if not wanted:
            raise ValueError("raw: false leaves no value of this map; allowed: true")
        left = tuple(one for one in wanted if one.scale != SITE or site.scale is not None)
        if not left:
            raise ValueError("scale: none is given, so no value is left; allowed: above 0")
        return left

    def _check_channel(self, channel: int, items: Sequence[Item]) -> None:
        if not 1 <= channel <= self.channels:
            raise ValueError(f"channel: {channel} is outside 1 to {self.channels}")
        spans = ((self.span(one), one.step) for one in items)
        room = [(_ADDRESSES - span.size - span.address) // step for span, step in spans if step]
        last = min(room, default=channel) + 1
        if channel > last:
            why = f"registers end at {self.address_base + _ADDRESSES - 1}"
            raise ValueError(f"channel: {channel} is outside 1 to {last} ({why})")

    def _filled(self, value: Value, site: Site) -> dict[str, Any]:
        of_display = is_of_display(value)
        unit = site.unit if of_display and not self.tells("unit") else None
        decimals = site.decimals if of_display and not self.tells("decimals") else None
        return (
            _digits(value, decimals)
            | _bounds(value, site.capacity)
            | {
                "at": value.at + value.step * (site.channel - 1),
                "unit": value.unit or unit,
                "scale": site.scale if value.scale == SITE else value.scale,
            }
        )


def is_of_display(value: Value) -> bool:
    """Whether the display's unit and decimals, given by the site or told, are those of a value."""
    return value.quantity in ASSUMABLE and not value.raw


Bits = TypeVar("Bits", Status, Code)


def _moved(item: Bits, channel: int) -> Bits:
    far = item.step * (channel - 1)
    places = ("at", "coil", "discrete_input")
    found = {key: at + far for key in places if (at := getattr(item, key, None)) is not None}
    return item.model_copy(update=found) if far else item


def _digits(value: Value, decimals: int | None) -> dict[str, Any]:
    if decimals is None or value.decimals is not None or value.resolution is not None:
        return {}
    if value.is_float:
        return {"resolution": Decimal(1).scaleb(-decimals)}
    return {"decimals": decimals}


def _bounds(value: Value, capacity: Decimal | None) -> dict[str, Any]:
    if capacity is None or value.quantity not in (Quantity.WEIGHT, Quantity.TARE):
        return {}
    limit = abs(capacity) * ABOVE_CAPACITY
    return {
        "max": limit if value.max is None else min(value.max, limit),
        "min": -limit if value.min is None else max(value.min, -limit),
    }
