"""Whether an amount to pay is unit price times volume. No I/O.

Limits. Only a sale that was watched from its beginning is judged, because a price may change
after it. How an instrument rounds is not known: one scale interval of the volume and one of the
amount are allowed, about 0.06 % of 20 L. A discount given in the dispenser shows as a fault.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import gcd
from typing import ClassVar

from tramdo.passive.signal import Part, Signal, interval, say, shown
from tramdo.reading import Quantity, Reading, Unit

REST = 3
LONGEST = 5.0
COARSEST = 1000  # VND: nobody rounds an amount more than to the next 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts(Part):
    """Compares amount and unit price times volume when all three have stood for three readings.

    `step` is the amount's scale interval in VND; None: the greatest up to 1000 that fits all
    amounts seen (`common`), so the first sales are judged mildly. "amount_wrong" ends with the
    next sale that agrees.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset(
        {Quantity.VOLUME, Quantity.AMOUNT, Quantity.UNIT_PRICE}
    )
    d: Decimal = Decimal(0)
    step: Decimal | None = None
    common: int = COARSEST
    shown: tuple[Decimal, Decimal, Decimal] | None = None
    at: float = 0.0
    count: int = 0
    price: Decimal | None = None

    def add(self, reading: Reading) -> tuple["Amounts", Signal | None]:
        """Return the next state, and "amount_wrong" when it begins or ends."""
        volume = shown(reading, Quantity.VOLUME, Unit.L)
        amount = shown(reading, Quantity.AMOUNT, Unit.VND)
        price = shown(reading, Quantity.UNIT_PRICE, Unit.VND_PER_L)
        if volume is None or amount is None or price is None:
            return self, None
        now = (volume, amount, price)
        count = self.count + 1 if now == self.shown else 1
        held = self._price(volume, price, reading.monotonic)
        state = replace(self, shown=now, at=reading.monotonic, count=count, price=held)
        flow = shown(reading, Quantity.VOLUME_FLOW, Unit.L_PER_MIN)
        if count != REST or flow or not volume or held is None:
            return state, None
        return _judged(state, now, reading)

    def _price(self, volume: Decimal, price: Decimal, monotonic: float) -> Decimal | None:
        """Return the price of the sale on show; None where it may have changed meanwhile."""
        watched = self.shown is not None and 0 <= monotonic - self.at <= LONGEST
        begins = watched and self.shown is not None and volume < self.shown[0]
        if volume == 0 or begins:
            return price
        return self.price if watched and price == self.price else None


def _judged(
    state: Amounts, sale: tuple[Decimal, Decimal, Decimal], reading: Reading
) -> tuple[Amounts, Signal | None]:
    volume, amount, price = sale
    common = gcd(state.common, int(amount))
    step = max(Decimal(common) if state.step is None else state.step, interval(amount))
    allowed = price * max(state.d, interval(volume)) + step
    wrong = abs(amount - price * volume) > allowed
    why = (
        f"{volume:f} L at {price:f} VND/L are {price * volume:f} VND; {amount:f} VND are shown, "
        f"{'beyond' if wrong else 'within'} ±{allowed:f} VND"
    )
    figures = {"volume": f"{volume:f}", "unit_price": f"{price:f}", "amount": f"{amount:f}"}
    state = replace(state, common=common)
    return state.turn(say(reading, "amount_wrong", wrong, why, **figures))
