"""Finds the reference on the instrument in a run of readings. Frozen state, no clock, no I/O.

A capture happens once per loading or delivery; `evidence` then holds the readings behind it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from tramdo.errors import OutOfRange
from tramdo.reading import Indication, Quantity, Reading
from tramdo.reference import ReferenceValue, UnitMismatch, convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """Waits for `count` readings in a row at rest within `window` of the reference.

    `window` and `d` are in the reference's unit. Where the protocol has no stability flag, the
    readings must not spread by more than `d` (not at all if None), and the indication carries
    the flag "stability_derived". The next capture needs the load to leave the window first.
    """

    reference: ReferenceValue
    window: Decimal
    count: int
    d: Decimal | None = None
    evidence: tuple[Reading, ...] = ()
    taken: bool = False

    def add(self, reading: Reading) -> tuple["Plateau", Indication | None]:
        """Return the next state, and the reading's own indication when it completes a capture."""
        value = _value(reading, self.reference)
        inside = value is not None and abs(value - self.reference.value) <= self.window
        if self.taken:
            # Silence or motion does not show that the load is gone: only a value does, or overload.
            left = _beyond(reading) or (value is not None and not inside)
            return (replace(self, taken=False, evidence=()) if left else self), None
        shown = reading.find(self.reference.quantity)
        if shown is None or not inside or shown.stable is False:
            return replace(self, evidence=()), None
        run = (*self.evidence, reading)[-self.count :]
        flagged = all(_stable(one, self.reference) for one in run)
        if len(run) < self.count or not (flagged or self._spread(run) <= (self.d or 0)):
            return replace(self, evidence=run), None
        flags = shown.flags if flagged else (*shown.flags, "stability_derived")
        return replace(self, evidence=run, taken=True), replace(shown, flags=flags)

    def passed_over(self) -> "Plateau":
        """Return the state after readings it was not given: what lies there now does not count."""
        return replace(self, taken=True, evidence=())

    def _spread(self, run: tuple[Reading, ...]) -> Decimal:
        values = [value for one in run if (value := _value(one, self.reference)) is not None]
        return max(values) - min(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Waits for a delivery within `window` (in the reference's unit) of the proving can's volume.

    Watches the volume total: at rest for `count` readings, then flow, then at rest again. Where
    an instrument has shown no total, its live volume is watched, and 0 is at rest at once. Any
    rest ends a delivery, so two customers never add up to the can. A failed reading only breaks
    the rest; a total that falls forgets the start.
    """

    reference: ReferenceValue
    window: Decimal
    count: int
    watched: Quantity = Quantity.VOLUME
    start: Reading | None = None
    run: tuple[Reading, ...] = ()
    evidence: tuple[Reading, ...] = ()

    def add(self, reading: Reading) -> tuple["Delivery", Indication | None]:
        """Return the next state, and the volume delivered (after minus before) when captured."""
        if self.watched is Quantity.VOLUME and reading.find(Quantity.VOLUME_TOTAL):
            return replace(self, watched=Quantity.VOLUME_TOTAL).add(reading)
        value = self._total(reading)
        if value is None:
            # A total is often polled less than the rest: a reading without it is no failure.
            return (replace(self, run=()) if reading.error else self), None
        before = self._total(self.start) if self.start else None
        delivered = Decimal(0) if before is None else value - before
        start = self.start if delivered >= 0 else None
        run = (*self.run, reading)[-self.count :] if self._goes_on(value) else (reading,)
        if not (len(run) == self.count or (self.watched is Quantity.VOLUME and value == 0)):
            return replace(self, start=start, run=run), None
        rested = replace(self, start=reading, run=run)
        inside = abs(delivered - self.reference.value) <= self.window
        if start is None or delivered == 0 or not inside:
            return rested, None
        return replace(rested, evidence=(start, *run)), self._delivery(reading, delivered)

    def passed_over(self) -> "Delivery":
        """Return the state after readings it was not given: a delivery among them is nobody's."""
        return replace(self, start=None, run=(), evidence=())

    def _goes_on(self, value: Decimal) -> bool:
        return bool(self.run) and self._total(self.run[-1]) == value

    def _delivery(self, reading: Reading, delivered: Decimal) -> Indication:
        shown = reading.find(self.watched)
        unit = shown.unit if shown else None
        return Indication(
            quantity=Quantity.VOLUME,
            value=convert(delivered, self.reference.unit, unit),
            unit=unit,
            flags=("from_totals",) if self.watched is Quantity.VOLUME_TOTAL else (),
        )

    def _total(self, reading: Reading) -> Decimal | None:
        return _value(reading, self.reference, self.watched)


def _value(
    reading: Reading, reference: ReferenceValue, quantity: Quantity | None = None
) -> Decimal | None:
    shown = reading.find(quantity or reference.quantity)
    if reading.error or shown is None or not shown.value.is_finite() or not shown.is_zeroed:
        return None
    try:
        return convert(shown.value, shown.unit, reference.unit)
    except UnitMismatch:
        return None


def _stable(reading: Reading, reference: ReferenceValue) -> bool | None:
    shown = reading.find(reference.quantity)
    return shown.stable if shown else None


def _beyond(reading: Reading) -> bool:
    """Say whether an instrument without value still tells that the load is another one."""
    error = reading.error
    return isinstance(error, OutOfRange) and error.state in ("overload", "underload")
