"""A guided check of a weighbridge with too few weights: load replaced by load. No I/O.

The weights go on, come off, other material goes on until about the same is shown; then the
weights go on top of it. OIML R 76-1:2006, 3.7.3 and A.4.4.5 (clauses unverified). The material's
value is what the weights showed, so its uncertainty grows with every replacement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from tramdo.check import Finding, Subject
from tramdo.procedures.steps import Answer, Step, Want
from tramdo.procedures.weighing import interval_at
from tramdo.reading import Unit
from tramdo.reference import ReferenceValue, zero_of
from tramdo.uncertainty.weighing import CheckWeighing

Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """`times` replacements of the weights `load`; it and `window` are in the instrument's unit."""

    check: str
    subject: Subject
    load: ReferenceValue
    window: Decimal
    times: int = 2

    @property
    def unit(self) -> Unit:
        """The instrument's unit."""
        return self.subject.characteristics.unit

    def steps(self) -> tuple[Step, ...]:
        """Return what is to be done, in order."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        yield self._rest("zero", "zero", "take_all_off", 0)
        yield self._rest("with-1", "with-1", "put_on", 1)
        for turn in range(1, self.times + 1):
            # The material is weighed against the weights: both belong to one group.
            group = f"with-{turn + 1}"
            yield self._rest(f"material-{turn}", group, "replace_by_material", turn)
            yield self._rest(group, group, "add_weights", turn + 1)

    def _rest(self, key: str, group: str, says: str, times: int) -> Step:
        value = times * self.load.value
        target = self.load.with_value(value) if times else zero_of(self.unit)
        return Step(
            key=key,
            group=group,
            want=Want.REST,
            says=says,
            facts={"load": f"{self.load.id} ({self.load.value:f} {self.unit})"},
            target=target,
            window=max(times, 1) * self.window,
        )

    def findings(self, answers: Answers) -> tuple[Finding, ...]:
        """Return the error at each load: the weights alone, then on top of the material."""
        material, found = Decimal(0), []
        for turn in range(1, self.times + 2):
            shown = _value(answers, f"with-{turn}")
            true = material + self.load.value
            found.append(self._finding(answers[f"with-{turn}"], turn, true, shown - true))
            if turn <= self.times:
                # What shows the same weighs the same; a small difference is taken as shown.
                material = true + _value(answers, f"material-{turn}") - shown
        return tuple(found)

    def _finding(self, answer: Answer, turn: int, true: Decimal, error: Decimal) -> Finding:
        if answer.indication is None:
            raise ValueError(f"step {answer.step} was not captured")
        return Finding(
            check=self.check,
            point=f"{self.check}/with-{turn}",
            reference=self._reference(true),
            indication=answer.indication,
            error=error,
            budget=CheckWeighing(
                unit=self.unit,
                # Each replacement adds two more roundings.
                interval=float(self._interval(true)) * sqrt(2 * turn - 1),
                weights_expanded=turn * self.load.expanded_uncertainty,
            ).budget(),
            conditions={"material": f"{true - self.load.value:f} {self.unit}"},
            evidence=answer.frames,
        )

    def _reference(self, true: Decimal) -> ReferenceValue:
        # The material weighs what it weighs: only the weights have a value marked on them.
        nominal = true - self.load.value + self.load.marked
        return self.load.with_value(true).with_nominal(nominal)

    def _interval(self, load: Decimal) -> Decimal:
        interval = interval_at(self.subject.characteristics, load)
        if interval is None:
            raise ValueError(f"check {self.check}: instrument {self.subject.instrument} has no d")
        return interval


def _value(answers: Answers, key: str) -> Decimal:
    value = answers[key].value
    if value is None:
        raise ValueError(f"step {key} has no value")
    return value
