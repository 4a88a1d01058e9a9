"""A history is what the journal says: charts replayed as they were kept, dates, runs, tables."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from histories import (
    INSTRUMENT,
    START,
    WEEK,
    D,
    Story,
    drifting,
    event,
    messages,
    printed,
    result,
    told,
    whole,
)
from weighings import EXACT, SCALE, WEIGHT

from tramdo.check import Finding, Made, Subject
from tramdo.drift import ChartSettings, Control, ControlChart, sigma_floor
from tramdo.drift.forecast import forecast
from tramdo.errors import JournalError
from tramdo.events import iso
from tramdo.history.records import KINDS
from tramdo.history.sentences import next_check
from tramdo.history.series import History, ScaleInterval, history
from tramdo.journal.readonly import events_of
from tramdo.limits import Stage, load
from tramdo.reading import Indication, Unit
from tramdo.reference import convert
from tramdo.series import TREND_ERRORS, Series


@pytest.fixture(scope="module")
def found() -> History:
    return told(whole())


# ---------------------------------------------------------------- charts


def test_a_recorded_journal_gives_its_charts_again_bit_for_bit(tmp_path: Path) -> None:
    path = whole().store(tmp_path / "j.db")
    rows = events_of(path, KINDS, INSTRUMENT)
    (series,) = history((json.loads(row.message) for row in rows), INSTRUMENT).series
    assert series.disagreeing == 0
    assert [one.step.figures for one in series.marks if one.step] == [
        one.figures for one in series.entries if one.counted
    ]


def test_the_replay_sees_when_recorded_figures_are_of_another_chart() -> None:
    story = Story()
    story.chart = ControlChart(floor=sigma_floor(D * 5))
    story.checks(["0.001"] * 9)
    assert told(story).series[0].disagreeing == 9
    right = ScaleInterval(D * 5, Unit.KG)
    assert told(story, d=right).series[0].disagreeing == 0


def test_the_chart_is_that_of_the_check_in_the_station_file() -> None:
    settings = ChartSettings(decides="cusum")
    story = Story()
    story.chart = ControlChart(floor=sigma_floor(D), settings=settings)
    story.checks(drifting(20, 0.001))
    assert told(story).series[0].disagreeing > 0
    assert told(story, settings={"scale-01-span": settings}).series[0].disagreeing == 0


def test_d_is_inferred_from_the_digits_and_said_to_be(found: History) -> None:
    (series,) = found.series
    assert (series.d, series.d_known) == (D, False)
    (known,) = told(whole(), d=ScaleInterval(Decimal(2), Unit.G)).series
    assert (known.d, known.d_known) == (Decimal("0.002"), True)
    assert any("inferred" in line for line in printed(found, language="en"))


def test_an_adjustment_begins_a_new_segment_and_so_does_another_standard() -> None:
    story = Story()
    story.checks(["0.001", "0.002"])
    story.adjust()
    story.checks(["0.000"])
    other = {"reference": result("0", START, story.chart)["reference"] | {"id": "w20-b"}}
    story.check("0.001", **other)
    (series,) = told(story).series
    assert [len(one.marks) for one in series.segments] == [2, 1, 1]
    assert [bool(one.adjustment) for one in series.segments] == [False, True, False]
    assert [one.step.figures.count for one in series.marks if one.step] == [1, 2, 1, 1]


def test_another_unit_is_another_series_and_foretells_nothing_of_the_first() -> None:
    story = Story()
    story.checks(drifting(12, 0.0012))
    assert told(story).series[0].forecast is not None
    grams = result("0.001", story.at, story.chart) | {"error": "1", "unit": "g", "mpe": "20"}
    story.events.append(event("check", story.at, grams))
    kilograms, in_grams = told(story).series
    assert (kilograms.unit, in_grams.unit) == (Unit.KG, Unit.G)
    assert (kilograms.forecast, in_grams.forecast) == (None, None)
    assert in_grams.d == 1


def test_an_adjustment_with_nothing_after_it_ends_the_dates() -> None:
    story = Story()
    story.checks(drifting(12, 0.0012))
    story.adjust()
    (series,) = told(story).series
    assert (len(series.segments), series.segments[-1].marks, series.forecast) == (2, (), None)
    assert any("adjusted" in line for line in printed(told(story), language="en"))


def test_results_of_runs_that_were_not_finished_are_shown_and_never_counted() -> None:
    for how, counts in (("finished", 1), ("interrupted", 0), ("given_up", 0), (None, 0)):
        story = Story()
        story.phase("begun", "r1", operator="Lan", at=iso(story.at))
        story.check("0.019", run="r1")
        if how:
            story.phase("closed", "r1", how=how, why="", findings=[])
        (series,) = told(story).series
        assert len(series.entries) == 1
        assert sum(one.step is not None for one in series.marks) == counts, how


def test_a_result_whose_run_is_no_longer_in_the_journal_counts() -> None:
    story = Story()
    story.check("0.001", run="older-than-the-journal")
    assert told(story).series[0].marks[0].step is not None


def test_what_is_not_charted_leaves_the_chart_alone() -> None:
    story = Story()
    story.check("0.001")
    story.check("0.019", charted=False, counts=False)
    story.check("0.002")
    (series,) = told(story).series
    assert series.disagreeing == 0
    assert [one.step is None for one in series.marks] == [False, True, False]


def test_steps_that_were_made_again_are_counted_once() -> None:
    story = Story()
    story.phase("begun", "r1", operator="Lan", at=iso(story.at))
    for _ in range(3):
        story.phase("step", "r1", answer={})
    story.phase("repeat", "r1", kept=1)
    story.phase("step", "r1", answer={})
    (run,) = told(story).runs
    assert (run.steps, run.how, run.operator) == (2, "open", "Lan")


def test_an_old_body_gets_the_defaults_of_what_it_lacks() -> None:
    story = Story()
    story.check("0.001", old=True)
    ((entry,),) = (one.entries for one in told(story).series)
    assert (entry.point, entry.run, entry.lines, entry.uncertainty) == (entry.check, None, {}, None)
    assert (entry.decision, entry.charted, entry.counted) == ("simple", True, True)


def test_a_body_that_cannot_be_read_is_named_by_its_number() -> None:
    broken = messages(whole().events)
    del broken[1]["body"]["error"]
    with pytest.raises(JournalError, match=r"event 2: the body of this check .* lacks 'error'"):
        history(broken, INSTRUMENT)
    broken = messages(whole().events)
    broken[0]["body"]["unit"] = "stone"
    with pytest.raises(JournalError, match=r"event 1: .*stone"):
        history(broken, INSTRUMENT)


def test_other_instruments_are_left_out() -> None:
    story = whole()
    story.events.append(event("check", story.at, {"anything": 1}, "pump-02"))
    assert told(story).series == told(whole()).series


# ---------------------------------------------------------------- dates


def test_the_dates_are_those_of_the_last_segment_alone(found: History) -> None:
    (series,) = found.series
    points = [
        (one.at, float(one.error))
        for one in series.entries
        if one.counted and one.at > found.adjustments[0].at
    ]
    assert series.forecast == forecast(points, mpe=0.02, floor=sigma_floor(D))
    assert series.forecast is not None


def test_the_dates_look_as_far_back_as_the_daemon_does() -> None:
    story = Story()
    story.checks(drifting(TREND_ERRORS + 20, 0.0001))
    (series,) = told(story).series
    assert series.forecast is not None
    assert series.forecast.since == START + 20 * WEEK


def test_the_sentence_says_the_dates_or_why_there_are_none(found: History) -> None:
    expected = found.series[0].forecast
    assert expected is not None
    assert expected.act_by is not None
    text = " ".join(printed(found, language="en"))
    assert f"Act by {expected.act_by:%Y-%m-%d}" in text
    few = Story()
    few.checks(["0.001"] * 3)
    assert "Only 3 checks in this series; dates need 8." in printed(told(few), language="en")
    flat = Story()
    flat.checks(drifting(20, 0.0))
    assert any("No significant trend" in line for line in printed(told(flat), language="en"))


def test_the_past_of_the_forecasts_is_told_where_the_mpe_was_crossed() -> None:
    story = Story()
    story.checks(drifting(30, 0.0009))
    (line,) = [one for one in printed(told(story), 200, language="en") if "own past" in one]
    assert "MPE reached on 2026-06-" in line


def test_the_next_check_comes_sooner_when_the_chart_is_out_of_control() -> None:
    calm, drift = Story(), Story()
    calm.checks(drifting(12, 0.0))
    drift.checks(drifting(20, 0.0006))
    days = []
    for story in (calm, drift):
        (series,) = told(story).series
        wait = next_check(series.segments[-1].marks, series.forecast)
        assert wait is not None
        assert wait.current == 7
        days.append(wait.days)
    assert days == [7 * 1.25, 3.5]
    assert drift.chart.control is Control.OUT_OF_CONTROL


def test_no_proposal_is_longer_than_the_legal_period() -> None:
    story = Story()
    for error in ("0.001", "0.000"):
        story.check(error)
        story.at += timedelta(days=400)
    (series,) = told(story).series
    wait = next_check(series.segments[-1].marks, series.forecast)
    assert wait is not None
    assert (wait.days, wait.why) == (365.0, "legal_period")


def test_any_order_of_checks_and_adjustments_is_charted_as_the_daemon_did() -> None:
    chance = random.Random(7)
    for _ in range(20):
        story = Story()
        for _ in range(chance.randrange(1, 40)):
            if chance.random() < 0.1:
                story.adjust()
            story.check(f"{chance.gauss(0, 0.003):.3f}", old=chance.random() < 0.2)
        assert all(one.disagreeing == 0 for one in told(story).series)


def test_a_changed_recorded_figure_is_noticed(found: History) -> None:
    mark = found.series[0].marks[20]
    assert mark.agrees
    moved = replace(mark.entry.figures, z=mark.entry.figures.z + 1e-9)
    assert not replace(mark, entry=replace(mark.entry, figures=moved)).agrees


def test_what_the_daemon_itself_records_gives_its_own_figures_and_dates() -> None:
    rules = load("oiml-r76-2006")
    subject = Subject(
        instrument=INSTRUMENT, rules=rules, characteristics=SCALE, stage=Stage.IN_SERVICE
    )
    kept = Series(subject=subject, chart=ControlChart(floor=sigma_floor(Decimal("0.02"))))
    events = []
    for n in range(48):
        at = START + n * WEEK
        if n == 12:
            kept.begin_anew("adjustment")
            events.append(event("adjustment", at, {"instrument": INSTRUMENT, "by": "Lan"}))
        shown = Decimal("20.00") + Decimal("0.02") * max(0, (n - 12) // 9)
        found = Finding(
            check="morning",
            point="morning/20 kg",
            reference=WEIGHT,
            indication=Indication(value=shown, unit=Unit.KG, stable=True),
            error=shown - convert(WEIGHT.value, WEIGHT.unit, Unit.KG),
            budget=EXACT,
        )
        record, _ = kept.take(found, Made(at=at, on=at.date()))
        events.append(event("check", at, record.body()))
    d = ScaleInterval(Decimal("0.02"), Unit.KG)
    (series,) = history(messages(events), INSTRUMENT, d).series
    assert [len(one.charted) for one in series.segments] == [12, 36]
    assert series.disagreeing == 0
    assert series.forecast is not None
    assert record.dates is not None
    for name in ("act_by", "expected", "latest"):
        assert iso(getattr(series.forecast, name)) == record.dates[name]
