"""The legal answer of a check: the error against the MPE, by a decision rule. No I/O.

Where the expanded uncertainty U is at most a third of the MPE, the error decides by itself (simple
acceptance, as legal metrology does). Where it is larger, U is the guard band and there are four
answers (ILAC-G8:09/2019, binary with guard band w = U).
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tramdo.reading import Unit


class Conformity(StrEnum):
    """Whether the error is within the MPE; undecided where the check has no say in law.

    `within` and `exceeds` are simple acceptance; the four others are guarded by U.
    """

    WITHIN = "within"
    EXCEEDS = "exceeds"
    PASS = "pass"  # noqa: S105  by U inside the MPE
    CONDITIONAL_PASS = "conditional_pass"  # noqa: S105  inside, by less than U
    CONDITIONAL_FAIL = "conditional_fail"  # outside, by less than U
    FAIL = "fail"  # by U outside the MPE
    UNDECIDED = "undecided"


class Decision(StrEnum):
    """The rule by which a conformity was decided."""

    SIMPLE = "simple"
    GUARDED = "guarded"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A conformity, the rule that gave it and a sentence with the figures."""

    conformity: Conformity
    decision: Decision
    why: str


def undecided(why: str) -> Ruling:
    """Return that nothing can be decided, and the reason."""
    return Ruling(conformity=Conformity.UNDECIDED, decision=Decision.NONE, why=why)


def rule(error: Decimal, mpe: Decimal, uncertainty: Decimal, unit: Unit) -> Ruling:
    """Decide on an error of indication; `uncertainty` is U at k = 2, all three in `unit`."""
    if 3 * uncertainty <= mpe:
        return _simple(error, mpe, unit)
    return _guarded(error, mpe, uncertainty, unit)


def _simple(error: Decimal, mpe: Decimal, unit: Unit) -> Ruling:
    within = abs(error) <= mpe
    word = "within" if within else "beyond"
    return Ruling(
        conformity=Conformity.WITHIN if within else Conformity.EXCEEDS,
        decision=Decision.SIMPLE,
        why=f"error {error:f} {unit} is {word} MPE {plain(mpe)} {unit}",
    )


def _guarded(error: Decimal, mpe: Decimal, uncertainty: Decimal, unit: Unit) -> Ruling:
    zones = (
        (mpe - uncertainty, Conformity.PASS, "within, by U"),
        (mpe, Conformity.CONDITIONAL_PASS, "within, by less than U"),
        (mpe + uncertainty, Conformity.CONDITIONAL_FAIL, "beyond, by less than U"),
        (Decimal("Infinity"), Conformity.FAIL, "beyond, by more than U"),
    )
    conformity, word = next(zone[1:] for zone in zones if abs(error) <= zone[0])
    figures = f"MPE {plain(mpe)} {unit}, U {plain(uncertainty)} {unit}"
    why = f"error {error:f} {unit} is {word}: {figures}, more than MPE/3"
    return Ruling(conformity=conformity, decision=Decision.GUARDED, why=why)


def plain(value: Decimal) -> str:
    """Return a number to six digits at most, without exponent and without zeros at its end."""
    return f"{Decimal(f'{value:.6g}').normalize():f}"
