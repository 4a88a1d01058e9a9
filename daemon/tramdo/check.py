"""One check: the error against the MPE, and against the instrument's own history. No I/O.

Two answers, never merged: conformity (legal, see `conformity`) and control (the chart, `drift`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tramdo.conformity import Conformity, Decision, Ruling, rule, undecided
from tramdo.drift import Control, ControlChart
from tramdo.events import iso
from tramdo.limits import Characteristics, LimitsError, RuleSet, Stage, Steps
from tramdo.reading import Indication, Unit
from tramdo.reference import ReferenceValue, convert
from tramdo.standards.register import suitable
from tramdo.uncertainty.budget import Budget
from tramdo.uncertainty.digits import upwards

RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked and under which rules; `digest` is the SHA-256 of their content, in hex."""

    instrument: str
    rules: RuleSet
    characteristics: Characteristics
    stage: Stage
    verified_until: date | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An error found at one reference point, before it is judged.

    `error` and `budget` are in the instrument's unit. `worst` is the largest of several errors
    whose mean `error` is: it is judged, the mean is charted. `limit` stands in the MPE's place
    where the test has a limit of its own. `spread`: the error is the range of repeated results,
    held against the rule set's limit for that, without regard to U.
    `refused` says why the law gets no answer. What is not `charted` leaves the chart alone.
    """

    check: str
    point: str
    reference: ReferenceValue
    indication: Indication
    error: Decimal
    budget: Budget | None
    worst: Decimal | None = None
    limit: Decimal | None = None
    refused: str | None = None
    spread: bool = False
    charted: bool = True
    conditions: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()

    @property
    def judged(self) -> Decimal:
        """The error that is held against the limit."""
        return self.error if self.worst is None else self.worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """When a check was made; in which guided run and by whom, None where nobody guided it."""

    at: datetime
    on: date
    run: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the errors up to this one say of those to come.

    `dates`: when the trend reaches the MPE, and whether that is `ahead` of the next verification;
    None where there is no trend. `near_mpe`: the latest errors together use up most of the MPE.
    """

    dates: Mapping[str, Any] | None = None
    near_mpe: bool = False


NOTHING_AHEAD = Outlook()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A limit that is reported beside the MPE: `factor` times it."""

    factor: Decimal
    limit: Decimal
    within: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says; `why` is a sentence on the conformity.

    `crossing_ahead`: the trend of the errors may reach the MPE before the next verification.
    `near_mpe`: the latest errors together use up most of the MPE.
    """

    conformity: Conformity
    control: Control
    why: str
    decision: Decision = Decision.NONE
    crossing_ahead: bool = False
    near_mpe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """Everything needed to judge a check again.

    `error`, `judged` (the error that the verdict is about: the worst where `error` is a mean),
    `mpe` (None: it could not be said), `uncertainty` (U at k = 2), `mean` and `sigma` are in
    `unit`; `z` and `limit` (None: learning) in standard deviations. `rules` is the rule set's id,
    `edition` and `digest` say which one that was; `plate` is what the station file said of the
    instrument. `at` is UTC; `evidence` holds the raw frames in hex; `dates` those on which the
    trend reaches the MPE, None where there is no trend.
    """

    phase: str = RESULT
    check: str
    point: str
    charted: bool
    instrument: str
    run: str | None
    operator: str | None
    reference: ReferenceValue
    indication: Indication
    error: Decimal
    judged: Decimal
    mpe: Decimal | None
    lines: tuple[Line, ...]
    uncertainty: Decimal | None
    budget: Mapping[str, Any] | None
    unit: Unit
    stage: Stage
    rules: str
    edition: str
    digest: str
    plate: Characteristics
    verdict: Verdict
    z: float
    limit: float | None
    mean: float
    sigma: float
    count: int
    dates: Mapping[str, Any] | None
    conditions: Mapping[str, str]
    at: datetime
    evidence: tuple[str, ...]

    @property
    def chart(self) -> str:
        """A sentence on the control chart, and on the trend where there is one."""
        if self.limit is None:
            found = f"the chart is learning: check {self.count}"
        else:
            found = f"errors at {self.z:+.2f} sigma, limit {self.limit:.2f} sigma"
        if self.dates is None:
            return found
        act_by, expected = (
            day[:10] if (day := self.dates[key]) else "beyond 20 years"
            for key in ("act_by", "expected")
        )
        return f"{found}; the trend reaches the MPE about {expected}: act by {act_by}"

    def body(self) -> dict[str, Any]:
        """Return the record ready for JSON; decimals are strings that keep their digits."""
        body: dict[str, Any] = in_json(self)
        return body


