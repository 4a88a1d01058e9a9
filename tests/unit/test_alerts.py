"""Which change of a verdict alerts: the worst of what changed, and never what stands."""

from dataclasses import replace
from itertools import product

import pytest

from tramdo.alerts import Alert, changed
from tramdo.check import Verdict
from tramdo.conformity import Conformity
from tramdo.drift import Control

OK = Verdict(conformity=Conformity.WITHIN, control=Control.IN_CONTROL, why="")
EITHER = (False, True)
EVERY = [
    Verdict(conformity=conformity, control=control, why="", crossing_ahead=ahead, near_mpe=near)
    for conformity, control, ahead, near in product(Conformity, Control, EITHER, EITHER)
]
GOOD = [Conformity.WITHIN, Conformity.PASS, Conformity.CONDITIONAL_PASS]


def test_what_stands_alerts_no_second_time() -> None:
    assert {changed(one, one) for one in EVERY} == {None}


@pytest.mark.parametrize(
    ("conformity", "alert"),
    [
        *((one, None) for one in GOOD),
        (Conformity.CONDITIONAL_FAIL, Alert.CONDITIONAL_FAIL),
        (Conformity.EXCEEDS, Alert.EXCEEDS),
        (Conformity.FAIL, Alert.EXCEEDS),
        (Conformity.UNDECIDED, Alert.UNDECIDED),
    ],
)
@pytest.mark.parametrize("before", [None, *(replace(OK, conformity=one) for one in GOOD)])
def test_a_worse_conformity_alerts_also_at_the_first_check(
    before: Verdict | None, conformity: Conformity, alert: Alert | None
) -> None:
    first = replace(OK, conformity=conformity, control=Control.LEARNING)
    assert changed(before, first) is alert


@pytest.mark.parametrize("before", [one for one in Conformity if one not in GOOD])
@pytest.mark.parametrize("now", GOOD)
def test_back_within_is_told(before: Conformity, now: Conformity) -> None:
    assert changed(replace(OK, conformity=before), replace(OK, conformity=now)) is (
        Alert.BACK_WITHIN
    )


def test_exceeds_and_fail_are_one_alert() -> None:
    exceeds, fail = (replace(OK, conformity=one) for one in (Conformity.EXCEEDS, Conformity.FAIL))
    assert changed(exceeds, fail) is None
    assert changed(replace(OK, conformity=Conformity.CONDITIONAL_FAIL), fail) is Alert.EXCEEDS


@pytest.mark.parametrize(
    ("before", "now", "alert"),
    [
        (Control.LEARNING, Control.IN_CONTROL, None),
        (Control.IN_CONTROL, Control.LEARNING, None),
        (Control.LEARNING, Control.WARNING, Alert.WARNING),
        (Control.IN_CONTROL, Control.OUT_OF_CONTROL, Alert.OUT_OF_CONTROL),
        (Control.WARNING, Control.OUT_OF_CONTROL, Alert.OUT_OF_CONTROL),
        (Control.OUT_OF_CONTROL, Control.WARNING, Alert.WARNING),
        (Control.OUT_OF_CONTROL, Control.IN_CONTROL, Alert.BACK_IN_CONTROL),
        (Control.WARNING, Control.IN_CONTROL, Alert.BACK_IN_CONTROL),
        (Control.OUT_OF_CONTROL, Control.LEARNING, None),  # the chart began anew
    ],
)
def test_a_change_of_control(before: Control, now: Control, alert: Alert | None) -> None:
    assert changed(replace(OK, control=before), replace(OK, control=now)) is alert


@pytest.mark.parametrize(
    ("ahead", "alert"),
    [
        (replace(OK, crossing_ahead=True), Alert.CROSSING_AHEAD),
        (replace(OK, near_mpe=True), Alert.NEAR_MPE),
    ],
)
def test_what_is_ahead_alerts_once_and_again_after_it_was_gone(
    ahead: Verdict, alert: Alert
) -> None:
    assert changed(OK, ahead) is alert
    assert changed(None, ahead) is alert
    assert changed(ahead, ahead) is None
    assert changed(ahead, OK) is None


def test_of_several_changes_the_worst_is_told() -> None:
    order = list(Alert)
    bad = [
        Verdict(
            conformity=Conformity.EXCEEDS,
            control=Control.OUT_OF_CONTROL,
            why="",
            crossing_ahead=True,
        ),
        replace(OK, control=Control.OUT_OF_CONTROL, near_mpe=True),
        replace(OK, conformity=Conformity.CONDITIONAL_FAIL, near_mpe=True),
        replace(OK, near_mpe=True, crossing_ahead=True),
        replace(OK, conformity=Conformity.UNDECIDED, crossing_ahead=True),
        replace(OK, conformity=Conformity.UNDECIDED, control=Control.WARNING),
        replace(OK, control=Control.WARNING),
    ]
    told = [changed(OK, one) for one in bad]
    assert told == order[:7]


def test_good_news_never_hides_bad_news() -> None:
    before = replace(OK, conformity=Conformity.EXCEEDS)
    assert changed(before, replace(OK, control=Control.OUT_OF_CONTROL)) is Alert.OUT_OF_CONTROL
