"""How much a journal may keep, and which step of shedding is due. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tramdo.events import iso
from tramdo.journal import ballast

# The write-ahead log is checkpointed at 2 MB; a commit and a step of shedding come on top.
LOG = 8 << 20
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that the journal, its log and its ballast may take; how old readings may get."""

    most: int = 256 * MEGABYTE
    readings_for: timedelta | None = None
    ballast: int = ballast.SIZE

    @property
    def high(self) -> int:
        """The size of the file, in bytes, above which something must go."""
        return self.most - self.ballast - LOG

    @property
    def low(self) -> int:
        """The size to which it is brought down."""
        return self.high - self.high // 20

    def cutoff(self, now: datetime) -> str:
        """Return the time before which readings are too old, as events write it; "" for none.

        It moves once a day, so that one event tells of a day's readings.
        """
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return iso(midnight - self.readings_for) if self.readings_for else ""
