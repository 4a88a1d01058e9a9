"""Corrections of a proving can's reading and of weighing in air, against worked examples."""

import math
from decimal import Decimal
from typing import Any

import pytest
from answers import cases, vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.corrections import (
    MissingTemperature,
    UnknownCoefficient,
    air_density,
    apparent_change,
    buoyancy_factor,
    change_of_error,
    conventional_mass,
    gravimetric_volume,
    mass_from_weighing,
    material,
    product,
    reference_volume,
    relative_error,
)
from tramdo.corrections.correction import Corrected
from tramdo.errors import TramdoError

PROVER = vector("prover_temperature_correction")


def of_prover(**other: Any) -> Corrected:
    given, expected = PROVER["inputs"], PROVER["expected"]
    assert set(expected) == {"V_ref_L", "E_percent", "E_percent_uncorrected"}
    arguments = {
        "can_temperature": given["t_prover_C"],
        "meter_temperature": given["t_meter_C"],
        "beta": given["beta_prover_per_C"],
        "alpha": given["alpha_fuel_per_C"],
    }
    return reference_volume(given["V_prover_read_at_20C_scale_L"], **(arguments | other))


def test_prover_temperature_correction() -> None:
    corrected, indicated = of_prover(), PROVER["inputs"]["V_indicated_L"]
    expected, close = PROVER["expected"], PROVER["tolerance"]
    assert corrected.value == pytest.approx(expected["V_ref_L"], abs=close)
    change = change_of_error(indicated, corrected)
    assert change.after == pytest.approx(expected["E_percent"], abs=close)
    assert change.before == pytest.approx(expected["E_percent_uncorrected"], abs=close)
    assert change.effect == pytest.approx(change.after - change.before)
    assert (change.name, change.unit) == ("relative_error", "%")


def test_each_correction_says_what_it_did_in_litres() -> None:
    corrected = of_prover()
    can, fuel = corrected.parts
    assert [can.name, fuel.name] == ["can_expansion", "product_contraction"]
    # 20.03 L x 47.7e-6 x 11; then the product from 31 to 29 °C: x 0.0012 x (-2)
    assert can.effect == pytest.approx(0.01050974, abs=1e-8)
    assert fuel.effect == pytest.approx(-0.04809722, abs=1e-8)
    assert corrected.raw == can.before
    assert can.after == fuel.before
    assert fuel.after == corrected.value
    assert {can.unit, fuel.unit, corrected.unit} == {"L"}


@pytest.mark.parametrize("which", ["can_temperature", "meter_temperature"])
@pytest.mark.parametrize("found", [None, math.nan, Decimal("NaN"), math.inf])
def test_a_missing_temperature_cannot_be_overlooked(which: str, found: float | None) -> None:
    with pytest.raises(MissingTemperature, match=f"{which} is .*; allowed: a measured") as caught:
        of_prover(**{which: found})
    assert caught.value.which == which
    assert isinstance(caught.value, TramdoError)


def test_a_can_certified_at_another_temperature() -> None:
    at_its_own = of_prover(can_reference_temperature=31)
    assert at_its_own.parts[0].effect == 0
    assert at_its_own.value < of_prover().value


def test_a_decimal_reading_gives_the_same() -> None:
    text = str(PROVER["inputs"]["V_prover_read_at_20C_scale_L"])
    arguments: dict[str, Any] = {"beta": 47.7e-6, "alpha": 0.0012}
    as_decimal = reference_volume(
        Decimal(text), can_temperature=Decimal(31), meter_temperature=Decimal(29), **arguments
    )
    assert as_decimal == of_prover()


@pytest.mark.parametrize("case", cases("dispenser_error_sign"))
def test_relative_error(case: dict[str, Any]) -> None:
    found = relative_error(case["V_ind_L"], case["V_ref_L"])
    assert found == pytest.approx(case["E_percent"], abs=1e-5)


@pytest.mark.parametrize(
    ("coefficient", "per_degree"),
    [
        (material("stainless-304"), 47.7e-6),
        (material("mild-steel"), 33.5e-6),
        (product("petrol"), 0.0012),
        (product("diesel"), 0.00083),
    ],
)
def test_coefficients_carry_their_certainty(coefficient: Any, per_degree: float) -> None:
    assert coefficient.per_degree == per_degree
    assert coefficient.certainty == "likely"
    assert 0 < coefficient.half_width < per_degree / 5


def test_an_unknown_coefficient_names_the_known() -> None:
    with pytest.raises(UnknownCoefficient, match=r"products: 'E5' .*allowed: petrol, diesel"):
        product("E5")
    with pytest.raises(UnknownCoefficient, match="materials: 'petrol'"):
        material("petrol")


@pytest.mark.parametrize("case", cases("air_density_r111"))
def test_air_density(case: dict[str, Any]) -> None:
    found = air_density(temperature=case["t"], pressure=case["p"], humidity=case["h"])
    assert found == pytest.approx(case["rho"], abs=vector("air_density_r111")["tolerance"])


def test_air_density_needs_a_temperature() -> None:
    with pytest.raises(MissingTemperature, match="air_temperature is None"):
        air_density(temperature=None, pressure=1013, humidity=50)


def test_gravimetric_volume() -> None:
    one = vector("buoyancy_gravimetric_volume")
    given, expected, close = one["inputs"], one["expected"], one["tolerance"]
    liquid, air, weighed = given["rho_liquid"], given["rho_air"], given["W_kg"]
    factor = buoyancy_factor(liquid, air, given["rho_ref_weights"])
    assert factor == pytest.approx(expected["factor"], abs=close)
    mass = mass_from_weighing(weighed, density=liquid, air=air)
    assert mass == pytest.approx(expected["mass_kg"], abs=close)
    volume = gravimetric_volume(weighed, density=liquid, air=air)
    # The example prints five decimals of 19.977744 L: its tolerance can only be relative.
    assert volume.value == pytest.approx(expected["V_L"], rel=close)
    (buoyancy,) = volume.parts
    assert (buoyancy.name, buoyancy.unit) == ("air_buoyancy", "L")
    assert buoyancy.effect == pytest.approx(volume.raw * (expected["factor"] - 1), abs=close)


def test_conventional_mass() -> None:
    one = vector("conventional_mass")
    found = conventional_mass(one["inputs"]["m_kg"], one["inputs"]["rho"])
    assert found == pytest.approx(one["expected"]["mc_kg"], abs=one["tolerance"])


@given(st.floats(0.001, 1e5))
def test_a_weight_of_8000_has_its_mass_as_conventional_mass(mass: float) -> None:
    assert conventional_mass(mass, 8000) == pytest.approx(mass, rel=1e-12)


def test_buoyancy_change_of_check_weight_reading() -> None:
    one = vector("buoyancy_change_of_check_weight_reading")
    given = one["inputs"]
    air = (given["rho_air_1"], given["rho_air_2"])
    found = apparent_change(given["load_g"], density=given["rho_weight"], air=air)
    assert found == pytest.approx(one["expected"]["delta_g"], abs=one["tolerance"])
    assert apparent_change(given["load_g"], density=8000, air=air) == 0
