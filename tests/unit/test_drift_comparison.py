"""Distributions, tests of two samples, fleets, guard bands and intervals."""

import pytest
from answers import vector
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from tramdo.drift import Control
from tramdo.drift.comparison import (
    Summary,
    en_score,
    f_test,
    grubbs,
    pooled_sd,
    pooled_t_test,
    satisfactory,
    summary,
    welch_t_test,
)
from tramdo.drift.distributions import (
    beta_share,
    binomial_tail,
    f_quantile,
    f_tail,
    student_factor,
    t_quantile,
    t_tail,
)
from tramdo.drift.fleet import share_out, sign_test, sign_test_of
from tramdo.drift.guard import (
    GuardedResult,
    acceptance_limit,
    false_acceptance,
    guarded,
    ilac_g8_band,
    iso_14253_band,
    uncertainty_ratio,
)
from tramdo.drift.intervals import (
    by_chart,
    by_reliability,
    by_stationarity,
    proposal,
    staircase,
    stationarity,
)


@given(st.floats(0.5, 200), st.floats(0.5, 200), st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_that_of_mpmath(a: float, b: float, x: float) -> None:
    expected = float(mp.betainc(a, b, 0, x, regularized=True))
    assert beta_share(a, b, x) == pytest.approx(expected, rel=1e-9, abs=1e-14)


@given(st.floats(0.001, 0.999), st.floats(1, 300))
def test_quantiles_undo_tails(p: float, freedom: float) -> None:
    assert t_tail(t_quantile(p, freedom), freedom) == pytest.approx(1 - p, abs=1e-11)
    assert f_tail(f_quantile(p, freedom, 5), freedom, 5) == pytest.approx(1 - p, abs=1e-11)


def test_a_far_tail_keeps_its_digits() -> None:
    assert t_tail(40.0, 1) == pytest.approx(0.00795609, rel=1e-5)  # arctan: t with 1 is Cauchy's
    assert 0 < t_tail(12.6, 326) < 1e-29
    assert t_quantile(1e-4, 6) == pytest.approx(-t_quantile(1 - 1e-4, 6))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_quantile_of_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        t_quantile(p, 5)


@pytest.mark.parametrize("p", ["0.995", "0.975"])
def test_student_factors(p: str) -> None:
    example = vector("student_factor")
    said = example["expected"][f"p_{p}"]
    found = {count: student_factor(int(count), float(p)) for count in said}
    assert found == pytest.approx(said, abs=example["tolerance"])


def test_a_binomial_tail_of_another_chance() -> None:
    assert binomial_tail(2, 3, 0.1) == pytest.approx(0.028)
    assert binomial_tail(0, 3, 0.1) == pytest.approx(1.0)


def test_t_tests_of_nist() -> None:
    example = vector("two_sample_t_auto83b")
    of, said, near = example["inputs"], example["expected"], example["tolerance"]
    one = Summary(count=of["n1"], mean=of["mean1"], sd=of["sd1"])
    other = Summary(count=of["n2"], mean=of["mean2"], sd=of["sd2"])
    pooled, welch = pooled_t_test(one, other), welch_t_test(one, other)
    assert pooled_sd(one, other) == pytest.approx(said["pooled_sd"], abs=near)
    assert pooled.statistic == pytest.approx(said["t_pooled"], abs=near)
    assert pooled.freedom == (said["df"],)
    assert pooled.high == pytest.approx(said["t_crit_0.975"], abs=near)
    assert welch.statistic == pytest.approx(said["t_welch"], abs=near)
    assert welch.freedom[0] == pytest.approx(said["df_welch"], abs=0.01)
    assert pooled.significant
    assert welch.significant
    assert welch.p < 1e-20


def test_f_test_of_nist() -> None:
    example = vector("f_test_jahanmi2")
    of, said, near = example["inputs"], example["expected"], example["tolerance"]
    one = Summary(count=of["n1"], mean=0, sd=of["sd1"])
    found = f_test(one, Summary(count=of["n2"], mean=0, sd=of["sd2"]))
    assert found.statistic == pytest.approx(said["F"], abs=near)
    assert (found.low, found.high) == pytest.approx(
        (said["crit_low_0.025"], said["crit_high_0.975"]), abs=near
    )
    assert found.significant is said["reject"]
    assert found.p > 0.05


def test_samples_without_spread_are_refused() -> None:
    level = summary([1.0, 1.0, 1.0])
    for test in (f_test, pooled_t_test, welch_t_test):
        with pytest.raises(ValueError, match="0"):
            test(level, level)
    with pytest.raises(ValueError, match="at least 2"):
        summary([1.0])
    with pytest.raises(ValueError, match="allowed"):
        Summary(count=1, mean=0, sd=1)


def test_grubbs_of_nist() -> None:
    # NIST/SEMATECH e-Handbook 1.3.5.17.1: uranium isotopes of Tietjen and Moore.
    found = grubbs([199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57])
    assert (found.value, found.index, found.significant) == (245.57, 7, True)
    assert (found.g, found.critical) == pytest.approx((2.4687, 2.1266), abs=1e-3)


def test_grubbs_finds_nothing_in_equal_or_close_values() -> None:
    assert not grubbs([1.0, 1.0, 1.0, 1.0]).significant
    assert not grubbs([1.0, 1.1, 0.9, 1.05]).significant
    with pytest.raises(ValueError, match="at least 3"):
        grubbs([1.0, 2.0])


def test_en_scores() -> None:
    example = vector("en_score")
    found = [
        en_score(one["x"], one["X"], one["U_x"], one["U_X"])
        for one in example["inputs"]["cases_in"]
    ]
    assert found == pytest.approx(example["expected"]["En"], abs=example["tolerance"])
    assert [satisfactory(one) for one in found] == example["expected"]["satisfactory"]
    assert not satisfactory(-1.2)


def test_sign_test_of_a_fleet() -> None:
    example = vector("fleet_bias_sign_test")
    on_side, count = example["inputs"]["errors_in_station_favour"], example["inputs"]["meters"]
    found = sign_test(on_side, count)
    assert found.p == pytest.approx(example["expected"]["p_one_sided"], abs=example["tolerance"])
    errors = [0.1] * on_side + [-0.1] * (count - on_side)
    assert sign_test_of([*errors, 0.0]) == found
    with pytest.raises(ValueError, match="21 of 20"):
        sign_test(21, 20)


def test_share_of_a_population_out_of_limits() -> None:
    example = vector("fleet_population_benchmark")
    of, said, near = example["inputs"], example["expected"], example["tolerance"]
    found = share_out(of["meters"], of["over_delivery_out"], of["under_delivery_out"])
    assert found.over == pytest.approx(said["over_percent"], abs=near)
    assert found.under == pytest.approx(said["under_percent"], abs=near)
    assert found.total == pytest.approx(said["total_percent"], abs=near)
    with pytest.raises(ValueError, match="at least one"):
        share_out(0, 0, 0)


def test_guard_bands() -> None:
    example = vector("guard_band")
    limit, u, k = (example["inputs"][name] for name in ("TL", "u", "k"))
    said, near = example["expected"], example["tolerance"]
    ilac, iso = ilac_g8_band(u, k), iso_14253_band(u)
    accepted = acceptance_limit(limit, ilac)
    assert (ilac, accepted) == pytest.approx((said["w_ILAC_G8"], said["AL_ILAC_G8"]), abs=near)
    assert iso == pytest.approx(said["w_ISO14253_95"], abs=near)
    assert acceptance_limit(limit, iso) == pytest.approx(said["AL_ISO14253_95"], abs=near)
    risks = false_acceptance(accepted, limit, u), false_acceptance(limit, limit, u)
    expected = said["PFA_at_AL"], said["PFA_simple_acceptance_at_TL"]
    assert risks == pytest.approx(expected, abs=near)
    ratio = uncertainty_ratio(limit, ilac)
    assert ratio == pytest.approx(said["TUR_for_tolerance_10"], abs=near)


@pytest.mark.parametrize(
    ("error", "says"),
    [(9, "pass"), (-9.5, "conditional_pass"), (10.5, "conditional_fail"), (-11.1, "fail")],
)
def test_the_four_statements_of_a_guarded_decision(error: float, says: str) -> None:
    assert guarded(error, 10, 1) is GuardedResult(says)


def test_stationarity_and_reliability() -> None:
    a1, exponential = vector("interval_ncsli_a1"), vector("interval_exponential_reliability")
    a = stationarity(a1["inputs"]["R"], a1["inputs"]["b"])
    assert a == pytest.approx(a1["expected"]["a"], abs=a1["tolerance"])
    of = exponential["inputs"]
    found = by_reliability(of["interval_months"], of["R_observed"], of["R_target"])
    said = exponential["expected"]["interval_months"]
    assert found == pytest.approx(said, abs=exponential["tolerance"])
    longer = by_stationarity(100, within=True, reliability=0.95, shorten=0.55)
    assert longer == pytest.approx(104.2922, abs=1e-3)
    assert by_stationarity(100, within=False, reliability=0.95, shorten=0.55) == pytest.approx(45)
    with pytest.raises(ValueError, match="target 1"):
        by_reliability(12, 0.9, 1)


@pytest.mark.parametrize(("error", "days"), [(8, 125), (-8, 125), (9, 100), (10, 100), (-11, 50)])
def test_staircase(error: float, days: float) -> None:
    assert staircase(100, error, 10) == days


@pytest.mark.parametrize(
    ("control", "to_act", "days"),
    [
        (Control.IN_CONTROL, None, 125),
        (Control.IN_CONTROL, 40, 40),
        (Control.IN_CONTROL, -3, 0),
        (Control.WARNING, None, 100),
        (Control.LEARNING, 400, 100),
        (Control.OUT_OF_CONTROL, None, 50),
    ],
)
def test_interval_by_chart(control: Control, to_act: float | None, days: float) -> None:
    assert by_chart(100, control, to_act) == days


def test_a_proposal_is_never_longer_than_the_legal_period() -> None:
    assert proposal([("staircase", 450.0)], legal=365).days == 365
    assert proposal([("staircase", 450.0)], legal=365).why == "legal period"
    assert proposal([("staircase", 450.0), ("chart", 90.0)], legal=365).why == "chart"
    with pytest.raises(ValueError, match="legal 0"):
        proposal([], legal=0)
