"""What an import starts from and ends with, and how both forms write numbers and days."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from tramdo.errors import Problem, TramdoError
from tramdo.reading import Unit
from tramdo.settings.instruments import Reference

MOST_BYTES = 5_000_000
MASS = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT, Unit.GN)
VOLUME = (Unit.ML, Unit.L, Unit.M3)
UNITS_OF = {"weight": MASS, "proving_can": VOLUME, "master_meter": VOLUME, "balance": MASS}

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Far more than a certificate has, and few enough for exact arithmetic in 28 digits.
_MOST_DIGITS = 24


class StandardsError(TramdoError):
    """A certificate or table cannot become check standards; `problems` has those with a line."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was brought: its name for people, and its bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes in hex."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A `[[reference]]` ready to be written, and what the user is to know about it."""

    reference: Reference
    remarks: tuple[str, ...]


def bounded(content: bytes) -> bytes:
    """Return the bytes; raises `StandardsError` above `MOST_BYTES`."""
    if len(content) > MOST_BYTES:
        raise StandardsError(f"has {len(content)} bytes; allowed: up to {MOST_BYTES}")
    return content


def number(text: str) -> Decimal | None:
    """Return a number with a decimal point, its digits kept, or None where the text is none."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    return value if len(value.as_tuple().digits) <= _MOST_DIGITS else None


def day(text: str) -> date | None:
    """Return a day written year-month-day, or None where the text is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