def judge(finding: Finding, subject: Subject, made: Made) -> tuple[Ruling, Decimal | None]:
    """Return the conformity of a finding and the limit it was held against, None where unsaid.

    The MPE of a scale is taken at the nominal load, so that a certified value a milligram above a
    step of the table changes nothing; that of a volume at the reference value, so that the error
    in per cent of the reference volume and the MPE in per cent mean the same (decision 0008).
    """
    mpe = limit_at(finding, subject)
    if isinstance(mpe, LimitsError):
        return undecided(str(mpe)), None
    unit = subject.characteristics.unit
    # Reasons against the standard come before the error: they make it worth nothing in law.
    if finding.refused is not None:
        return undecided(finding.refused), mpe
    if (refusal := suitable(finding.reference, mpe, unit, made.on)) is not None:
        return undecided(refusal.why), mpe
    error = finding.judged
    if finding.spread:
        return rule(error, mpe, Decimal(0), unit), mpe
    if finding.budget is None:
        return undecided("the uncertainty of this check is not known"), mpe
    return rule(error, mpe, upwards(finding.budget.expanded), unit), mpe


def record(
    finding: Finding,
    subject: Subject,
    made: Made,
    chart: ControlChart,
    outlook: Outlook = NOTHING_AHEAD,
) -> CheckRecord:
    """Return the record of a finding; `chart` and `outlook` already know its error."""
    ruling, mpe = judge(finding, subject, made)
    budget = finding.budget
    return CheckRecord(
        check=finding.check,
        point=finding.point,
        charted=finding.charted,
        instrument=subject.instrument,
        run=made.run,
        operator=made.operator,
        reference=finding.reference,
        indication=finding.indication,
        error=finding.error,
        judged=finding.judged,
        mpe=mpe,
        lines=_lines(finding, subject.rules, mpe),
        uncertainty=None if budget is None else upwards(budget.expanded),
        budget=None if budget is None else budget.body(),
        unit=subject.characteristics.unit,
        stage=subject.stage,
        rules=subject.rules.id,
        edition=subject.rules.edition,
        digest=subject.digest,
        plate=subject.characteristics,
        verdict=Verdict(
            conformity=ruling.conformity,
            control=chart.control,
            why=ruling.why,
            decision=ruling.decision,
            crossing_ahead=bool(outlook.dates and outlook.dates["ahead"]),
            near_mpe=outlook.near_mpe,
        ),
        z=chart.z,
        limit=chart.limit,
        mean=chart.mean,
        sigma=chart.sigma,
        count=chart.count,
        dates=outlook.dates,
        conditions=finding.conditions,
        at=made.at,
        evidence=finding.evidence,
    )


def _lines(finding: Finding, rules: RuleSet, mpe: Decimal | None) -> tuple[Line, ...]:
    silent = finding.spread or finding.refused is not None
    if mpe is None or silent or len(rules.lines) < 2:
        return ()
    size = abs(finding.judged)
    return tuple(
        Line(factor=factor, limit=factor * mpe, within=size <= factor * mpe)
        for factor in rules.lines
    )


def limit_at(finding: Finding, subject: Subject) -> Decimal | LimitsError:
    """Return what the error may be: the test's own limit, else the MPE; or why it is unsaid."""
    if finding.limit is not None:
        return finding.limit
    reference = finding.reference
    load = reference.marked if isinstance(subject.rules, Steps) else reference.value
    plate = subject.characteristics
    try:
        at = convert(load, reference.unit, plate.unit)
        if not finding.spread:
            return subject.rules.mpe(at, plate, subject.stage)
        limit = subject.rules.repeatability(at, plate, subject.stage)
    except LimitsError as unsaid:
        return unsaid
    none = LimitsError(f"{subject.rules.id} limits no repeatability at {at:f} {plate.unit}")
    return none if limit is None else limit


def in_json(value: Any) -> Any:
    """Return a value as JSON knows it: decimals as text, instants in UTC, records as objects."""
    if is_dataclass(value):
        return {one.name: in_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple | list):
        return [in_json(one) for one in value]
    if isinstance(value, Mapping):
        return {key: in_json(one) for key, one in value.items()}
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | StrEnum) else value
