"""What a passive watch says, and the form that its parts share. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from tramdo.events import iso
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.reference import UnitMismatch, convert

STATES = frozenset({"left_load"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something seen in ordinary traffic that begins or ends; never a verdict on an error.

    `why` is a sentence with its figures, `figures` the same by name.
    """

    name: str
    instrument: str
    at: datetime
    begins: bool
    why: str
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def fault(self) -> bool:
        """False where the signal only names a state."""
        return self.name not in STATES

    def body(self) -> dict[str, Any]:
        """Return the body of an alert event."""
        return {
            "alert": "signal",
            "signal": self.name,
            "state": "begins" if self.begins else "ends",
            "fault": self.fault,
            "why": self.why,
            "at": iso(self.at),
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing watched at one instrument; equal settings and readings give equal states.

    `standing` names the signals that have begun and not ended; `NEEDS` the quantities without
    which the part has nothing to say.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset()
    standing: tuple[str, ...] = ()

    def add(self, reading: Reading) -> tuple[Self, Signal | None]:
        """Return the state after one more reading, and the signal that begins or ends with it."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """Return what the board shows of it."""
        return {}

    def memory(self) -> dict[str, Any]:
        """Return what must outlive a restart, ready for JSON."""
        return {}

    def restored(self, _memory: Mapping[str, Any]) -> Self:
        """Return the part with what it knew; raises KeyError, TypeError, ValueError on nonsense."""
        return self

    def renewed(self) -> Self:
        """Return the part as it begins after an adjustment or a verification."""
        return self

    def turn(self, signal: Signal, of: str = "") -> tuple[Self, Signal | None]:
        """Let a signal stand or not; return it only where that is a change.

        `of` tells apart several signals of one name.
        """
        key = f"{signal.name}:{of}" if of else signal.name
        if (key in self.standing) is signal.begins:
            return self, None
        rest = tuple(one for one in self.standing if one != key)
        return replace(self, standing=(*rest, key) if signal.begins else rest), signal


def say(reading: Reading, name: str, begins: bool, why: str, **figures: str) -> Signal:
    """Return the signal that this reading begins or ends."""
    return Signal(
        name=name,
        instrument=reading.instrument,
        at=reading.at,
        begins=begins,
        why=why,
        figures=figures,
    )


def shown(reading: Reading, quantity: Quantity, unit: Unit) -> Decimal | None:
    """Return a finite value in `unit`; None where it is missing, failed or in another unit."""
    one = None if reading.error else reading.find(quantity)
    if one is None or not one.value.is_finite():
        return None
    try:
        return convert(one.value, one.unit, unit)
    except UnitMismatch:
        return None


def gross(reading: Reading, unit: Unit) -> Indication | None:
    """Return the weight that is not net, in `unit`; None where there is none.

    Where the protocol does not say which it is, a tare shown beside it makes it net.
    """
    if reading.error:
        return None
    tare = reading.find(Quantity.TARE)
    for one in reading.indications:
        if one.quantity is not Quantity.WEIGHT or one.unit != unit:
            continue
        if not (one.value.is_finite() and one.is_zeroed):
            continue
        if one.basis == "gross" or (one.basis is None and not (tare and tare.value)):
            return one
    return None


def interval(value: Decimal) -> Decimal:
    """Return the step of a value's last digit."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)
