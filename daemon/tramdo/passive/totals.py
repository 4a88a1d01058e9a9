"""Whether a dispenser's total moves by what was sold, no more and no less. No I/O.

Everything is judged at rest, on three equal readings. A total that moves only when the sale is
over is as good as one that moves with the flow. What happened while nobody looked is "unseen":
a figure, not a fault. Limits: a difference below the rounding (`Totals.near`) cannot be seen; a
sale and its total that are both counted too little agree with each other; a meter that shows no
sale is watched for a falling total only (and by `creep.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from tramdo.events import iso
from tramdo.passive.rollover import moduli, unwatched
from tramdo.passive.signal import Part, Signal, interval, say, shown
from tramdo.passive.sold import LONGEST, REST, Sold
from tramdo.reading import Quantity, Reading, Unit

Turned = tuple["Totals", Signal | None]

FAULTS = ("total_fell", "total_without_sale", "total_ahead", "total_behind")
LATE_SALES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Part):
    """Follows total and sale volume of one nozzle, in litres; `d` is the volume's interval.

    "total_fell", "total_without_sale" and "total_ahead" (more than was sold) begin at the first
    rest that shows them, "total_behind" at the second sale whose rest finds an older one missing.
    All end when the total next follows a sale. `unseen` adds up what nobody saw sold.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.VOLUME_TOTAL})
    d: Decimal = Decimal(0)
    total: Decimal | None = None
    at: float = 0.0
    count: int = 0
    gap: bool = True
    base: Decimal | None = None
    base_at: datetime | None = None
    unseen: Decimal = Decimal(0)
    sold: Sold = field(default_factory=Sold)
    odd: int = 0
    odd_sale: int = 0

    def add(self, reading: Reading) -> tuple["Totals", Signal | None]:
        """Return the next state, and a signal when one begins or ends."""
        volume = shown(reading, Quantity.VOLUME, Unit.L)
        total = shown(reading, Quantity.VOLUME_TOTAL, Unit.L)
        now = reading.monotonic
        sold = self.sold if volume is None else self.sold.add(volume, now)
        if total is None:
            return replace(self, sold=sold), None
        gap = self.gap or not 0 <= now - self.at <= LONGEST
        count = self.count + 1 if total == self.total else 1
        state = replace(self, sold=sold, total=total, at=now, count=count, gap=gap)
        at_rest = count >= REST and (sold.rests or sold.volume is None)
        if not at_rest or shown(reading, Quantity.VOLUME_FLOW, Unit.L_PER_MIN):
            return state, None
        return _rested(state, total, reading)

    def based(self, reading: Reading, *owed: Decimal) -> "Totals":
        """Return the state that counts from the total shown, which owes one of these.

        Without `owed`: after a look away nobody knows whether the sale on show is in it already.
        """
        sold = self.sold.based(owed or (Decimal(0), self.sold.volume or Decimal(0)))
        return replace(self, base=self.total, base_at=reading.at, gap=False, sold=sold)

    def near(self, total: Decimal) -> Decimal:
        """Return a step of the total and two of the volume, and what a 32-bit float may lose."""
        volume = self.sold.volume
        step = Decimal(0) if volume is None else max(self.d, interval(volume))
        return max(self.d, interval(total)) + 2 * step + abs(total) / 2**23

    def facts(self) -> dict[str, Any]:
        """Return the total last at rest and what was unseen (litres)."""
        if self.base is None:
            return {}
        at = {"at": iso(self.base_at)} if self.base_at else {}
        total, unseen = f"{self.base:f}", f"{self.unseen:f}"
        return {"totals": {"total": total, **at, "unseen": unseen, "unit": Unit.L}}

    def memory(self) -> dict[str, Any]:
        """Return the total last at rest and what was unseen."""
        base = None if self.base is None else f"{self.base:f}"
        return {"total": base, "unseen": f"{self.unseen:f}"}

    def restored(self, memory: Mapping[str, Any]) -> Self:
        """Return the part with the last total: what was sold since then is unseen."""
        base = None if memory["total"] is None else Decimal(memory["total"])
        return replace(self, base=base, unseen=Decimal(memory["unseen"]))


