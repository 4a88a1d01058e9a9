"""A total that moves while the instrument reports no flow. No I/O.

For meters that show no sale; a dispenser's sales are followed in `totals.py`. Limit: flow below
the meter's own cut-off is shown as none, and whether the total counts it is the maker's choice.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from tramdo.passive.signal import Part, Signal, interval, say, shown
from tramdo.reading import Quantity, Reading, Unit

STEPS = 5
LONGEST = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Creep(Part):
    """Counts the steps of the total between readings that both show a flow of 0.

    "total_creeps" begins at the fifth step without any flow between, and ends with flow. A poll
    more than 5 s after the one before could hide a sale: it begins the count anew.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.VOLUME_FLOW, Quantity.VOLUME_TOTAL})
    d: Decimal = Decimal(0)
    total: Decimal | None = None
    at: float = 0.0
    flowing: bool = True
    steps: int = 0
    start: Decimal = Decimal(0)

    def add(self, reading: Reading) -> tuple["Creep", Signal | None]:
        """Return the next state, and "total_creeps" when it begins or ends."""
        total = shown(reading, Quantity.VOLUME_TOTAL, Unit.L)
        flow = shown(reading, Quantity.VOLUME_FLOW, Unit.L_PER_MIN)
        if total is None or flow is None:
            return self, None
        before = self.total if 0 <= reading.monotonic - self.at <= LONGEST else None
        state = replace(self, total=total, at=reading.monotonic, flowing=flow != 0)
        if flow or self.flowing or before is None:
            state = replace(state, steps=0, start=total)
            still = not flow and bool(self.standing)
            why = f"there is flow again: {flow:f} L/min"
            return state.turn(say(reading, "total_creeps", still, why))
        state = replace(state, steps=self.steps + (total > before))
        crept = total - self.start
        if state.steps < STEPS or crept < STEPS * max(self.d, interval(total)):
            return state, None
        why = f"the total grew by {crept:f} L in {state.steps} steps while no flow was shown"
        figures = {"crept": f"{crept:f}", "total": f"{total:f}", "unit": Unit.L}
        return state.turn(say(reading, "total_creeps", True, why, **figures))
