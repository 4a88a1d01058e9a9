"""An uncertainty budget (JCGM 100, the GUM): components, their sum, and what is printed. No I/O."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from tramdo.corrections import Correction, Number
from tramdo.errors import TramdoError
from tramdo.uncertainty.digits import at_place, significant, upwards
from tramdo.uncertainty.table import Language, printed

Distribution = Literal["normal", "rectangular", "triangular"]

DIVISORS: dict[Distribution, float] = {"rectangular": math.sqrt(3), "triangular": math.sqrt(6)}


class BudgetError(TramdoError):
    """A budget lacks what it cannot assume, or was given what cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One source of uncertainty; `name` is a key of names.toml.

    `value` is the half-width of limits, a standard deviation, or an expanded uncertainty, in
    `unit`; `divisor` makes it a standard uncertainty and `sensitivity` takes that to the budget's
    unit. `assumed` says that the value is an assumption of ours.
    """

    name: str
    value: float
    unit: str
    distribution: Distribution
    divisor: float
    sensitivity: float = 1
    assumed: bool = False

    def __post_init__(self) -> None:
        sound = all(map(math.isfinite, (self.value, self.divisor, self.sensitivity)))
        if not sound or self.value < 0 or self.divisor <= 0:
            raise BudgetError(
                f"{self.name}: value {self.value}, divisor {self.divisor}, sensitivity "
                f"{self.sensitivity}; allowed: finite, value from 0, divisor above 0"
            )

    @property
    def u(self) -> float:
        """The standard uncertainty in the budget's unit."""
        return abs(self.value / self.divisor * self.sensitivity)

    @classmethod
    def within(cls, name: str, half_width: float, unit: str, sensitivity: float = 1) -> Self:
        """Return a component known to lie within limits (rectangular)."""
        return cls(
            name=name,
            value=half_width,
            unit=unit,
            distribution="rectangular",
            divisor=DIVISORS["rectangular"],
            sensitivity=sensitivity,
        )

    @classmethod
    def normal(cls, name: str, value: float, unit: str, k: float = 1) -> Self:
        """Return a component from an expanded uncertainty and its k, or a standard deviation."""
        return cls(name=name, value=value, unit=unit, distribution="normal", divisor=k)

    def body(self) -> dict[str, Any]:
        """Return the component as a journal event keeps it."""
        return {
            "name": self.name,
            "value": significant(self.value, 6),
            "unit": self.unit,
            "distribution": self.distribution,
            "divisor": significant(self.divisor, 5),
            "sensitivity": significant(self.sensitivity, 4),
            "u": significant(self.u, 3),
            "assumed": self.assumed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The uncertainty of one error of indication, in `unit`; `title` is a key of names.toml.

    `corrections` are those already applied to the value, so that a person sees what they did.
    """

    title: str
    unit: str
    components: tuple[Component, ...]
    corrections: tuple[Correction, ...] = ()
    k: float = 2

    @property
    def combined(self) -> float:
        """The combined standard uncertainty: the root of the sum of squares."""
        return math.hypot(*(one.u for one in self.components))

    @property
    def expanded(self) -> float:
        """The expanded uncertainty U = k u."""
        return self.k * self.combined

    def body(self) -> dict[str, Any]:
        """Return the budget as a journal event keeps it; U has two digits, rounded upwards."""
        expanded = upwards(self.expanded)
        place = expanded.adjusted() - 2 if expanded else -6
        return {
            "title": self.title,
            "unit": self.unit,
            "components": [one.body() for one in self.components],
            "combined": significant(self.combined, 3),
            "k": significant(self.k, 4),
            "expanded": f"{expanded:f}",
            "corrections": [self._correction(one, place) for one in self.corrections],
        }

    def lines(self, language: Language = "vi") -> list[str]:
        """Return the budget as a table to print; a * marks what was assumed."""
        return printed(self.body(), language)

    def _correction(self, one: Correction, place: int) -> dict[str, str]:
        if one.unit != self.unit:
            effect = upwards(one.effect, 3)
            place = effect.adjusted() - 2 if effect else -3
        return {
            "name": one.name,
            "from": at_place(one.before, place),
            "to": at_place(one.after, place),
            "effect": at_place(one.effect, place),
            "unit": one.unit,
        }


def standard(spread: Number, runs: int) -> float:
    """Return the standard deviation of a mean of so many runs."""
    if runs < 1:
        raise BudgetError(f"runs is {runs}; allowed: 1 and more")
    return float(spread) / math.sqrt(runs)


def given(components: Iterable[Component | None]) -> tuple[Component, ...]:
    """Return the components that apply."""
    return tuple(one for one in components if one is not None)
