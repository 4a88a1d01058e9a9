"""Scales: worked examples of OIML R 76 and Handbook 44, multi-interval, classes, check weights."""

from decimal import Decimal
from typing import Any

import pytest
from answers import cases, vector

from tramdo.drift import sigma_floor
from tramdo.limits import (
    Characteristics,
    LimitsError,
    Range,
    Stage,
    WeighingError,
    changeover_error,
    classify,
    eccentricity_load,
    fine_enough,
    high_resolution_error,
    load,
    rolling_load,
    scale_limits,
    suitable,
    weight_mpe,
    weights_needed,
)
from tramdo.reading import Unit
from tramdo.reference import UnitMismatch

R76 = load("oiml-r76-2006")


def number(value: float) -> Decimal:
    return Decimal(str(value))


def scale(accuracy_class: str, e: float, unit: Unit = Unit.G) -> Characteristics:
    return Characteristics(accuracy_class=accuracy_class, unit=unit, e=number(e), d=number(e))


def ranges(*pairs: tuple[int, str]) -> tuple[Range, ...]:
    return tuple(Range(max=Decimal(end), e=Decimal(e)) for end, e in pairs)


THREE = Characteristics(
    accuracy_class="III", unit=Unit.G, ranges=ranges((3000, "1"), (6000, "2"), (15_000, "5"))
)
# The example of R 76-1:2006, 3.3, recalled: Max 2/5/15 kg, e 1/2/10 g.
OF_R76 = Characteristics(
    accuracy_class="III", unit=Unit.G, ranges=ranges((2000, "1"), (5000, "2"), (15_000, "10"))
)


@pytest.mark.parametrize(
    ("at", "mpe"),
    [(400, "0.5"), (1600, "1"), (2100, "2"), (4250, "3"), (5100, "10"), (15_000, "10")],
)
def test_a_multi_interval_scale_as_r76_has_it(at: int, mpe: str) -> None:
    assert R76.mpe(Decimal(at), OF_R76, Stage.INITIAL) == Decimal(mpe)
    assert R76.mpe(Decimal(at), OF_R76, Stage.IN_SERVICE) == 2 * Decimal(mpe)


@pytest.mark.parametrize(
    ("at", "e", "mpe"),
    [
        *[(0, "1", "0.5"), (500, "1", "0.5"), (3000, "1", "1.5"), (3002, "2", "2")],
        *[(6000, "2", "3"), (6005, "5", "5"), (10_000, "5", "5"), (15_000, "5", "7.5")],
    ],
)
def test_the_load_is_counted_in_e_of_its_own_range(at: int, e: str, mpe: str) -> None:
    assert THREE.e_at(Decimal(at)) == Decimal(e)
    assert R76.mpe(Decimal(at), THREE, Stage.INITIAL) == Decimal(mpe)


def test_above_the_last_range_its_e_is_used_until_the_class_ends() -> None:
    assert THREE.e_at(Decimal(20_000)) == Decimal(5)
    with pytest.raises(LimitsError, match="10001 e; class III ends at 10000 e"):
        R76.mpe(Decimal(50_005), THREE, Stage.INITIAL)


def test_without_ranges_there_is_one_e_or_none() -> None:
    assert scale("III", 2).e_at(Decimal(9999)) == Decimal(2)
    assert Characteristics(accuracy_class="III", unit=Unit.G).e_at(Decimal(1)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        ranges((3000, "1"), (3000, "2")),
        ranges((3000, "2"), (6000, "2")),
        ranges((6000, "1"), (3000, "2")),
        ranges((3000, "0")),
    ],
)
def test_ranges_must_rise(wrong: tuple[Range, ...]) -> None:
    with pytest.raises(LimitsError, match=r"ranges: max .* allowed: both above 0 and rising"):
        Characteristics(accuracy_class="III", unit=Unit.G, ranges=wrong)


def test_repeated_weighings_may_lie_one_mpe_apart() -> None:
    plate = scale("III", 5)
    assert R76.repeatability(Decimal(5000), plate, Stage.INITIAL) == Decimal(5)
    assert R76.repeatability(Decimal(5000), plate, Stage.IN_SERVICE) == Decimal(10)


def test_changeover_point() -> None:
    example = vector("r76_changeover_point_example")
    given, expected = example["inputs"], example["expected"]
    names = ("load_L_g", "indication_I_g", "delta_L_g", "e_g", "zero_error_E0_g")
    found = changeover_error(*(number(given[name]) for name in names))
    assert found == WeighingError(*(number(expected[name]) for name in ("P_g", "E_g", "Ec_g")))


def test_without_a_zero_error_both_errors_are_one() -> None:
    found = changeover_error(Decimal(1000), Decimal(1000), Decimal("2.5"), Decimal(5))
    assert found.error == found.corrected == 0


