"""What an instrument's plate says, and when in its life a limit applies. No I/O."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tramdo.errors import TramdoError
from tramdo.reading import Unit


class LimitsError(TramdoError):
    """An MPE cannot be said, or a rule set cannot be read; the text names what is missing."""


class Stage(StrEnum):
    """When in an instrument's life a limit applies."""

    INITIAL = "initial"
    IN_SERVICE = "in_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One partial weighing range of a multi-interval scale: up to and including `max`, with `e`."""

    max: Decimal
    e: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics:
    """What an instrument's plate says; all quantities in `unit`, None where it is not said.

    `e` is the verification scale interval, `d` the scale interval, `mmq` the minimum measured
    quantity. `ranges` are those of a multi-interval scale, rising in max and e (`LimitsError`
    otherwise); they win over `e`.
    """

    accuracy_class: str | None
    unit: Unit
    max: Decimal | None = None
    min: Decimal | None = None
    e: Decimal | None = None
    d: Decimal | None = None
    mmq: Decimal | None = None
    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        """Refuse ranges that do not rise."""
        for below, above in zip((_NOTHING, *self.ranges), self.ranges, strict=False):
            if not (above.max > below.max and above.e > below.e):
                raise LimitsError(
                    f"ranges: max {above.max:f} with e {above.e:f} {self.unit} comes after max "
                    f"{below.max:f} with e {below.e:f}; allowed: both above 0 and rising"
                )

    def e_at(self, load: Decimal) -> Decimal | None:
        """Return e of the range in which a load falls, both in `unit`; None: the plate says none.

        A load above the last range gets that range's e (OIML R 76-1:2006, 3.3; unverified).
        """
        for one in self.ranges:
            if load <= one.max:
                return one.e
        return self.ranges[-1].e if self.ranges else self.e


_NOTHING = Range(max=Decimal(0), e=Decimal(0))
