"""The rows of a rule set as they stand in its file. No I/O."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import ConfigDict, Field

Positive = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]

_ONLY_THESE = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An MPE in e for loads up to and including `up_to` e; None: for all above.

    With `every`, the MPE counts once for every so many e of the load, or part of them.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _ONLY_THESE

    up_to: Positive | None = None
    mpe: Positive
    every: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """For volumes up to `up_to`: `factor` times the ratio, of the volume itself or of `of`."""

    __pydantic_config__: ClassVar[ConfigDict] = _ONLY_THESE

    up_to: Positive
    factor: Positive
    of: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """An MPE in per cent of the volume; `in_service` None: the set's in_service_factor tells."""

    __pydantic_config__: ClassVar[ConfigDict] = _ONLY_THESE

    initial: Positive
    in_service: Positive | None = None


_Row = TypeVar("_Row", Step, Small)


def rising(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
    """Return the rows, or raise `ValueError` where `up_to` does not rise from row to row."""
    ends = [row.up_to for row in rows]
    bounded = [end for end in ends if end is not None]
    if None in ends[:-1] or bounded != sorted(set(bounded)):
        raise ValueError("up_to must rise from row to row; only the last may leave it out")
    return rows


def as_steps(value: Any) -> Any:
    """Return a class given as one table as the one row that it is."""
    return [value] if isinstance(value, dict) else value


def as_percent(value: Any) -> Any:
    """Return a class given as one number as the table that it is short for."""
    return value if isinstance(value, dict | Percent) else {"initial": value}
