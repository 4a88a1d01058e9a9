"""Guided checks: who may say what, a run left alone or given up, going back, the local day."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from guided import (
    START,
    WEIGHED,
    Bench,
    guide,
    replayed,
    shows,
    silence,
    weighed,
    weighing,
    weight,
)

from tramdo.guiding import GIVEN_UP, PATIENCE, Guide, NotRunning, Outcome
from tramdo.procedures.run import Unanswered


def bench() -> Bench:
    return Bench(guide=guide(weighed()), shown=WEIGHED).begin()


def test_a_run_left_alone_is_closed_after_half_an_hour() -> None:
    one = bench()
    one.go(1)
    assert one.guide.left_alone(one.at + PATIENCE - timedelta(seconds=1)) == Outcome()
    (closed,) = one.guide.left_alone(one.at + PATIENCE).bodies
    assert (closed["how"], closed["why"], closed["findings"]) == (
        "interrupted",
        "nobody went on with it for 30 minutes",
        [],
    )
    assert (one.guide.run, one.guide.last, one.guide.series) == (None, closed, {})
    assert one.guide.left_alone(one.at + 2 * PATIENCE) == Outcome()


def test_readings_alone_are_nobody_who_goes_on() -> None:
    one = bench()
    one.at += PATIENCE
    one.feed(shows("7.00"))
    assert one.guide.left_alone(one.at).bodies


def test_who_repeats_the_first_group_has_not_left_it_alone() -> None:
    one = bench()
    one.at += timedelta(minutes=25)
    one.go(1)
    one.at += timedelta(minutes=10)
    one.note(one.guide.repeat())
    assert one.guide.left_alone(one.at) == Outcome()
    again, _ = replayed(weighed(), one.bodies)
    assert again.left_alone(one.at) == Outcome()


def test_a_run_taken_up_after_a_long_night_is_closed() -> None:
    one = bench()
    one.go(2)
    again, _ = replayed(weighed(), one.bodies)
    assert again.run is not None
    assert again.left_alone(START + timedelta(hours=9)).bodies[0]["how"] == "interrupted"


def test_a_second_begin_is_refused() -> None:
    one = bench()
    one.go(2)
    with pytest.raises(NotRunning, match=r"^guided is under way already, begun by Lan$"):
        one.guide.begin("run-2", "Minh", one.at)
    assert one.guide.run is not None
    assert (one.guide.run.id, len(one.guide.run.answers)) == ("run-1", 2)


@pytest.mark.parametrize(
    "word",
    [
        lambda one: one.enter("1", START),
        lambda one: one.skip(START),
        lambda one: one.repeat(),
        lambda one: one.close(GIVEN_UP, ""),
        lambda one: one.must_be_at("zero"),
    ],
)
def test_a_word_to_a_run_that_nobody_has_begun_is_refused(word: Callable[[Guide], object]) -> None:
    with pytest.raises(NotRunning, match=r"^guided is not under way; begin it first$"):
        word(guide(weighed()))


def test_readings_without_a_run_are_nothing() -> None:
    one = Bench(guide=guide(weighed()))
    one.feed(shows("0.00"))
    assert (one.bodies, one.guide.run, one.guide.end_replay()) == ([], None, Outcome())


def test_somebody_else_was_faster() -> None:
    one = bench()
    one.guide.must_be_at("zero")
    one.go(1)
    with pytest.raises(NotRunning, match=r"^zero is not under way, .* allowed: zero/added$"):
        one.guide.must_be_at("zero")


def test_a_refused_word_leaves_the_run_where_it_was() -> None:
    one = bench()
    one.go(1)
    before = one.guide.run
    with pytest.raises(Unanswered):
        one.guide.enter("abc", one.at)
    with pytest.raises(Unanswered):
        one.guide.skip(one.at)
    assert one.guide.run is before


def test_a_run_that_is_given_up_finds_nothing() -> None:
    one = bench()
    one.go(6)
    (closed,) = one.guide.close(GIVEN_UP, "rain").bodies
    assert (closed["how"], closed["why"], closed["findings"]) == ("given_up", "rain", [])
    again, told = replayed(weighed(), [*one.bodies, closed])
    assert (again.run, again.last, again.series, told) == (None, closed, {}, [])
    assert again.picture()["resumed"] is False


def test_repeat_counts_only_what_was_shown_the_second_time() -> None:
    one = bench()
    one.go(4)
    assert one.guide.run is not None
    one.note(one.guide.repeat())
    assert one.bodies[-1]["phase"] == "repeat"
    assert one.bodies[-1]["kept"] == 2
    one.shown = {**WEIGHED, "load-1": "5.00", "load-1/added": "10"}
    one.go()
    # Without the zero error of -1 g: 5.00 + 0.010 - 0.010 - 5, instead of +25.5 g at first.
    assert Decimal(one.results()["load-1"]["error"]) == Decimal("0.001")
    again, _ = replayed(weighed(), one.bodies)
    assert again.series == one.guide.series


def test_one_replay_gives_the_very_charts_of_the_run() -> None:
    one = bench()
    one.go()
    again, told = replayed(weighed(), one.bodies)
    assert (again.series, again.last, again.run, told) == (
        one.guide.series,
        one.guide.last,
        None,
        [],
    )
    assert again.picture() == one.guide.picture()


def test_runs_follow_each_other_on_one_chart() -> None:
    one = Bench(guide=guide(weighed()), shown=WEIGHED)
    for turn in range(3):
        one.begin(f"run-{turn}").go()
    counts = {key: series.chart.count for key, series in one.guide.series.items()}
    assert set(counts.values()) == {0, 3}
    assert [key for key, count in counts.items() if not count] == ["guided/repeatability"]
    again, _ = replayed(weighed(), one.bodies)
    assert again.series == one.guide.series
    again.begin_anew("adjustment")
    assert {series.chart.count for series in again.series.values()} == {0}


def test_an_alert_is_told_once_but_a_spread_beyond_its_limit_every_time() -> None:
    shown = {"repeat-1": "20.00", "repeat-2": "20.40", "load-2": "20.20"}
    one = Bench(guide=guide(weighed(change_over=False)), shown=shown)
    one.begin().go()
    assert one.results()["repeatability"]["verdict"]["conformity"] == "exceeds"
    # U is large, as the weighings spread, so that the load at 20.20 kg fails conditionally.
    assert one.alerts == ["conditional_fail", "exceeds"]
    one.begin("run-2").go()
    assert one.alerts == ["conditional_fail", "exceeds", "exceeds"]


def test_silence_during_a_run_breaks_nothing() -> None:
    one = bench()
    one.feed(shows("0.00"))
    one.note(one.guide.feed(silence(one.later())))
    one.feed(shows("0.00"))
    assert [body["phase"] for body in one.bodies] == ["begun"]
    one.feed(shows("0.00"))
    assert [body["phase"] for body in one.bodies] == ["begun", "step"]


@pytest.fixture
def vietnam() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Ho_Chi_Minh"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("at", "expired"),
    [
        (datetime(2026, 11, 22, 16, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 17, 1, tzinfo=UTC), True),  # 0:01 of the 23rd in Vietnam
    ],
)
@pytest.mark.usefixtures("vietnam")
def test_a_certificate_ends_with_the_local_day(*, at: datetime, expired: bool) -> None:
    load = weight("20", valid_until=date(2026, 11, 22))
    one = Bench(guide=guide(weighing(load, tests=("loads",))), at=at).begin()
    one.go()
    why = one.results()["load-1"]["verdict"]["why"]
    assert ("was valid until 2026-11-22, 1 day before 2026-11-23" in why) is expired


def test_the_picture_is_json_and_says_where_it_stands() -> None:
    one = bench()
    one.go(3)
    shown = json.loads(json.dumps(one.guide.picture()))
    assert (shown["running"]["done"], shown["running"]["step"]["key"]) == (3, "load-1/added")
    assert (shown["last"], shown["resumed"]) == (None, False)
    one.go()
    shown = json.loads(json.dumps(one.guide.picture()))
    assert (shown["running"], shown["last"]["how"]) == (None, "finished")