def _rested(state: Totals, total: Decimal, reading: Reading) -> Turned:
    base, sold = state.base, state.sold
    if base is None:
        return state.based(reading), None
    away = sold.lost or not 0 <= reading.monotonic - sold.at <= LONGEST
    if state.gap if sold.volume is None else away:
        return _looked_away(state, base, total, reading)
    return (_meter if sold.volume is None else _dispenser)(state, base, total, reading)


def _looked_away(state: Totals, base: Decimal, total: Decimal, reading: Reading) -> Turned:
    grown: Decimal | None = total - base
    if total - base < -state.near(total):
        grown = unwatched(base, total)
    if grown is None:
        return _fell(state, base, total, reading)
    unseen = state.unseen + max(grown, Decimal(0))
    return replace(state.based(reading), unseen=unseen, odd=0), None


def _meter(state: Totals, base: Decimal, total: Decimal, reading: Reading) -> Turned:
    if total - base < -state.near(total) and unwatched(base, total) is None:
        return _fell(state, base, total, reading)
    if total <= base:
        return (state.based(reading) if total < base else state), None
    return _good(state.based(reading), f"the total grew to {total:f} L", reading)


def _dispenser(state: Totals, base: Decimal, total: Decimal, reading: Reading) -> Turned:
    near, grown = state.near(total), total - base
    if grown < -near:
        rolled = [grown + one for one in moduli(base)]
        found = next((one for one in rolled if _follows(state.sold, one, near)), None)
        if found is None:
            return _fell(state, base, total, reading)
        grown = found
    owed = tuple(one for one in state.sold.owed(grown, near) if one >= -near)
    if not owed:
        return _ahead(state, grown, total, reading)
    if grown > near and 0 in owed:
        agreed = replace(state.based(reading, Decimal(0)), odd=0)
        return _good(agreed, f"the total grew by {grown:f} L, as was sold", reading)
    if _follows(state.sold, grown, near):
        return replace(state.based(reading, *owed), odd=0), None
    return _late(state.based(reading, *owed), min(owed), total, reading)


def _follows(sold: Sold, grown: Decimal, near: Decimal) -> bool:
    """Say whether all is in the total, or all but the sale on show."""
    return any(one in (0, sold.volume) for one in sold.owed(grown, near))


def _fell(state: Totals, base: Decimal, total: Decimal, reading: Reading) -> Turned:
    why = f"the total fell from {base:f} L to {total:f} L"
    figures = {"before": f"{base:f}", "after": f"{total:f}", "unit": Unit.L}
    return state.based(reading).turn(say(reading, "total_fell", True, why, **figures))


def _ahead(state: Totals, grown: Decimal, total: Decimal, reading: Reading) -> Turned:
    sold = max(one + (state.sold.volume or 0) for one in state.sold.before)
    name = "total_ahead" if sold > 0 else "total_without_sale"
    why = f"the total grew by {grown:f} L to {total:f} L while {sold:f} L were sold"
    figures = {"grown": f"{grown:f}", "sold": f"{sold:f}", "unit": Unit.L}
    return state.based(reading).turn(say(reading, name, True, why, **figures))


def _late(state: Totals, owed: Decimal, total: Decimal, reading: Reading) -> Turned:
    if state.odd and state.odd_sale == state.sold.sales:
        return state, None
    state = replace(state, odd=state.odd + 1, odd_sale=state.sold.sales)
    if state.odd < LATE_SALES:
        return state, None
    why = f"the total, at {total:f} L, has missed {owed:f} L of what was sold"
    figures = {"missed": f"{owed:f}", "total": f"{total:f}", "unit": Unit.L}
    state = replace(state.based(reading, Decimal(0)), odd=0)
    return state.turn(say(reading, "total_behind", True, why, **figures))


def _good(state: Totals, why: str, reading: Reading) -> Turned:
    for name in FAULTS:
        after, signal = state.turn(say(reading, name, False, why))
        if signal:
            return after, signal
    return state, None
