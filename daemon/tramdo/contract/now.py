"""What is true now, retained: the picture of each instrument, the station's status, the head.

No I/O.
"""

from typing import Annotated, Literal

from pydantic import Field

from tramdo.conformity import Conformity, Decision
from tramdo.contract.checks import Answer, Dates, Text
from tramdo.contract.events import Quality
from tramdo.contract.indications import Indication, State, UnitWord
from tramdo.contract.shape import (
    ABSENT,
    Boot,
    Count,
    Digest,
    Digits,
    Epoch,
    Instant,
    Name,
    Number,
    Seq,
    Shape,
    Signature,
    growing,
)
from tramdo.drift import Control
from tramdo.driver import Kind, Proof
from tramdo.procedures.steps import Want

KindWord = Annotated[Kind, growing(Kind)]
ProofWord = Annotated[Proof, growing(Proof)]


class LastCheck(Shape):
    """The newest result at one reference point."""

    at: Instant
    error: Number
    mpe: Number | None
    unit: UnitWord
    rules: Text
    z: float
    limit: float | None
    count: Count
    uncertainty: Number | None
    dates: Dates | None
    operator: str | None
    conformity: Conformity
    control: Control
    why: Text
    decision: Decision
    crossing_ahead: bool
    near_mpe: bool
    reference: Text
    history: list[float]
    """The latest errors as shares of the MPE, the newest last."""
    before_adjustment: Literal[True] = ABSENT
    """There when the instrument was adjusted since: the verdict is about another state."""


class StepNow(Shape):
    """The step of a guided run that waits for its answer."""

    key: Text
    want: Annotated[Want, growing(Want)]
    says: Text
    """Names the sentence that asks for it."""
    facts: dict[str, str]
    unit: UnitWord | None
    allowed: str | None
    optional: bool
    offered: bool
    d: Digits | None


class RunNow(Shape):
    """A guided run under way."""

    run: Text
    check: Name
    instrument: Name
    operator: Text
    done: Count
    of: Count
    step: StepNow | None
    answers: list[Answer]


class Zero(Shape):
    """Where a scale's zero stood each time a load had gone."""

    mean: Number
    limit: Digits
    unit: UnitWord
    last: list[Digits]
    days: list[float]
    """The daily means."""
    control: Control


class Left(Shape):
    """A load that stays on a scale."""

    value: Digits
    unit: UnitWord
    since: Instant


class TotalAtRest(Shape):
    """The total last at rest, and what nobody saw sold."""

    total: Digits
    unseen: Digits
    unit: UnitWord
    at: Instant = ABSENT


class Counter(Shape):
    """A mark that shows an intervention: as registered and as shown last."""

    registered: str
    shown: str | None


class Signals(Shape):
    """What ordinary traffic shows between checks."""

    signals: list[str] = Field(default=ABSENT, min_length=1)
    """The names of those that stand."""
    zero: Zero = ABSENT
    left_load: Left = ABSENT
    totals: TotalAtRest = ABSENT
    counters: dict[str, Counter] = ABSENT


class Picture(Shape):
    """One instrument as it is now: never a value without its age, never an old one as new."""

    instrument: Name
    label: str
    kind: KindWord
    driver: Text
    proof: ProofWord
    """How the driver is known to be right."""
    state: State
    since: Instant
    cause: Text = ABSENT
    at: Instant = ABSENT
    """When the values were shown."""
    values: list[Indication] = ABSENT
    """There only in the state "ok"."""
    last_values: list[Indication] = ABSENT
    """In every other state: what was shown before."""
    checks: dict[str, LastCheck]
    """By reference point."""
    guided: list[RunNow] = Field(default=ABSENT, min_length=1)
    signals: Signals = ABSENT


class About(Shape):
    """One instrument of the station."""

    kind: KindWord
    driver: Text
    proof: ProofWord


class Birth(Shape):
    """The station is connected."""

    online: Literal[True]
    session: int
    """Which life of the daemon; the will names the same."""
    station: Name
    place: str
    started: Instant
    version: Text
    config: Digest
    """SHA-256 of the station file."""
    clock: Quality
    boot: Boot
    epoch: Epoch
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")] = ABSENT
    """The public key that signs: base64 of its 32 bytes. Trust the enrolled one, not this."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{4}( [0-9a-f]{4}){3}$")] = ABSENT
    not_recording: str
    """Why nothing can be recorded, "" while it can."""
    instruments: dict[str, About]


class Will(Shape):
    """The station is not connected; the broker says it, or the daemon at its end."""

    online: Literal[False]
    session: int


Status = Annotated[Birth | Will, Field(discriminator="online")]


class Head(Shape):
    """The newest chain value, signed: what must exist at the other end."""

    v: Literal[1]
    station: Name
    epoch: Epoch
    seq: Seq
    hash: Digest
    at: Instant
    sig: Signature
