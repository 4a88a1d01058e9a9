"""A scale: what lies on it, how it has worn, and what it shows at a given instant.

No protocol, no clock, no I/O. An indication depends on the settings, the programme and the
instant only, so that two clients who look at the same time see the same.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import NamedTuple

DAY = 86_400.0
CENTRE = "centre"
POSITIONS = (CENTRE, "front-left", "front-right", "back-right", "back-left")


class Loading(NamedTuple):
    """The mass on the scale, what lay there before, and the second at which it changed.

    `excess` is how much too heavy it weighs for lying off the centre, in the mass's unit.
    """

    mass: float
    before: float = 0.0
    since: float = -math.inf
    excess: float = 0.0


Programme = Callable[[float], Loading]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings:
    """How a scale is built and how it wears; masses in `unit`, times in seconds.

    `capacity` is Max, `interval` is d. `span_drift` is relative per day, `zero_drift` in `unit`
    per day; `aging` says how many times faster than the load programme they run. `creep` is the
    relative growth under a load that stays, with time constant `creep_time`. `noise` is a
    standard deviation. `span_error` (relative) and `zero_error` are there at second 0, until an
    adjustment.

    `corners` are relative errors of a load at a position; `nonlinearity` bends the line between
    zero and Max by so much at Max/2, and `hysteresis` adds so much there while unloading.
    """

    capacity: Decimal = Decimal(60)
    interval: Decimal = Decimal("0.01")
    unit: str = "kg"
    settling: float = 0.5
    noise: float = 0.0
    span_drift: float = 0.0
    zero_drift: float = 0.0
    aging: float = 1.0
    creep: float = 0.0
    creep_time: float = 600.0
    span_error: float = 0.0
    zero_error: float = 0.0
    corners: Mapping[str, float] = field(default_factory=dict)
    nonlinearity: float = 0.0
    hysteresis: float = 0.0
    seed: int = 0


class Wear(NamedTuple):
    """The errors a scale had at an instant: of span (relative) and of zero (in its unit)."""

    since: float = 0.0
    span: float = 0.0
    zero: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a scale shows: the weight (net where `net`), the gross, and why it may be no value.

    `overload` above Max + 9 d, `underload` below -20 d, `fault` when the load cell is gone:
    then the digits mean nothing and no encoder sends them.
    """

    value: Decimal
    gross: Decimal
    unit: str
    stable: bool
    overload: bool = False
    underload: bool = False
    fault: bool = False
    net: bool = False

    @property
    def blank(self) -> bool:
        """Whether there is no value to show."""
        return self.overload or self.underload or self.fault


class Scale:
    """A scale with a load programme; `put`, `load` and `remove` end the programme.

    `broken` may be set at any time: the load cell's cable is cut.
    """

    def __init__(
        self, settings: ScaleSettings | None = None, programme: Programme | None = None
    ) -> None:
        self.settings = settings or ScaleSettings()
        self.programme = programme or (lambda _: Loading(0.0))
        self.tared = Decimal(0)
        self.broken = False
        self._wear = Wear(span=self.settings.span_error, zero=self.settings.zero_error)

    def load(self, mass: float, at: float, position: str = CENTRE) -> None:
        """Let this mass, and nothing else, lie on the scale; raises `ValueError` (position)."""
        self._lay(mass, self._excess(mass, position), at)

    def put(self, mass: float, at: float, position: str = CENTRE) -> None:
        """Put a further mass on what lies there; a negative one takes some of it off."""
        there = self.programme(at)
        self._lay(there.mass + mass, there.excess + self._excess(mass, position), at)

    def remove(self, at: float) -> None:
        """Take everything off."""
        self.load(0.0, at)

    def tare(self, at: float) -> None:
        """Take what is shown now as tare; with an empty scale, clear the tare."""
        self.tared = self.indication(at).gross

    def true_mass(self, at: float) -> float:
        """Return what really lies on the scale: the witness of every error."""
        return self.programme(at).mass

    def wear(self, at: float) -> Wear:
        """Return the errors of span and zero at this instant."""
        days = (at - self._wear.since) / DAY * self.settings.aging
        span = self._wear.span + self.settings.span_drift * days
        return Wear(at, span, self._wear.zero + self.settings.zero_drift * days)

    def true_error(self, mass: float, at: float) -> float:
        """Return the error with this mass on, at rest in the centre: the witness of every check."""
        wear = self.wear(at)
        return mass * wear.span + wear.zero + self._bend(Loading(mass))

    def drift(self, at: float, *, span: float, zero: float = 0.0) -> None:
        """From now on drift at these rates per day, starting from the errors reached so far."""
        self._wear = self.wear(at)
        self.settings = replace(self.settings, span_drift=span, zero_drift=zero)

    def adjust(self, at: float) -> None:
        """Make span and zero right again, as a service engineer would; drift goes on."""
        self._wear = Wear(since=at)

    def settled(self, at: float) -> float:
        """Return the instant from which the load now on the scale is shown as stable."""
        loading = self.programme(at)
        moved = loading.mass != loading.before
        return loading.since + self.settings.settling if moved else -math.inf

    def signal(self, at: float) -> float:
        """Return the weight before rounding to d, all errors in it."""
        loading, settings, wear = self.programme(at), self.settings, self.wear(at)
        age = max(0.0, at - loading.since)
        load = loading.mass + loading.excess
        if age < settings.settling:
            load += (loading.before - load) * math.exp(-12.0 * age / settings.settling)
        crept = settings.creep * -math.expm1(-age / settings.creep_time)
        straight = load * (1.0 + wear.span + crept) + wear.zero + self._noise(at)
        return straight + self._bend(loading)

    def indication(self, at: float) -> Shown:
        """Return what the scale shows, rounded to its scale interval d."""
        settings = self.settings
        steps = round(self.signal(at) / float(settings.interval))
        gross = steps * settings.interval
        return Shown(
            value=gross - self.tared,
            gross=gross,
            unit=settings.unit,
            stable=at >= self.settled(at) and not self.broken,
            overload=gross > settings.capacity + 9 * settings.interval,
            underload=steps < -20,
            fault=self.broken,
            net=bool(self.tared),
        )

    def _lay(self, mass: float, excess: float, at: float) -> None:
        loading = Loading(mass, self.programme(at).mass, at, excess)
        self.programme = lambda _: loading

    def _excess(self, mass: float, position: str) -> float:
        corners = self.settings.corners
        if position not in POSITIONS and position not in corners:
            allowed = ", ".join(dict.fromkeys((*POSITIONS, *corners)))
            raise ValueError(f"position: {position!r} is nowhere; allowed: {allowed}")
        return mass * corners.get(position, 0.0)

    def _bend(self, loading: Loading) -> float:
        """Return what non-linearity and hysteresis add: nothing at zero and at Max."""
        unloading = loading.mass < loading.before
        most = self.settings.nonlinearity + (self.settings.hysteresis if unloading else 0.0)
        share = loading.mass / float(self.settings.capacity)
        return most * 4 * share * (1 - share)

    def _noise(self, at: float) -> float:
        if not self.settings.noise:
            return 0.0
        conversion = math.floor(at * 10)  # ten conversions a second
        return Random(self.settings.seed * 1_000_003 + conversion).gauss(0, self.settings.noise)
