"""A guided check of a dispenser: deliveries compared with a reference volume. No I/O.

The daemon reads the instrument before and after; a person fills the can (or the vessel on a scale,
or passes a master meter) and reads what the daemon cannot. Which of these it is, is the `Way`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, stdev
from typing import Protocol

from tramdo.check import Finding, Subject
from tramdo.procedures.steps import Answer, Step, Want
from tramdo.reading import Indication, Unit
from tramdo.reference import ReferenceValue, convert
from tramdo.uncertainty.budget import Budget
from tramdo.uncertainty.unguided import resolution

FAST, SLOW = "fast", "slow"
FLOWS = (FAST, SLOW)
# Totals and display may differ by the rounding of both.
_DISPLAY_INTERVALS = 2

Answers = Mapping[str, Answer]
Given = Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """The reference volume of one delivery in L, at the meter's conditions.

    `missing` says what it could not be corrected for; then it has no say in law.
    """

    value: Decimal
    budget: Budget
    missing: str | None = None


class Way(Protocol):
    """How a delivery's reference volume is found."""

    @property
    def reference(self) -> ReferenceValue:
        """The check standard, its value in L."""
        ...

    def asks(self, group: str) -> Iterator[Step]:
        """Yield the numbers to be read after a delivery; keys are `<group>/<name>`."""
        ...

    def volume(self, given: Given, interval: Decimal, spread: Decimal) -> Volume:
        """Return the reference volume; `interval` and `spread` (L) are the dispenser's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """`runs` deliveries at each flow; `window` (instrument's unit) tells one from a customer's."""

    check: str
    subject: Subject
    way: Way
    window: Decimal
    flows: tuple[str, ...] = FLOWS
    runs: int = 3

    def __post_init__(self) -> None:
        """Refuse a unit in which the volumes, all in L, would be a thousand times wrong."""
        if self.unit is not Unit.L:
            raise ValueError(
                f"check {self.check}: instrument {self.subject.instrument} shows {self.unit}; "
                f"allowed for a guided check of a dispenser: {Unit.L}"
            )

    @property
    def unit(self) -> Unit:
        """The instrument's unit."""
        return self.subject.characteristics.unit

    def steps(self) -> tuple[Step, ...]:
        """Return what is to be done, in order."""
        return tuple(
            step
            for flow in self.flows
            for run in range(1, self.runs + 1)
            for step in self._run_steps(flow, run)
        )

    def _run_steps(self, flow: str, run: int) -> Iterator[Step]:
        group = f"{flow}-{run}"
        yield Step(
            key=f"{group}/delivered",
            group=group,
            want=Want.DELIVERY,
            says=f"deliver_{flow}",
            facts={
                "volume": f"{self.way.reference.marked:f} L",
                "number": str(run),
                "of": str(self.runs),
            },
            target=self.way.reference,
            window=self.window,
        )
        yield from self.way.asks(group)

    def findings(self, answers: Answers) -> tuple[Finding, ...]:
        """Return what a complete run has found: for each flow the mean error, and the spread."""
        return tuple(one for flow in self.flows for one in self._at(flow, answers))

    def _at(self, flow: str, answers: Answers) -> Iterator[Finding]:
        groups = [f"{flow}-{run}" for run in range(1, self.runs + 1)]
        rough = [self._volume(answers, group, Decimal(0)) for group in groups]
        errors = [
            self._shown(answers, group) - volume.value
            for group, volume in zip(groups, rough, strict=True)
        ]
        missing = [why for one in rough if (why := one.missing)]
        odd = [why for group in groups if (why := self._display_differs(answers, group))]
        refused = next(iter((*missing, *odd)), None)
        yield self._mean(flow, answers, groups, errors, refused)
        if len(errors) > 1:
            yield self._repeatability(flow, answers, groups, errors, refused)

    def _mean(
        self,
        flow: str,
        answers: Answers,
        groups: Sequence[str],
        errors: Sequence[Decimal],
        refused: str | None,
    ) -> Finding:
        spread = Decimal(str(stdev(errors))) if len(errors) > 1 else Decimal(0)
        volumes = [self._volume(answers, group, spread) for group in groups]
        # What is judged is one run: its error against the MPE at its own volume.
        worst = max(range(len(errors)), key=lambda run: abs(errors[run]) / volumes[run].value)
        return Finding(
            check=self.check,
            point=f"{self.check}/{flow}",
            reference=self._reference(volumes[worst].value),
            indication=self._indication(answers, groups[worst]),
            error=_mean_of(errors),
            worst=errors[worst],
            budget=volumes[worst].budget,
            refused=refused,
            charted=refused is None,
            conditions={
                **_conditions(answers, groups[worst]),
                "errors": _listed(errors, self.unit),
            },
            evidence=self._frames(answers, groups),
        )

    def _repeatability(
        self,
        flow: str,
        answers: Answers,
        groups: Sequence[str],
        errors: Sequence[Decimal],
        refused: str | None,
    ) -> Finding:
        return Finding(
            check=self.check,
            point=f"{self.check}/{flow}-repeatability",
            reference=self.way.reference,
            indication=self._indication(answers, groups[-1]),
            error=max(errors) - min(errors),
            budget=None,
            refused=refused,
            spread=True,
            charted=False,
            conditions={"errors": _listed(errors, self.unit)},
        )

    def _volume(self, answers: Answers, group: str, spread: Decimal) -> Volume:
        names = [key.removeprefix(f"{group}/") for key in answers if key.startswith(f"{group}/")]
        given = {name: answers[f"{group}/{name}"].value for name in names}
        said = self.subject.characteristics.d or Decimal("0.01")
        interval = resolution(self._indication(answers, group), said, Unit.L)
        return self.way.volume(given, interval, spread)

    def _shown(self, answers: Answers, group: str) -> Decimal:
        one = self._indication(answers, group)
        return convert(one.value, one.unit, Unit.L)

    @staticmethod
    def _indication(answers: Answers, group: str) -> Indication:
        found = answers[f"{group}/delivered"].indication
        if found is None:
            raise ValueError(f"{group}: the delivery was not captured")
        return found

    def _display_differs(self, answers: Answers, group: str) -> str | None:
        """Return why the volume displayed does not belong to what the totals grew by."""
        shown = answers[f"{group}/delivered"].seen.get("volume")
        one = self._indication(answers, group)
        if shown is None or "from_totals" not in one.flags:
            return None
        digits, unit = shown.split(" ", 1)
        displayed = convert(Decimal(digits), Unit(unit), one.unit)
        most = _DISPLAY_INTERVALS * (self.subject.characteristics.d or Decimal("0.01"))
        if abs(displayed - one.value) <= most:
            return None
        return f"the display showed {shown}, the totals grew by {one.value:f} {one.unit}"

    def _reference(self, value: Decimal) -> ReferenceValue:
        return self.way.reference.with_value(value)

    @staticmethod
    def _frames(answers: Answers, groups: Sequence[str]) -> tuple[str, ...]:
        return tuple(frame for group in groups for frame in answers[f"{group}/delivered"].frames)


def _conditions(answers: Answers, group: str) -> dict[str, str]:
    """Return what was read in one run, by name, with its unit."""
    return {
        key.removeprefix(f"{group}/"): f"{one.value:f} {one.unit}"
        for key, one in answers.items()
        if key.startswith(f"{group}/") and one.value is not None
    }


def _mean_of(errors: Sequence[Decimal]) -> Decimal:
    # A micro-litre is far below what any reading of a can says.
    return Decimal(str(fmean(errors))).quantize(Decimal("0.000001"))


def _listed(errors: Sequence[Decimal], unit: Unit) -> str:
    return ", ".join(f"{error:+.4f}" for error in errors) + f" {unit}"
