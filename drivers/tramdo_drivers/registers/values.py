"""One value of a map: found among the words of a poll, scaled and bounded. No I/O."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import NamedTuple

from tramdo.errors import BadFrame
from tramdo.reading import Indication, Quantity
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.codes import Told
from tramdo_drivers.registers.model import RegisterMap, is_of_display
from tramdo_drivers.registers.numerals import number, ordered
from tramdo_drivers.registers.reads import place
from tramdo_drivers.registers.tables import Value, WordOrder

# The usual 28 digits would round a 64-bit count times its scale.
_DIGITS = 64
_EXACT = Context(prec=_DIGITS)
_ABSURD = Decimal(10) ** 24


class Beside(NamedTuple):
    """What status bits and codes of the same poll say of its values."""

    marks: Collection[str]
    stable: bool | None
    flags: tuple[str, ...]
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedValue:
    """A value with all that is the same at every poll: where its words stand, its bounds."""

    value: Value
    place: slice
    order: WordOrder
    low: Decimal
    high: Decimal
    by_net: bool

    def is_shown(self, marks: Collection[str]) -> bool:
        """Whether the status bits that are set let it be shown."""
        if (only_if := self.value.only_if) is None:
            return True
        word = only_if.removeprefix("not ")
        return (word in marks) is (word == only_if)

    def indication(self, words: Sequence[int], beside: Beside, frame: bytes) -> Indication:
        """Return what its words say; raises `OutOfRange` or `BadFrame` with `frame`."""
        value = self.value
        by_net = "net" if "net" in beside.marks else "gross"
        own = () if value.flag is None else (value.flag,)
        assumed = ("unit_assumed",) if value.unit_assumed else ()
        return Indication(
            value=self._read(words, beside, frame),
            unit=value.unit or self._told(beside).unit,
            quantity=value.quantity,
            stable=beside.stable,
            basis=by_net if self.by_net else value.basis,
            flags=(*beside.flags, *own, *assumed),
        )

    def _read(self, words: Sequence[int], beside: Beside, frame: bytes) -> Decimal:
        value = self.value
        found = number(ordered(words[self.place], self.order), value.type, frame)
        if value.sign is not None and value.sign in beside.marks:
            found = found.copy_negate()
        try:
            return self._shown(found, self._told(beside).decimals, frame)
        except ArithmeticError as error:
            raise BadFrame(f"{value.quantity} of at most {_DIGITS} digits", frame) from error

    def _told(self, beside: Beside) -> Told:
        return beside.told if is_of_display(self.value) else Told()

    def _shown(self, found: Decimal, told: int | None, frame: bytes) -> Decimal:
        value = self.value
        if isinstance(value.scale, Decimal):
            found = _EXACT.multiply(found, value.scale)
        decimals = told if value.decimals is None else value.decimals
        if decimals and not value.is_float:
            found = found.scaleb(-decimals, _EXACT)
        if not self.low <= found <= self.high:
            bounds = f"{value.quantity} from {self.low:f} to {self.high:f}"
            raise BadFrame(f"{bounds}, not {found:f}", frame)
        return found if value.resolution is None else _rounded(found, value.resolution)


def placed(found: RegisterMap, value: Value, spans: Sequence[Span]) -> PlacedValue:
    """Return a value with its place among the words that these reads bring."""
    has_net = "net" in found.means
    return PlacedValue(
        value=value,
        place=place(found.span(value), spans),
        order=found.order(value),
        low=-_ABSURD if value.min is None else value.min,
        high=_ABSURD if value.max is None else value.max,
        by_net=value.basis is None and value.quantity == Quantity.WEIGHT and has_net,
    )


def _rounded(found: Decimal, resolution: Decimal) -> Decimal:
    steps = _EXACT.divide(found, resolution).to_integral_value(context=_EXACT)
    # 2E+3 steps of 0.01 are 20.00, not 2E+1.
    return _EXACT.multiply(steps, resolution).quantize(resolution, context=_EXACT)
