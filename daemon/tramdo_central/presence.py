"""Who has been heard when: a station is told silent once, and once that it is back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tramdo_central.database import Session
from tramdo_central.notes import Notes
from tramdo_central.rows import instant, moment

_KNOWN = """SELECT station, keyed, seen, silent_since, online FROM station
  WHERE station {among} ORDER BY station {lock}"""
# What another receiver has locked is being heard right now.
_QUIET = """SELECT station, seen, online FROM station
  WHERE silent_since IS NULL AND (seen < ? OR online = 0) ORDER BY station {skip}"""


class Known(NamedTuple):
    """A station's row, locked until the commit; `keyed` names the keys it was last judged with."""

    station: str
    keyed: str
    seen: str
    silent_since: str | None
    online: int | None


def locked(session: Session, stations: Iterable[str], at: datetime) -> Mapping[str, Known]:
    """Lock stations, in one order everywhere, and add those not known."""
    names, now = sorted(stations), instant(at)
    insert = """INSERT INTO station (station, keyed, seen) VALUES (?, '', ?)
      ON CONFLICT DO NOTHING"""
    session.many(insert, [(name, now) for name in names])
    return {row[0]: Known(*row) for row in session.rows(_KNOWN, names)}


def heard(session: Session, known: Known, at: datetime, online: int | None) -> None:
    """Note a sign of life of a locked station, and what the broker says of its connection.

    What the broker still had of a station that is offline does not bring it back.
    """
    update = "UPDATE station SET seen = ?, online = ?, silent_since = ? WHERE station = ?"
    back = online != 0 and known.silent_since is not None
    silent_since = known.silent_since if online == 0 else None
    session.run(update, max(known.seen, instant(at)), online, silent_since, known.station)
    if back:
        text = f"back, silent since {_shown(known.silent_since, at)}"
        Notes(session, known.station, at).tell("silence", {"state": "back", "text": text})


def left(session: Session, known: Known) -> None:
    """Note that the broker says a locked station is offline."""
    session.run("UPDATE station SET online = 0 WHERE station = ?", known.station)


def silent(session: Session, now: datetime, after: timedelta) -> list[str]:
    """Mark and return stations not heard for so long, or said to be offline, and not yet told."""
    quiet = session.rows(_QUIET, instant(now - after))
    names = [name for name, _, _ in quiet]
    update = "UPDATE station SET silent_since = ? WHERE station = ?"
    session.many(update, [(instant(now), name) for name in names])
    for name, seen, online in quiet:
        text = f"nothing heard since {_shown(seen, now)}"
        if online == 0:
            text += "; the broker lost its connection"
        Notes(session, name, now).tell("silence", {"state": "silent", "text": text})
    return names


def _shown(since: str | None, now: datetime) -> str:
    """Return an instant of the tables as a person reads it, with its date if it is not today's."""
    then, today = moment(since) or now, moment(instant(now)) or now
    return f"{then:%H:%M:%S} UTC" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M} UTC"
