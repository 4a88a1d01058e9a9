"""Rest, for protocols without a stability flag: derived over a window, and marked derived. No I/O.

A weight is at rest when all readings of the last `window` seconds, the last three at least, lie
within one scale interval d. What is not known to rest counts as moving: a capture waits.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from tramdo.reading import Indication, Quantity, Reading

DERIVED = "stability_derived"
LEAST = 3


class Seen(NamedTuple):
    """A weight at an instant of the monotonic clock, in seconds."""

    at: float
    value: Decimal
    basis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What one instrument showed in the last `window` seconds; `d` in its unit, 0 if unknown."""

    window: float
    d: Decimal = Decimal(0)
    seen: tuple[Seen, ...] = ()

    def add(self, reading: Reading) -> tuple["Rest", Reading]:
        """Return the next state, and the reading with the stability that its weight lacked.

        An instrument that tells stability itself is believed. A reading without weight ends the
        rest.
        """
        shown = reading.find(Quantity.WEIGHT)
        if shown is None or shown.stable is not None:
            return (replace(self, seen=()) if self.seen else self), reading
        seen = (*self.seen, Seen(reading.monotonic, shown.value, shown.basis))
        old = sum(reading.monotonic - one.at >= self.window for one in seen)
        state = replace(self, seen=seen[max(0, min(old - 1, len(seen) - LEAST)) :])
        return state, _told(reading, shown, stable=state.at_rest)

    @property
    def at_rest(self) -> bool:
        """Whether the window is full and all weights in it lie within d."""
        first, last = self.seen[0], self.seen[-1]
        if len(self.seen) < LEAST or last.at - first.at < self.window:
            return False
        values = [one.value for one in self.seen]
        same_basis = len({one.basis for one in self.seen}) == 1
        return same_basis and max(values) - min(values) <= self.d


def _told(reading: Reading, shown: Indication, *, stable: bool) -> Reading:
    """Return the reading with that weight marked, and no other: a second cell may still move."""
    marked = replace(shown, stable=stable, flags=(*shown.flags, DERIVED))
    indications = tuple(marked if one is shown else one for one in reading.indications)
    return replace(reading, indications=indications)
