"""An instrument that answers but no longer measures. No I/O.

Two things can be known. An instrument that says it is in motion and sends the same bytes for
minutes contradicts itself; in a draught or on a shaking floor an indicator whose motion window
is finer than its d can do so, hence the long time. And a quantity whose digits have never rested
for long in a week of watching, such as a tube's frequency, has no reason to rest for an hour. A
weight has: the shop is closed. So a weight frozen with the stable flag set cannot be told from a
load that stays, and neither can one behind frames that count (Modbus TCP).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from tramdo.passive.signal import Part, Signal, say
from tramdo.reading import Quantity, Reading

FRAMES = 300
SECONDS = 300.0
NOISY = (Quantity.FREQUENCY, Quantity.DENSITY, Quantity.TEMPERATURE)
WEEK = 7 * 86_400.0
UNSEEN = 60.0
RESTLESS = 600.0
LONG = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenMotion(Part):
    """Counts readings in a row of the same raw bytes that say "in motion".

    "frozen" begins at 300 of them over at least 5 minutes and ends with other bytes or with rest.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.WEIGHT})
    raw: tuple[bytes, ...] = ()
    count: int = 0
    since: float = 0.0

    def add(self, reading: Reading) -> tuple[Self, Signal | None]:
        """Return the next state, and "frozen" when it begins or ends."""
        one = reading.find(Quantity.WEIGHT)
        if reading.error or one is None:
            # Silence is another matter and proves neither.
            return replace(self, raw=(), count=0), None
        moving = one.stable is False and bool(reading.raw)
        if not moving or reading.raw != self.raw:
            thaws = not moving or bool(self.raw)
            state = replace(self, raw=reading.raw if moving else (), count=int(moving))
            state = replace(state, since=reading.monotonic)
            still = bool(self.standing) and not thaws
            why = f"the frames move again: {one.value:f}"
            return state.turn(say(reading, "frozen", still, why))
        state = replace(self, count=self.count + 1)
        lasted = reading.monotonic - self.since
        if state.count < FRAMES or lasted < SECONDS:
            return state, None
        why = f"{state.count} equal frames in {lasted:.0f} s, all said to be in motion"
        figures = {"frames": str(state.count), "value": f"{one.value:f}"}
        return state.turn(say(reading, "frozen", True, why, **figures))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenNoise(Part):
    """Learns how long frequency, density and temperature ever rest together (seconds).

    "noise_gone" needs a week of watching in which that was never over 10 minutes; it begins when
    they rest for an hour and for ten times the longest rest, and ends when one moves. Looks away
    of over a minute are not counted as rest.
    """

    values: tuple[Decimal, ...] = ()
    since: float = 0.0
    seen: float = 0.0
    watched: float = 0.0
    longest: float = 0.0

    def add(self, reading: Reading) -> tuple[Self, Signal | None]:
        """Return the next state, and "noise_gone" when it begins or ends."""
        values = tuple(one.value for one in reading.indications if one.quantity in NOISY)
        if reading.error or not values:
            return self, None
        now, gone = reading.monotonic, reading.monotonic - self.seen
        state = replace(self, values=values, seen=now)
        if not (self.values and 0 <= gone <= UNSEEN):
            return replace(state, since=now), None
        rested = now - self.since
        state = replace(state, watched=self.watched + gone)
        if values != self.values:
            longest = self.longest if self.standing else max(self.longest, rested)
            moves = replace(state, since=now, longest=longest)
            why = f"the values move again after {rested:.0f} s"
            return moves.turn(say(reading, "noise_gone", False, why))
        if not state.knows:
            return replace(state, longest=max(self.longest, rested)), None
        if rested < max(LONG, 10 * self.longest):
            return state, None
        shown = ", ".join(f"{one:f}" for one in values)
        why = f"{shown} unchanged for {rested:.0f} s; never before over {self.longest:.0f} s"
        return state.turn(say(reading, "noise_gone", True, why, rested_s=f"{rested:.0f}"))

    @property
    def knows(self) -> bool:
        """Whether it has watched for a week and never seen a long rest."""
        return self.watched >= WEEK and self.longest <= RESTLESS

    def memory(self) -> dict[str, Any]:
        """Return what was learnt."""
        return {"watched": round(self.watched), "longest": self.longest}

    def restored(self, memory: Mapping[str, Any]) -> Self:
        """Return the part with what was learnt."""
        return replace(self, watched=float(memory["watched"]), longest=float(memory["longest"]))
