from decimal import Decimal
from typing import Any

import pytest
from answers import cases
from hypothesis import given
from hypothesis import strategies as st

from tramdo.limits import Characteristics, LimitsError, Ratio, Stage, load
from tramdo.reading import Unit

R76 = load("oiml-r76-2006")
R117 = load("oiml-r117-class-0.5")


def number(value: float) -> Decimal:
    return Decimal(str(value))


def scale(accuracy_class: str | None = "III", e: str | None = "1") -> Characteristics:
    interval = Decimal(e) if e else None
    return Characteristics(accuracy_class=accuracy_class, unit=Unit.G, e=interval, d=interval)


def dispenser(mmq: str | None, unit: Unit = Unit.L) -> Characteristics:
    least = Decimal(mmq) if mmq else None
    return Characteristics(accuracy_class="0.5", unit=unit, mmq=least)


@pytest.mark.parametrize("case", cases("r76_mpe_table"))
def test_r76_table_6(case: dict[str, Any]) -> None:
    e = Decimal("0.02")
    plate, at = scale(case["accuracy_class"], str(e)), case["load_in_e"] * e
    assert R76.mpe(at, plate, Stage.INITIAL) == number(case["mpe_initial_in_e"]) * e
    assert R76.mpe(at, plate, Stage.IN_SERVICE) == number(case["mpe_in_service_in_e"]) * e


@pytest.mark.parametrize(
    ("top", "accuracy_class"), [(100_000, "II"), (10_000, "III"), (1000, "IIII")]
)
def test_r76_says_nothing_above_the_range_of_a_class(top: int, accuracy_class: str) -> None:
    with pytest.raises(LimitsError, match=f"{top + 1} e; class {accuracy_class} ends at {top} e"):
        R76.mpe(Decimal(top + 1), scale(accuracy_class), Stage.INITIAL)


@given(
    st.sampled_from(["I", "II", "III", "IIII"]),
    st.sampled_from(["0.001", "0.5", "20"]),
    st.tuples(*[st.decimals(0, 1000, places=3)] * 2).map(sorted),
)
def test_r76_mpe_never_falls_as_the_load_rises(
    accuracy_class: str, e: str, loads: list[Decimal]
) -> None:
    plate = scale(accuracy_class, e)
    less, more = (R76.mpe(one * Decimal(e), plate, Stage.INITIAL) for one in loads)
    assert 0 < less <= more


@pytest.mark.parametrize("case", cases("r117_class05_mpe"))
def test_r117_class_05(case: dict[str, Any]) -> None:
    at, mmq, mpe = (number(case[key]) for key in ("volume_L", "mmq_L", "mpe_L"))
    plate = dispenser(str(mmq))
    assert isinstance(R117, Ratio)
    assert R117.table_mpe(at, plate, Stage.INITIAL) == number(case["table_mpe_L"])
    assert R117.least_mpe(plate, Stage.INITIAL) == number(case["emin_L"])
    assert R117.mpe(at, plate, Stage.INITIAL) == mpe
    assert R117.mpe(at, plate, Stage.IN_SERVICE) == mpe
    assert float(100 * mpe / at) == pytest.approx(case["mpe_percent"], abs=1e-6)
    in_ml = dispenser(str(1000 * mmq), Unit.ML)
    assert R117.mpe(1000 * at, in_ml, Stage.INITIAL) == 1000 * mpe


@given(st.tuples(*[st.decimals(0, 60, places=3)] * 2).map(sorted))
def test_r117_mpe_never_falls_as_the_volume_rises(volumes: list[Decimal]) -> None:
    less, more = (R117.mpe(one, dispenser("0.1"), Stage.INITIAL) for one in volumes)
    assert 0 < less <= more


@pytest.mark.parametrize(
    ("plate", "message"),
    [
        (scale(e=None), "needs e; it is not given"),
        (scale(e="0"), "needs e; it is 0; allowed: above 0"),
        (scale("V"), "accuracy class is V; has: I, II, III, IIII"),
        (scale(None), "accuracy class is not given; has: I, II"),
    ],
)
def test_r76_names_what_is_missing(plate: Characteristics, message: str) -> None:
    with pytest.raises(LimitsError, match=message):
        R76.mpe(Decimal(10), plate, Stage.INITIAL)


@pytest.mark.parametrize(
    ("plate", "message"),
    [
        (dispenser(None), r"needs the minimum measured quantity \(mmq\)"),
        (dispenser("5", Unit.KG), "cannot be said in L"),
        (scale(), "accuracy class is III; has: 0.5"),
    ],
)
def test_r117_names_what_is_missing(plate: Characteristics, message: str) -> None:
    with pytest.raises(LimitsError, match=message):
        R117.mpe(Decimal(10), plate, Stage.INITIAL)


@pytest.mark.parametrize("at", ["-1", "NaN", "Infinity"])
def test_no_mpe_without_a_load(at: str) -> None:
    with pytest.raises(LimitsError, match="no MPE is defined at"):
        R76.mpe(Decimal(at), scale(), Stage.INITIAL)
