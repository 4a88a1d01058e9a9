"""The simulated proving can: what a person reads after a delivery of known true volume."""

from decimal import Decimal
from typing import Any

import pytest
from answers import vector

from tramdo_simulators.proving_can import DIESEL, PETROL, STAINLESS, OffTheNeck, ProvingCan

FINE = Decimal("0.000001")


def read(can: ProvingCan, volume: float, meter: float, in_can: float, **more: Any) -> float:
    return float(can.read(volume, meter, in_can, PETROL, **more).value)


def test_it_is_the_inverse_of_the_published_correction() -> None:
    one = vector("prover_temperature_correction")
    given, tolerance = one["inputs"], one["tolerance"]
    can = ProvingCan(beta=given["beta_prover_per_C"], resolution=FINE)
    shown = can.read(
        one["expected"]["V_ref_L"],
        given["t_meter_C"],
        given["t_prover_C"],
        given["alpha_fuel_per_C"],
    )
    assert float(shown.value) == pytest.approx(given["V_prover_read_at_20C_scale_L"], abs=tolerance)


def test_at_the_reference_temperature_it_shows_what_passed_the_meter() -> None:
    assert read(ProvingCan(), 20.05, 20.0, 20.0) == 20.05


def test_product_that_cools_in_the_can_shrinks_and_a_warm_can_shows_less() -> None:
    can = ProvingCan(resolution=FINE)
    assert read(can, 20.0, 30.0, 20.0) == pytest.approx(20.0 / (1 + 10 * PETROL), abs=2e-6)
    assert read(can, 20.0, 35.0, 35.0) == pytest.approx(20.0 / (1 + 15 * STAINLESS), abs=2e-6)
    diesel = can.read(20.0, 30.0, 20.0, DIESEL).value
    assert 20.0 - float(diesel) == pytest.approx(20.0 * 10 * DIESEL, rel=0.01)


def test_the_reading_is_rounded_to_the_neck_and_the_thermometer_to_a_tenth() -> None:
    shown = ProvingCan(resolution=Decimal("0.005")).read(20.0131, 31.27, 31.27, PETROL)
    assert (str(shown.value), str(shown.temperature)) == ("20.000", "31.3")


def test_a_dry_can_shows_too_little_and_one_not_drained_too_much() -> None:
    can = ProvingCan(film=0.010, resolution=FINE)
    assert read(can, 20.0, 20.0, 20.0) == 20.0
    assert read(can, 20.0, 20.0, 20.0, drained=None) == pytest.approx(19.990)
    assert read(can, 20.0, 20.0, 20.0, drained=7.5) == pytest.approx(20.010)


def test_a_can_whose_mark_is_wrong_shows_it() -> None:
    assert read(ProvingCan(error=0.010), 20.0, 20.0, 20.0) == pytest.approx(19.990)


@pytest.mark.parametrize("volume", [19.49, 20.51])
def test_nothing_can_be_read_off_the_neck(volume: float) -> None:
    with pytest.raises(OffTheNeck, match=r"stands at .* the neck shows 19.5 to 20.5 L"):
        ProvingCan().read(volume, 20.0, 20.0, PETROL)


@pytest.mark.parametrize(("meter", "in_can"), [(29.0, 31.0), (12.0, 4.0), (20.0, 20.0)])
def test_filling_to_a_mark_is_read_as_that_mark(meter: float, in_can: float) -> None:
    can = ProvingCan(nominal=5.0, error=-0.003, neck=0.2)
    assert read(can, can.filling(5.05, meter, in_can, PETROL), meter, in_can) == 5.05
