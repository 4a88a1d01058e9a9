"""The guided checks of the station: which runs are under way, and what each has found.

Every answer is recorded when it is given, so that a run outlives the daemon. No I/O: the station
records what comes back.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from tramdo.alerts import Alert
from tramdo.check import CheckRecord, Finding, Made, Subject, in_json
from tramdo.clock import local_day
from tramdo.errors import TramdoError
from tramdo.events import iso
from tramdo.procedures.run import Run, picture
from tramdo.procedures.steps import Answer, Step, answer_of
from tramdo.reading import Reading
from tramdo.series import Series

BEGUN, STEP, CLOSED = "begun", "step", "closed"
FINISHED, INTERRUPTED, GIVEN_UP = "finished", "interrupted", "given_up"
# A run that nobody answered for so long was left: what stands on the instrument is unknown.
PATIENCE = timedelta(minutes=30)

Body = dict[str, Any]


class Procedure(Protocol):
    """What a guided check asks for, and what the answers say."""

    @property
    def check(self) -> str:
        """The check's id."""
        ...

    @property
    def subject(self) -> Subject:
        """What is checked."""
        ...

    def steps(self) -> tuple[Step, ...]:
        """Return what is to be done, in order."""
        ...

    def findings(self, answers: Mapping[str, Answer]) -> tuple[Finding, ...]:
        """Return what a complete run has found."""
        ...


class NotRunning(TramdoError):
    """A word to a guided check that nobody has begun, or to one that somebody else has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a move of a run leaves to be recorded, in one commit, oldest first."""

    bodies: tuple[Body, ...] = ()
    alerts: tuple[tuple[CheckRecord, Alert], ...] = ()