def test_high_resolution_error() -> None:
    example = vector("r76_high_resolution_error")
    given, expected = example["inputs"], example["expected"]
    load_g, shown, zero, d, e = (
        number(given[name])
        for name in (
            *("load_L_g", "indication_high_res_g", "zero_error_E0_g"),
            *("d_high_resolution_g", "e_g"),
        )
    )
    _, error, corrected = high_resolution_error(load_g, shown, zero)
    assert (error, corrected) == (number(expected["E_g"]), number(expected["Ec_g"]))
    assert fine_enough(d, e) is expected["high_res_fine_enough"]


@pytest.mark.parametrize(("d", "fine"), [("1", True), ("1.01", False), ("5", False)])
def test_a_fifth_of_e_is_fine_enough(d: str, fine: bool) -> None:
    assert fine_enough(Decimal(d), Decimal(5)) is fine


@pytest.mark.parametrize("case", cases("r76_classification"))
def test_classification(case: dict[str, Any]) -> None:
    found = classify(case["class"], number(case["max"]), number(case["e"]), Unit(case["unit"]))
    assert (found.n, found.valid) == (case["n"], case["valid"])
    assert bool(found.why) is not case["valid"]
    if "min_capacity" in case:
        assert found.min == number(case["min_capacity"])


@pytest.mark.parametrize(
    ("accuracy_class", "capacity", "e", "why"),
    [
        ("III", 6000, "0.2", "n is 30000; class III with e 0.1 to 2 g needs n 100 to 10000"),
        ("III", 2000, "5", "n is 400; class III with e >= 5 g needs n 500 to 10000"),
        ("IIII", 500, "1", "e is 1 g; class IIII allows e >= 5 g"),
        ("II", 500, "0.07", "e is 0.07 g; class II allows e 0.001 to 0.05 g or e >= 0.1 g"),
        ("I", 40, "0.001", "n is 40000; class I with e >= 0.001 g needs n >= 50000"),
    ],
)
def test_why_a_class_cannot_be_carried(
    accuracy_class: str, capacity: int, e: str, why: str
) -> None:
    found = classify(accuracy_class, Decimal(capacity), Decimal(e), Unit.G)
    assert (found.valid, found.why) == (False, why)


def test_what_cannot_be_classified_is_refused() -> None:
    with pytest.raises(LimitsError, match="accuracy class is V; R 76 has: I, II, III, IIII"):
        classify("V", Decimal(1), Decimal(1), Unit.KG)
    with pytest.raises(LimitsError, match="e is 0; allowed: above 0"):
        classify("III", Decimal(1), Decimal(0), Unit.KG)
    with pytest.raises(UnitMismatch):
        classify("III", Decimal(1), Decimal(1), Unit.L)


def test_eccentricity() -> None:
    example = vector("r76_eccentricity_limit")
    given, expected = example["inputs"], example["expected"]
    at = eccentricity_load(number(given["max_g"]), given["supports"])
    plate = scale(given["class"], given["e_g"])
    assert at == number(expected["test_load_g"])
    assert at / number(given["e_g"]) == number(expected["load_in_e"])
    assert R76.mpe(at, plate, Stage.INITIAL) == number(expected["mpe_initial_g"])
    assert R76.mpe(at, plate, Stage.IN_SERVICE) == number(expected["mpe_in_service_g"])


@pytest.mark.parametrize(("supports", "at"), [(1, 20), (3, 20), (4, 20), (5, 15), (7, 10)])
def test_more_supports_take_a_smaller_load(supports: int, at: int) -> None:
    assert eccentricity_load(Decimal(60), supports) == at
    assert rolling_load(Decimal(60)) == 48


def test_a_load_receptor_has_a_support() -> None:
    with pytest.raises(LimitsError, match="has 0 supports; allowed: 1 and above"):
        eccentricity_load(Decimal(60), 0)


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        *[("repeatability", "7.5"), ("discrimination", "7"), ("zero_setting", "0.25")],
        *[("zero_range", "600"), ("initial_zero_range", "3000"), ("creep_30_min", "0.5")],
    ],
)
def test_other_limits_follow_the_plate(name: str, amount: str) -> None:
    plate = Characteristics(
        accuracy_class="III",
        unit=Unit.G,
        ranges=THREE.ranges,
        max=Decimal(15_000),
        d=Decimal(5),
    )
    assert scale_limits()[name].amount(plate, mpe=Decimal("7.5")) == Decimal(amount)


def test_other_limits_cite_a_clause_and_use_e_of_the_load() -> None:
    assert all(one.clause[0] in "34" and one.what for one in scale_limits().values())
    assert scale_limits()["zero_return"].amount(THREE, load=Decimal(15_000)) == Decimal("2.5")
    with pytest.raises(LimitsError, match=r"\(3.8.2\): needs d; it is not given"):
        scale_limits()["discrimination"].amount(THREE)


