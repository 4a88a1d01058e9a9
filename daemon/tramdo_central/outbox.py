"""What is to be forwarded: claimed for a while, told once; a killed receiver's claims come back."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from tramdo_central.database import Row, Session
from tramdo_central.rows import Untold, instant

LEASE = timedelta(seconds=60)
_DUE = """SELECT number, station, kind, at, body FROM outbox
  WHERE told IS NULL AND (claimed_until IS NULL OR claimed_until <= ?)
  ORDER BY number LIMIT ? {skip}"""


def claim(session: Session, most: int, at: datetime) -> list[Untold]:
    """Return what nobody has told or holds, oldest first; it is ours until the lease ends."""
    rows = session.rows(_DUE, instant(at), most)
    session.run(
        "UPDATE outbox SET claimed_until = ? WHERE number {among}",
        instant(at + LEASE),
        [number for number, *_ in rows],
    )
    return [_untold(row) for row in rows]


def told(session: Session, numbers: Iterable[int], at: datetime) -> None:
    """Mark what has been told."""
    update = "UPDATE outbox SET told = ? WHERE number {among} AND told IS NULL"
    session.run(update, instant(at), list(numbers))


def _untold(row: Row) -> Untold:
    number, station, kind, at, message = row
    body = json.loads(message)
    return Untold(
        number=number,
        station=station,
        kind=kind,
        at=datetime.fromisoformat(at),
        text=_text(station, kind, body),
        body=body,
    )


def _text(station: str, kind: str, body: dict[str, object]) -> str:
    """Return one line, ASCII: nothing that a station writes reaches a terminal as it is."""
    if kind in ("finding", "silence"):
        return f"{station}: {body.get('finding', kind)}: {body.get('text')}"
    return f"{station}: {kind} {body.get('instrument')}: {json.dumps(body.get('body'))[:300]}"
