"""Simulated check weights: true errors within the class, certificates near the truth."""

from decimal import Decimal

import pytest

from tramdo_simulators.weights import M1, Weight, permissible, stack, weight_set


def error(one: Weight) -> float:
    return one.true - float(one.nominal)


def test_every_weight_is_within_its_class_and_none_is_perfect() -> None:
    made = weight_set(tuple(M1), accuracy_class="M2", seed=5)
    for one in made:
        assert 0 < abs(error(one)) <= float(permissible(one.nominal, "M2"))
    assert {error(one) > 0 for one in made} == {True, False}


def test_certificates_differ_from_the_nominal_and_are_as_right_as_they_say() -> None:
    made = [one for seed in range(200) for one in weight_set(("20",), seed=seed)]
    wrong = [abs(float(one.certified) - one.true) for one in made]
    within = sum(
        far <= float(one.expanded_uncertainty) for far, one in zip(wrong, made, strict=True)
    )
    assert 180 <= within < 200
    assert sum(one.certified != one.nominal for one in made) > 180
    assert all(3 * one.expanded_uncertainty <= permissible(one.nominal, "M1") for one in made)


def test_equal_seeds_give_equal_weights() -> None:
    assert weight_set(seed=1) == weight_set(seed=1) != weight_set(seed=2)


def test_a_load_is_stacked_from_the_heaviest_down() -> None:
    chosen = stack(weight_set(), Decimal("24.7"))
    assert [str(one.nominal) for one in chosen] == ["20", "2", "2", "0.5", "0.2"]


def test_a_load_that_cannot_be_stacked_is_told_with_what_is_missing() -> None:
    with pytest.raises(
        ValueError, match=r"3\.5 kg cannot be stacked: 1\.3 kg is missing.*: 2, 0\.2"
    ):
        stack(weight_set(("2", "0.2")), Decimal("3.5"))


def test_what_is_no_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"3 kg of class M1 is no weight we have; allowed: 20, 10"):
        permissible(Decimal(3), "M1")
