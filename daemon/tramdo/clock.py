"""What time it is, and how far that can be believed."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STEP = 1.0
# timesyncd touches its mark after each synchronisation, at most 2048 s apart (its poll interval).
FRESH = 3 * 2048.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An instant: UTC, monotonic seconds within this boot, the clock's quality, which boot."""

    at: datetime
    monotonic: float
    quality: str
    boot: str = ""


def quality(mark: Path = SYNCHRONISED) -> str:
    """Return "synchronised", "free-running" where that was long ago, or "unknown"."""
    try:
        age = time.time() - mark.stat().st_mtime
    except OSError:
        return "unknown"
    return "synchronised" if abs(age) < FRESH else "free-running"


@cache
def boot() -> str:
    """Return the id of this boot; a unit that hides /proc gives it as BOOT_ID."""
    if given := os.environ.get("BOOT_ID"):
        return given.replace("-", "")
    try:
        return BOOT_ID.read_text().strip().replace("-", "")
    except OSError:
        return ""


def now() -> Stamp:
    """Return this instant."""
    return Stamp(at=datetime.now(UTC), monotonic=time.monotonic(), quality=quality(), boot=boot())


def step(before: Stamp, after: Stamp) -> float:
    """Return by how many seconds the wall clock was set between two stamps; 0.0 when not."""
    moved = (after.at - before.at).total_seconds() - (after.monotonic - before.monotonic)
    return moved if abs(moved) > STEP else 0.0


def local_day(at: datetime) -> date:
    """Return the calendar day of an instant where this computer stands: certificates end by it."""
    return at.astimezone().date()
