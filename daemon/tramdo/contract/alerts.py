"""The `alert` event: what somebody must hear of. No I/O."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from tramdo.conformity import Conformity, Decision
from tramdo.contract.checks import Dates, Text
from tramdo.contract.indications import UnitWord
from tramdo.contract.shape import ABSENT, Count, Epoch, Instant, Name, Number, Shape, growing
from tramdo.drift import Control

VerdictWord = Literal[
    "exceeds",
    "out_of_control",
    "conditional_fail",
    "near_mpe",
    "crossing_ahead",
    "undecided",
    "warning",
    "back_within",
    "back_in_control",
]
SignalWord = Literal["signal"]
PassiveWord = Literal[
    "amount_wrong",
    "counter_changed",
    "frozen",
    "left_load",
    "noise_gone",
    "total_ahead",
    "total_behind",
    "total_creeps",
    "total_fell",
    "total_without_sale",
    "volume_stuck",
    "zero_off",
    "zero_trend",
]
StationWord = Literal[
    "fault",
    "disk_full",
    "disk_space_back",
    "journal_damaged",
    "recording_again",
    "restored_copy",
]
ELSEWHERE = (*get_args(VerdictWord), *get_args(SignalWord))


class VerdictAlert(Shape):
    """The verdict of a check has changed; the worst change names the alert."""

    alert: VerdictWord
    check: Name
    point: Text
    run: str | None
    chart: Text
    """A sentence on the control chart and the trend."""
    why: Text
    """A sentence on the conformity."""
    error: Number
    mpe: Number | None
    unit: UnitWord
    uncertainty: Number | None
    rules: Text
    dates: Dates | None
    conformity: Conformity
    decision: Decision
    control: Control


class SignalAlert(Shape):
    """Something seen in ordinary traffic begins or ends; never a verdict on an error."""

    alert: SignalWord
    signal: Annotated[PassiveWord, growing(get_args(PassiveWord))]
    state: Literal["begins", "ends"]
    fault: bool
    """false: the signal only names a state."""
    why: Text
    at: Instant
    figures: dict[str, str]
    unsaid: Count
    """How many signals of this instrument were counted and not sent since the last one."""


class StationAlert(Shape):
    """Something is wrong with the station itself, or right again."""

    alert: Annotated[StationWord, growing(get_args(StationWord), but=ELSEWHERE)]
    why: Text = ABSENT
    what: Text = ABSENT
    """In which part of the station."""
    ballast: Text = ABSENT
    kept_as: Text = ABSENT
    """The name under which a damaged file is kept."""
    epoch: Epoch = ABSENT
    """The epoch that was left."""
    goes_on_as: Epoch = ABSENT
    """The epoch in which the record goes on."""


Alert = Annotated[VerdictAlert | SignalAlert | StationAlert, Field(discriminator="alert")]
"""The body of an `alert` event, by its `alert`."""
