"""Corrections of what was read, before it is compared: temperature, buoyancy, base conditions."""

from tramdo.corrections.air import (
    air_density,
    apparent_change,
    buoyancy_factor,
    conventional_mass,
    gravimetric_volume,
    mass_from_weighing,
)
from tramdo.corrections.correction import Corrected, Correction, MissingTemperature, Number
from tramdo.corrections.expansion import Coefficient, UnknownCoefficient, material, product
from tramdo.corrections.prover import change_of_error, reference_volume, relative_error
from tramdo.corrections.vcf import (
    OutsideTable,
    expansion_at_15,
    product_of_density,
    vcf,
    volume_at_15,
)

__all__ = [
    "Coefficient",
    "Corrected",
    "Correction",
    "MissingTemperature",
    "Number",
    "OutsideTable",
    "UnknownCoefficient",
    "air_density",
    "apparent_change",
    "buoyancy_factor",
    "change_of_error",
    "conventional_mass",
    "expansion_at_15",
    "gravimetric_volume",
    "mass_from_weighing",
    "material",
    "product",
    "product_of_density",
    "reference_volume",
    "relative_error",
    "vcf",
    "volume_at_15",
]
