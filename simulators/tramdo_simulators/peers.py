"""The simulated instrument that fits an `[[instrument]]` of a station file. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tramdo.driver import Kind
from tramdo.settings.station import InstrumentSettings
from tramdo_simulators.banks import coriolis, laumas, pulse_counter
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.line import Peer
from tramdo_simulators.modbus import Bank, Modbus, Rtu, Tcp, Unit
from tramdo_simulators.mt_sics import MtSics
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.st_gs import StGs

MONTH_DAYS = 30
SCALE_MAPS = {"laumas-tlb": laumas}
DISPENSER_MAPS = {"coriolis-tactical": coriolis, "pulse-counter": pulse_counter}
ALLOWED = f"mt-sics, st-gs, modbus-map with {', '.join((*SCALE_MAPS, *DISPENSER_MAPS))}"

Thing = Scale | Dispenser


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """How an instrument lives, in its e (without an e: its d) at the largest reference.

    `drift` is per month of 30 days, `noise` the standard deviation of a reading (of a dispenser:
    of how well the can's mark is hit), `offset` the error at second 0. Equal seeds, equal lives.
    """

    drift: float = 0.0
    noise: float = 0.0
    offset: float = 0.0
    seed: int = 0


def thing_of(settings: InstrumentSettings, references: Sequence[float], ageing: Ageing) -> Thing:
    """Return a scale or dispenser as its plate says; `references` are in its own unit."""
    interval = settings.d or settings.e or Decimal("0.01")
    step = float(settings.e or interval)
    largest = max(references, default=0.0)
    if settings.kind is Kind.SCALE:
        return Scale(_scale(settings, interval, step, largest, ageing))
    meter = MeterSettings(
        interval=interval,
        pulses_per_litre=1 / float(settings.settings.get("scale", "0.01")),
        error=ageing.offset * step / largest,
        drift=ageing.drift * step / largest / MONTH_DAYS,
    )
    return Dispenser(meter)


def _scale(
    settings: InstrumentSettings, interval: Decimal, step: float, largest: float, ageing: Ageing
) -> ScaleSettings:
    """Return a scale whose span is wrong, or its zero where nothing is laid on it."""
    offset, drift = ageing.offset * step, ageing.drift * step / MONTH_DAYS
    return ScaleSettings(
        capacity=settings.max or Decimal(2 * largest or 1),
        interval=interval,
        unit=settings.unit,
        noise=ageing.noise * step,
        span_error=offset / largest if largest else 0.0,
        zero_error=0.0 if largest else offset,
        span_drift=drift / largest if largest else 0.0,
        zero_drift=0.0 if largest else drift,
        seed=ageing.seed,
    )


def peer_of(settings: InstrumentSettings, thing: Thing) -> Peer:
    """Return the instrument's side of its wire; raises `ValueError` where we have none."""
    if isinstance(thing, Scale) and settings.driver == "mt-sics":
        return MtSics(thing)
    if isinstance(thing, Scale) and settings.driver == "st-gs":
        return StGs(thing)
    bank = _bank(thing, str(settings.settings.get("map")))
    if settings.driver != "modbus-map" or bank is None:
        raise ValueError(
            f"{settings.id}: no simulator speaks for a {settings.kind} with the driver "
            f"{settings.driver}; there are: {ALLOWED}"
        )
    units = Modbus({1 if settings.address is None else settings.address: Unit(bank)})
    return Tcp(units) if settings.settings.get("wire") == "tcp" else Rtu(units)


def _bank(thing: Thing, name: str) -> Bank | None:
    if isinstance(thing, Scale):
        return SCALE_MAPS[name](thing) if name in SCALE_MAPS else None
    return DISPENSER_MAPS[name](thing) if name in DISPENSER_MAPS else None
