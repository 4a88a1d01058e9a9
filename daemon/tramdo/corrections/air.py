"""Air buoyancy: what weighing in air changes. Densities in kg/m3. No I/O.

OIML R 111-1:2004 (air density, E.3) and OIML D 28 (conventional value of weighing in air).
"""

import math

from tramdo.corrections.correction import Corrected, Number, in_steps, measured

CONVENTIONAL_AIR = 1.2
CONVENTIONAL_WEIGHTS = 8000.0
ICE_POINT = 273.15


def air_density(*, temperature: Number | None, pressure: Number, humidity: Number) -> float:
    """Return the density of air from °C, hPa and per cent relative humidity.

    OIML R 111-1:2004, E.3-1: good to 2e-4 within 900-1100 hPa, 10-30 °C and below 80 % (likely).
    """
    at = measured(temperature, "air_temperature")
    moisture = 0.009 * float(humidity) * math.exp(0.061 * at)
    return (0.34848 * float(pressure) - moisture) / (ICE_POINT + at)


def conventional_mass(mass: Number, density: Number) -> float:
    """Return the conventional mass of a body of this mass and density, in the mass's unit."""
    own = 1 - CONVENTIONAL_AIR / float(density)
    return float(mass) * own / (1 - CONVENTIONAL_AIR / CONVENTIONAL_WEIGHTS)


def buoyancy_factor(
    density: Number,
    air: Number = CONVENTIONAL_AIR,
    weights: Number = CONVENTIONAL_WEIGHTS,
) -> float:
    """Return mass over indicated weight, for a scale adjusted with weights of density `weights`."""
    return (1 - float(air) / float(weights)) / (1 - float(air) / float(density))


def mass_from_weighing(weighed: Number, *, density: Number, air: Number) -> float:
    """Return the mass of what a scale shows as `weighed`, in the same unit."""
    return float(weighed) * buoyancy_factor(density, air)


def gravimetric_volume(
    weighed: Number, *, density: Number, air: Number = CONVENTIONAL_AIR
) -> Corrected:
    """Return the volume in L of a liquid of which `weighed` kg were shown, at its temperature.

    `density` is the liquid's at the temperature at which it was weighed. Leaving out the buoyancy
    would take about 0.13 % from a volume of diesel.
    """
    apparent = 1000 * float(weighed) / float(density)
    return in_steps(apparent, "L", {"air_buoyancy": buoyancy_factor(density, air)})


def apparent_change(load: Number, *, density: Number, air: tuple[Number, Number]) -> float:
    """Return how a check weight's indication changes as air density goes from one to another.

    In the unit of `load`, to first order, for a scale adjusted with weights of 8000 kg/m3.
    """
    before, after = map(float, air)
    volumes = 1 / float(density) - 1 / CONVENTIONAL_WEIGHTS
    return -float(load) * volumes * (after - before)
