"""What the ledger takes and gives. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tramdo.events import iso


def instant(at: datetime) -> str:
    """Return an instant as the tables hold it, so that order in text is order in time."""
    return iso(at.astimezone(UTC))


def moment(text: str | None) -> datetime | None:
    """Return an instant of the tables."""
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Bytes that were not kept, and why; `stranger` is a station that has no key here."""

    why: str
    wire: bytes
    stranger: str = ""


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of a batch; every number in it is committed."""

    new: int = 0
    repeated: int = 0
    forked: int = 0
    refused: list[Refused] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """How far a station's events are here: of its newest epoch, and of each."""

    epoch: str
    upto: int
    epochs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Numbers `first` to `last`, known to exist and not here; stuck there since `since`."""

    station: str
    epoch: str
    first: int
    last: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a station's record; `seq` is 0 where it is about the whole.

    `name` is altered, forged, fork, not_enrolled, missing or old_copy.
    """

    station: str
    epoch: str
    seq: int
    name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Something to forward; `kind` is alert, gap, security, finding or silence."""

    number: int
    station: str
    kind: str
    at: datetime
    text: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRow:
    """One station as the ledger knows it; `epoch`, `upto` and `proven` are of its newest epoch.

    `online` is None where nobody has said; `highest` is the newest number known to exist.
    """

    station: str
    seen: datetime
    online: bool | None
    silent_since: datetime | None
    enrolled: bool
    epoch: str
    upto: int
    proven: int
    highest: int
    findings: int
