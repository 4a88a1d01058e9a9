"""Where a scale's zero stands each time a load has gone. No I/O.

Limits. Zero tracking and the operator's zero key take zero drift away before it is shown, so a
zero that stays proves nothing about the span. With d = e an indication of 0 may stand for up to
half an e, so a quarter of e is seen only as a whole step. Where the protocol does not say gross
or net and shows no tare, crumbs in a tared container look like a zero that is off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from tramdo.drift import sigma_floor
from tramdo.passive.daily import RUN, DayMeans
from tramdo.passive.signal import Part, Signal, gross, say
from tramdo.reading import Quantity, Reading, Unit

KEPT = 24
SEVERAL = 5
WINDOW = 5  # in e: what is further from zero is a load
LOADED = 20  # in d
STILL = 5  # equal readings, where there is no stability flag


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroReturns(Part):
    """Zero indications after loads above 20 d, the last `KEPT`; `e` and `d` are in `unit`.

    "zero_off" begins when `SEVERAL` returns in a row lie beyond 0.25 e on one side (OIML R 76-1
    4.5.2, unverified) and ends when as many lie within; "zero_trend" while the daily means go one
    way for `RUN` days and by more than 0.25 e.
    """

    NEEDS: ClassVar[frozenset[Quantity]] = frozenset({Quantity.WEIGHT})
    unit: Unit
    e: Decimal
    d: Decimal
    loaded: bool = False
    value: Decimal | None = None
    still: int = 0
    last: tuple[Decimal, ...] = ()
    days: DayMeans

    @classmethod
    def of(cls, unit: Unit, e: Decimal, d: Decimal) -> "ZeroReturns":
        """Return the watch of one scale; its chart believes no spread below that of d."""
        return cls(unit=unit, e=e, d=d, days=DayMeans(floor=sigma_floor(d)))

    def add(self, reading: Reading) -> tuple["ZeroReturns", Signal | None]:
        """Return the next state, and a signal when a return to zero changes what is known."""
        one = gross(reading, self.unit)
        if one is None:
            return self, None
        still = self.still + 1 if one.value == self.value else 1
        state = replace(self, value=one.value, still=still)
        if one.value > max(LOADED * self.d, 2 * WINDOW * self.e):
            return replace(state, loaded=True), None
        rests = still >= STILL if one.stable is None else one.stable
        if not (self.loaded and rests and abs(one.value) <= WINDOW * self.e):
            return state, None
        days = self.days.add(float(one.value), reading.at.date())
        last = (*self.last, one.value)[-KEPT:]
        return _judged(replace(state, loaded=False, last=last, days=days), reading)

    @property
    def limit(self) -> Decimal:
        """A quarter of e, in `unit`."""
        return (self.e / 4).normalize()

    @property
    def figures(self) -> dict[str, str]:
        """The mean of the zeros kept, the last one and the limit, in `unit`."""
        mean = sum(self.last, Decimal(0)) / max(1, len(self.last))
        return {"mean": f"{mean:.4g}", "limit": f"{self.limit:f}", "unit": self.unit}

    def facts(self) -> dict[str, Any]:
        """Return the last zeros, their mean and the control of the daily means' chart."""
        if not self.last:
            return {}
        zeros = [f"{one:f}" for one in self.last]
        days = {"days": list(self.days.means), "control": self.days.control}
        return {"zero": {**self.figures, "last": zeros, **days}}

    def memory(self) -> dict[str, Any]:
        """Return the zeros and daily means."""
        return {"last": [f"{one:f}" for one in self.last], "days": list(self.days.means)}

    def restored(self, memory: Mapping[str, Any]) -> Self:
        """Return the part with the zeros and daily means it knew."""
        last = tuple(Decimal(one) for one in memory["last"])[-KEPT:]
        means = [float(one) for one in memory["days"]]
        return replace(self, last=last, days=self.days.with_means(means))

    def renewed(self) -> Self:
        """Return the part without history: an adjustment begins a new one."""
        return replace(self, last=(), days=DayMeans(floor=self.days.floor))


def _judged(state: ZeroReturns, reading: Reading) -> tuple[ZeroReturns, Signal | None]:
    limit, recent = state.limit, state.last[-SEVERAL:]
    off = min(recent) > limit or max(recent) < -limit
    within = all(abs(one) <= limit for one in recent)
    if len(recent) == SEVERAL and (off or within):
        zeros = ", ".join(f"{one:f}" for one in recent)
        why = (
            f"zero was {'beyond' if off else 'within'} 0.25 e ({limit:f} {state.unit}) in the last "
            f"{SEVERAL} returns: {zeros} {state.unit}"
        )
        state, signal = state.turn(say(reading, "zero_off", off, why, **state.figures))
        if signal:
            return state, signal
    steady = state.days.steady(float(limit))
    means = ", ".join(f"{one:.3g}" for one in state.days.run)
    how = "has gone one way" if steady else "no longer goes one way"
    why = f"the daily mean of zero {how} over {RUN} days: {means} {state.unit}"
    return state.turn(say(reading, "zero_trend", steady, why, **state.figures))
