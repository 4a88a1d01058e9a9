"""What all rule sets have, and the first shape: steps of e (as in OIML R 76). No I/O.

Python knows the shape, the file the numbers. The other shape is in `ratio.py`.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from tramdo.limits.plate import Characteristics, LimitsError, Stage
from tramdo.limits.rows import Positive, Step, as_steps, rising

_Rule = TypeVar("_Rule")


def _climbing(lines: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if list(lines) != sorted(set(lines)):
        raise ValueError("must rise, such as [1, 1.5]")
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """MPE rules of one recommendation, edition and table; `id` is the name of the file.

    `certainty` tells how the numbers were come by: "certain", "likely" or "unsure". `lines` are
    the factors of the MPE at which an error is reported; conformity is always judged at 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    title: str
    recommendation: str
    edition: str
    table: str
    country: str
    certainty: Literal["certain", "likely", "unsure"]
    note: str = ""
    lines: Annotated[tuple[Positive, ...], Field(min_length=1), AfterValidator(_climbing)] = (
        Decimal(1),
    )
    repeatability_factor: Positive | None = None

    def mpe(self, at: Decimal, characteristics: Characteristics, stage: Stage) -> Decimal:
        """Return the MPE, positive, at a load or volume; both in the characteristics' unit.

        Raises `LimitsError` when it cannot be said.
        """
        if not (at.is_finite() and at >= 0):
            raise LimitsError(f"{self.id}: no MPE is defined at {at}; allowed: 0 and above")
        return self._mpe(at, characteristics, stage)

    def repeatability(
        self, at: Decimal, characteristics: Characteristics, stage: Stage
    ) -> Decimal | None:
        """Return how far repeated results at a load or volume may lie apart (largest - smallest).

        None: the rule set limits no repeatability there. Raises as `mpe` does.
        """
        share = self.repeatability_factor
        return None if share is None else share * self.mpe(at, characteristics, stage)

    def _mpe(self, at: Decimal, characteristics: Characteristics, stage: Stage) -> Decimal:
        raise NotImplementedError

    def _of_class(self, classes: dict[str, _Rule], characteristics: Characteristics) -> _Rule:
        name = characteristics.accuracy_class
        if name is None or name not in classes:
            known = ", ".join(classes)
            raise LimitsError(f"{self.id}: accuracy class is {name or 'not given'}; has: {known}")
        return classes[name]


_Ladder = Annotated[
    tuple[Step, ...], Field(min_length=1), BeforeValidator(as_steps), AfterValidator(rising)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(RuleSet):
    """MPE in steps of the verification scale interval e."""

    kind: Literal["steps"]
    in_service_factor: Positive
    classes: Annotated[dict[str, _Ladder], Field(min_length=1)]

    def _mpe(self, at: Decimal, characteristics: Characteristics, stage: Stage) -> Decimal:
        steps, e = self._of_class(self.classes, characteristics), characteristics.e_at(at)
        if e is None or e <= 0:
            found = "not given" if e is None else e
            raise LimitsError(f"{self.id}: needs e; it is {found}; allowed: above 0")
        for step in steps:
            if step.up_to is None or at <= step.up_to * e:
                factor = self.in_service_factor if stage is Stage.IN_SERVICE else 1
                return step.mpe * _parts(at, step.every, e) * e * factor
        raise LimitsError(
            f"{self.id}: {at:f} {characteristics.unit} is {at / e:f} e; class "
            f"{characteristics.accuracy_class} ends at {steps[-1].up_to} e"
        )


def _parts(at: Decimal, every: Decimal | None, e: Decimal) -> Decimal:
    if every is None:
        return Decimal(1)
    return max(Decimal(1), (at / (every * e)).to_integral_value(ROUND_CEILING))
