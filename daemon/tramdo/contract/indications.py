"""What an instrument showed, and the `reading` event. No I/O."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from tramdo.contract.shape import ABSENT, Digits, Instant, Name, Number, Seq, Shape, growing
from tramdo.reading import Quantity, Unit

QuantityWord = Annotated[Quantity, growing(Quantity)]
UnitWord = Annotated[Unit, growing(Unit)]
Basis = Literal["gross", "net"]
StateWord = Literal[
    "starting",
    "ok",
    "stale",
    "no_reply",
    "bad_frame",
    "refused",
    "overload",
    "underload",
    "motion",
    "not_zeroed",
    "fault",
    "wrong_unit",
    "port_lost",
    "driver_fault",
    "error",
]
State = Annotated[StateWord, growing(get_args(StateWord))]


class Indication(Shape):
    """A quantity value as the instrument showed it."""

    quantity: QuantityWord
    value: Digits
    """The digits shown: their number is the resolution."""
    unit: UnitWord | None
    """null: the protocol names none and the station file gives none."""
    stable: bool = ABSENT
    """Whether it was at rest; left out where the protocol does not say."""
    basis: Basis = ABSENT
    """Left out where the protocol does not say."""
    flags: list[str] = Field(default=ABSENT, min_length=1)
    """Such as "zero", or "unit_assumed" where the unit is the station file's."""


class JudgedIndication(Shape):
    """An indication in a check's result: nothing is left out, null is what is not known."""

    quantity: QuantityWord
    value: Number
    unit: UnitWord | None
    stable: bool | None
    basis: Basis | None
    flags: list[str]


class Failure(Shape):
    """Why there is no value."""

    state: State
    text: str


class Shown(Shape):
    """One reading: what the instrument showed."""

    instrument: Name
    n: Seq
    """Counts this instrument's readings since the daemon started; not each is recorded."""
    at: Instant
    """When the last byte came."""
    values: list[Indication]


class NotShown(Shape):
    """One reading: the failure in the place of values."""

    instrument: Name
    n: Seq
    at: Instant
    error: Failure


class Readings(Shape):
    """Readings of the whole station that share one event."""

    readings: list[Shown | NotShown] = Field(min_length=1)
