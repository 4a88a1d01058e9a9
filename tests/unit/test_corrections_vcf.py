"""Volumes at 15 °C, against worked examples."""

from typing import Any

import pytest
from answers import cases, vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.corrections import (
    MissingTemperature,
    OutsideTable,
    expansion_at_15,
    vcf,
    volume_at_15,
)

CLOSE = vector("vcf_table_54b")["tolerance"]


@pytest.mark.parametrize("case", cases("vcf_table_54b"))
def test_vcf_table_54b(case: dict[str, Any]) -> None:
    density, at = case["density15_kg_m3"], case["t_C"]
    assert expansion_at_15(density) == pytest.approx(case["alpha15_per_C"], abs=CLOSE / 1000)
    assert vcf(density, at) == pytest.approx(case["vcf"], abs=CLOSE)
    volume = volume_at_15(1000, density_15=density, temperature=at)
    assert volume.value == pytest.approx(case["V15_of_1000_L"], abs=1000 * CLOSE)
    assert volume.parts[0].effect == pytest.approx(volume.value - 1000)


@pytest.mark.parametrize("border", [770.5, 787.5, 838.5])
def test_the_groups_meet_at_their_borders(border: float) -> None:
    """A constant in the wrong row or mistyped would leave a step of more than a few per cent."""
    below, above = expansion_at_15(border - 1e-6), expansion_at_15(border)
    assert above == pytest.approx(below, rel=0.004)


@given(st.floats(653, 1074), st.floats(15.1, 89))
def test_warm_product_shrinks_to_15(density: float, at: float) -> None:
    assert vcf(density, at) < 1 < vcf(density, 30 - at if at < 48 else 0)


@pytest.mark.parametrize(
    ("density", "at", "message"),
    [
        (652.9, 20, "density at 15 °C is 652.9 kg/m3; allowed: 653 to under 1075"),
        (1075, 20, "density at 15 °C is 1075"),
        (0.745, 20, "density at 15 °C is 0.745"),
        (745, 91, "temperature is 91 °C; allowed: -18 to 90"),
    ],
)
def test_outside_the_table_there_is_no_value(density: float, at: float, message: str) -> None:
    with pytest.raises(OutsideTable, match=message):
        vcf(density, at)


def test_no_volume_at_15_without_a_temperature() -> None:
    with pytest.raises(MissingTemperature, match="product_temperature is None"):
        volume_at_15(1000, density_15=745, temperature=None)
