from datetime import date
from decimal import Decimal
from functools import reduce
from math import inf
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tramdo.drift import (
    ChartSettings,
    Control,
    ControlChart,
    error_of_indication,
    sigma_floor,
    stated_arl,
)
from tramdo.reading import Indication, Quantity, Unit
from tramdo.reference import ReferenceValue, UnitMismatch


def reference(value: str, unit: Unit) -> ReferenceValue:
    return ReferenceValue(
        id="R",
        quantity=Quantity.WEIGHT,
        value=Decimal(value),
        unit=unit,
        expanded_uncertainty=Decimal("0.001"),
        kind="weight",
        valid_until=date(2030, 1, 1),
    )


@pytest.mark.parametrize(
    ("shown", "unit", "value", "reference_unit", "error"),
    [
        ("1001.0", Unit.G, "1000", Unit.G, "1.0"),  # OIML R 76-1, high-resolution indication
        ("19.98", Unit.KG, "20.0002", Unit.KG, "-0.0202"),
        ("20.000", Unit.KG, "20000.2", Unit.G, "-0.0002"),
        ("20.00", Unit.L, "19.90", Unit.L, "0.10"),  # the customer gets less
        ("20.00", Unit.L, "20060", Unit.ML, "-0.06"),  # the customer gets more
    ],
)
def test_error_of_indication_keeps_sign_and_digits(
    shown: str, unit: Unit, value: str, reference_unit: Unit, error: str
) -> None:
    indication = Indication(value=Decimal(shown), unit=unit)
    found = error_of_indication(indication, reference(value, reference_unit))
    assert found == Decimal(error)


@pytest.mark.parametrize(
    ("shown", "value", "percent"),
    [("20", "20.06", -0.299103), ("20", "19.88", 0.603622), ("20", "19.9", 0.502513)],
)
def test_dispenser_error_as_a_share_of_the_reference(
    shown: str, value: str, percent: float
) -> None:
    error = error_of_indication(
        Indication(value=Decimal(shown), unit=Unit.L), reference(value, Unit.L)
    )
    assert float(100 * error / Decimal(value)) == pytest.approx(percent, abs=1e-5)


@pytest.mark.parametrize("unit", [Unit.LB, Unit.L, None])
def test_error_between_foreign_units_is_refused(unit: Unit | None) -> None:
    with pytest.raises(UnitMismatch):
        error_of_indication(Indication(value=Decimal(1), unit=unit), reference("1", Unit.KG))


def test_sigma_floor() -> None:
    assert sigma_floor(Decimal(5)) == pytest.approx(1.443376, abs=1e-6)


def chart(errors: list[float], start: ControlChart | None = None) -> ControlChart:
    return reduce(ControlChart.add, errors, start or ControlChart(floor=0.1))


BASELINE = [1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 0.0]
NOISE = [0.4, -1.1, 0.9, -0.2, 1.3, -0.7, -0.6, 0.1, 0.8, -1.4]


def test_a_chart_learns_then_judges() -> None:
    learning = chart(BASELINE)
    assert (learning.control, learning.count, learning.limit) == (Control.LEARNING, 7, None)
    assert (learning.states, learning.z) == ((), 0.0)
    judging = learning.add(0.0)
    assert (judging.control, judging.count, judging.z) == (Control.IN_CONTROL, 8, 0.0)
    assert [one.name for one in judging.states] == ["ewma", "cusum", "shewhart"]


def test_mean_and_sigma_are_those_of_the_baseline() -> None:
    judging = chart([*BASELINE, 4.0, 5.0])
    assert judging.mean == fmean(BASELINE)
    assert judging.sigma == stdev(BASELINE)


def test_an_empty_chart_is_learning() -> None:
    empty = ControlChart(floor=0.1)
    assert (empty.control, empty.mean, empty.sigma, empty.z) == (Control.LEARNING, 0.0, 0.1, 0.0)


