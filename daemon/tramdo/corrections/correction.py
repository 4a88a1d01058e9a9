"""A value with the corrections that led to it, one by one, so that a person can follow. No I/O."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tramdo.errors import TramdoError

Number = float | Decimal


class MissingTemperature(TramdoError):
    """A correction needs a temperature that nobody gave; `which` names it."""

    def __init__(self, which: str, found: Number | None) -> None:
        super().__init__(f"{which} is {found}; allowed: a measured temperature in °C")
        self.which = which


def measured(temperature: Number | None, which: str) -> float:
    """Return a temperature in °C; raises `MissingTemperature` for None and what is no number."""
    if temperature is None or not math.isfinite(temperature):
        raise MissingTemperature(which, temperature)
    return float(temperature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One step from `before` to `after`, both in `unit`; `name` is a key of names.toml."""

    name: str
    before: float
    after: float
    unit: str

    @property
    def effect(self) -> float:
        """What the correction added, in `unit`."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A corrected value in `unit`, what stood before it, and the steps between, in order."""

    raw: float
    value: float
    unit: str
    parts: tuple[Correction, ...]


def in_steps(raw: Number, unit: str, factors: Mapping[str, float]) -> Corrected:
    """Return a value multiplied by named factors in turn."""
    value, parts = float(raw), list[Correction]()
    for name, factor in factors.items():
        after = value * factor
        parts.append(Correction(name=name, before=value, after=after, unit=unit))
        value = after
    return Corrected(raw=float(raw), value=value, unit=unit, parts=tuple(parts))
