"""A guided check under way: a frozen state that readings and the operator's words move on. No I/O.

A run is its list of answers: given the same ones it stands where it stood, which is how it
outlives a power cut. A step that was being captured then is captured again, and with it the
whole group it belongs to: what was half done never counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tramdo.capture import Delivery, Plateau
from tramdo.errors import TramdoError
from tramdo.procedures.steps import Answer, Step, Want
from tramdo.reading import Indication, Quantity, Reading, Unit

INSTRUMENT, OPERATOR = "instrument", "operator"
# No exponent: a zero with a thousand million places behind it would be a number, too.
_DIGITS = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,12}(\.[0-9]{0,12})?")
_SEEN = (Quantity.VOLUME, Quantity.VOLUME_TOTAL, Quantity.TEMPERATURE, Quantity.DENSITY)


class Unanswered(TramdoError):
    """An answer cannot be taken; the text says why and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One guided check: who makes it, its steps and the answers so far.

    `readings` is how many readings at rest make a capture, `d` the instrument's scale interval
    in its unit.
    """

    id: str
    check: str
    instrument: str
    operator: str
    begun: datetime
    steps: tuple[Step, ...]
    readings: int = 5
    d: Decimal | None = None
    answers: tuple[Answer, ...] = ()
    moved: datetime | None = None
    shown: Reading | None = None
    capture: Plateau | Delivery | None = field(default=None)

    @property
    def step(self) -> Step | None:
        """The step that waits for its answer, None when all are answered."""
        return self.steps[len(self.answers)] if len(self.answers) < len(self.steps) else None

    @property
    def touched(self) -> datetime:
        """When it was last answered, also by an answer that is to be given again."""
        return self.moved or self.begun

    def feed(self, reading: Reading) -> tuple["Run", Answer | None]:
        """Take a reading of the instrument; return the answer when it completes the step."""
        return replace(self, shown=reading)._taken(reading)  # noqa: SLF001  our own next state

    def _taken(self, reading: Reading) -> tuple["Run", Answer | None]:
        step = self.step
        if step is None:
            return self, None
        if step.want is Want.NUMBER:
            return self._offered(step, reading)
        capture, indication = (self.capture or self._capture_for(step)).add(reading)
        if indication is None:
            return replace(self, capture=capture), None
        return self._with(_captured(step, indication, capture.evidence))

    def enter(self, text: str, at: datetime) -> tuple["Run", Answer]:
        """Take the number that the operator has read; raises `Unanswered`."""
        step = self.step
        if step is None or step.want is not Want.NUMBER:
            raise Unanswered("this step is answered by the instrument, not by a number")
        value = _number(text, step)
        self._bar(step)
        answer = Answer(step=step.key, value=value, unit=step.unit, at=at, by=OPERATOR)
        return self._with(answer)

    def skip(self, at: datetime) -> tuple["Run", Answer]:
        """Leave a step out; raises `Unanswered` where it cannot be."""
        step = self.step
        if step is None or not step.optional:
            raise Unanswered("this step cannot be skipped")
        return self._with(Answer(step=step.key, value=None, unit=None, at=at, by=OPERATOR))

    def repeat(self) -> "Run":
        """Go back to the beginning of the group of steps that is under way.

        Where nothing of the next group is answered yet, the one just ended is repeated.
        """
        step = self.step
        groups = [one.group for one in self.steps[: len(self.answers)]]
        last = groups[-1] if groups else None
        again = step.group if step is not None and step.group == last else last
        kept = groups.index(again) if again is not None else 0
        return replace(self, answers=self.answers[:kept], capture=None)

    def at(self, answers: Sequence[Answer]) -> "Run":
        """Return the run with these answers given."""
        moved = max((one.at for one in answers), default=self.begun)
        return replace(self, answers=tuple(answers), moved=max(moved, self.touched), capture=None)

    def fits(self) -> bool:
        """Say whether the answers belong to these steps, in this order."""
        keys = [one.key for one in self.steps[: len(self.answers)]]
        return keys == [one.step for one in self.answers]

    def resumed(self) -> "Run":
        """Return the run without the answers of a group that was cut off."""
        step, done = self.step, len(self.answers)
        cut = step is not None and done and self.steps[done - 1].group == step.group
        return self.repeat() if cut else self

    def _with(self, answer: Answer) -> tuple["Run", Answer]:
        answers = (*self.answers, answer)
        return replace(self, answers=answers, moved=answer.at, capture=None), answer

    def _capture_for(self, step: Step) -> Plateau | Delivery:
        if step.target is None or step.window is None:
            raise ValueError(f"step {step.key} has nothing to wait for")
        if step.want is Want.DELIVERY:
            return Delivery(reference=step.target, window=step.window, count=self.readings)
        return Plateau(reference=step.target, window=step.window, count=self.readings, d=self.d)

    def _offered(self, step: Step, reading: Reading) -> tuple["Run", Answer | None]:
        found = _offer(step, reading)
        if found is None:
            return self, None
        return self._with(_captured(step, found, (reading,)))

    def _bar(self, step: Step) -> None:
        """Refuse a change-over weight as long as the instrument has not stepped up."""
        before = next((one for one in self.answers if one.step == step.after), None)
        if before is None or before.value is None or step.more is None:
            return
        now = self.shown.find(Quantity.WEIGHT) if self.shown else None
        wanted = before.value + step.more
        if now is None or now.value != wanted or now.stable is False:
            raise Unanswered(
                f"the instrument shows {_unsteady(now)}; add small weights until it shows "
                f"{wanted:f} steadily, then enter their sum"
            )


def _unsteady(now: Indication | None) -> str:
    if now is None:
        return "nothing"
    return f"{now.value:f}, in motion" if now.stable is False else f"{now.value:f}"


def _offer(step: Step, reading: Reading | None) -> Indication | None:
    """Return what the instrument itself answers the step with, None where it cannot."""
    if step.offered is None or reading is None or reading.error:
        return None
    found = reading.find(step.offered)
    if found is None or not found.is_zeroed:
        return None
    return found if found.unit is step.unit and _inside(found.value, step) else None


def _captured(step: Step, indication: Indication, evidence: Sequence[Reading]) -> Answer:
    last = evidence[-1]
    return Answer(
        step=step.key,
        value=indication.value,
        unit=indication.unit,
        at=last.at,
        by=INSTRUMENT,
        indication=indication,
        seen=_seen(evidence),
        frames=tuple(frame.hex(" ") for one in evidence for frame in one.raw),
    )


def _seen(evidence: Sequence[Reading]) -> dict[str, str]:
    """Return what the instrument showed beside: totals before and after, temperature."""
    first, last = evidence[0], evidence[-1]
    seen = {f"{one}": _text(last.find(one)) for one in _SEEN}
    seen["volume_total_before"] = _text(first.find(Quantity.VOLUME_TOTAL))
    return {name: text for name, text in seen.items() if text}


def _text(one: Indication | None) -> str:
    return "" if one is None else f"{one.value:f} {one.unit}"


def _number(text: str, step: Step) -> Decimal:
    allowed = f"allowed: {_span(step.low, step.high)} {step.unit or ''}".rstrip()
    # A comma is what a Vietnamese keyboard gives for the decimal sign; two are a mistake.
    digits = text.strip().replace(",", ".", 1)
    if not _DIGITS.fullmatch(digits):
        raise Unanswered(f"{text!r} is no number; {allowed}")
    value = Decimal(digits)
    if not _inside(value, step):
        raise Unanswered(f"{text} is out of range; {allowed}")
    return value


def _inside(value: Decimal, step: Step) -> bool:
    low, high = step.low, step.high
    return value.is_finite() and (low is None or value >= low) and (high is None or value <= high)


def _span(low: Decimal | None, high: Decimal | None) -> str:
    return f"{'any' if low is None else f'{low:f}'} to {'any' if high is None else f'{high:f}'}"


def picture(run: Run) -> dict[str, Any]:
    """Return where a run stands, ready for JSON; words are put to it by whoever shows it."""
    step = run.step
    return {
        "run": run.id,
        "check": run.check,
        "instrument": run.instrument,
        "operator": run.operator,
        "done": len(run.answers),
        "of": len(run.steps),
        "step": None if step is None else _step_picture(step, run),
        "answers": [one.body() | {"frames": []} for one in run.answers],
    }


def _step_picture(step: Step, run: Run) -> dict[str, Any]:
    unit: Unit | None = step.unit
    return {
        "key": step.key,
        "want": step.want,
        "says": step.says,
        "facts": dict(step.facts),
        "unit": unit,
        "allowed": _span(step.low, step.high) if step.want is Want.NUMBER else None,
        "optional": step.optional,
        # The instrument is about to answer it: nobody needs to be asked.
        "offered": _offer(step, run.shown) is not None,
        "d": None if run.d is None else f"{run.d:f}",
    }
