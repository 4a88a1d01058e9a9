"""Simulated time at full speed through the real pieces: months of checks in a second.

The simulated instrument's bytes go to the real driver, its readings to the checks of a station
file. Nothing waits: a port in memory answers at once, and the simulated second is given. Months
have 30 days, as everywhere in the simulators. Time is UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tramdo import build
from tramdo.check import CheckRecord
from tramdo.checking import Checker
from tramdo.driver import Listening
from tramdo.errors import InstrumentError, OutOfRange
from tramdo.reading import Indication, Quantity, Reading, Unit, in_unit
from tramdo.reference import convert
from tramdo.stationfile import Loaded
from tramdo_simulators.dispenser import Dispenser
from tramdo_simulators.memory_port import MemoryPort, at_once
from tramdo_simulators.peers import Ageing, Thing, peer_of, thing_of
from tramdo_simulators.scale import DAY, Scale

WEEK = 7 * DAY
BEGIN = datetime(2025, 1, 1, 1, tzinfo=UTC)
BETWEEN_READINGS = 0.25
AT_REST_AFTER = 2.0
FLOW = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A check that was made: its record, its alert (None: none), what the error truly was."""

    record: CheckRecord
    alert: str | None
    true_error: float

    @property
    def crossed(self) -> bool:
        """Whether the true error was at the MPE or beyond."""
        mpe = self.record.mpe
        return mpe is not None and abs(self.true_error) >= float(mpe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All checks of one instrument's simulated life, in order."""

    instrument: str
    done: tuple[Done, ...]

    def first(self, *alerts: str) -> datetime | None:
        """Return when the first alert of these names came, of any name where none is given."""
        found = (one for one in self.done if one.alert and (not alerts or one.alert in alerts))
        return next((one.record.at for one in found), None)

    @property
    def crossing(self) -> datetime | None:
        """When a check first stood at a true error of the MPE or more; None: never."""
        return next((one.record.at for one in self.done if one.crossed), None)


class Life:
    """One instrument of a station file, visited at simulated seconds after `begin`.

    With `wire` its bytes go through the real driver, without it readings are made directly.
    Raises `ValueError` for an instrument that cannot be simulated or has no check.
    """

    def __init__(
        self,
        loaded: Loaded,
        instrument: str,
        ageing: Ageing | None = None,
        *,
        wire: bool = True,
        begin: datetime = BEGIN,
    ) -> None:
        self.loaded, self.instrument = loaded, instrument
        self.ageing = ageing or Ageing()
        self.begin, self.wire = begin, wire
        self.settings = next(one for one in loaded.station.instruments if one.id == instrument)
        self.checkers = self._checkers()
        self.thing: Thing = thing_of(self.settings, self._references(), self.ageing)
        self.peer = peer_of(self.settings, self.thing)
        self._port = MemoryPort(self.peer)
        self._driver: Any = loaded.drivers[instrument]
        self._listens = isinstance(self._driver, Listening)
        self._chance = Random(self.ageing.seed)
        self._sequence = 0

    def visit(self, at: float) -> list[Done]:
        """Lay each reference on, or deliver it, and return the checks that this completed."""
        return [done for now in self._work(at) for done in self._feed(now)]

    def adjust(self, at: float) -> None:
        """Make the instrument right again, and begin new charts."""
        self.thing.adjust(at)
        self.checkers = self._checkers()

    def read(self, at: float) -> Reading:
        """Return the reading at this simulated second."""
        self._sequence += 1
        self._port.begin(at)
        indications: Sequence[Indication] = ()
        error = None
        try:
            indications = self._heard() if self.wire else (_shown(self.thing, at),)
        except InstrumentError as failed:
            error = failed
        reading = Reading(
            instrument=self.instrument,
            sequence=self._sequence,
            at=self.begin + timedelta(seconds=at),
            monotonic=at,
            indications=tuple(indications),
            error=error,
            raw=tuple(self._port.frames),
        )
        return in_unit(reading, self.settings.unit)

    def _feed(self, at: float) -> Iterator[Done]:
        reading = self.read(at)
        for checker in self.checkers:
            if (done := checker.feed(reading)) is not None:
                record, alert = done
                yield Done(record=record, alert=alert, true_error=self._true_error(checker, at))

    def _heard(self) -> Sequence[Indication]:
        return at_once((self._driver.listen if self._listens else self._driver.read)(self._port))

    def _checkers(self) -> list[Checker]:
        found = build.checkers(self.loaded).get(self.instrument)
        if not found:
            raise ValueError(f"{self.instrument} has no [[check]]: there is nothing to simulate")
        return found

    def _references(self) -> list[float]:
        """Return what is put on or delivered, in the instrument's unit, each value once."""
        references = [checker.plan.reference for checker in self.checkers]
        unit = self.settings.unit
        values = [float(convert(one.value, one.unit, unit)) for one in references]
        return sorted({value for value in values if value})

    def _work(self, at: float) -> Iterator[float]:
        """Do what a person does with the references, yielding the instants of the readings."""
        # One more than it takes: the first may be too early by a rounding error of the period.
        count = max(checker.capture.count for checker in self.checkers) + 1
        if isinstance(self.thing, Dispenser):
            return self._deliveries(self.thing, at, count)
        return self._loadings(self.thing, at, count)

    def _loadings(self, scale: Scale, at: float, count: int) -> Iterator[float]:
        asked = any(not checker.plan.reference.value for checker in self.checkers)
        loads = [
            (load, many) for one in self._references() for load, many in ((one, count), (0, 1))
        ]
        for mass, many in ((0.0, count if asked else 1), *loads):
            scale.load(mass, at)
            at += AT_REST_AFTER
            yield from _instants(at, many)
            at += many * BETWEEN_READINGS

    def _deliveries(self, dispenser: Dispenser, at: float, count: int) -> Iterator[float]:
        for volume in self._references():
            yield from _instants(at, count)
            # The person who fills to the mark hits it as well as `noise` says.
            missed = self._chance.gauss(0, self.ageing.noise * float(dispenser.settings.interval))
            delivery = dispenser.deliver(volume + missed, FLOW, at + count * BETWEEN_READINGS)
            yield (delivery.began + delivery.stops) / 2
            yield from _instants(delivery.over, count)
            at = delivery.over + count * BETWEEN_READINGS

    def _true_error(self, checker: Checker, at: float) -> float:
        reference = checker.plan.reference
        value = float(convert(reference.value, reference.unit, self.settings.unit))
        if isinstance(self.thing, Dispenser):
            return value * self.thing.error(at, FLOW)
        return self.thing.true_error(value, at)


def live(  # noqa: PLR0913 - a life has that many sides
    loaded: Loaded,
    instrument: str,
    ageing: Ageing | None = None,
    *,
    weeks: int = 100,
    every: float = WEEK,
    wire: bool = True,
    begin: datetime = BEGIN,
) -> Outcome:
    """Return the checks of `weeks` visits, `every` so many seconds; `ageing.seed` decides all."""
    life = Life(loaded, instrument, ageing, wire=wire, begin=begin)
    done = [one for visit in range(weeks) for one in life.visit(visit * every)]
    return Outcome(instrument=instrument, done=tuple(done))


def _instants(since: float, count: int) -> Iterator[float]:
    return (since + turn * BETWEEN_READINGS for turn in range(count))


def _shown(thing: Thing, at: float) -> Indication:
    """Return the main indication without a wire between; raises `OutOfRange`."""
    if isinstance(thing, Dispenser):
        total = thing.at(at).total
        return Indication(value=total, unit=Unit.L, quantity=Quantity.VOLUME_TOTAL)
    shown = thing.indication(at)
    if shown.blank:
        state = "fault" if shown.fault else "overload" if shown.overload else "underload"
        raise OutOfRange(state)
    return Indication(value=shown.value, unit=Unit(shown.unit), stable=shown.stable)
