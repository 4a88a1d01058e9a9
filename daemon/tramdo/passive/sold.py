"""What the sales on show add up to, as far as somebody who polls can know. No I/O.

A sale that begins between two polls may look like one that goes on: both are then kept as
candidates, until the total says which it was.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

REST = 3
LONGEST = 5.0  # seconds between polls: a longer look away could hide a whole sale
FASTEST = 2.5  # litres a second
TURNAROUND = 2.0  # seconds from the end of one delivery to the flow of the next, at the least
MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """The volume shown (litres), and what was sold before it since the last base.

    `before` holds the candidates. `count` is how often the volume was shown in a row; `lost`
    says that some of it went unseen; `sales` counts beginnings, for the life of this state.
    """

    volume: Decimal | None = None
    at: float = 0.0
    count: int = 0
    before: tuple[Decimal, ...] = (Decimal(0),)
    lost: bool = True
    sales: int = 0

    @property
    def rests(self) -> bool:
        """Whether the volume has stood for `REST` readings."""
        return self.count >= REST

    def add(self, volume: Decimal, monotonic: float) -> "Sold":
        """Return the state after one more volume, shown at that monotonic second."""
        gone, last = monotonic - self.at, self.volume
        state = replace(self, volume=volume, at=monotonic, count=1)
        if last is None or not 0 <= gone <= LONGEST:
            return replace(state, lost=True)
        if volume == last:
            return replace(state, count=self.count + 1)
        if volume < last:
            return replace(state, **self._begun(last))
        # A jump no nozzle can make: a damaged digit, or the last sale shown again.
        if volume - last > Decimal(FASTEST * (gone + TURNAROUND)):
            return replace(state, lost=True)
        if last and volume <= Decimal(FASTEST * (gone - TURNAROUND)):
            return replace(state, **self._branched(last))
        return state

    def owed(self, grown: Decimal, near: Decimal) -> tuple[Decimal, ...]:
        """Return what a total that grew so much still owes, by candidate.

        What is within `near` of nothing, or of the whole sale on show, is taken for it.
        """
        volume = self.volume or Decimal(0)
        marks = (Decimal(0), volume)
        found = [one + volume - grown for one in self.before]
        return tuple(
            next((mark for mark in marks if abs(one - mark) <= near), one) for one in found
        )

    def based(self, owed: tuple[Decimal, ...]) -> "Sold":
        """Return the state counting from here, where the total still owes one of these."""
        volume = self.volume or Decimal(0)
        before = tuple(dict.fromkeys(one - volume for one in owed))
        return replace(self, before=before, lost=False)

    def _begun(self, last: Decimal) -> dict[str, Any]:
        sales = self.sales + 1
        if not self.rests:
            return {"lost": True, "sales": sales}
        return {"before": tuple(one + last for one in self.before), "sales": sales}

    def _branched(self, last: Decimal) -> dict[str, Any]:
        if not self.rests:
            return {"lost": True}
        both = dict.fromkeys((*self.before, *(one + last for one in self.before)))
        return {"before": tuple(both)[:MOST], "lost": self.lost or len(both) > MOST}
