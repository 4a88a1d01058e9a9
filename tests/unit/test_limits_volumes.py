"""Dispensers and meters: the lines of OIML R 117, Handbook 44, and the sign of an error."""

from decimal import Decimal
from typing import Any

import pytest
from answers import cases, vector

from tramdo.limits import (
    Characteristics,
    LimitsError,
    Ratio,
    Stage,
    load,
    relative_error,
)
from tramdo.reading import Unit

LINE_A, LINE_B = load("oiml-r117-line-a"), load("oiml-r117-line-b")
CLASS_05 = load("oiml-r117-class-0.5")


def meter(accuracy_class: str, mmq: str | None = "2") -> Characteristics:
    least = Decimal(mmq) if mmq else None
    return Characteristics(accuracy_class=accuracy_class, unit=Unit.L, mmq=least)


@pytest.mark.parametrize(
    ("accuracy_class", "a", "b"),
    [
        *[("0.3", "0.3", "0.2"), ("0.5", "0.5", "0.3"), ("1.0", "1.0", "0.6")],
        *[("1.5", "1.5", "1.0"), ("2.5", "2.5", "1.5")],
    ],
)
def test_the_lines_of_r117_in_per_cent(accuracy_class: str, a: str, b: str) -> None:
    at, plate = Decimal(100), meter(accuracy_class)
    for stage in Stage:
        assert LINE_A.mpe(at, plate, stage) == Decimal(a)
        assert LINE_B.mpe(at, plate, stage) == Decimal(b)


def test_both_lines_have_the_same_small_quantities() -> None:
    assert isinstance(LINE_A, Ratio)
    assert isinstance(LINE_B, Ratio)
    assert LINE_A.small == LINE_B.small
    assert len(LINE_A.small) == 5
    assert LINE_A.least_factor == LINE_B.least_factor


@pytest.mark.parametrize("case", cases("r117_class05_mpe"))
def test_class_05_is_one_class_of_line_a(case: dict[str, Any]) -> None:
    at, plate = Decimal(str(case["volume_L"])), meter("0.5", str(case["mmq_L"]))
    assert LINE_A.mpe(at, plate, Stage.INITIAL) == CLASS_05.mpe(at, plate, Stage.INITIAL)
    assert LINE_A.mpe(at, plate, Stage.INITIAL) == Decimal(str(case["mpe_L"]))


@pytest.mark.parametrize(
    ("at", "mmq", "apart"), [("20", "2", "0.04"), ("10", "2", "0.02"), ("9.9", "2", None)]
)
def test_repeatability_is_limited_from_five_mmq_on(at: str, mmq: str, apart: str | None) -> None:
    expected = Decimal(apart) if apart else None
    assert CLASS_05.repeatability(Decimal(at), meter("0.5", mmq), Stage.INITIAL) == expected
    assert LINE_B.repeatability(Decimal(at), meter("0.5", mmq), Stage.INITIAL) is None


@pytest.mark.parametrize("accuracy_class", ["0.3", "0.5"])
def test_meters_of_handbook_44(accuracy_class: str) -> None:
    expected = vector("hb44_lmd_table_T2")["expected"][accuracy_class]
    normal, special = load("nist-hb44-lmd"), load("nist-hb44-lmd-special")
    plate, at = meter(accuracy_class, None), Decimal(100)
    assert normal.mpe(at, plate, Stage.INITIAL) == Decimal(str(expected["acceptance_percent"]))
    assert normal.mpe(at, plate, Stage.IN_SERVICE) == Decimal(str(expected["maintenance_percent"]))
    for stage in Stage:
        assert special.mpe(at, plate, stage) == Decimal(str(expected["special_percent"]))


def test_without_a_least_mpe_no_mmq_is_needed() -> None:
    rules = load("nist-hb44-lmd")
    assert isinstance(rules, Ratio)
    assert rules.least_mpe(meter("0.5", None), Stage.INITIAL) is None
    assert rules.mpe(Decimal(1), meter("0.5", None), Stage.INITIAL) == Decimal("0.003")


@pytest.mark.parametrize(
    ("name", "mpe"), [("vn-dlvn-10-2017-0.5-percent", "0.1"), ("vn-dlvn-10-0.3-percent", "0.06")]
)
def test_vietnamese_dispensers_by_the_strict_reading(name: str, mpe: str) -> None:
    rules, plate = load(name), meter("0.5", "5")
    assert rules.mpe(Decimal(20), plate, Stage.IN_SERVICE) == Decimal(mpe)
    assert rules.mpe(Decimal(2), plate, Stage.IN_SERVICE) == Decimal(mpe) / 10


@pytest.mark.parametrize("case", cases("dispenser_error_sign"))
def test_above_zero_the_customer_gets_less(case: dict[str, Any]) -> None:
    indicated, reference = Decimal(str(case["V_ind_L"])), Decimal(str(case["V_ref_L"]))
    found = relative_error(indicated, reference)
    tolerance = vector("dispenser_error_sign")["tolerance"]
    assert found == pytest.approx(case["E_percent"], abs=tolerance)
    assert (found > 0) is ("less" in case["meaning"] or "short" in case["meaning"])


@pytest.mark.parametrize("reference", ["0", "-1", "NaN"])
def test_no_relative_error_without_a_reference(reference: str) -> None:
    with pytest.raises(LimitsError, match="allowed: above 0"):
        relative_error(Decimal(20), Decimal(reference))
