"""The `check` event: a result, and the steps of a guided run that led to it. No I/O."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from tramdo.conformity import Conformity, Decision
from tramdo.contract.indications import Indication, JudgedIndication, QuantityWord, UnitWord
from tramdo.contract.shape import (
    ABSENT,
    Count,
    Day,
    Digest,
    Digits,
    Instant,
    Name,
    Number,
    Octets,
    Shape,
    growing,
)
from tramdo.drift import Control
from tramdo.limits import Stage

StandardWord = Literal["weight", "proving_can", "master_meter", "balance", "zero"]
Text = Annotated[str, Field(min_length=1)]


class Reference(Shape):
    """The check standard, or several used as one."""

    id: Text
    """Names of the station file, joined by "+"; "zero" for an empty scale."""
    quantity: QuantityWord
    value: Number
    unit: UnitWord
    expanded_uncertainty: Number
    """U at k = 2, in `unit`."""
    kind: Annotated[StandardWord, growing(get_args(StandardWord))]
    nominal: Number | None
    certificate: str | None
    valid_until: Day | None


class Line(Shape):
    """A limit reported beside the MPE: `factor` times it."""

    factor: Number
    limit: Number
    within: bool


class Component(Shape):
    """One source of uncertainty."""

    name: Text
    value: Digits
    unit: Text
    distribution: Literal["normal", "rectangular", "triangular"]
    divisor: Digits
    sensitivity: Digits
    u: Digits
    """Standard uncertainty in the budget's unit."""
    assumed: bool
    """Whether the value was assumed, not measured on site."""


class Correction(Shape):
    """A correction that the value already has."""

    name: Text
    from_: Digits = Field(alias="from")
    to: Digits
    effect: Digits
    unit: Text


class Budget(Shape):
    """An uncertainty budget (JCGM 100)."""

    title: Text
    unit: Text
    components: list[Component]
    combined: Digits
    k: Digits
    expanded: Digits
    corrections: list[Correction]


class Range(Shape):
    """A partial weighing range: up to and including `max`."""

    max: Number
    e: Number


class Plate(Shape):
    """What the station file said of the instrument then, in `unit`."""

    accuracy_class: str | None
    unit: UnitWord
    max: Number | None
    min: Number | None
    e: Number | None
    d: Number | None
    mmq: Number | None
    ranges: list[Range]


class Verdict(Shape):
    """Two answers that are never one: `conformity` (legal) and `control` (the chart)."""

    conformity: Conformity
    control: Control
    why: Text
    decision: Decision
    crossing_ahead: bool
    near_mpe: bool


class Dates(Shape):
    """When the trend of the errors reaches the MPE; null: not within 20 years."""

    act_by: Instant | None
    expected: Instant | None
    latest: Instant | None
    confidence: float
    limit: float
    ahead: bool
    """Whether `act_by` lies before the next verification."""


class OfRun(Shape):
    """What every event of a guided run names."""

    run: Text
    check: Name
    instrument: Name


class Result(Shape):
    """A finding at one reference point, with all that is needed to judge it again."""

    phase: Literal["result"]
    check: Name
    point: Text
    """The reference point: the check's name, or that and the step within it."""
    charted: bool
    instrument: Name
    run: str | None
    """The guided run, null where nobody guided it."""
    operator: str | None
    reference: Reference
    indication: JudgedIndication
    error: Number
    """Error of indication in `unit`: indication minus reference value."""
    judged: Number
    """The error that the verdict is about: the worst one where `error` is a mean."""
    mpe: Number | None
    """null: it could not be said, `verdict.why` says why."""
    lines: list[Line]
    uncertainty: Number | None
    """U at k = 2, in `unit`."""
    budget: Budget | None
    unit: UnitWord
    stage: Stage
    rules: Text
    edition: Text
    digest: Digest
    """Of the rule set's content."""
    plate: Plate
    verdict: Verdict
    z: float
    limit: float | None
    """Action limit on the size of `z`, in standard deviations; null: the chart is learning."""
    mean: float
    sigma: float
    count: Count
    dates: Dates | None
    conditions: dict[str, str]
    at: Instant
    evidence: list[Octets]
    """The raw frames."""


class Begun(OfRun):
    """Somebody has begun a guided run."""

    phase: Literal["begun"]
    operator: Text
    at: Instant
    steps: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Stands for the steps: another value, other steps."""


class Answer(Shape):
    """What a step was answered with."""

    step: Text
    value: Digits | None
    """null: the step was skipped."""
    unit: UnitWord | None
    at: Instant
    by: Literal["instrument", "operator"]
    indication: Indication | None
    seen: dict[str, str]
    frames: list[Octets]


class Answered(OfRun):
    """A step of a guided run was answered."""

    phase: Literal["step"]
    answer: Answer


class Repeated(OfRun):
    """Steps are taken back: of the answers so far only the first `kept` count."""

    phase: Literal["repeat"]
    kept: Count
    cut_off: Count = ABSENT
    """How many answers a restart of the station has cost; left out where a person repeats."""


class Finding(Shape):
    """What a person reads of a result at the end of a run."""

    point: Text
    error: Number
    mpe: Number | None
    lines: list[Line]
    uncertainty: Number | None
    unit: UnitWord
    conditions: dict[str, str]
    budget: Budget | None
    conformity: Conformity
    control: Control
    why: Text


class Closed(OfRun):
    """A guided run has ended; only a finished one has findings."""

    phase: Literal["closed"]
    how: Literal["finished", "interrupted", "given_up"]
    why: str
    findings: list[Finding]


Check = Annotated[Result | Begun | Answered | Repeated | Closed, Field(discriminator="phase")]
"""The body of a `check` event, by its `phase`."""
