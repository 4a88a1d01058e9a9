"""Volume at 15 °C by the equations of ASTM D1250-80 Table 54B: vcf.toml holds the constants.

Likely, not certain: compare with the printed table before commercial use.
"""

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tramdo.corrections.correction import Corrected, Number, in_steps, measured
from tramdo.corrections.expansion import Coefficient
from tramdo.errors import TramdoError

# The table's own spread of products of one density, and a hydrometer's limits: an estimate.
_ALPHA_LIMITS = 0.03
_FILE = Path(__file__).with_name("vcf.toml")


class OutsideTable(TramdoError):
    """A density or a temperature lies where the table has no values."""


def expansion_at_15(density_15: Number) -> float:
    """Return the cubic expansion per °C at 15 °C of a product of this density (kg/m3 at 15 °C).

    Raises `OutsideTable`.
    """
    density, groups = float(density_15), _table()["groups"]
    for group in groups:
        if group["from"] <= density < group["below"]:
            alpha: float = group["k0"] / density**2 + group["k1"] / density + group["k2"]
            return alpha
    ends = f"{groups[0]['from']} to under {groups[-1]['below']} kg/m3"
    raise OutsideTable(f"density at 15 °C is {density_15} kg/m3; allowed: {ends}")


def product_of_density(density_15: Number) -> Coefficient:
    """Return the expansion of a product known by its density at 15 °C; raises `OutsideTable`."""
    alpha = expansion_at_15(density_15)
    return Coefficient(
        name=f"{density_15} kg/m3 at 15 °C",
        per_degree=alpha,
        half_width=_ALPHA_LIMITS * alpha,
        certainty="likely",
        source="ASTM D1250-80 Table 54B, by density",
    )


def vcf(density_15: Number, temperature: Number | None) -> float:
    """Return the factor from a volume at `temperature` (°C) to the volume at 15 °C.

    Raises `OutsideTable`, and `MissingTemperature` for None.
    """
    at, (least, most) = measured(temperature, "product_temperature"), _table()["temperatures"]
    if not least <= at <= most:
        raise OutsideTable(f"product temperature is {at:g} °C; allowed: {least} to {most} °C")
    by = expansion_at_15(density_15) * (at - _table()["base_temperature"])
    return math.exp(-by * (1 + 0.8 * by))


def volume_at_15(
    volume: Number, *, density_15: Number, temperature: Number | None, unit: str = "L"
) -> Corrected:
    """Return a volume measured at `temperature` (°C) as the volume at 15 °C, in its own unit.

    Raises `OutsideTable`, and `MissingTemperature` for None.
    """
    return in_steps(volume, unit, {"base_temperature": vcf(density_15, temperature)})


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
