"""A load that stays on a scale: a state worth knowing, no fault. No I/O.

Limits. A hopper or tank is always loaded and will often be in this state. A load put on again
between two readings with the same indication cannot be told from one that stayed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from tramdo.events import iso
from tramdo.passive.signal import Part, Signal, gross, say
from tramdo.reading import Quantity, Reading, Unit

LOADED = 20  # in d
UNSEEN = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftLoad(Part):
    """Waits for a gross indication above 20 d that stays within one d for `hours`.

    A look away of more than 10 minutes, or a restart, begins the time anew.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.WEIGHT})
    unit: Unit
    d: Decimal
    hours: float = 4.0
    value: Decimal | None = None
    since: float = 0.0
    since_at: datetime | None = None
    seen: float = 0.0

    def add(self, reading: Reading) -> tuple[Self, Signal | None]:
        """Return the next state, and "left_load" (no fault) when it begins or ends."""
        one = gross(reading, self.unit)
        if one is None:
            return self, None
        state = self._after(one.value, reading)
        hours = (reading.monotonic - state.since) / 3600
        left = state.value is not None and hours >= self.hours
        shown = self.value if self.value is not None else one.value
        why = (
            f"{shown:f} {self.unit} has lain there for {hours:.1f} h"
            if left
            else f"{shown:f} {self.unit} is no longer known to lie there: {one.value:f} is shown"
        )
        return state.turn(say(reading, "left_load", left, why, value=f"{shown:f}"))

    def _after(self, value: Decimal, reading: Reading) -> Self:
        near = self.value is not None and abs(value - self.value) <= self.d
        if near and 0 <= reading.monotonic - self.seen <= UNSEEN:
            return replace(self, seen=reading.monotonic)
        now = reading.monotonic
        load = value if value > LOADED * self.d else None
        return replace(self, value=load, since=now, since_at=reading.at, seen=now)

    def facts(self) -> dict[str, Any]:
        """Return the load and since when, while it is left."""
        if not self.standing or self.value is None or self.since_at is None:
            return {}
        load = {"value": f"{self.value:f}", "unit": self.unit, "since": iso(self.since_at)}
        return {"left_load": load}
