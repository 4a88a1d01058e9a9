"""A fuel dispenser: nozzle, meter, totalizer; what truly flowed and what it says flowed.

The true volumes are the witness. The meter's error is fixed when a sale begins, so that the
totalizer grows by exactly what the sale showed. Instants must not go backwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tramdo_simulators.scale import DAY


class Nozzle(StrEnum):
    """What the nozzle is doing."""

    IDLE = "idle"
    CALLING = "calling"
    FUELLING = "fuelling"
    FINISHED = "finished"


class Filling(NamedTuple):
    """The sale at an instant: true litres of it, true litres of all before it, flow in L/min.

    `number` counts sales from 1, 0 before the first; `began` is the second of the nozzle's lift.
    `pace` is the flow (L/min) while it flows, known from the lift on; None: the meter's fast one.
    """

    nozzle: Nozzle
    number: int
    began: float
    volume: float
    earlier: float
    flow: float
    pace: float | None = None


NOTHING_YET = Filling(Nozzle.IDLE, 0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A programme of one delivery after what was `before`: lift at `began`, flow, hang up, idle.

    `volume` is the true litres, `flow` in L/min, `calling` and `finished` in seconds.
    """

    before: Filling
    began: float
    volume: float
    flow: float
    calling: float = 3.0
    finished: float = 5.0

    @property
    def stops(self) -> float:
        """The second at which the nozzle is closed."""
        return self.began + self.calling + 60 * self.volume / self.flow

    @property
    def over(self) -> float:
        """The second at which the nozzle hangs again."""
        return self.stops + self.finished

    def __call__(self, at: float) -> Filling:
        """Return the sale at this second."""
        if at < self.began:
            return self.before
        flowing = max(0.0, at - self.began - self.calling)
        flows = flowing > 0 and at < self.stops
        return Filling(
            self._nozzle(at),
            self.before.number + 1,
            self.began,
            self.flow * flowing / 60 if at < self.stops else self.volume,
            self.before.earlier + self.before.volume,
            self.flow if flows else 0.0,
            self.flow,
        )

    def _nozzle(self, at: float) -> Nozzle:
        if at < self.began + self.calling:
            return Nozzle.CALLING
        if at < self.stops:
            return Nozzle.FUELLING
        return Nozzle.FINISHED if at < self.over else Nozzle.IDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSettings:
    """How a dispenser measures: price in VND/L, intervals in L and VND, temperature in °C.

    `error` is the relative error of the meter at second 0, `drift` its change per day; `aging`
    says how many times faster than the programme it drifts. `total` is the totalizer at start.
    `slow_error` is what the error has besides at `slow_flow` and below; it fades out in a
    straight line towards `fast_flow` (L/min).
    """

    unit_price: Decimal = Decimal(23_500)
    interval: Decimal = Decimal("0.01")
    amount_interval: Decimal = Decimal(1)
    pulses_per_litre: float = 100.0
    error: float = 0.0
    slow_error: float = 0.0
    slow_flow: float = 5.0
    fast_flow: float = 40.0
    drift: float = 0.0
    aging: float = 1.0
    total: float = 0.0
    temperature: float = 30.0
    density: float = 745.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensed:
    """What a dispenser shows, and beside it what truly flowed (litres)."""

    nozzle: Nozzle
    number: int
    volume: Decimal
    amount: Decimal
    unit_price: Decimal
    total: Decimal
    pulses: int
    flow: float
    metered: float
    metered_total: float
    true_volume: float
    true_total: float


class Dispenser:
    """A dispenser whose sales come from a programme; `deliver` ends the programme."""

    def __init__(
        self, settings: MeterSettings, programme: Callable[[float], Filling] | None = None
    ) -> None:
        self.settings = settings
        self._programme = programme or (lambda _: NOTHING_YET)
        self._worn = (0.0, settings.error)
        self._sale = NOTHING_YET
        self._sale_error = settings.error
        self._total = settings.total

    def error(self, at: float, flow: float | None = None) -> float:
        """Return the meter's relative error at a flow (L/min): (metered - true) / true."""
        since, error = self._worn
        worn = error + self.settings.drift * max(0.0, at - since) / DAY * self.settings.aging
        return worn if flow is None else worn + self._slowness(flow)

    def deliver(self, volume: float, flow: float, at: float) -> Delivery:
        """Deliver so many true litres at this flow (L/min): the nozzle is lifted at `at`.

        Raises `ValueError` while another sale goes on.
        """
        before = self.advance(at)
        if before.nozzle is not Nozzle.IDLE:
            raise ValueError(f"deliver: at second {at:g} the nozzle is {before.nozzle}, not idle")
        if not (volume > 0 and flow > 0):
            raise ValueError(f"deliver: {volume:g} L at {flow:g} L/min; allowed: both above 0")
        self._programme = made = Delivery(before, at, volume, flow)
        return made

    def warm(self, temperature: float) -> None:
        """Let the product in the meter have this temperature (°C) from now on."""
        self.settings = replace(self.settings, temperature=temperature)

    def drift(self, at: float, rate: float) -> None:
        """From now on drift at this rate per day, starting from the error reached so far."""
        self.advance(at)
        self._worn = (at, self.error(at))
        self.settings = replace(self.settings, drift=rate)

    def adjust(self, at: float, error: float = 0.0) -> None:
        """Give the meter this error from the next sale on, as a service engineer would."""
        self.advance(at)
        self._worn = (at, error)

    def advance(self, at: float) -> Filling:
        """Bring the totalizer up to this instant and return the sale going on."""
        new, old = self._programme(at), self._sale
        if new.number < old.number:
            return old
        sales = new.number - old.number
        if sales:
            # Sales nobody looked at began evenly between the two: their mean error will do.
            unseen = old.began + (new.began - old.began) * (sales - 1) / (2 * sales)
            error = self._sale_error if sales == 1 else self.error(unseen, new.pace)
            self._total += (new.earlier - old.earlier) * (1 + error)
            self._sale_error = self.error(new.began, new.pace)
        self._sale = new
        return new

    def at(self, at: float) -> Dispensed:
        """Return what the dispenser shows at this instant."""
        sale, settings = self.advance(at), self.settings
        metered = sale.volume * (1 + self._sale_error)
        total = self._total + metered
        volume = _round(metered, settings.interval)
        return Dispensed(
            nozzle=sale.nozzle,
            number=sale.number,
            volume=volume,
            amount=_round(volume * settings.unit_price, settings.amount_interval),
            unit_price=settings.unit_price,
            total=_round(total, settings.interval),
            pulses=int(total * settings.pulses_per_litre + 1e-6),
            flow=sale.flow * (1 + self._sale_error),
            metered=metered,
            metered_total=total,
            true_volume=sale.volume,
            true_total=sale.earlier + sale.volume,
        )

    def _slowness(self, flow: float) -> float:
        settings = self.settings
        share = (settings.fast_flow - flow) / (settings.fast_flow - settings.slow_flow)
        return settings.slow_error * min(1.0, max(0.0, share))


def _round(value: float | Decimal, interval: Decimal) -> Decimal:
    return round(Decimal(value) / interval) * interval
