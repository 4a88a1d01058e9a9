"""Chart, trend and verdict of one point over time, and that the record rebuilds them exactly."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from guided import scale, shows, weight

from tramdo.alerts import Alert
from tramdo.check import CheckRecord, Finding, Made
from tramdo.conformity import Conformity, Decision
from tramdo.drift import Control, ControlChart
from tramdo.guiding import Body
from tramdo.limits import Stage
from tramdo.series import Series
from tramdo.uncertainty.budget import Budget, Component

# Microseconds, as the clock gives them: the record keeps milliseconds.
BEGIN = datetime(2026, 1, 5, 1, 2, 3, 456789, tzinfo=UTC)
WEEK = timedelta(days=7)
WEIGHT = weight("20")
EXACT = Budget(
    title="check_weighing",
    unit="kg",
    components=(Component.normal("reference_weights", 0.001, "kg", 2),),
)
NOISE = ["0.004", "-0.002", "0.002", "0.000", "-0.004", "0.002", "-0.002", "0.000"]
# The MPE is 0.04 kg; the errors grow by 1 g a week.
DRIFT = [str(Decimal("0.001") * turn + Decimal(one) / 4) for turn, one in enumerate(NOISE * 3)]


def series(verified_until: date | None = None, **plate: Any) -> Series:
    subject = replace(scale(**plate), verified_until=verified_until)
    return Series(subject=subject, chart=ControlChart(floor=0.0006))


def finding(error: str, **more: Any) -> Finding:
    facts: dict[str, Any] = {"reference": WEIGHT, "budget": EXACT} | more
    return Finding(
        check="span",
        point="span",
        indication=shows(f"{20 + Decimal(error)}"),
        error=Decimal(error),
        **facts,
    )


def take(one: Series, error: str, week: int, **more: Any) -> tuple[CheckRecord, Alert | None]:
    at = BEGIN + week * WEEK
    return one.take(finding(error, **more), Made(at=at, on=at.date()))


def taken(one: Series, errors: list[str], begin: int = 0) -> list[Body]:
    return [take(one, error, week)[0].body() for week, error in enumerate(errors, begin)]


def again(bodies: list[Body], one: Series | None = None) -> Series:
    fresh = one or series()
    for body in json.loads(json.dumps(bodies)):
        fresh.replay(body)
    return fresh


@pytest.mark.parametrize("errors", [NOISE * 2, DRIFT], ids=["noise", "drift"])
def test_the_record_rebuilds_everything_bit_for_bit(errors: list[str]) -> None:
    live = series()
    assert again([]) == live
    bodies: list[Body] = []
    for week, error in enumerate(errors):
        bodies.append(take(live, error, week)[0].body())
        assert again(bodies) == live


def test_what_comes_after_a_restart_is_what_would_have_come() -> None:
    live = series()
    bodies = taken(live, DRIFT[:14])
    rebuilt = again(bodies)
    for week in range(14, len(DRIFT)):
        assert take(rebuilt, DRIFT[week], week) == take(live, DRIFT[week], week)
    assert live.verdict is not None
    assert live.verdict.crossing_ahead


@pytest.mark.parametrize("plate", [{}, {"e": None}], ids=["with mpe", "without mpe"])
def test_points_and_ratios_without_an_mpe_are_rebuilt_too(plate: dict[str, Any]) -> None:
    live = series(**plate)
    bodies = taken(live, NOISE)
    assert again(bodies, series(**plate)) == live
    assert list(live.ratios) == [float(Decimal(one) / Decimal("0.04")) for one in NOISE] or plate


def test_an_adjustment_breaks_the_series() -> None:
    live = series()
    bodies = taken(live, DRIFT[:10])
    assert live.chart.count == 10
    live.begin_anew("adjustment")
    assert (live.chart.count, live.chart.segment, live.chart.began) == (0, 2, "adjustment")
    assert (list(live.ratios), list(live.points)) == ([], [])
    more = taken(live, DRIFT[10:14], begin=10)
    rebuilt = again(bodies)
    rebuilt.begin_anew("adjustment")
    assert again(more, rebuilt) == live
    assert (live.chart.count, len(live.points), live.chart.segment) == (4, 4, 2)


def test_as_left_never_joins_as_found() -> None:
    live = series()
    taken(live, ["0.030"] * 8)
    live.begin_anew("adjustment")
    fresh = series()
    after = [take(live, one, week)[0] for week, one in enumerate(NOISE, 8)]
    alone = [take(fresh, one, week)[0] for week, one in enumerate(NOISE, 8)]
    assert after == alone
    assert (live.chart.mean, live.chart.sigma) == (fresh.chart.mean, fresh.chart.sigma)


def test_back_within_is_told_after_an_adjustment() -> None:
    live = series()
    assert take(live, "0.050", 0)[1] is Alert.EXCEEDS
    live.begin_anew("adjustment")
    assert take(live, "0.000", 1)[1] is Alert.BACK_WITHIN


def test_the_first_check_begins_the_first_segment() -> None:
    live = series()
    taken(live, NOISE[:1])
    assert (live.chart.segment, live.chart.began, live.chart.count) == (1, "", 1)


@pytest.mark.parametrize(
    "other",
    [
        {"reference": {"id": "w20-old"}},
        {"unit": "g"},
        {"rules": "vn-dlvn-14"},
    ],
)
def test_another_unit_standard_or_rule_set_is_another_series(other: dict[str, Any]) -> None:
    live = series()
    bodies = taken(live, NOISE[:3])
    odd = [one | other for one in bodies]
    rebuilt = again([*odd, *bodies])
    assert (rebuilt.chart.count, rebuilt.chart.segment) == (3, 2)
    assert rebuilt.points == live.points
    left = again(odd)
    left.end_replay(WEIGHT.id)
    assert (left.chart.count, left.verdict, list(left.ratios)) == (0, None, [])
    stays = again(bodies)
    stays.end_replay(WEIGHT.id)
    assert stays == live


def test_what_is_not_charted_leaves_the_series_alone() -> None:
    live, untouched = series(), series()
    bodies = taken(live, NOISE[:5])
    taken(untouched, NOISE[:5])
    found, alert = take(live, "5", 5, charted=False, refused="can_temperature was not measured")
    assert live == untouched
    assert (found.verdict.conformity, found.charted, alert) == (Conformity.UNDECIDED, False, None)
    assert (found.count, found.mean) == (live.chart.count, live.chart.mean)
    assert again([*bodies, found.body()]) == live


@pytest.mark.parametrize(
    ("error", "more", "alert"),
    [
        ("0.05", {"spread": True}, Alert.EXCEEDS),
        ("0.04", {"spread": True}, None),
        ("0.05", {"spread": True, "refused": "odd"}, None),
        ("0.05", {"refused": "odd"}, None),
    ],
)
def test_only_a_spread_beyond_its_limit_alerts_without_a_chart(
    error: str, more: dict[str, Any], alert: Alert | None
) -> None:
    live = series()
    taken(live, ["0.050"])  # out of the MPE already: the chart's own verdict plays no part
    assert [take(live, error, week, charted=False, **more)[1] for week in (1, 2)] == [alert] * 2


def test_a_crossing_ahead_alerts_once() -> None:
    live = series()
    done = [take(live, error, week) for week, error in enumerate(DRIFT)]
    ahead = [one.verdict.crossing_ahead for one, _ in done]
    first = ahead.index(True)
    assert all(ahead[first:])
    alerts = [alert for _, alert in done]
    assert alerts[first] in (Alert.CROSSING_AHEAD, Alert.OUT_OF_CONTROL, Alert.EXCEEDS)
    assert alerts.count(Alert.CROSSING_AHEAD) == 1
    dates = done[first][0].dates
    assert dates is not None
    assert (dates["limit"], dates["confidence"]) == (0.04, 0.9)
    assert dates["act_by"] < dates["expected"] < (dates["latest"] or "9")
    # The errors reach 0.04 kg after 40 weeks.
    expected = datetime.fromisoformat(dates["expected"])
    assert abs(expected - (BEGIN + 40 * WEEK)) < 8 * WEEK


def test_a_crossing_ahead_alerts_no_second_time_after_a_restart() -> None:
    live = series()
    done = [take(live, error, week) for week, error in enumerate(DRIFT)]
    first = [one.verdict.crossing_ahead for one, _ in done].index(True)
    rebuilt = again([one.body() for one, _ in done[: first + 1]])
    later = [take(rebuilt, DRIFT[week], week)[1] for week in range(first + 1, len(DRIFT))]
    assert Alert.CROSSING_AHEAD not in later


def test_a_crossing_after_the_next_verification_is_not_ahead() -> None:
    # At a tenth of the slope the crossing lies in eight years.
    slow = [str(Decimal(one) / 10) for one in DRIFT]
    for until, ahead in ((None, False), (date(2026, 12, 31), False), (date(2040, 1, 1), True)):
        live = series(verified_until=until)
        taken(live, slow)
        assert live.verdict is not None
        assert live.verdict.crossing_ahead is ahead


def test_a_verification_that_has_run_out_names_no_next_one() -> None:
    live = series(verified_until=date(2026, 1, 1))
    taken(live, DRIFT)
    assert live.verdict is not None
    assert live.verdict.crossing_ahead


@pytest.mark.parametrize(
    ("errors", "near"),
    [
        (["0.033"] * 4, False),  # too few to say
        (["0.033"] * 5, True),
        (["-0.033"] * 5, True),
        (["0.0315"] * 5, False),  # 0.8 of the MPE is 0.032 kg
        (["0.0325"] * 5, True),
        (["0.036", "0.028"] * 4, False),
        (["0.039", "-0.039"] * 4, False),
        (["0.000"] * 8 + ["0.034"] * 8, True),  # only the latest eight count
        (["0.000"] * 8 + ["0.034"] * 7, False),
    ],
)
def test_errors_that_use_up_the_mpe_are_near_it(errors: list[str], *, near: bool) -> None:
    live = series()
    bodies = taken(live, errors)
    assert live.verdict is not None
    assert (live.verdict.near_mpe, live.verdict.conformity) == (near, Conformity.WITHIN)
    assert again(bodies) == live


def test_being_near_the_mpe_alerts_once_and_ends_with_an_adjustment() -> None:
    live = series()
    alerts = [take(live, "0.034", week)[1] for week in range(12)]
    assert [one for one in alerts if one] == [Alert.NEAR_MPE]
    live.begin_anew("adjustment")
    assert not take(live, "0.034", 12)[0].verdict.near_mpe


def test_an_adjustment_takes_the_crossing_back() -> None:
    live = series()
    taken(live, DRIFT)
    live.begin_anew("adjustment")
    found, _ = take(live, "0.000", len(DRIFT))
    assert (found.dates, found.verdict.crossing_ahead) == (None, False)


def test_a_blank_series_shares_nothing_but_the_subject() -> None:
    live = series()
    blank = live.blank()
    taken(live, NOISE)
    assert blank == series()
    assert blank.blank().points is not blank.points


def test_a_record_of_an_older_version_is_taken() -> None:
    live = series()
    bodies = taken(live, NOISE[:4])
    newer = {"phase", "point", "charted", "lines", "uncertainty", "budget", "run", "operator"}
    old = [{key: one[key] for key in one if key not in newer} for one in bodies]
    for one in old:
        one["verdict"] = {key: one["verdict"][key] for key in ("conformity", "control", "why")}
    rebuilt = again(old)
    assert (rebuilt.chart, rebuilt.points, rebuilt.ratios) == (
        live.chart,
        live.points,
        live.ratios,
    )
    assert rebuilt.verdict == live.verdict


def test_the_verdict_has_both_answers_and_never_one_for_the_other() -> None:
    live = series(stage=Stage.IN_SERVICE)
    for week, error in enumerate([*NOISE, *["0.030"] * 6]):
        found, _ = take(live, error, week)
        assert found.verdict.conformity is Conformity.WITHIN
        assert found.verdict.decision is Decision.SIMPLE
    assert found.verdict.control is Control.OUT_OF_CONTROL


def test_what_is_still_wrong_after_an_adjustment_is_told_again() -> None:
    live = series()
    assert take(live, "0.100", 0)[1] is Alert.EXCEEDS
    assert take(live, "0.100", 1)[1] is None
    live.begin_anew("adjustment")
    assert take(live, "0.100", 2)[1] is Alert.EXCEEDS
    assert take(live, "0.100", 3)[1] is None
