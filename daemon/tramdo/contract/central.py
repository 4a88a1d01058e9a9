"""What is said to a station: how far the central has it, what to send again, a guided check.

No I/O. `cmd/check` is `tramdo.commands.Command` itself.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from tramdo.contract.shape import ABSENT, Count, Epoch, Seq, Shape

MOST_AT_A_TIME = 10_000


class Ack(Shape):
    """Every event up to a number is stored, or declared as given up; it never goes down."""

    epoch: Epoch
    """The newest epoch."""
    upto: Count
    epochs: dict[Epoch, Count] = ABSENT
    """The same for every epoch."""


class Resend(Shape):
    """Send these events again: at most 10,000 numbers at a time."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    epoch: Epoch
    from_: Seq = Field(alias="from")
    to: Seq

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not 0 <= self.to - self.from_ < MOST_AT_A_TIME:
            raise ValueError(f"{self.from_} to {self.to}; allowed: up to 10,000 numbers, rising")
        return self
