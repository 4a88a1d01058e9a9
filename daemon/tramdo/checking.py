"""Checks that nobody guides: they wait for their reference among the readings. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tramdo.alerts import Alert
from tramdo.capture import Delivery, Plateau
from tramdo.check import RESULT, CheckRecord, Finding, Made, Subject
from tramdo.clock import local_day
from tramdo.drift import error_of_indication
from tramdo.reading import Indication, Reading
from tramdo.reference import ReferenceValue, convert
from tramdo.series import Series
from tramdo.uncertainty.budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a check compares with what; `every` is in seconds, None: armed all the time.

    `budget` gives the uncertainty of a captured indication.
    """

    id: str
    subject: Subject
    reference: ReferenceValue
    budget: Callable[[Indication], Budget | None]
    every: float | None = None

    @property
    def instrument(self) -> str:
        """The instrument that is checked."""
        return self.subject.instrument


@dataclass(slots=True, kw_only=True)
class Checker:
    """One check: armed until it has captured the reference, then again when it is due."""

    plan: Plan
    capture: Plateau | Delivery
    series: Series
    due: float = 0.0

    def feed(self, reading: Reading) -> tuple[CheckRecord, Alert | None] | None:
        """Take one reading; return record and alert when it completes a check."""
        after, indication = self.capture.add(reading)
        early = indication is not None and reading.monotonic < self.due
        if early and isinstance(after, Plateau):
            # A load that is still on when it is due is taken then, with the readings of then.
            self.capture = replace(after, taken=False)
            return None
        self.capture = after
        return None if indication is None or early else self._conclude(reading, indication)

    def pass_over(self) -> None:
        """Leave a reading out: the load or delivery that it belongs to is not taken."""
        self.capture = self.capture.passed_over()

    def _conclude(
        self, reading: Reading, indication: Indication
    ) -> tuple[CheckRecord, Alert | None]:
        if self.plan.every is not None:
            self.due = reading.monotonic + self.plan.every
        made = Made(at=reading.at, on=local_day(reading.at))
        return self.series.take(self._finding(indication), made)

    def _finding(self, indication: Indication) -> Finding:
        plan = self.plan
        frames = (frame for reading in self.capture.evidence for frame in reading.raw)
        return Finding(
            check=plan.id,
            point=plan.id,
            reference=plan.reference,
            indication=indication,
            error=self._error(indication),
            budget=plan.budget(indication),
            evidence=tuple(frame.hex(" ") for frame in frames),
        )

    def _error(self, indication: Indication) -> Decimal:
        error = error_of_indication(indication, self.plan.reference)
        return convert(error, indication.unit, self.plan.subject.characteristics.unit)

    def replay(self, body: Mapping[str, Any]) -> None:
        """Take a recorded check again; what a guided run left under the same id is passed over."""
        if body.get("phase", RESULT) == RESULT:
            self.series.replay(body)

    def begin(self) -> None:
        """End the replay: a chart of another series than the plan's is left behind."""
        self.series.end_replay(self.plan.reference.id)