@pytest.mark.parametrize("case", cases("reference_weight_suitability"))
def test_a_check_weight_is_three_times_better_than_the_scale(case: dict[str, Any]) -> None:
    nominal, unit, of_class = case["weight"].split()
    at, weight = Decimal(nominal), number(case["weight_mpe_g"])
    own = weight_mpe(at, Unit(unit), of_class)
    assert weight_mpe(at.scaleb(3 if unit == "kg" else 0), Unit.G, of_class) == weight
    assert own == (weight.scaleb(-3) if unit == "kg" else weight)
    grams = at.scaleb(3 if unit == "kg" else 0)
    mpe = R76.mpe(grams, scale(case["class"], case["e_g"]), Stage.INITIAL)
    assert mpe == number(case["mpe_scale_initial_g"])
    assert suitable(weight, mpe) is case["ok"]


def test_a_third_exactly_is_good_enough() -> None:
    assert suitable(Decimal("0.1"), Decimal("0.3"))
    assert not suitable(Decimal("0.1001"), Decimal("0.3"))


@pytest.mark.parametrize("kg", ["50", "20", "10", "5", "2", "1", "0.5", "0.2", "0.1", "0.001"])
def test_classes_of_weights_stand_about_three_times_apart(kg: str) -> None:
    f2, m1, m2, m3 = (weight_mpe(Decimal(kg), Unit.KG, one) for one in ("F2", "M1", "M2", "M3"))
    assert m3 == 10 * m1
    assert 3 <= m1 / f2 <= Decimal("3.4")
    assert 3 <= m2 / m1 <= Decimal("3.4")


@pytest.mark.parametrize(
    ("nominal", "of_class", "message"),
    [
        ("20", "E2", "20 kg, class E2; has: F2, M1, M2, M3"),
        ("3", "M1", "3 kg, class M1; has: none of this nominal value"),
    ],
)
def test_a_weight_that_is_not_in_the_table(nominal: str, of_class: str, message: str) -> None:
    with pytest.raises(LimitsError, match=message):
        weight_mpe(Decimal(nominal), Unit.KG, of_class)


@pytest.mark.parametrize(
    ("capacity", "lie_apart", "tons"),
    [
        *[("60", "20", "30"), ("60", "6", "20"), ("60", "4", "12"), ("60", "4.1", "20")],
        *[("1.5", "20", "1"), ("3", "4", "1"), ("0.6", "20", "0.6")],
    ],
)
def test_how_many_true_weights_a_weighbridge_needs(
    capacity: str, lie_apart: str, tons: str
) -> None:
    max_kg = Decimal(capacity) * 1000
    found = weights_needed(max_kg, Unit.KG, Decimal(lie_apart), Decimal(20))
    assert found == Decimal(tons) * 1000


@pytest.mark.parametrize("case", cases("hb44_scale_tolerance"))
def test_scales_of_handbook_44(case: dict[str, Any]) -> None:
    rules, d = load("nist-hb44-scales"), Decimal("0.02")
    plate, at = scale(case["class"], 0.02), case["load_d"] * d
    assert rules.mpe(at, plate, Stage.IN_SERVICE) == number(case["maintenance_d"]) * d
    assert rules.mpe(at, plate, Stage.INITIAL) == number(case["acceptance_d"]) * d


def test_an_empty_weighbridge_has_the_tolerance_of_its_first_part() -> None:
    rules = load("nist-hb44-scales")
    assert rules.mpe(Decimal(0), scale("III L", 20), Stage.IN_SERVICE) == 20


def test_a_scale_that_always_shows_the_same_still_has_a_sigma() -> None:
    example = vector("sigma_floor_from_resolution")
    floor = sigma_floor(number(example["inputs"]["d_g"]))
    assert floor == pytest.approx(example["expected"]["sigma_floor_g"], abs=example["tolerance"])


@pytest.mark.parametrize("name", [f"vn-dlvn-{one}" for one in ("13-2019", "14", "15", "16", "30")])
def test_vietnamese_scales_have_the_limits_of_r76(name: str) -> None:
    plate, rules = scale("III", 20), load(name)
    for at in (0, 10_000, 10_020, 40_000, 40_020, 200_000):
        for stage in Stage:
            expected = R76.mpe(Decimal(at), plate, stage)
            assert rules.mpe(Decimal(at), plate, stage) == expected


def test_a_vietnamese_weighbridge_is_of_class_three() -> None:
    with pytest.raises(LimitsError, match="accuracy class is IIII; has: III"):
        load("vn-dlvn-13-2019").mpe(Decimal(10), scale("IIII", 20), Stage.INITIAL)
