"""Checks on the readings as they pass: armed, due, alerted, and rebuilt from the record."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tramdo.alerts import Alert
from tramdo.capture import Plateau
from tramdo.check import CheckRecord, Subject
from tramdo.checking import Checker, Plan
from tramdo.conformity import Conformity
from tramdo.drift import ChartSettings, Control, ControlChart
from tramdo.errors import NoReply
from tramdo.limits import Characteristics, Stage, load
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.reference import ReferenceValue
from tramdo.series import SHOWN_ERRORS, Series
from tramdo.uncertainty.budget import Budget, Component

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WEIGHT = ReferenceValue(
    id="w20",
    quantity=Quantity.WEIGHT,
    value=Decimal(20),
    unit=Unit.KG,
    expanded_uncertainty=Decimal("0.001"),
    kind="weight",
    valid_until=date(2027, 12, 31),
)
Done = tuple[CheckRecord, Alert | None]


EXACT = Budget(
    title="check_weighing",
    unit="kg",
    components=(Component.normal("reference_weights", 0.001, "kg", 2),),
)


def checker(every: float | None = None, accuracy_class: str = "III") -> Checker:
    subject = Subject(
        instrument="scale-1",
        rules=load("oiml-r76-2006"),
        characteristics=Characteristics(
            accuracy_class=accuracy_class, unit=Unit.KG, e=Decimal("0.02"), d=Decimal("0.02")
        ),
        stage=Stage.IN_SERVICE,
    )
    return Checker(
        plan=Plan(
            id="span", subject=subject, reference=WEIGHT, budget=lambda _: EXACT, every=every
        ),
        capture=Plateau(reference=WEIGHT, window=Decimal("0.5"), count=2),
        series=Series(subject=subject, chart=ControlChart(floor=0.006)),
    )


def reading(digits: str | None, at: float) -> Reading:
    shown = () if digits is None else (_weight(digits),)
    return Reading(
        instrument="scale-1",
        sequence=1,
        at=START + timedelta(seconds=at),
        monotonic=at,
        indications=shown,
        error=NoReply("silent") if digits is None else None,
        raw=(f"S S {digits} kg".encode(),),
    )


def _weight(digits: str) -> Indication:
    return Indication(value=Decimal(digits), unit=Unit.KG, stable=True)


def weigh(one: Checker, digits: str, at: float = 0.0) -> list[Done]:
    """Put the weight on for three readings and take it off; return what was completed."""
    shown = [digits, digits, digits, "0.00", "0.00"]
    fed = [one.feed(reading(each, at + turn)) for turn, each in enumerate(shown)]
    return [done for done in fed if done is not None]


def weigh_all(one: Checker, digits: Sequence[str]) -> list[Done]:
    return [done for turn, each in enumerate(digits) for done in weigh(one, each, turn * 10)]


def test_one_loading_is_one_check_with_its_evidence() -> None:
    ((record, alert),) = weigh(checker(), "20.02")
    assert (record.check, record.instrument, record.reference) == ("span", "scale-1", WEIGHT)
    assert (record.error, record.mpe, record.unit) == (Decimal("0.02"), Decimal("0.04"), Unit.KG)
    assert record.at == START + timedelta(seconds=1)
    assert record.evidence == (b"S S 20.02 kg".hex(" "),) * 2
    assert alert is None


def test_a_check_without_a_period_is_armed_all_the_time() -> None:
    assert len(weigh_all(checker(), ["20.00"] * 5)) == 5


def test_customers_and_silence_complete_nothing() -> None:
    one = checker()
    shown = ["3.40", "20.60", None, "20.00", None, "20.00", "12.00"]
    assert [one.feed(reading(each, at)) for at, each in enumerate(shown)] == [None] * 7
    assert one.series.verdict is None
    assert one.series.chart.count == 0


def test_a_check_with_a_period_is_taken_again_only_when_due() -> None:
    one = checker(every=100.0)
    assert [len(weigh(one, "20.00", at)) for at in (0, 50, 80, 102, 190, 210)] == [1, 0, 0, 1, 0, 1]
    assert one.series.chart.count == 3


def test_a_load_that_is_on_when_the_check_falls_due_is_taken_then() -> None:
    one = checker(every=100.0)
    assert [len(weigh(one, "20.00", at)) for at in (0, 99)] == [1, 1]


def test_what_comes_before_it_is_due_leaves_chart_and_verdict_alone() -> None:
    one = checker(every=100.0)
    weigh(one, "20.00")
    chart, verdict = one.series.chart, one.series.verdict
    weigh(one, "20.30", 50)
    assert (one.series.chart, one.series.verdict) == (chart, verdict)


def test_an_alert_comes_with_a_change_of_verdict_only() -> None:
    done = weigh_all(checker(), ["20.00", "20.06", "20.06", "20.00", "20.00"])
    alerts = [alert for _, alert in done]
    assert alerts[:3] == [None, Alert.EXCEEDS, None]
    conformities = [record.verdict.conformity for record, _ in done]
    assert conformities == [
        Conformity.WITHIN,
        Conformity.EXCEEDS,
        Conformity.EXCEEDS,
        Conformity.WITHIN,
        Conformity.WITHIN,
    ]


def test_drift_within_the_mpe_alerts_before_the_mpe_is_exceeded() -> None:
    done = weigh_all(checker(), ["20.00"] * 8 + ["20.02"] * 9)
    assert {record.verdict.conformity for record, _ in done} == {Conformity.WITHIN}
    alerts = [alert for _, alert in done if alert is not None]
    assert alerts == [Alert.WARNING, Alert.CROSSING_AHEAD, Alert.OUT_OF_CONTROL]
    assert done[-1][0].verdict.control is Control.OUT_OF_CONTROL


def test_the_latest_errors_are_kept_as_shares_of_the_mpe() -> None:
    one = checker()
    weigh_all(one, ["20.02", "19.98", "20.04"])
    assert list(one.series.ratios) == [0.5, -0.5, 1.0]
    weigh_all(one, ["20.00"] * SHOWN_ERRORS)
    assert list(one.series.ratios) == [0.0] * SHOWN_ERRORS


def test_without_an_mpe_the_error_has_no_share() -> None:
    one = checker(accuracy_class="V")
    ((record, alert),) = weigh(one, "20.02")
    assert (record.mpe, alert) == (None, Alert.UNDECIDED)
    assert list(one.series.ratios) == [0.0]


RUN = ["20.00", "20.02", "19.98", "20.02", "20.04", "20.04", "20.06", "20.04", "20.06"]


def restarted(bodies: list[dict[str, Any]], **more: Any) -> Checker:
    one = checker(**more)
    for body in json.loads(json.dumps(bodies)):
        one.replay(body)
    return one


@pytest.mark.parametrize("more", [{}, {"accuracy_class": "V"}], ids=["with mpe", "without mpe"])
@pytest.mark.parametrize("count", range(len(RUN) + 1))
def test_the_record_rebuilds_chart_verdict_and_history(count: int, more: dict[str, Any]) -> None:
    live = checker(**more)
    bodies = [record.body() for record, _ in weigh_all(live, RUN[:count])]
    again = restarted(bodies, **more)
    assert len(bodies) == count
    assert (again.series.chart, again.series.verdict, again.series.ratios) == (
        live.series.chart,
        live.series.verdict,
        live.series.ratios,
    )


def test_after_a_restart_the_next_check_says_what_it_would_have_said() -> None:
    live = checker()
    bodies = [record.body() for record, _ in weigh_all(live, RUN)]
    again = restarted(bodies)
    assert weigh(again, "20.00", 1000) == weigh(live, "20.00", 1000)


def test_a_verdict_that_stands_alerts_no_second_time_after_a_restart() -> None:
    live = checker()
    ((record, alert),) = weigh(live, "20.10")
    assert alert is Alert.EXCEEDS
    ((_, again),) = weigh(restarted([record.body()]), "20.10")
    assert again is None


def bodies_of(digits: Sequence[str]) -> list[dict[str, Any]]:
    return [record.body() for record, _ in weigh_all(checker(), digits)]


def test_a_check_against_another_standard_begins_a_new_chart() -> None:
    before, after = bodies_of(["20.04"] * 3), bodies_of(["20.00", "20.02"])
    other = [{**one, "reference": {**one["reference"], "id": "w20-old"}} for one in before]
    again = restarted([*other, *after])
    assert again.series.chart.recent == (0.0, 0.02)
    assert list(again.series.ratios) == [0.0, 0.5]


def test_a_record_of_another_series_only_is_left_behind() -> None:
    again = restarted([{**one, "rules": "another-rule-set"} for one in bodies_of(["20.10"] * 2)])
    assert again.series.chart.count == 2
    again.begin()
    assert (again.series.chart.count, again.series.verdict) == (0, None)
    assert not again.series.ratios


def test_a_record_of_our_own_series_is_kept_at_the_beginning() -> None:
    again = restarted(bodies_of(["20.02"] * 2))
    again.begin()
    assert again.series.chart.count == len(again.series.ratios) == 2
    assert again.series.verdict is not None


def test_the_record_rebuilds_a_chart_with_settings_of_its_own() -> None:
    again = checker()
    again.series.chart = replace(again.series.chart, settings=ChartSettings(learn=3))
    again.replay(bodies_of(["20.00"])[0])
    assert again.series.chart.settings.learn == 3
