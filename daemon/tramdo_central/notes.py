"""What a transaction notes beside the events: findings, and what is to be forwarded."""

import json
from datetime import datetime
from typing import Any

from tramdo.proof import Link
from tramdo_central.database import Session
from tramdo_central.rows import instant

# A station that sends nothing but rubbish fills neither disk nor mailbox.
MOST_FINDINGS = 1000
FORWARDED = ("alert", "gap", "security")


class Notes:
    """Writes about one station inside a transaction; each finding once."""

    def __init__(self, session: Session, station: str, at: datetime) -> None:
        self.session, self.station, self.at = session, station, instant(at)
        self._room: int | None = None

    def finding(self, epoch: str, seq: int, name: str, text: str) -> None:
        """Keep a finding that is not known yet, and tell it."""
        if self._room is None:
            count = "SELECT count(*) FROM finding WHERE station = ?"
            self._room = MOST_FINDINGS - self.session.rows(count, self.station)[0][0]
        if self._room <= 0:
            return
        row = (self.station, epoch, seq, name, text, self.at)
        insert = """INSERT INTO finding (station, epoch, seq, name, text, at)
          VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
        if self.session.run(insert, *row) == 1:
            self._room -= 1
            self.tell("finding", {"finding": name, "epoch": epoch, "seq": seq, "text": text})

    def events(self, links: list[Link]) -> None:
        """Put events that somebody must hear of into the outbox."""
        rows = [
            (self.station, link.kind, self.at, link.message)
            for link in links
            if link.kind in FORWARDED
        ]
        self._put(rows)

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """Put something of our own into the outbox."""
        self._put([(self.station, kind, self.at, json.dumps(body).encode())])

    def _put(self, rows: list[tuple[str, str, str, bytes]]) -> None:
        insert = "INSERT INTO outbox (station, kind, at, body) VALUES (?, ?, ?, ?)"
        if rows:
            self.session.many(insert, rows)
