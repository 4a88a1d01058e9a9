"""A simulated history: a journal file with months of simulated checks in it.

The real driver, checks and charts made what is in it; no weight and no instrument stood behind
it, and the journal's first event says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tramdo import __version__
from tramdo.clock import Stamp
from tramdo.events import STATION_WIDE, Event, iso
from tramdo.journal import Store
from tramdo.stationfile import Loaded
from tramdo_simulators.fast_forward import Done, Life, Outcome

IN_A_COMMIT = 300
APART = 900.0  # seconds from one instrument to the next, so that the journal is in order of time


@dataclass(slots=True)
class Told:
    """What one instrument's simulated life was, check by check, for the summary."""

    life: Life
    adjust_at: float | None = None
    done: list[Done] = field(default_factory=list)

    def visit(self, at: float, stamp_of: "StampOf") -> Iterator[Event]:
        """Yield the events of one visit; where an adjustment is due, of a second one after it."""
        yield from self._checked(at, stamp_of)
        if self.adjust_at is not None and at >= self.adjust_at:
            self.adjust_at = None
            self.life.adjust(at + APART / 3)
            stamp = stamp_of(at + APART / 3)
            body = self._adjustment(stamp)
            yield Event(kind="adjustment", instrument=self.life.instrument, stamp=stamp, body=body)
            yield from self._checked(at + APART / 2, stamp_of)

    def _checked(self, at: float, stamp_of: "StampOf") -> Iterator[Event]:
        for done in self.life.visit(at):
            self.done.append(done)
            yield from events_of(done, stamp_of)

    def _adjustment(self, stamp: Stamp) -> dict[str, str | None]:
        found = str(self.done[-1].record.error) if self.done else None
        return {
            "instrument": self.life.instrument,
            "at": iso(stamp.at),
            "by": "tramdo simulate-history",
            "why": "simulated adjustment",
            "seal_before": self.life.settings.seal,
            "seal_after": self.life.settings.seal,
            "before": found,
            "after": None,
        }


@dataclass(frozen=True, slots=True)
class StampOf:
    """Simulated seconds to stamps: the clock says by its quality that nobody vouches for it."""

    begin: datetime

    def __call__(self, at: float) -> Stamp:
        """Return the stamp of a simulated second."""
        return Stamp(at=self.begin + timedelta(seconds=at), monotonic=at, quality="unknown")


def events_of(done: Done, stamp_of: StampOf) -> Iterator[Event]:
    """Yield a check and its alert as a station records them."""
    body = done.record.body()
    at = (done.record.at - stamp_of.begin).total_seconds()
    instrument, stamp = done.record.instrument, stamp_of(at)
    yield Event(kind="check", instrument=instrument, stamp=stamp, body=body)
    if done.alert is not None:
        kept = {name: body[name] for name in ("check", "error", "mpe", "unit", "rules")}
        verdict = {name: body["verdict"][name] for name in ("conformity", "control", "why")}
        told = {"alert": done.alert, "chart": done.record.chart, **kept, **verdict}
        yield Event(kind="alert", instrument=instrument, stamp=stamp, body=told)


def write(file: Path, station: str, events: Iterable[Event]) -> int:
    """Write a new journal, some hundred events to a commit; return how many there are.

    Raises `JournalError`, and `FileExistsError` where a journal with events stands there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    store = Store(file, station)
    try:
        if store.last_seq:
            raise FileExistsError(f"{file} holds {store.last_seq} events already; take another")
        batch: list[Event] = []
        for event in events:
            batch.append(event)
            if len(batch) >= IN_A_COMMIT:
                store.store(batch, [])
                batch.clear()
        return store.store(batch, [])
    finally:
        store.close()


def history(
    loaded: Loaded, tolds: list[Told], stamp_of: StampOf, *, upto: float, every: float
) -> Iterator[Event]:
    """Yield all events in order of time: every instrument visited `every` so many seconds."""
    body = {"hash": loaded.hash, "version": __version__, "simulated": True}
    yield Event(kind="config", instrument=STATION_WIDE, stamp=stamp_of(0.0), body=body)
    at = 0.0
    while at <= upto:
        for turn, told in enumerate(tolds):
            yield from told.visit(at + turn * APART, stamp_of)
        at += every


def summary(outcome: Outcome) -> str:
    """Return one line on an instrument: its checks, first alert, when the MPE was truly reached."""
    first, crossing = outcome.first(), outcome.crossing
    told = next((one.alert for one in outcome.done if one.alert), "")
    alert = f"first alert {first:%Y-%m-%d} ({told})" if first else "no alert"
    reached = f"{crossing:%Y-%m-%d}" if crossing else "never"
    alerts = sum(one.alert is not None for one in outcome.done)
    return (
        f"  {outcome.instrument}: {len(outcome.done)} checks, {alerts} alerts; {alert}; "
        f"true error reached the MPE: {reached}"
    )
