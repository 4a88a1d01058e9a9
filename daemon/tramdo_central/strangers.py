"""Stations that show up without an enrolled key: named to a person, and heard once they have one.

Their events wait at the station. What they show of themselves comes once, when they connect, so it
is kept here until a key appears.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tramdo_central.database import Session
from tramdo_central.rows import instant

MOST = 1000
LONGEST_HEAD = 4096
NOTE_EVERY = timedelta(seconds=60)
_NOTE = """INSERT INTO stranger (station, seen) SELECT CAST(? AS TEXT), CAST(? AS TEXT)
  WHERE (SELECT count(*) FROM stranger) < ?
  ON CONFLICT (station) DO UPDATE SET seen = excluded.seen"""


@dataclass(slots=True)
class Shown:
    """What a station last showed: its status, its head; `noted` is when it was written down."""

    online: bool | None = None
    head: bytes = b""
    noted: datetime | None = None


class Strangers:
    """Remembers up to 1000 of them."""

    def __init__(self) -> None:
        self._shown: dict[str, Shown] = {}

    def met(self, station: str, online: bool | None = None, head: bytes = b"") -> None:
        """Remember one that was turned away, and what it showed."""
        if station not in self._shown and len(self._shown) >= MOST:
            return
        shown = self._shown.setdefault(station, Shown())
        if online is not None:
            shown.online = online
        if head and len(head) <= LONGEST_HEAD:
            shown.head = head

    def due(self, at: datetime) -> list[str]:
        """Return those to be written down now: each when it is new, then once a minute."""
        names = []
        for station, shown in self._shown.items():
            if shown.noted is None or at - shown.noted >= NOTE_EVERY:
                shown.noted = at
                names.append(station)
        return sorted(names)

    def welcome(self, enrolled: Callable[[str], bool]) -> dict[str, Shown]:
        """Return and forget those whose key is enrolled now."""
        names = [station for station in self._shown if enrolled(station)]
        return {station: self._shown.pop(station) for station in names}


def note(session: Session, stations: list[str], at: datetime) -> None:
    """Write down strangers, for the list of stations."""
    for station in stations:
        session.run(_NOTE, station, instant(at), MOST)


def noted(session: Session) -> list[tuple[str, datetime]]:
    """Return the strangers that have never become stations, and when they were last met."""
    query = """SELECT station, seen FROM stranger
      WHERE station NOT IN (SELECT station FROM station) ORDER BY station"""
    return [(station, datetime.fromisoformat(seen)) for station, seen in session.rows(query)]
