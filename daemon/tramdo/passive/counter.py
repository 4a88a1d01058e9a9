"""The marks that show an intervention: counters, serial number, software id. No I/O.

OIML D 31:2023, 6.2.3.5: the counter's value is registered at verification, and another value
means that the instrument is no longer as verified. Limit: without a registered value given, the
first one seen is taken for it. No driver of ours reads these marks yet; a driver gives the serial
number and the software id as flags of an indication, "serial:B123" and "software:1.02".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tramdo.passive.signal import Part, Signal, say
from tramdo.reading import Quantity, Reading

COUNTERS = (Quantity.EVENT_COUNT, Quantity.ADJUSTMENT_COUNT)
MARKS = ("serial", "software")
SEEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Part):
    """Compares each mark with the value registered; a value counts at its second showing in a row.

    "counter_changed" begins with another value, and ends when the registered one is back or after
    `renewed`. `given` are the values that the station file registers: they stand until the file
    says otherwise. `seen` holds each mark's value shown last and how often in a row.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    registered: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, reading: Reading) -> tuple["Registered", Signal | None]:
        """Return the next state, and "counter_changed" when it begins or ends; one at a time."""
        marks = {} if reading.error else _marks(reading)
        if not marks:
            return self, None
        told = {name: self._told(name, value) for name, value in marks.items()}
        state = replace(self, seen={**self.seen, **told})
        sure = [name for name, (_, count) in told.items() if count >= SEEN]
        first = {name: marks[name] for name in sure}
        state = replace(state, registered={**first, **self.registered, **self.given})
        for name in sure:
            turned, signal = _compared(state, name, marks[name], reading)
            if signal:
                return turned, signal
        return state, None

    def _told(self, name: str, value: str) -> tuple[str, int]:
        before, count = self.seen.get(name, ("", 0))
        return value, min(count + 1, SEEN) if value == before else 1

    def facts(self) -> dict[str, Any]:
        """Return each mark as registered and as shown last."""
        counters = {
            name: {"registered": value, "shown": self.seen.get(name, (None, 0))[0]}
            for name, value in self.registered.items()
        }
        return {"counters": counters} if counters else {}

    def memory(self) -> dict[str, Any]:
        """Return the registered values."""
        return {"registered": dict(self.registered)}

    def restored(self, memory: Mapping[str, Any]) -> Self:
        """Return the part with the values it had registered."""
        known = {str(name): str(value) for name, value in memory["registered"].items()}
        return replace(self, registered=known)

    def renewed(self) -> Self:
        """Return the part that registers the next values it is sure of, where none is given."""
        return replace(self, registered={}, seen={})


def _compared(
    state: Registered, name: str, new: str, reading: Reading
) -> tuple[Registered, Signal | None]:
    old = state.registered[name]
    changed = new != old
    why = f"{name} is {new}, " + (f"registered is {old}" if changed else "as registered")
    figures = {"counter": name, "old": old, "new": new}
    return state.turn(say(reading, "counter_changed", changed, why, **figures), of=name)


def _marks(reading: Reading) -> dict[str, str]:
    marks: dict[str, str] = {}
    for one in reading.indications:
        if one.quantity in COUNTERS and one.value.is_finite():
            marks[one.quantity.value] = f"{one.value.normalize():f}"
        for flag in one.flags:
            name, _, value = flag.partition(":")
            if name in MARKS and value:
                marks[name] = value
    return marks
