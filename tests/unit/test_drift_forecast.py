"""Lines, forecasts, and simulated instruments: alarms that must not come and alarms that must."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, sqrt
from random import Random
from typing import Any

import pytest
from answers import vector

from tramdo.drift import ChartSettings, Control, ControlChart, stated_arl
from tramdo.drift.forecast import Point, backtest, crossing, forecast
from tramdo.drift.trend import line, parabola

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_line_of_norris() -> None:
    example = vector("nist_strd_norris")
    fitted = line(example["inputs"]["x"], example["inputs"]["y"])
    said, fit = example["expected"], fitted.fit
    assert fit.coefficients == pytest.approx((said["b0"], said["b1"]), rel=1e-9)
    assert fit.sds == pytest.approx((said["sd_b0"], said["sd_b1"]), rel=1e-9)
    assert (fit.residual_sd, fit.r2) == pytest.approx((said["residual_sd"], said["r2"]), rel=1e-9)
    assert fit.f == pytest.approx(said["F"], rel=1e-9)
    assert (fit.freedom, fitted.slope) == (34, fit.coefficients[1])


def test_parabola_of_a_load_cell() -> None:
    example = vector("nist_strd_pontius_load_cell")
    fit, said = parabola(example["inputs"]["x"], example["inputs"]["y"]), example["expected"]
    certified = [said["b0"], said["b1"], said["b2"]]
    assert list(fit.coefficients) == pytest.approx(certified, rel=1e-7, abs=0)
    assert (fit.residual_sd, fit.r2) == pytest.approx((said["residual_sd"], said["r2"]), rel=1e-7)
    # The certified standard deviations of NIST StRD Pontius, recalled.
    sds = [0.107938612033077e-3, 0.157817399981659e-9, 0.486652849992036e-16]
    assert list(fit.sds) == pytest.approx(sds, rel=1e-7, abs=0)


def test_a_weight_counts_as_so_many_points() -> None:
    once = line([0, 1, 2, 4], [0.0, 1.5, 1.8, 4.4], [1, 2, 1, 1])
    twice = line([0, 1, 1, 2, 4], [0.0, 1.5, 1.5, 1.8, 4.4])
    assert once.fit.coefficients == pytest.approx(twice.fit.coefficients)
    bent = parabola([0, 1, 2, 4], [0.0, 1.5, 1.8, 4.4], [1, 2, 1, 1])
    assert bent.coefficients == pytest.approx(
        parabola([0, 1, 1, 2, 4], [0.0, 1.5, 1.5, 1.8, 4.4]).coefficients
    )


def test_p_and_prediction_interval_of_a_small_line() -> None:
    fitted = line([1, 2, 3, 4, 5], [2.0, 4.0, 5.0, 4.0, 5.0])
    # By hand: slope 0.6, sd 0.894427, sd of slope 0.282843, t 2.12132, t(0.975, 3) 3.182446.
    assert fitted.p == pytest.approx(0.124027, abs=1e-5)
    low, high = fitted.interval(6, 0.95)
    assert (high + low) / 2 == pytest.approx(5.8)
    assert (high - low) / 2 == pytest.approx(3.182446 * 0.894427 * sqrt(1 + 0.2 + 0.9), abs=1e-4)


@pytest.mark.parametrize(
    ("x", "y"), [([1, 1, 1], [1, 2, 3]), ([1, 2], [1, 2]), ([1, 2, 3], [1, 2])]
)
def test_points_that_make_no_line_are_refused(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match=r"needs two|at least"):
        line(x, y)


def test_parabola_through_two_places_is_refused() -> None:
    with pytest.raises(ValueError, match="needs three"):
        parabola([0, 0, 1, 1], [1, 2, 3, 4])


NOISE = [0.3, -0.5, 0.4, -0.1, -0.4, 0.6, -0.2, 0.1, -0.3, 0.2, 0.5, -0.6]


@pytest.mark.parametrize("side", [1, -1])
def test_prediction_limits_pass_the_limit_where_the_crossing_says(side: int) -> None:
    fitted = line(range(12), [side * (0.5 * i + e) for i, e in enumerate(NOISE)])
    early, mean, late = crossing(fitted, side * 10.0, 0.9)
    assert early < mean < late
    near, far = (1, 0) if side > 0 else (0, 1)
    assert fitted.at(mean) == pytest.approx(side * 10)
    assert fitted.interval(early, 0.9)[near] == pytest.approx(side * 10)
    assert fitted.interval(late, 0.9)[far] == pytest.approx(side * 10)


def test_a_doubtful_slope_crosses_early_or_never() -> None:
    fitted = line(range(12), [0.03 * i + e for i, e in enumerate(NOISE)])
    early, mean, late = crossing(fitted, 10.0, 0.95)
    assert early < mean < late == inf
    assert fitted.interval(early, 0.95)[1] == pytest.approx(10)
    with pytest.raises(ValueError, match="level"):
        crossing(line([0, 1, 2], [1, 1, 1]), 5, 0.9)


def weekly(errors: list[float]) -> list[Point]:
    return [(START + WEEK * i, error) for i, error in enumerate(errors)]


def test_a_forecast_has_three_dates_in_order() -> None:
    found = forecast(weekly([-0.2 * i + 0.2 * e for i, e in enumerate(NOISE)]), mpe=5.0)
    assert found is not None
    assert (found.limit, found.confidence) == (-5.0, 0.9)
    assert found.p < 0.001
    assert found.act_by is not None
    assert found.expected is not None
    assert found.latest is not None
    assert found.act_by < found.expected < found.latest
    assert abs(found.expected - (START + 25 * WEEK)) < 3 * WEEK
    assert found.holds(START + 25 * WEEK)
    assert not found.holds(START + 250 * WEEK)


def test_a_crossing_that_is_past_is_given_as_it_is() -> None:
    found = forecast(weekly([float(i) for i in range(20)]), mpe=5.0)
    assert found is not None
    assert found.act_by == found.expected == found.latest == START + 5 * WEEK


def test_a_date_beyond_twenty_years_is_none() -> None:
    found = forecast(weekly([0.001 * i for i in range(20)]), mpe=5.0)
    assert found is not None
    assert (found.act_by, found.expected, found.latest) == (None, None, None)
    assert not found.holds(START)


@pytest.mark.parametrize("errors", [NOISE, [0.0] * 30, [float(i) for i in range(7)]])
def test_no_forecast_without_a_clear_slope_or_enough_points(errors: list[float]) -> None:
    assert forecast(weekly(errors), mpe=5.0) is None


def test_no_forecast_from_checks_of_one_instant() -> None:
    assert forecast([(START, float(i)) for i in range(10)], mpe=5.0) is None


def test_backtest_counts_the_forecasts_that_held_the_crossing() -> None:
    points = weekly([0.2 * i + 0.2 * NOISE[i % 12] for i in range(40)])
    told = backtest(points, mpe=5.0, crossing=START + 25 * WEEK)
    assert 10 < told.forecasts <= 25
    assert told.share == told.held / told.forecasts > 0.9
    seen = backtest(points, mpe=5.0)
    assert seen.crossing in {START + week * WEEK for week in (24, 25, 26)}
    wrong = backtest(points, mpe=5.0, crossing=START + 200 * WEEK)
    assert wrong.share is not None
    assert wrong.share < 0.5
    never = backtest(points, mpe=50.0)
    assert (never.crossing, never.forecasts, never.share) == (None, 0, None)


def error_of(noise: float, true: float, random: Random) -> float:
    """Return a simulated error rounded to d = 1; a noise of 0 stands for unrounded, sd 1."""
    return float(round(true + random.gauss(0, noise))) if noise else random.gauss(0, 1)


def alarms(decides: Any, noise: float, seed: int) -> int:
    """Count the alarms of one steady instrument in 5 years of weekly checks."""
    random = Random(seed)
    true = random.uniform(-0.5, 0.5) if seed % 2 else 0.0
    floor = 1 / sqrt(12) if noise else 1e-6
    chart = ControlChart(floor=floor, settings=ChartSettings(decides=decides))
    states = [Control.LEARNING]
    for _ in range(260):
        chart = chart.add(error_of(noise, true, random))
        states.append(chart.control)
    out = [one is Control.OUT_OF_CONTROL for one in states]
    return sum(now and not was for was, now in pairwise(out))


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("decides", ["ewma", "cusum", "shewhart"])
def test_false_alarms_are_as_rare_as_stated(decides: Any, noise: float) -> None:
    instruments = 20
    found = sum(alarms(decides, noise, seed) for seed in range(instruments))
    expected = instruments * 260 / stated_arl(ChartSettings(decides=decides))
    assert found <= expected + 2 * sqrt(expected)


def test_a_trend_is_not_seen_in_steady_errors() -> None:
    random, seen = Random(3), 0
    for instrument in range(20):
        points = weekly([error_of(instrument % 2 * 0.3, 0.2, random) for _ in range(130)])
        made = [forecast(points[:n], mpe=3.0, floor=0.29) for n in range(8, 130, 4)]
        seen += any(made)
    assert seen <= 1


def found_in_time(noise: float, d: float, mpe: float, seed: int) -> bool:
    """Return whether a span drift of 0.1 e a month alarms before the true error is the MPE."""
    random, floor, points = Random(seed), d / sqrt(12), list[Point]()
    chart, a_week = ControlChart(floor=floor), 0.1 * 12 / 52.18
    for week in range(int(mpe / a_week)):
        error = round((a_week * week + random.gauss(0, noise)) / d) * d
        chart, points = chart.add(error), [*points, (START + WEEK * week, error)]
        if chart.control is Control.OUT_OF_CONTROL:
            return True
    return forecast(points, mpe=mpe, floor=floor) is not None


@pytest.mark.parametrize(("noise", "d", "mpe"), [(0.2, 1, 1), (0.2, 1, 2), (0.1, 0.1, 1)])
def test_a_slow_drift_alarms_before_the_mpe(noise: float, d: float, mpe: float) -> None:
    assert sum(found_in_time(noise, d, mpe, seed) for seed in range(100)) >= 95


@pytest.mark.parametrize(("noise", "d"), [(1.0, 0.0), (0.1, 1.0), (1.0, 1.0)])
@pytest.mark.parametrize("many", [40, 60, 90])
def test_forecasts_hold_the_true_crossing(noise: float, d: float, many: int) -> None:
    a_week, mpe, held, random = 0.05, 5.0, [], Random(many)
    for _ in range(60):
        raw = [a_week * week + random.gauss(0, noise) for week in range(many)]
        errors = [round(one / d) * d for one in raw] if d else raw
        found = forecast(weekly(errors), mpe=mpe, floor=d / sqrt(12))
        if found:
            held.append(found.holds(START + WEEK * (mpe / a_week)))
    assert len(held) >= 20
    assert sum(held) >= 0.9 * len(held)
