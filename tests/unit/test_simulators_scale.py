"""The simulated scale: physics that a check of a real one would meet."""

import math
import time
from decimal import Decimal
from typing import Any

import pytest

from tramdo_simulators.scale import DAY, POSITIONS, Scale, ScaleSettings
from tramdo_simulators.script import Step, Weighings

MONTH = 30 * DAY


def a_scale(**changes: Any) -> Scale:
    return Scale(ScaleSettings(**changes))


def test_span_drift_of_a_tenth_of_a_percent_a_month_shows_at_20_kg() -> None:
    scale = a_scale(span_drift=0.001 / 30)
    scale.load(20.0, -100.0)
    shown = [scale.indication(day * DAY).value for day in (0, 15, 30, 60)]
    assert shown == [Decimal("20.00"), Decimal("20.01"), Decimal("20.02"), Decimal("20.04")]


def test_zero_drift_shows_on_the_empty_scale() -> None:
    scale = a_scale(zero_drift=-0.01)
    assert str(scale.indication(3 * DAY).value) == "-0.03"


def test_aging_speeds_up_the_drift_and_nothing_else() -> None:
    steps = Weighings(steps=(Step(2.0), Step(2.0, 20.0)))
    slow = Scale(ScaleSettings(span_drift=0.001), steps)
    fast = Scale(ScaleSettings(span_drift=0.001, aging=DAY), steps)
    assert slow.true_mass(3.5) == fast.true_mass(3.5) == 20.0
    assert slow.indication(3.5).value == Decimal("20.00")
    assert fast.indication(3.5).value == Decimal("20.07")


def test_a_new_rate_goes_on_from_the_error_reached() -> None:
    scale = a_scale(span_drift=0.001)
    scale.drift(10 * DAY, span=-0.002)
    assert math.isclose(scale.wear(10 * DAY).span, 0.01)
    assert math.isclose(scale.wear(15 * DAY).span, 0.0, abs_tol=1e-12)


def test_an_adjustment_removes_both_errors() -> None:
    scale = a_scale(span_drift=0.001, zero_drift=0.1)
    scale.load(20.0, 0.0)
    assert scale.indication(9 * DAY).value > Decimal("20.5")
    scale.adjust(10 * DAY)
    assert scale.indication(10 * DAY).value == Decimal("20.00")


def test_motion_lasts_until_the_load_has_settled() -> None:
    scale = a_scale(settling=0.5)
    scale.put(20.0, 100.0)
    seen = [scale.indication(100.0 + 0.05 * tick) for tick in range(12)]
    assert [one.stable for one in seen] == [False] * 10 + [True] * 2
    assert seen[0].value == 0
    assert Decimal(5) < seen[1].value < Decimal("19.99")
    assert seen[-1].value == Decimal("20.00")


def test_put_adds_and_remove_takes_everything_off() -> None:
    scale = a_scale()
    scale.put(20.0, 0.0)
    scale.put(5.0, 10.0)
    assert scale.indication(20.0).value == Decimal("25.00")
    scale.remove(20.0)
    assert scale.indication(30.0).value == Decimal("0.00")


@pytest.mark.parametrize(
    ("load", "overload", "underload"),
    [(60.09, False, False), (60.1, True, False), (-0.2, False, False), (-0.21, False, True)],
)
def test_the_ends_of_the_range(load: float, overload: bool, underload: bool) -> None:
    scale = a_scale()
    scale.load(load, 0.0)
    shown = scale.indication(10.0)
    assert (shown.overload, shown.underload) == (overload, underload)
    assert shown.blank == (overload or underload)


def test_tare_gives_net_and_keeps_gross() -> None:
    scale = a_scale()
    scale.load(3.45, 0.0)
    scale.tare(10.0)
    scale.put(20.0, 10.0)
    shown = scale.indication(20.0)
    assert (shown.value, shown.gross, shown.net) == (Decimal("20.00"), Decimal("23.45"), True)
    scale.remove(20.0)
    scale.tare(30.0)
    assert not scale.indication(30.0).net


def test_the_scale_interval_rounds_and_its_digits_stay() -> None:
    scale = a_scale(capacity=Decimal(150), interval=Decimal("0.05"))
    scale.load(20.02, 0.0)
    assert str(scale.indication(10.0).value) == "20.00"
    scale.load(20.03, 10.0)
    assert str(scale.indication(20.0).value) == "20.05"


def test_noise_is_seeded_and_the_same_for_everyone_at_one_instant() -> None:
    one, same, other = (a_scale(noise=0.02, seed=seed) for seed in (1, 1, 2))
    instants = [tick / 3 for tick in range(300)]
    heard = [one.indication(at).value for at in instants]
    assert heard == [same.indication(at).value for at in reversed(instants)][::-1]
    assert heard != [other.indication(at).value for at in instants]
    spread = [one.signal(float(tick)) for tick in range(2000)]
    assert math.isclose((sum(s * s for s in spread) / 2000) ** 0.5, 0.02, rel_tol=0.1)


