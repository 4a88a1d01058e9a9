"""What is to be forwarded: claimed for a while, told once; a killed receiver's claims come back."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tramdo_central.database import Row, Session
from tramdo_central.rows import Untold, instant

LEASE = timedelta(seconds=60)
LONGEST = 300
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


def _text(station: str, kind: str, body: dict[str, Any]) -> str:
    """Return one line, ASCII: nothing that a station writes reaches a terminal as it is."""
    if kind == "silence":
        return f"{station}: {body.get('text')}"
    if kind == "finding":
        return f"{station}: {body.get('finding', kind)}: {body.get('text')}"
    said = body.get("body")
    whose = f"{station} {body.get('instrument')}"
    sentence = _sentence(said) if kind == "alert" and isinstance(said, dict) else None
    line = f"{whose}: {kind} {_compact(said)}" if sentence is None else f"{whose}: {sentence}"
    # JSON's escapes: no control character, no line end.
    return json.dumps(line)[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _sentence(said: dict[str, Any]) -> str | None:
    """Return what an alert says in words, None where it has none."""
    name, error, mpe, why = (said.get(key) for key in ("alert", "error", "mpe", "why"))
    unit = said.get("unit") or ""
    parts = []
    if error is not None:
        parts = [f"error {error} {unit}".strip()]
        parts += [f"MPE {mpe} {unit}".strip()] if mpe is not None else []
    elif isinstance(why, str) and why:
        parts = [why]
    if not name or not parts:
        return None
    check = f" ({said['check']})" if said.get("check") else ""
    return _cut(f"{name}: {', '.join(parts)}{check}")


def _compact(said: Any) -> str:
    return _cut(json.dumps(said, separators=(",", ":"), ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