@dataclass(slots=True, kw_only=True)
class Guide:
    """One guided check of one instrument; `fresh` gives a series that nothing was charted on."""

    procedure: Procedure
    fresh: Series
    readings: int
    run: Run | None = None
    last: Body | None = None
    resumed: bool = False
    changed: bool = False
    results: tuple[Body, ...] = ()
    series: dict[str, Series] = field(default_factory=dict)

    @property
    def check(self) -> str:
        """The check's id."""
        return self.procedure.check

    @property
    def instrument(self) -> str:
        """The instrument that is checked."""
        return self.procedure.subject.instrument

    def begin(self, run_id: str, operator: str, at: datetime) -> Outcome:
        """Begin a run; raises `NotRunning` while another is under way."""
        if self.run is not None:
            raise NotRunning(f"{self.check} is under way already, begun by {self.run.operator}")
        self.run, self.resumed = self._made(run_id, operator, at), False
        body = self._body(BEGUN, operator=operator, at=iso(at), steps=self._fingerprint())
        return Outcome(bodies=(body,))

    def must_be_at(self, step: str) -> None:
        """Raise `NotRunning` where another step than this is under way."""
        now = self._running().step
        if now is None or now.key != step:
            here = "none" if now is None else now.key
            raise NotRunning(f"{step} is not under way, somebody else was faster; allowed: {here}")

    def feed(self, reading: Reading) -> Outcome:
        """Take a reading; return what it completes."""
        if self.run is None:
            return Outcome()
        self.run, answer = self.run.feed(reading)
        return Outcome() if answer is None else self._answered(answer)

    def enter(self, text: str, at: datetime) -> Outcome:
        """Take what the operator has read; raises `NotRunning` or `Unanswered`."""
        self.run, answer = self._running().enter(text, at)
        return self._answered(answer)

    def skip(self, at: datetime) -> Outcome:
        """Leave the step out; raises `NotRunning` or `Unanswered`."""
        self.run, answer = self._running().skip(at)
        return self._answered(answer)

    def repeat(self) -> Outcome:
        """Go back to the beginning of this group of steps; raises `NotRunning`."""
        self.run = self._running().repeat()
        return Outcome(bodies=(self._body("repeat", kept=len(self.run.answers)),))

    def close(self, how: str, why: str) -> Outcome:
        """End the run without a result; raises `NotRunning`."""
        self._running()
        return self._closed(how, why, ())

    def left_alone(self, at: datetime) -> Outcome:
        """Close a run that nobody has answered for `PATIENCE`, by a clock that may be set back."""
        if self.run is None or abs(at - self.run.touched) < PATIENCE:
            return Outcome()
        if at < self.run.touched:
            return self._closed(INTERRUPTED, "the clock was set back", ())
        minutes = round(PATIENCE.total_seconds() / 60)
        return self._closed(INTERRUPTED, f"nobody went on with it for {minutes} minutes", ())

    def replay(self, body: Mapping[str, Any]) -> None:
        """Take a recorded event of this check again."""
        match body.get("phase"):
            case "begun":
                at = datetime.fromisoformat(body["at"])
                self.run, self.resumed = self._made(body["run"], body["operator"], at), True
                now = self._fingerprint()
                self.changed, self.results = body.get("steps", now) != now, ()
            case "step" if self.run is not None:
                answers = (*self.run.answers, answer_of(body["answer"]))
                self.run = self.run.at(answers)
            case "repeat" if self.run is not None:
                self.run = self.run.at(self.run.answers[: body["kept"]])
            case "closed":
                self.run, self.last, self.resumed = None, dict(body), False
                self.changed, self.results = False, ()
            case "result":
                self.series_of(body["point"]).replay(body)
                if self.run is not None:  # else of a check that nobody guided then
                    self.results = (*self.results, dict(body))

    def end_replay(self) -> Outcome:
        """Take up a run that was cut off where its last whole group of steps ended."""
        if self.run is None:
            return Outcome()
        if self.changed or not self.run.fits():
            return self._closed(INTERRUPTED, "the check was changed in the station file", ())
        if self.run.step is None:
            return self._concluded(self.run)
        before = len(self.run.answers)
        self.run = self.run.resumed()
        kept = len(self.run.answers)
        return Outcome(bodies=(self._body("repeat", kept=kept, cut_off=before - kept),))

    def begin_anew(self, why: str) -> None:
        """Break every chart of this check: the instrument was adjusted."""
        for one in self.series.values():
            one.begin_anew(why)

    def series_of(self, point: str) -> Series:
        """Return the series of a reference point."""
        if point not in self.series:
            self.series[point] = self.fresh.blank()
        return self.series[point]

    def picture(self) -> Body:
        """Return the check as it stands, ready for JSON."""
        return {
            "check": self.check,
            "instrument": self.instrument,
            "running": None if self.run is None else picture(self.run),
            "resumed": self.resumed,
            "last": self.last,
        }

    def _made(self, run_id: str, operator: str, at: datetime) -> Run:
        return Run(
            id=run_id,
            check=self.check,
            instrument=self.instrument,
            operator=operator,
            begun=at,
            steps=self.procedure.steps(),
            readings=self.readings,
            d=self.procedure.subject.characteristics.d,
        )

    def _running(self) -> Run:
        if self.run is None:
            raise NotRunning(f"{self.check} is not under way; begin it first")
        return self.run

    def _answered(self, answer: Answer) -> Outcome:
        step = self._body(STEP, answer=answer.body())
        run = self._running()
        if run.step is not None:
            return Outcome(bodies=(step,))
        done = self._concluded(run)
        return replace(done, bodies=(step, *done.bodies))

    def _concluded(self, run: Run) -> Outcome:
        """Judge what a complete run has found; what is recorded of it already stands."""
        at, told = run.touched, {one["point"] for one in self.results}
        found = self.procedure.findings({one.step: one for one in run.answers})
        made = Made(at=at, on=local_day(at), run=run.id, operator=run.operator)
        judged = [self._judged(one, made) for one in found if one.point not in told]
        bodies = tuple(one.body() for one, _ in judged)
        closed = self._closed(FINISHED, "", (*self.results, *bodies))
        return Outcome(
            bodies=(*bodies, *closed.bodies),
            alerts=tuple((one, alert) for one, alert in judged if alert is not None),
        )

    def _judged(self, found: Finding, made: Made) -> tuple[CheckRecord, Alert | None]:
        return self.series_of(found.point).take(found, made)

    def _closed(self, how: str, why: str, results: Sequence[Body]) -> Outcome:
        findings = [_summary(one) for one in results]
        body = self._body(CLOSED, how=how, why=why, findings=findings)
        self.run, self.last, self.resumed = None, body, False
        self.changed, self.results = False, ()
        return Outcome(bodies=(body,))

    def _fingerprint(self) -> str:
        """Return what stands for the steps: with other loads, answers would say another thing."""
        steps = json.dumps(in_json(self.procedure.steps()), sort_keys=True)
        return hashlib.sha256(steps.encode()).hexdigest()[:16]

    def _body(self, phase: str, **facts: Any) -> Body:
        run = self._running()
        head = {"phase": phase, "run": run.id, "check": self.check, "instrument": self.instrument}
        return head | facts


def _summary(one: Body) -> Body:
    """Return what a person reads at the end of a run."""
    told = ("point", "error", "mpe", "lines", "uncertainty", "unit", "conditions", "budget")
    verdict = ("conformity", "control", "why")
    return {key: one[key] for key in told} | {key: one["verdict"][key] for key in verdict}
