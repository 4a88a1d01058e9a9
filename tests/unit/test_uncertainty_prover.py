"""Budgets of dispenser checks; sensitivities are compared with differences of the formulas."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from answers import vector

from tramdo.corrections import MissingTemperature, material, product
from tramdo.uncertainty import Budget, GravimetricRun, MasterMeterRun, ProverRun

EXAMPLE = vector("prover_temperature_correction")
GIVEN = EXAMPLE["inputs"]
CAN = ProverRun(
    read=GIVEN["V_prover_read_at_20C_scale_L"],
    can_expanded=0.008,
    can_temperature=GIVEN["t_prover_C"],
    meter_temperature=GIVEN["t_meter_C"],
    material=material("stainless-304"),
    product=product("petrol"),
    interval=0.01,
    indicated=GIVEN["V_indicated_L"],
    neck_reading=0.003,
    drainage=0.002,
    repeatability=0.006,
    thermometer=0.2,
)
MASTER = MasterMeterRun(
    master=20.01,
    master_expanded=0.01,
    master_interval=0.001,
    master_temperature=30,
    meter_temperature=28,
    product=product("diesel"),
    interval=0.01,
)
SCALE = GravimetricRun(
    weighed=16.6,
    weighing_expanded=0.004,
    density=832,
    product_temperature=30,
    meter_temperature=28,
    product=product("diesel"),
    interval=0.01,
)


def named(budget: Budget) -> dict[str, Any]:
    return {one.name: one for one in budget.components}


def slope(volume: Callable[[float], float], at: float, step: float) -> float:
    return (volume(at + step) - volume(at - step)) / (2 * step)


def test_the_reference_is_the_worked_example() -> None:
    reference = CAN.reference()
    assert reference.value == pytest.approx(EXAMPLE["expected"]["V_ref_L"], abs=1e-6)


def test_a_prover_run_by_hand() -> None:
    """Read 20.03 L, can 31 °C, meter 29 °C, petrol in stainless steel; mL.

    can 8/2 = 4; neck 3/√3 = 1.732; can 0.2 °C x 23.03 mL/°C /√3 = 2.659;
    meter 0.2 x 24.049/√3 = 2.777; alpha 1e-4 x 40.08 L/√3 = 2.314; beta 5e-6 x 219.8 L/√3 = 0.635;
    drainage 2/√3 = 1.155; display 5/√3 twice = 2.887 each; repeatability 6.
    u² = 16 + 3 + 7.072 + 7.711 + 5.355 + 0.403 + 1.333 + 16.667 + 36 = 93.54; u 9.672, U 19.35.
    """
    budget = CAN.budget()
    assert 1000 * budget.combined == pytest.approx(9.672, abs=0.002)
    body = budget.body()
    assert (body["title"], body["expanded"]) == ("prover_run", "0.020")
    assert not any(one.assumed for one in budget.components)


def test_it_shows_why_the_verdict_changed() -> None:
    changes = {one["name"]: one for one in CAN.budget().body()["corrections"]}
    assert list(changes) == ["can_expansion", "product_contraction", "relative_error"]
    assert changes["can_expansion"]["effect"] == "0.0105"
    assert changes["product_contraction"]["effect"] == "-0.0481"
    error = changes["relative_error"]
    assert (error["from"], error["to"], error["unit"]) == ("-0.150", "0.038", "%")


def test_without_an_indication_no_error_is_said() -> None:
    corrections = replace(CAN, indicated=None).budget().corrections
    assert "relative_error" not in [one.name for one in corrections]


def test_sensitivities_of_the_prover_are_its_slopes() -> None:
    found, steel, petrol = named(CAN.budget()), CAN.material, CAN.product
    slopes = {
        "can_temperature": slope(
            lambda t: replace(CAN, can_temperature=t).reference().value, 31, 0.01
        ),
        "meter_temperature": slope(
            lambda t: replace(CAN, meter_temperature=t).reference().value, 29, 0.01
        ),
        "product_coefficient": slope(
            lambda a: replace(CAN, product=replace(petrol, per_degree=a)).reference().value,
            petrol.per_degree,
            1e-5,
        ),
        "can_coefficient": slope(
            lambda b: replace(CAN, material=replace(steel, per_degree=b)).reference().value,
            steel.per_degree,
            1e-6,
        ),
    }
    for name, expected in slopes.items():
        assert found[name].sensitivity == pytest.approx(expected, rel=1e-6), name


def test_totals_and_the_number_of_runs() -> None:
    found = named(replace(CAN, taken_from="totals", interval=0.1, runs=4).budget())
    assert found["totals_end"].u == found["totals_start"].u == pytest.approx(0.05 / 3**0.5)
    assert "indication_start" not in found
    assert found["repeatability"].u == pytest.approx(0.003)


def test_what_nobody_gave_is_assumed_and_what_evaporates_is_not() -> None:
    bare = replace(CAN, neck_reading=None, drainage=None, repeatability=None, thermometer=None)
    assert {one.name for one in bare.budget().components if one.assumed} == {
        *("neck_reading", "drainage", "repeatability", "can_temperature", "meter_temperature"),
    }
    assert "evaporation" not in named(bare.budget())
    assert named(replace(bare, evaporation=0.003).budget())["evaporation"].u > 0


@pytest.mark.parametrize(
    ("run", "which"),
    [
        (replace(CAN, can_temperature=None), "can_temperature"),
        (replace(CAN, meter_temperature=None), "meter_temperature"),
        (replace(MASTER, master_temperature=None), "master_temperature"),
        (replace(MASTER, meter_temperature=None), "meter_temperature"),
        (replace(SCALE, product_temperature=None), "product_temperature"),
        (replace(SCALE, meter_temperature=None), "meter_temperature"),
    ],
)
def test_no_budget_without_a_temperature(run: Any, which: str) -> None:
    with pytest.raises(MissingTemperature, match=f"{which} is None"):
        run.budget()
    with pytest.raises(MissingTemperature, match=f"{which} is None"):
        run.reference()


def test_a_master_meter_run() -> None:
    budget, found = MASTER.budget(), named(MASTER.budget())
    # 20.01 L x 0.00083 x (28 - 30)
    assert budget.corrections[0].effect == pytest.approx(-0.0332166, abs=1e-7)
    assert found["master_meter"].u == pytest.approx(0.005)
    assert found["master_start"].u == found["master_end"].u == pytest.approx(0.0005 / 3**0.5)
    warmer = replace(MASTER, master_temperature=31)
    change = warmer.reference().value - MASTER.reference().value
    assert found["master_temperature"].sensitivity == pytest.approx(change, rel=1e-9)
    assert found["meter_temperature"].sensitivity == pytest.approx(-change, rel=1e-9)


def test_a_weighed_run_is_corrected_for_buoyancy_then_temperature() -> None:
    example = vector("buoyancy_gravimetric_volume")["expected"]
    buoyancy, product_change = SCALE.budget().corrections
    assert buoyancy.after == pytest.approx(example["V_L"], rel=1e-6)
    # 19.977744 L x 0.00083 x (28 - 30)
    assert product_change.effect == pytest.approx(-0.0331631, abs=1e-7)


def test_sensitivities_of_the_weighed_run_are_its_slopes() -> None:
    found = named(SCALE.budget())
    slopes = {
        "weighing": slope(lambda w: replace(SCALE, weighed=w).reference().value, 16.6, 0.01),
        "product_density": slope(lambda d: replace(SCALE, density=d).reference().value, 832, 0.1),
        "air_density": slope(lambda a: replace(SCALE, air=a).reference().value, 1.2, 0.01),
    }
    for name, expected in slopes.items():
        assert found[name].sensitivity == pytest.approx(expected, rel=1e-5), name
    assert found["product_density"].assumed
    assert found["air_density"].assumed
    by = slope(lambda t: replace(SCALE, product_temperature=t).reference().value, 30, 0.01)
    assert found["product_temperature"].sensitivity == pytest.approx(by, rel=0.002)
