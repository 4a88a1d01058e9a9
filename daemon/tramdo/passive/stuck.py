"""A volume that stands still although the instrument reports flow. No I/O.

Limits. Needs the quantity "volume_flow" in L/min. An instrument that keeps the last flow on show
after the nozzle has closed looks the same: do not watch such a one. A pulse generator that has
failed stops flow and volume together, and cannot be seen here.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from tramdo.passive.signal import Part, Signal, say, shown
from tramdo.reading import Quantity, Reading, Unit

READINGS = 5
LITRES = 1.0
LEAST_FLOW = 1  # L/min: below it, noise at rest
LONGEST = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckVolume(Part):
    """Adds up the flow shown while the volume stands still; instruments without volume: the total.

    "volume_stuck" begins after 5 readings and 1 L (or 2^-22 of the value, two steps of a
    single-precision float, where that is more), and ends when the value moves.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.VOLUME_FLOW})
    watched: Quantity = Quantity.VOLUME_TOTAL
    value: Decimal | None = None
    at: float = 0.0
    count: int = 0
    litres: float = 0.0

    def add(self, reading: Reading) -> tuple["StuckVolume", Signal | None]:
        """Return the next state, and "volume_stuck" when it begins or ends."""
        if self.watched is Quantity.VOLUME_TOTAL and reading.find(Quantity.VOLUME):
            # Many a dispenser moves its total only when the sale is over.
            return replace(self, watched=Quantity.VOLUME, value=None).add(reading)
        value = shown(reading, self.watched, Unit.L)
        flow = shown(reading, Quantity.VOLUME_FLOW, Unit.L_PER_MIN)
        if value is None or flow is None:
            return self, None
        gone = reading.monotonic - self.at
        state = replace(self, value=value, at=reading.monotonic)
        if value != self.value:
            # The first value after a restart moves against nothing.
            still = self.value is None and bool(self.standing)
            why = f"{self.watched} moves again: {value:f} L"
            state = replace(state, count=0, litres=0.0)
            return state.turn(say(reading, "volume_stuck", still, why))
        if flow < LEAST_FLOW or not 0 <= gone <= LONGEST:
            return replace(state, count=0, litres=0.0), None
        litres = self.litres + float(flow) * gone / 60
        state = replace(state, count=self.count + 1, litres=litres)
        if state.count < READINGS or litres < max(LITRES, abs(float(value)) / 2**22):
            return state, None
        why = f"{self.watched} stands at {value:f} L while {litres:.1f} L should have flowed"
        figures = {"value": f"{value:f}", "flowed": f"{litres:.2f}", "unit": Unit.L}
        return state.turn(say(reading, "volume_stuck", True, why, **figures))
