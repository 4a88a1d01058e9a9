"""Which change of a verdict somebody must hear of. No I/O."""

from enum import StrEnum

from tramdo.check import Verdict
from tramdo.conformity import Conformity
from tramdo.drift import Control


class Alert(StrEnum):
    """What a change of verdict is called, the worst first."""

    EXCEEDS = "exceeds"
    OUT_OF_CONTROL = "out_of_control"
    CONDITIONAL_FAIL = "conditional_fail"
    NEAR_MPE = "near_mpe"
    CROSSING_AHEAD = "crossing_ahead"
    UNDECIDED = "undecided"
    WARNING = "warning"
    BACK_WITHIN = "back_within"
    BACK_IN_CONTROL = "back_in_control"


def changed(previous: Verdict | None, now: Verdict) -> Alert | None:
    """Return the alert that a change of verdict deserves, the worst where several things changed.

    A first verdict alerts unless all is well. A chart that begins anew alerts nothing.
    """
    conformity = _CONFORMITY_ALERTS[previous.conformity] if previous else Alert.BACK_WITHIN
    control = previous.control if previous else Control.LEARNING
    found: set[Alert | None] = set()
    if _CONFORMITY_ALERTS[now.conformity] != conformity:
        found.add(_CONFORMITY_ALERTS[now.conformity])
    if now.control != control and not {now.control, control} <= _QUIET:
        found.add(_CONTROL_ALERTS.get(now.control))
    if now.crossing_ahead and not (previous and previous.crossing_ahead):
        found.add(Alert.CROSSING_AHEAD)
    if now.near_mpe and not (previous and previous.near_mpe):
        found.add(Alert.NEAR_MPE)
    return next((alert for alert in Alert if alert in found), None)


_CONFORMITY_ALERTS = {
    Conformity.WITHIN: Alert.BACK_WITHIN,
    Conformity.PASS: Alert.BACK_WITHIN,
    Conformity.CONDITIONAL_PASS: Alert.BACK_WITHIN,
    Conformity.CONDITIONAL_FAIL: Alert.CONDITIONAL_FAIL,
    Conformity.EXCEEDS: Alert.EXCEEDS,
    Conformity.FAIL: Alert.EXCEEDS,
    Conformity.UNDECIDED: Alert.UNDECIDED,
}
_CONTROL_ALERTS = {
    Control.IN_CONTROL: Alert.BACK_IN_CONTROL,
    Control.WARNING: Alert.WARNING,
    Control.OUT_OF_CONTROL: Alert.OUT_OF_CONTROL,
}
_QUIET = {Control.LEARNING, Control.IN_CONTROL}
