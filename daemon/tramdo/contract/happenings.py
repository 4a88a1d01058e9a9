"""The bodies of the other kinds of event: states, adjustments, the station and its record. No I/O.

Words that may come to be used in version 1 are open to consumers; the shapes are not.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, RootModel

from tramdo.contract.checks import Text
from tramdo.contract.indications import State
from tramdo.contract.shape import (
    ABSENT,
    Count,
    Digest,
    Epoch,
    Instant,
    Name,
    Number,
    Seq,
    Shape,
    growing,
)

ShedWord = Literal["size", "age", "disk_full"]


class Availability(Shape):
    """An instrument is in another named state."""

    state: State
    before: State
    since: Instant
    cause: str
    unsaid_changes: Count
    """How many changes were counted and not sent since the last event."""


class Adjustment(Shape):
    """An instrument was adjusted; its charts begin anew."""

    instrument: Name
    at: Instant
    by: Text
    why: str
    seal_before: str
    seal_after: str
    before: dict[str, Number]
    """The error last found at each reference point."""


class Clock(Shape):
    """The station's clock was set."""

    step_s: float


class Config(Shape):
    """The daemon has started with this station file."""

    hash: Digest
    """Of the station file's bytes."""
    version: Text
    simulated: bool = ABSENT
    """true: the journal was written by a simulation."""


class Refused(Shape):
    """A message to the station was no command."""

    security: Literal["command refused"]
    why: Text
    message: str
    """Its first 100 bytes."""
    unsaid: Count


class Missing(Shape):
    """The central asked for events that the station can neither send nor explain."""

    security: Literal["missing"]
    epoch: Epoch
    from_: Seq = Field(alias="from")
    to: Seq
    unsaid: Seq = ABSENT
    """How many more were counted and not sent."""


class KeyMade(Shape):
    """The station has made the key that signs its record: compare the fingerprint and enrol it."""

    security: Annotated[
        Literal["key made"], growing(["key made"], but=["command refused", "missing"])
    ]
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{4}( [0-9a-f]{4}){3}$")] = ABSENT


class Transaction(RootModel[dict[str, Any]]):
    """Reserved: a sale. Its body is not fixed yet."""


class Range(Shape):
    """Recorded events `from` to `to`, all of them, are no longer at the station."""

    from_: Seq = Field(alias="from")
    to: Seq
    before: Digest
    """The chain value of the event before `from`."""
    after: Digest
    """The chain value of `to`: what comes next goes on from it."""


class Shed(Shape):
    """The journal was given up in part: this proves which events, and bridges the chain."""

    shed: list[Range] = Field(min_length=1)
    kinds: dict[str, Seq]
    """How many of each kind."""
    why: Annotated[ShedWord, growing(get_args(ShedWord))]
    oldest: Instant
    newest: Instant


class GivenUp(Shape):
    """Events that were never recorded, and so never had a number."""

    given_up: dict[str, Seq]
    since: Instant
    why: Text = ABSENT


class Ended(Shape):
    """The newest event that stood in the record."""

    last: Seq
    last_time: Instant


class UncleanEnd(Shape):
    """The daemon was killed: what was polled after that and not recorded is unknown."""

    unclean_end: Ended


class Damaged(Shape):
    """A file could not be read as a journal; a new one, and so a new epoch, has begun."""

    damaged_file_kept_as: Text


class Before(Shape):
    """How far the epoch before is acknowledged."""

    epoch: Epoch
    upto: Count


class Beginning(Shape):
    """Why a new epoch begins in the same file, and after what."""

    why: Annotated[Literal["restored"], growing(["restored"])]
    before: Before


class Began(Shape):
    """The first event of a new epoch; `seq` and chain go on."""

    began: Beginning


Security = Annotated[Refused | Missing | KeyMade, Field(discriminator="security")]
Gap = Shed | GivenUp | UncleanEnd | Damaged | Began
"""The body of a `gap` event: which of its keys is there says what happened."""
