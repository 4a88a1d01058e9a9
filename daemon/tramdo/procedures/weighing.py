"""A guided check of a scale: zero, span at several loads, repeatability, eccentricity. No I/O.

The tests follow OIML R 76-1:2006 A.4 (clauses unverified): every load is held against the MPE, the
spread of repeated weighings against the MPE at that load, each corner against the MPE. Where the
scale shows whole e only, small weights find the change-over point: P = I + d/2 - dL, with d = e.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import stdev

from tramdo.check import Finding, Subject
from tramdo.limits import Characteristics, changeover_error, fine_enough
from tramdo.procedures.steps import Answer, Step, Want
from tramdo.reading import Unit
from tramdo.reference import ReferenceValue, convert, zero_of
from tramdo.uncertainty.weighing import CheckWeighing

ZERO, LOADS, REPEATABILITY, ECCENTRICITY = "zero", "loads", "repeatability", "eccentricity"
TESTS = (ZERO, LOADS, REPEATABILITY, ECCENTRICITY)
SMALL = {Unit.KG: Unit.G, Unit.T: Unit.KG}
_GREATEST_ADDED = 2  # in d: more than that and the indication would have stepped before

Answers = Mapping[str, Answer]


def interval_at(plate: Characteristics, load: Decimal) -> Decimal | None:
    """Return the scale interval where a load lies, e where the plate says no d.

    On a multi-interval scale d is that of the first range and grows as e does.
    """
    e, first = plate.e_at(load), plate.e_at(Decimal(0))
    if plate.d is None or not (plate.ranges and e and first):
        return plate.d or e
    return plate.d * e / first


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """The tests to make with `loads`, ascending and in the instrument's unit, as is `window`.

    `change_over`: small weights are added, as one must where d = e.
    """

    check: str
    subject: Subject
    loads: tuple[ReferenceValue, ...]
    window: Decimal
    tests: tuple[str, ...] = TESTS
    supports: int = 4
    repeats: int = 3
    change_over: bool = False

    @property
    def unit(self) -> Unit:
        """The instrument's unit."""
        return self.subject.characteristics.unit

    def steps(self) -> tuple[Step, ...]:
        """Return what is to be done, in order."""
        parts = {
            ZERO: self._zero,
            LOADS: self._spans,
            REPEATABILITY: self._repetitions,
            ECCENTRICITY: self._corners,
        }
        return tuple(step for test in self.tests for step in parts[test]())

    def findings(self, answers: Answers) -> tuple[Finding, ...]:
        """Return what a complete run has found."""
        return tuple(self._found(answers))

    def _zero(self) -> Iterator[Step]:
        yield self._rest("zero", "zero", "take_all_off", zero_of(self.unit))
        if self.change_over:
            yield self._added("zero", Decimal(0))

    def _spans(self) -> Iterator[Step]:
        for number, load in enumerate(self.loads, 1):
            key = f"load-{number}"
            yield self._rest(key, key, "put_on", load)
            if self.change_over:
                yield self._added(key, load.marked)

    def _repetitions(self) -> Iterator[Step]:
        for number in range(1, self.repeats + 1):
            key, facts = f"repeat-{number}", {"number": str(number), "of": str(self.repeats)}
            yield self._rest(f"{key}/off", key, "take_all_off", zero_of(self.unit))
            yield self._rest(key, key, "put_on_again", self.loads[-1], facts)

    def _corners(self) -> Iterator[Step]:
        for number in range(1, self.supports + 1):
            key, facts = f"corner-{number}", {"number": str(number), "of": str(self.supports)}
            yield self._rest(f"{key}/off", key, "take_all_off", zero_of(self.unit))
            yield self._rest(key, key, "put_on_corner", self._corner_load(), facts)

    def _corner_load(self) -> ReferenceValue:
        """Return the load nearest to a third of Max, or of the largest load where Max is unsaid."""
        most = self.subject.characteristics.max or self.loads[-1].value
        share = most / (3 if self.supports <= 4 else self.supports - 1)
        return min(self.loads, key=lambda load: abs(load.value - share))

    def _rest(
        self,
        key: str,
        group: str,
        says: str,
        target: ReferenceValue,
        facts: Mapping[str, str] | None = None,
    ) -> Step:
        load = (
            {} if target.kind == "zero" else {"load": f"{target.id} ({target.value:f} {self.unit})"}
        )
        return Step(
            key=key,
            group=group,
            want=Want.REST,
            says=says,
            facts={**load, **(facts or {})},
            target=target,
            window=self.window,
        )

    def _added(self, key: str, load: Decimal) -> Step:
        small, d = SMALL.get(self.unit, self.unit), min(self._d(load), self._e(load))
        tenth = f"{convert(d / 10, self.unit, small).normalize():f} {small}"
        return Step(
            key=f"{key}/added",
            group=key,
            want=Want.NUMBER,
            says="add_small_weights",
            facts={"tenth": tenth},
            unit=small,
            low=Decimal(0),
            high=convert(_GREATEST_ADDED * d, self.unit, small),
            after=key,
            more=d,
        )

    def _e(self, load: Decimal) -> Decimal:
        e = self.subject.characteristics.e_at(load)
        if e is None:
            raise ValueError(f"check {self.check}: instrument {self.subject.instrument} has no e")
        return e

    def _d(self, load: Decimal) -> Decimal:
        return interval_at(self.subject.characteristics, load) or self._e(load)

    def _found(self, answers: Answers) -> Iterator[Finding]:
        spread, zero = self._spread(answers), Decimal(0)
        if ZERO in self.tests:
            zero = self._error(answers, "zero", zero_of(self.unit))
            # Held against the MPE: a quarter of e is for the moment after zero is set, and
            # nobody here sets it.
            yield self._finding(answers["zero"], zero_of(self.unit), zero, spread)
        for number, load in enumerate(self.loads if LOADS in self.tests else (), 1):
            error = self._error(answers, f"load-{number}", load)
            corrected = error - zero if self._fine(load.marked) else error
            yield self._finding(answers[f"load-{number}"], load, corrected, spread)
        if REPEATABILITY in self.tests:
            yield self._repeatability(answers)
        for number in range(1, self.supports + 1) if ECCENTRICITY in self.tests else ():
            key, load = f"corner-{number}", self._corner_load()
            error = self._error(answers, key, load)
            if self._seen_finely(load.marked):
                error -= self._value(answers, f"{key}/off")
            yield self._finding(answers[key], load, error, spread, small=False)

    def _error(self, answers: Answers, key: str, load: ReferenceValue) -> Decimal:
        shown, added = self._value(answers, key), answers.get(f"{key}/added")
        if added is None or added.value is None:
            return shown - load.value
        small = convert(added.value, added.unit, self.unit)
        return changeover_error(load.value, shown, small, self._d(load.marked)).error

    @staticmethod
    def _value(answers: Answers, key: str) -> Decimal:
        value = answers[key].value
        if value is None:
            raise ValueError(f"step {key} has no value")
        return value

    def _repeated(self, answers: Answers) -> list[Decimal]:
        wanted = range(1, self.repeats + 1) if REPEATABILITY in self.tests else ()
        return [self._value(answers, f"repeat-{number}") for number in wanted]

    def _spread(self, answers: Answers) -> Decimal | None:
        """Return the standard deviation of the repeated weighings, None where there are none."""
        values = self._repeated(answers)
        return Decimal(str(stdev(values))) if len(values) > 1 else None

    def _finding(
        self,
        answer: Answer,
        load: ReferenceValue,
        error: Decimal,
        spread: Decimal | None,
        *,
        small: bool = True,
    ) -> Finding:
        key = answer.step
        if answer.indication is None:
            raise ValueError(f"step {key} was not captured")
        return Finding(
            check=self.check,
            point=f"{self.check}/{key}",
            reference=load,
            indication=answer.indication,
            error=error,
            budget=CheckWeighing(
                unit=self.unit,
                interval=self._interval(load.marked, small=small and self.change_over),
                repeatability=spread,
                weights_expanded=load.expanded_uncertainty,
            ).budget(),
            evidence=answer.frames,
        )

    def _interval(self, load: Decimal, *, small: bool) -> Decimal:
        """Return how finely the error is known: a tenth of d with small weights, else d."""
        return self._d(load) / 10 if small else self._d(load)

    def _fine(self, load: Decimal) -> bool:
        """Say whether the error itself is seen: by small weights, or on a display of e/5."""
        return self.change_over or self._seen_finely(load)

    def _seen_finely(self, load: Decimal) -> bool:
        plate = self.subject.characteristics
        shown, e = interval_at(plate, load), plate.e_at(load)
        return shown is not None and e is not None and fine_enough(shown, e)

    def _repeatability(self, answers: Answers) -> Finding:
        values, last = self._repeated(answers), answers[f"repeat-{self.repeats}"]
        if last.indication is None:
            raise ValueError("the last repetition was not captured")
        shown = ", ".join(f"{value:f}" for value in values)
        return Finding(
            check=self.check,
            point=f"{self.check}/repeatability",
            reference=self.loads[-1],
            indication=last.indication,
            error=max(values) - min(values),
            budget=None,
            spread=True,
            charted=False,
            conditions={"weighings": f"{shown} {self.unit}"},
            evidence=tuple(
                frame
                for key in answers
                if key.startswith("repeat-")
                for frame in answers[key].frames
            ),
        )