def test_limits_are_wider_than_normal_theory_until_the_baseline_is_long() -> None:
    settings = ChartSettings(decides="shewhart")
    limits = [
        chart(NOISE * (many // 10) + NOISE[: many % 10], ControlChart(floor=0.1, settings=settings))
        for many in (8, 26, 51, 1001)
    ]
    widths = [one.limit or inf for one in limits]
    assert widths == sorted(widths, reverse=True)
    assert 5 < widths[0] < 6
    assert 3.0 < widths[-1] < 3.2


@pytest.mark.parametrize("side", [1, -1])
def test_a_lasting_shift_is_found_and_stays_found_until_it_is_well_over(side: int) -> None:
    steady = chart([*BASELINE, *NOISE, *NOISE[:8]])
    out = chart([steady.mean + side * 3.0 * steady.sigma] * 6, steady)
    assert out.control is Control.OUT_OF_CONTROL
    assert out.limit is not None
    back = out
    while abs(back.z) > out.limit:
        back = back.add(back.mean)
    assert back.control is Control.OUT_OF_CONTROL
    assert chart([back.mean] * 8, back).control is Control.IN_CONTROL


def test_a_warning_comes_before_the_alarm() -> None:
    steady = chart([*BASELINE, *NOISE, *NOISE[:8]])
    seen = []
    for _ in range(12):
        steady = steady.add(steady.mean + 1.8 * steady.sigma)
        seen.append(steady.control)
    order = [Control.IN_CONTROL, Control.WARNING, Control.OUT_OF_CONTROL]
    assert sorted(seen, key=order.index) == seen
    assert set(seen) == set(order)


def test_a_check_is_shown_as_it_was_judged_and_the_next_one_fixes_the_limits() -> None:
    before = chart([*BASELINE, *NOISE, *NOISE[:8]])
    assert (before.count, before.mean, len(before.recent)) == (25, fmean(BASELINE), 18)
    after = before.add(0.0)
    assert after.mean == pytest.approx(fmean([*BASELINE, *NOISE, *NOISE[:8]]))
    assert after.sigma == pytest.approx(stdev([*BASELINE, *NOISE, *NOISE[:8]]))
    assert after.fixing == "fixed again at check 25 by 25 checks"
    assert (after.limit or inf) < (before.limit or 0.0)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ([4.0] * 14 + [0.0] * 4, "t test: the mean went from 0 to 3.11"),
        ([9.0, -9.0] * 9, "F test: the spread went from 1.32 to 9.26"),
        ([-3.0] * 4 + [0.2, -0.2] * 7, "fixed again"),
        ([0.2, -0.2] * 6 + [8.0] * 6, "out of control"),
    ],
)
def test_limits_are_left_where_the_tests_contradict(block: list[float], why: str) -> None:
    assert why in chart([*BASELINE, *block, 0.0]).fixing


def test_an_adjustment_begins_a_new_segment() -> None:
    settings = ChartSettings(decides="cusum", learn=5)
    old = chart([*BASELINE, 9.0], ControlChart(floor=0.1, settings=settings))
    new = old.anew("adjusted")
    assert (new.segment, new.began, new.count, new.control) == (2, "adjusted", 0, Control.LEARNING)
    assert (new.floor, new.settings, new.mean) == (0.1, settings, 0.0)


def test_equal_readings_do_not_explode_the_chart() -> None:
    floor = sigma_floor(Decimal(5))
    steady = chart([0.0] * 60, ControlChart(floor=floor))
    assert steady.sigma == floor
    assert steady.add(5.0).control is Control.IN_CONTROL
    assert chart([5.0] * 6, steady).control is Control.OUT_OF_CONTROL


def test_one_scale_interval_is_no_signal_of_an_individual() -> None:
    settings = ChartSettings(decides="shewhart")
    steady = chart([0.0] * 60, ControlChart(floor=sigma_floor(Decimal(1)), settings=settings))
    assert steady.add(1.0).control is not Control.OUT_OF_CONTROL
    assert steady.add(2.0).control is Control.OUT_OF_CONTROL


def test_the_cusum_decides_with_the_sign_of_its_side() -> None:
    settings = ChartSettings(decides="cusum")
    low = chart([*BASELINE, *[-4.0] * 8], ControlChart(floor=0.1, settings=settings))
    assert low.control is Control.OUT_OF_CONTROL
    assert low.z < -(low.limit or inf)


errors = st.lists(st.floats(-100, 100), max_size=80)


@given(errors, st.integers(0, 80))
def test_a_replayed_chart_is_equal(values: list[float], cut: int) -> None:
    assert chart(values[cut:], chart(values[:cut])) == chart(values)


@given(errors)
def test_a_chart_stays_small(values: list[float]) -> None:
    assert len(chart(values * 3).recent) <= 25


@pytest.mark.parametrize("error", [float("nan"), float("inf")])
def test_an_error_that_is_no_number_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="cannot be charted"):
        chart(BASELINE).add(error)


@pytest.mark.parametrize("floor", [0.0, -1.0, inf])
def test_a_chart_that_could_divide_by_nothing_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match="allowed: a number > 0"):
        ControlChart(floor=floor)


@pytest.mark.parametrize(
    "wrong",
    [{"learn": 1}, {"refix": 8}, {"decides": "range"}, {"weight": 0.0}, {"warn": 3.0}, {"h": 0.0}],
)
def test_settings_that_make_no_chart_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed: "):
        ChartSettings(**wrong)


@pytest.mark.parametrize(
    ("decides", "arl"), [("ewma", 500), ("cusum", 465.44), ("shewhart", 370.4)]
)
def test_the_stated_arl_is_that_of_the_deciding_chart(decides: Any, arl: float) -> None:
    assert stated_arl(ChartSettings(decides=decides)) == pytest.approx(arl, rel=1e-3)
