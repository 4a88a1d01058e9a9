"""The passive watch of one instrument: the parts that apply to it, and what they remember.

No I/O. Nothing here says what an instrument's error is: only a check with a reference can.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tramdo.driver import Kind
from tramdo.limits import Characteristics
from tramdo.passive.amount import Amounts
from tramdo.passive.counter import Registered
from tramdo.passive.creep import Creep
from tramdo.passive.frozen import FrozenMotion, FrozenNoise
from tramdo.passive.left import LeftLoad
from tramdo.passive.signal import Part, Signal
from tramdo.passive.stuck import StuckVolume
from tramdo.passive.totals import Totals
from tramdo.passive.zero import ZeroReturns
from tramdo.reading import Quantity, Reading, Unit
from tramdo.reference import UnitMismatch, convert

NONSENSE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Feeds each reading of one instrument to its parts; a part begins with its first quantities.

    A signal comes once when it begins and once when it ends, also over a restart.
    """

    parts: dict[str, Part]
    seen: set[Quantity] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        kind: Kind,
        characteristics: Characteristics,
        registered: Mapping[str, str] | None = None,
    ) -> "Watch":
        """Return the watch that fits a kind of instrument and what its plate says.

        `registered` holds values registered at verification by mark: "event_count",
        "adjustment_count", "serial", "software".
        """
        own: dict[str, Part] = {}
        if kind is Kind.SCALE:
            own = _of_scale(characteristics)
        elif kind in (Kind.DISPENSER, Kind.METER):
            own = _of_dispenser(characteristics)
        return cls(parts={**own, "registered": Registered(given=dict(registered or {}))})

    def add(self, reading: Reading) -> list[Signal]:
        """Take one reading, in the instrument's unit; return the signals it begins or ends."""
        self.seen.update(one.quantity for one in reading.indications)
        signals = []
        for name, part in self.parts.items():
            if self.seen >= part.NEEDS:
                self.parts[name], signal = part.add(reading)
                signals += [signal] if signal else []
        return signals

    def adjusted(self) -> None:
        """Begin anew after an adjustment or a verification: zeros and registered values."""
        self.parts = {name: part.renewed() for name, part in self.parts.items()}

    def facts(self) -> dict[str, Any]:
        """Return what the board shows: signals that stand, and each part's facts."""
        standing = sorted(
            {one.split(":")[0] for part in self.parts.values() for one in part.standing}
        )
        facts: dict[str, Any] = {"signals": standing} if standing else {}
        for part in self.parts.values():
            facts |= part.facts()
        return facts

    def memory(self) -> dict[str, Any]:
        """Return what must outlive a restart, ready for JSON."""
        return {
            name: {"standing": list(part.standing), **part.memory()}
            for name, part in self.parts.items()
        }

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave; what cannot be read is left out, part by part."""
        for name, part in self.parts.items():
            try:
                known = part.restored(memory[name])
                standing = tuple(str(one) for one in memory[name]["standing"])
            except NONSENSE:
                continue
            self.parts[name] = replace(known, standing=standing)


def _of_scale(plate: Characteristics) -> dict[str, Part]:
    parts: dict[str, Part] = {"frozen": FrozenMotion()}
    e, d = plate.e or plate.d, plate.d or plate.e
    if e is not None and d is not None:
        parts["zero"] = ZeroReturns.of(plate.unit, e, d)
        parts["left_load"] = LeftLoad(unit=plate.unit, d=d)
    return parts


def _of_dispenser(plate: Characteristics) -> dict[str, Part]:
    try:
        d = convert(plate.d, plate.unit, Unit.L) if plate.d else Amounts().d
    except UnitMismatch:
        d = Amounts().d
    return {
        "totals": Totals(d=d),
        "amounts": Amounts(d=d),
        "stuck": StuckVolume(),
        "creep": Creep(d=d),
        "noise": FrozenNoise(),
    }
