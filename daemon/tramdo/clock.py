"""What time it is, and how far that can be believed."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
STEP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An instant: UTC, monotonic seconds within this boot, and the clock's quality."""

    at: datetime
    monotonic: float
    quality: str


def quality(mark: Path = SYNCHRONISED) -> str:
    """Return "synchronised", or "unknown" where nothing says so."""
    return "synchronised" if mark.exists() else "unknown"


def now() -> Stamp:
    """Return this instant."""
    return Stamp(at=datetime.now(UTC), monotonic=time.monotonic(), quality=quality())


def step(before: Stamp, after: Stamp) -> float:
    """Return by how many seconds the wall clock was set between two stamps; 0.0 when not."""
    moved = (after.at - before.at).total_seconds() - (after.monotonic - before.monotonic)
    return moved if abs(moved) > STEP else 0.0


def local_day(at: datetime) -> date:
    """Return the calendar day of an instant where this computer stands: certificates end by it."""
    return at.astimezone().date()
