"""A proving can: what a person reads on its neck after a delivery. No protocol, no clock, no I/O.

The product cools or warms on its way from the meter into the can and changes its volume; the can
holds more when it is warm; what its walls kept from the filling before counts too. A can shows a
volume as on the day of its calibration: wetted, then drained for `DRAIN` seconds.

From memory, unverified: the coefficients below, and that the film left on a draining wall thins
with the square root of the time (Jeffreys, 1930).
"""

from dataclasses import dataclass
from decimal import Decimal

STAINLESS, MILD_STEEL = 47.7e-6, 33.5e-6  # cubic expansion of a can, per °C
PETROL, DIESEL = 1.2e-3, 0.83e-3  # cubic expansion of a product, per °C
DRAIN = 30.0


class OffTheNeck(ValueError):
    """The liquid stands below the neck's scale, or runs over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanReading:
    """What a person writes down: the volume on the neck (L) and the temperature in the can (°C)."""

    value: Decimal
    temperature: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvingCan:
    """A can of `nominal` litres at `reference_temperature` (°C), and how it is read.

    `beta` is the cubic expansion of its material per °C. `error` is by how many litres the true
    volume at a mark exceeds the mark: the certificate tells it. The neck's scale goes `neck`
    litres up and down from the nominal mark and is read to `resolution`. `film` is what the
    walls hold after `DRAIN` seconds.
    """

    nominal: float = 20.0
    beta: float = STAINLESS
    reference_temperature: float = 20.0
    error: float = 0.0
    neck: float = 0.5
    resolution: Decimal = Decimal("0.005")
    film: float = 0.010

    def read(
        self,
        true_volume: float,
        meter_temperature: float,
        can_temperature: float,
        alpha: float,
        *,
        drained: float | None = DRAIN,
    ) -> CanReading:
        """Return what is read after `true_volume` litres have passed the meter.

        Litres at the meter's temperature; temperatures in °C; `alpha` is the product's cubic
        expansion per °C; `drained` the seconds for which the can dripped before (None: it was
        dry). Raises `OffTheNeck`.
        """
        in_the_can = true_volume / (1 + alpha * (meter_temperature - can_temperature))
        in_the_can += self._kept(drained) - self.film
        swollen = 1 + self.beta * (can_temperature - self.reference_temperature)
        stands_at = in_the_can / swollen - self.error
        if abs(stands_at - self.nominal) > self.neck:
            raise OffTheNeck(
                f"the liquid stands at {stands_at:.3f} L; the neck shows "
                f"{self.nominal - self.neck:g} to {self.nominal + self.neck:g} L"
            )
        marks = round(Decimal(stands_at) / self.resolution)
        return CanReading(
            value=marks * self.resolution, temperature=round(Decimal(can_temperature), 1)
        )

    def filling(
        self, mark: float, meter_temperature: float, can_temperature: float, alpha: float
    ) -> float:
        """Return the true litres at the meter that fill a wetted, drained can to this mark."""
        swollen = 1 + self.beta * (can_temperature - self.reference_temperature)
        cooled = 1 + alpha * (meter_temperature - can_temperature)
        return (mark + self.error) * swollen * cooled

    def _kept(self, drained: float | None) -> float:
        """Return the litres on the walls before the filling."""
        return 0.0 if drained is None else self.film * (DRAIN / max(drained, 1.0)) ** 0.5
