"""What the journal says of one instrument: checks, guided runs, adjustments, alerts. No I/O.

Journals of older versions lack some keys of a check; each has the default that `Entry` names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from tramdo.errors import JournalError
from tramdo.reading import Unit

KINDS = ("check", "adjustment", "alert")
FINISHED, INTERRUPTED, GIVEN_UP, OPEN = "finished", "interrupted", "given_up", "open"

Message = Mapping[str, Any]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The chart's figures after a check; `mean` and `sigma` in the errors' unit."""

    mean: float
    sigma: float
    z: float
    limit: float | None
    control: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recorded result; `error`, `mpe`, `lines` and `uncertainty` (U, k = 2) are in `unit`.

    `lines` are the limits beside the MPE by their factor. `counted` is False where the guided
    run that it belongs to was not finished; `charted` where it is no error to chart, such as a
    repeatability. Both are shown and stand in no chart.
    """

    seq: int
    at: datetime
    point: str
    check: str
    run: str | None
    reference: str
    reference_value: Decimal
    reference_unit: Unit
    indication: Decimal
    indication_unit: Unit
    error: Decimal
    unit: Unit
    mpe: Decimal | None
    lines: Mapping[Decimal, Decimal]
    uncertainty: Decimal | None
    stage: str
    rules: str
    conformity: str
    decision: str
    why: str
    figures: Figures
    operator: str | None
    conditions: Mapping[str, str]
    charted: bool = True
    counted: bool = True

    @property
    def in_chart(self) -> bool:
        """Whether the daemon's chart has it too."""
        return self.charted and self.counted

    @property
    def ratio(self) -> Decimal | None:
        """The error as a share of the MPE, sign kept; None where there is no MPE."""
        return self.error / self.mpe if self.mpe else None

    @property
    def series(self) -> tuple[str, str, str]:
        """What must stay the same for two errors to belong to one chart."""
        return self.unit, self.reference, self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Somebody adjusted the instrument: every chart of it begins a new segment."""

    seq: int
    at: datetime
    by: str
    why: str
    seal_before: str
    seal_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A guided run; `how` is finished, interrupted, given_up or open (no end is recorded).

    `steps` counts the answers that stood at its end; `findings` are as recorded.
    """

    id: str
    check: str
    operator: str | None
    begun: datetime | None
    steps: int = 0
    how: str = OPEN
    why: str = ""
    findings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert that was recorded: of a check's point, or of a signal between checks."""

    seq: int
    at: datetime
    alert: str
    about: str
    why: str


_OF_THE_CHART = ("out_of_control", "warning", "crossing_ahead", "back_in_control")


@dataclass(slots=True)
class Records:
    """Everything recorded of one instrument, in the order of the journal."""

    entries: list[Entry] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    alerts: list[Told] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)


def sorted_out(messages: Iterable[Message]) -> Records:
    """Return one instrument's messages by what they are; raises `JournalError` on a broken one."""
    records, phases = Records(), []
    for message in messages:
        kind, body = message["kind"], message["body"]
        if kind == "adjustment":
            records.adjustments.append(_made(_adjustment, message))
        elif kind == "alert":
            records.alerts.append(_made(_told, message))
        elif kind == "check" and body.get("phase", "result") == "result":
            records.entries.append(_made(_entry, message))
        elif kind == "check":
            phases.append(message)
    records.runs = _runs(phases)
    records.entries = [_judged(one, records.runs) for one in records.entries]
    return records


def _judged(entry: Entry, runs: Mapping[str, Run]) -> Entry:
    run = runs.get(entry.run or "")
    return entry if run is None or run.how == FINISHED else replace(entry, counted=False)


def _made(make: Callable[[Message], Made], message: Message) -> Made:
    try:
        return make(message)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise JournalError(
            f"event {message.get('seq')}: the body of this {message.get('kind')} cannot be read: "
            f"{why}"
        ) from error


def _entry(message: Message) -> Entry:
    body: Message = message["body"]
    reference, indication, verdict = body["reference"], body["indication"], body["verdict"]
    return Entry(
        seq=message["seq"],
        at=datetime.fromisoformat(body["at"]),
        point=body.get("point") or body["check"],
        check=body["check"],
        run=body.get("run"),
        reference=reference["id"],
        reference_value=Decimal(reference["value"]),
        reference_unit=Unit(reference["unit"]),
        indication=Decimal(indication["value"]),
        indication_unit=Unit(indication["unit"]),
        error=Decimal(body["error"]),
        unit=Unit(body["unit"]),
        mpe=_decimal(body.get("mpe")),
        lines={Decimal(one["factor"]): Decimal(one["limit"]) for one in body.get("lines") or ()},
        uncertainty=_decimal(body.get("uncertainty")),
        stage=body["stage"],
        rules=body["rules"],
        conformity=verdict["conformity"],
        decision=verdict.get("decision", "simple"),
        why=verdict["why"],
        figures=_figures(body, verdict["control"]),
        operator=body.get("operator"),
        conditions=body.get("conditions") or {},
        charted=body.get("charted", True),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _figures(body: Message, control: str) -> Figures:
    names = ("mean", "sigma", "z", "limit", "count")
    return Figures(control=control, **{name: body[name] for name in names})


def _adjustment(message: Message) -> Adjustment:
    body: Message = message["body"]
    texts = {name: body.get(name) or "" for name in ("by", "why", "seal_before", "seal_after")}
    at = datetime.fromisoformat(body.get("at") or message["time"])
    return Adjustment(seq=message["seq"], at=at, **texts)


def _told(message: Message) -> Told:
    body: Message = message["body"]
    # The chart and the trend told these, not the error: theirs is the sentence with the dates.
    charted = body.get("chart") if body["alert"] in _OF_THE_CHART else None
    return Told(
        seq=message["seq"],
        at=datetime.fromisoformat(message["time"]),
        alert=body["alert"],
        about=body.get("point") or body.get("check") or body.get("signal") or "",
        why=charted or body.get("why", ""),
    )


def _runs(messages: Iterable[Message]) -> dict[str, Run]:
    phases: dict[str, list[Message]] = {}
    for message in messages:
        phases.setdefault(str(message["body"].get("run")), []).append(message["body"])
    return {name: _run(name, bodies) for name, bodies in phases.items()}


def _run(name: str, bodies: list[Message]) -> Run:
    by_phase, steps = {body["phase"]: body for body in bodies}, 0
    for body in bodies:
        # A group of steps that is made again leaves only the answers before it.
        steps = body.get("kept", steps + (body["phase"] == "step"))
    begun, closed = by_phase.get("begun", {}), by_phase.get("closed", {})
    return Run(
        id=name,
        check=begun.get("check", ""),
        operator=begun.get("operator"),
        begun=datetime.fromisoformat(begun["at"]) if "at" in begun else None,
        steps=steps,
        how=closed.get("how", OPEN),
        why=closed.get("why") or "",
        findings=tuple(closed.get("findings") or ()),
    )