def test_creep_grows_under_a_load_that_stays() -> None:
    scale = a_scale(creep=0.001, creep_time=600.0)
    scale.load(20.0, 0.0)
    assert scale.indication(1.0).value == Decimal("20.00")
    assert scale.indication(3600.0).value == Decimal("20.02")


def test_a_cut_cable_is_a_fault_not_a_weight() -> None:
    scale = a_scale()
    scale.broken = True
    shown = scale.indication(0.0)
    assert shown.fault
    assert shown.blank
    assert not shown.stable


def test_a_corner_weighs_wrong_and_the_centre_right() -> None:
    scale = a_scale(corners={"front-left": 0.001, "back-right": -0.002})
    shown = {}
    for turn, position in enumerate(POSITIONS):
        scale.load(20.0, turn * 10.0, position)
        shown[position] = str(scale.indication(turn * 10.0 + 5).value)
    assert shown == {
        "centre": "20.00",
        "front-left": "20.02",
        "front-right": "20.00",
        "back-right": "19.96",
        "back-left": "20.00",
    }


def test_only_what_lies_in_the_corner_weighs_wrong() -> None:
    scale = a_scale(corners={"front-left": 0.001})
    scale.put(20.0, 0.0)
    scale.put(10.0, 10.0, "front-left")
    assert scale.indication(15.0).value == Decimal("30.01")
    assert scale.true_mass(15.0) == 30.0
    scale.put(-10.0, 20.0, "front-left")
    assert scale.indication(25.0).value == Decimal("20.00")
    scale.remove(30.0)
    assert scale.signal(35.0) == 0.0


def test_a_position_that_is_nowhere_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'left' is nowhere; allowed: centre, .*, axle-1"):
        a_scale(corners={"axle-1": 0.001}).put(1.0, 0.0, "left")


def test_non_linearity_bends_between_zero_and_max() -> None:
    scale = a_scale(nonlinearity=0.03)
    shown = []
    for turn, mass in enumerate((0.0, 15.0, 30.0, 60.0)):
        scale.load(mass, turn * 10.0)
        shown.append(scale.indication(turn * 10.0 + 5).value - Decimal(mass))
    assert shown == [Decimal(text) for text in ("0", "0.02", "0.03", "0")]
    assert scale.true_error(30.0, 50.0) == pytest.approx(0.03)


def test_hysteresis_shows_while_unloading_only() -> None:
    scale = a_scale(hysteresis=0.02)
    scale.load(30.0, 0.0)
    assert scale.indication(5.0).value == Decimal("30.00")
    scale.load(60.0, 10.0)
    scale.load(30.0, 20.0)
    assert scale.indication(25.0).value == Decimal("30.02")
    scale.remove(30.0)
    assert scale.indication(35.0).value == 0


def test_small_weights_find_the_change_over_point() -> None:
    scale = a_scale(interval=Decimal("0.005"), span_error=0.00012)
    scale.load(10.0, 0.0)
    first, at, small = scale.indication(5.0).value, 10.0, 0
    while scale.indication(at + 5).value == first:
        scale.put(0.0005, at)
        at, small = at + 10.0, small + 1
    found = float(first) + 0.0025 - small * 0.0005 - 10.0
    assert found == pytest.approx(scale.true_error(10.0, at), abs=0.0005)
    assert float(first) != pytest.approx(10.0 + scale.true_error(10.0, at), abs=0.0005)


def test_an_error_at_the_start_is_gone_with_an_adjustment() -> None:
    scale = a_scale(span_error=0.001, zero_error=0.01, span_drift=0.001)
    assert scale.true_error(20.0, 0.0) == pytest.approx(0.03)
    assert scale.true_error(20.0, DAY) == pytest.approx(0.05)
    scale.adjust(DAY)
    assert scale.true_error(20.0, DAY) == 0.0


def test_weighings_repeat_and_random_loads_differ() -> None:
    steps = (Step(3.0), Step(5.0, 20.0), Step(2.0, 30.0, 50.0))
    programme = Weighings(steps=steps, seed=4)
    assert [programme(at).mass for at in (1.0, 3.0, 7.9, 11.0, 13.0)] == [0, 20, 20, 0, 20]
    customers = [programme(turn * 10.0 + 9).mass for turn in range(20)]
    assert len(set(customers)) == 20
    assert 30 <= min(customers) <= max(customers) <= 50
    assert programme(9.0) == Weighings(steps=steps, seed=4)(9.0)
    assert programme(10.0).before == customers[0]


def test_a_year_of_weekly_checks_takes_well_under_a_second() -> None:
    programme = Weighings()
    scale = Scale(ScaleSettings(span_drift=0.001 / 30, noise=0.003, creep=1e-5), programme)
    begun = time.perf_counter()
    weeks = [week * 7 * DAY + 7.0 for week in range(53)]
    errors = [scale.indication(at).value - 20 for at in weeks]
    assert time.perf_counter() - begun < 0.2
    assert abs(errors[0]) <= Decimal("0.01")
    assert Decimal("0.22") <= errors[-1] <= Decimal("0.27")
