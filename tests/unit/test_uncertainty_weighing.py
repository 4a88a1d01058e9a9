"""Budgets of check weighings, each worked by hand beside its figures."""

from decimal import Decimal
from typing import Any

import pytest

from tramdo.uncertainty import BudgetError, CheckWeighing

PLATFORM: dict[str, Any] = {"unit": "g", "interval": 5, "repeatability": 2, "weights_mpe": 0.5}


def u_of(name: str, **given: Any) -> float:
    components = CheckWeighing(**given).budget().components
    return next(one.u for one in components if one.name == name)


def test_a_platform_scale_with_a_10_kg_m1_weight_at_its_nominal_value() -> None:
    """Scale d 5 g, s 2 g; 10 kg M1, MPE 0.5 g.

    (2.5)²/3 twice = 2.083333 x 2; s² = 4; (0.5)²/3 = 0.083333; (0.125)²/3 = 0.005208.
    Sum 8.255208 g²; u = 2.873188 g; U = 5.746375 g, said 5.8 g.
    """
    budget = CheckWeighing(**PLATFORM).budget()
    assert [one.name for one in budget.components] == [
        *("resolution_at_load", "resolution_at_zero", "repeatability", "reference_weights"),
        "buoyancy",
    ]
    assert budget.combined == pytest.approx(2.873188, abs=1e-6)
    assert budget.expanded == pytest.approx(5.746375, abs=2e-6)
    assert budget.body()["expanded"] == "5.8"


def test_a_certified_weight_with_high_resolution_eccentricity_and_three_weighings() -> None:
    """Scale d 1 g, at zero 0.1 g, s 0.3 g of three; U 0.16 g (k 2), MPE 0.5 g; corners 0.6 g.

    0.25/3 = 0.0833333; 0.0025/3 = 0.0008333; 0.09/3 = 0.03; 0.08² = 0.0064;
    0.125²/3 = 0.0052083; 0.3²/3 = 0.03. Sum 0.155775 g²; u = 0.394683 g; U = 0.789367, 0.79 g.
    """
    budget = CheckWeighing(
        unit="g",
        interval=Decimal(1),
        zero_interval=Decimal("0.1"),
        repeatability=0.3,
        weighings=3,
        weights_expanded=Decimal("0.16"),
        weights_mpe=Decimal("0.5"),
        eccentricity=Decimal("0.6"),
    ).budget()
    assert budget.combined == pytest.approx(0.394683, abs=1e-6)
    assert budget.body()["expanded"] == "0.79"


def test_a_perfectly_repeatable_scale_keeps_the_uncertainty_of_its_steps() -> None:
    given: dict[str, Any] = {"unit": "g", "interval": 1, "repeatability": 0, "weights_expanded": 0}
    # twice 0.25/3: u = sqrt(1/6)
    assert CheckWeighing(**given).budget().combined == pytest.approx((1 / 6) ** 0.5)


def test_repeatability_nobody_measured_is_assumed() -> None:
    components = CheckWeighing(**(PLATFORM | {"repeatability": None})).budget().components
    (assumed,) = [one for one in components if one.assumed]
    assert assumed.name == "repeatability"
    assert assumed.u == pytest.approx(0.41 * 5)


def test_the_certificates_k_counts() -> None:
    given = PLATFORM | {"weights_expanded": 0.3}
    assert u_of("reference_weights", **given) == pytest.approx(0.15)
    assert u_of("reference_weights", **given, weights_k=3) == pytest.approx(0.1)


def test_buoyancy_from_mpe_from_u_or_given() -> None:
    root = 3**0.5
    assert u_of("buoyancy", **PLATFORM) == pytest.approx(0.125 / root)
    by_u = PLATFORM | {"weights_mpe": None, "weights_expanded": 0.16}
    assert u_of("buoyancy", **by_u) == pytest.approx(0.12 / root)
    assert u_of("buoyancy", **by_u, buoyancy=0.01) == pytest.approx(0.01 / root)


def test_weights_without_uncertainty_make_no_budget() -> None:
    with pytest.raises(BudgetError, match="neither U nor MPE is given; allowed: weights_expanded"):
        CheckWeighing(unit="g", interval=1).budget()


def test_no_mean_of_no_weighings() -> None:
    with pytest.raises(BudgetError, match="runs is 0; allowed: 1 and more"):
        CheckWeighing(**PLATFORM, weighings=0).budget()
