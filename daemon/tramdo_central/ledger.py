"""All that stations have sent, once, and how far each record is complete and proven.

Blocking: one call is one transaction, and what a call has returned for is on disk. Several
receivers may use one PostgreSQL at the same time. Every method raises `LedgerError`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tramdo.proof import Link, Verifier, fingerprint, sealed
from tramdo_central import outbox, presence, schema, strangers, views
from tramdo_central.admission import admitted, head_of, is_station
from tramdo_central.database import Database, LedgerError, Session, Sqlite
from tramdo_central.presence import Known
from tramdo_central.record import Record
from tramdo_central.rows import Ack, Finding, Gap, Refused, StationRow, Taken, Untold
from tramdo_central.strangers import Strangers

__all__ = [
    "Ack",
    "Finding",
    "Gap",
    "Ledger",
    "LedgerError",
    "Refused",
    "StationRow",
    "Taken",
    "Untold",
]

Keys = Callable[[str], Verifier | None]
PAGE = 1000


class Ledger:
    """An open ledger; `keys` gives the enrolled keys of a station, None where there are none."""

    def __init__(self, database: Database, keys: Keys, *, only_enrolled: bool) -> None:
        self._database, self._keys, self._only_enrolled = database, keys, only_enrolled
        self._strangers = Strangers()

    @classmethod
    def open(
        cls, url: str, keys: Keys, *, only_enrolled: bool = False, read_only: bool = False
    ) -> "Ledger":
        """Open a ledger, making it where there is none.

        `url` is a file, `sqlite:///file` or `postgresql://…`. With `only_enrolled`, events of
        stations without a key are refused. With `read_only` nothing is made or changed, and a file
        may be in use by a receiver.
        """
        database = _database(url, read_only=read_only)
        try:
            with database.transaction() as session:
                schema.know(session) if read_only else schema.make(session)
        except BaseException:
            database.close()
            raise
        return cls(database, keys, only_enrolled=only_enrolled)

    def take(self, wires: Sequence[bytes], at: datetime) -> Taken:
        """Store events as they came, each once, and move the frontiers; one transaction.

        Nothing that a station sends makes this fail: what cannot be kept is in `refused`.
        """
        taken = Taken()
        links = self._sorted(wires, taken)
        self._note_strangers(at)
        if not links:
            return taken
        with self._database.transaction() as session:
            for name, known in presence.locked(session, links, at).items():
                record = self._record(session, known, at)
                record.take(links[name], taken)
                record.save()
                presence.heard(session, known, at, known.online)
        taken.touched = set(links)
        return taken

    def _sorted(self, wires: Sequence[bytes], taken: Taken) -> dict[str, list[Link]]:
        links: dict[str, list[Link]] = {}
        for wire in wires:
            try:
                link = admitted(wire)
            except ValueError as error:
                taken.refused.append(Refused(why=str(error), wire=wire))
                continue
            if self._only_enrolled and self._keys(link.station) is None:
                why = f"no key of station {link.station} is enrolled"
                taken.refused.append(Refused(why=why, wire=wire, stranger=link.station))
                self._strangers.met(link.station)
            else:
                links.setdefault(link.station, []).append(link)
        return links

    def _note_strangers(self, at: datetime) -> None:
        if names := self._strangers.due(at):
            with self._database.transaction() as session:
                strangers.note(session, names, at)

    def welcome(self, at: datetime) -> None:
        """Apply what stations have shown of themselves before their keys were enrolled."""
        found = self._strangers.welcome(lambda name: self._keys(name) is not None)
        for station, shown in found.items():
            self.seen(station, at, shown.online)
            if shown.head:
                self.take_head(shown.head, at)

    def _record(self, session: Session, known: Known, at: datetime) -> Record:
        verifier = self._keys(known.station)
        record = Record(session, known.station, verifier, at)
        keyed = " ".join(sorted(map(fingerprint, verifier.keys))) if verifier else ""
        if keyed != known.keyed:
            update = "UPDATE station SET keyed = ? WHERE station = ?"
            session.run(update, keyed, known.station)
            record.judge_again()
        return record

    def take_head(self, payload: bytes, at: datetime) -> None:
        """Remember the newest number that a station has signed, and prove the tail with it.

        A head that is none, or of a station without a key, changes nothing.
        """
        with suppress(ValueError):
            head = head_of(payload)
            if (verifier := self._keys(head.station)) is None:
                self._strangers.met(head.station, head=payload)
                return
            with self._database.transaction() as session:
                known = presence.locked(session, [head.station], at)[head.station]
                record = self._record(session, known, at)
                if head.proven(verifier):
                    record.take_head(head)
                else:
                    text = "a head whose signature is not of an enrolled key"
                    record.notes.finding(head.epoch, head.seq, "forged", text)
                record.save()

    def acks(self, stations: Iterable[str]) -> dict[str, Ack]:
        """Return how far the events of these stations are here; within an epoch it only goes up."""
        with self._database.transaction() as session:
            return views.acks(session, list(stations))

    def gaps(self, station: str | None = None) -> list[Gap]:
        """Return what is known to exist and is neither here nor declared gone, lowest first."""
        with self._database.transaction() as session:
            return list(views.gaps(session, station))

    def stations(self) -> list[StationRow]:
        """Return every station that has been heard, those that were turned away too."""
        with self._database.transaction() as session:
            return views.stations(session, lambda name: self._keys(name) is not None)

    def findings(self, station: str | None = None) -> list[Finding]:
        """Return what is wrong with the records, oldest first; at most 1000 of a station."""
        with self._database.transaction() as session:
            return views.findings(session, station)

    def seen(self, station: str, at: datetime, online: bool | None) -> None:
        """Note a sign of life, or with `online` False that the broker says it is gone."""
        if not is_station(station):
            return
        if self._only_enrolled and self._keys(station) is None:
            self._strangers.met(station, online)
            self._note_strangers(at)
            return
        with self._database.transaction() as session:
            known = presence.locked(session, [station], at)[station]
            if online is False:
                presence.left(session, known)
            else:
                presence.heard(session, known, at, known.online if online is None else 1)

    def silent(self, now: datetime, after: timedelta) -> list[str]:
        """Return stations newly silent; each once among all receivers, until it is back."""
        with self._database.transaction() as session:
            return presence.silent(session, now, after)

    def untold(self, most: int, at: datetime | None = None) -> list[Untold]:
        """Claim what is to be forwarded; what is not told within a minute is offered again."""
        with self._database.transaction() as session:
            return outbox.claim(session, most, at or datetime.now(UTC))

    def told(self, numbers: Iterable[int], at: datetime | None = None) -> None:
        """Mark what has been forwarded."""
        with self._database.transaction() as session:
            outbox.told(session, numbers, at or datetime.now(UTC))

    def export(self, station: str) -> Iterator[bytes]:
        """Yield a station's events as they travelled, by epoch and number."""
        with self._database.transaction() as session:
            epochs = views.epochs(session, station)
        for epoch in epochs:
            seq = 0
            while rows := self._page(station, epoch, seq):
                seq = rows[-1][0]
                for _, message, signature in rows:
                    yield sealed(message, signature)

    def _page(self, station: str, epoch: str, after: int) -> list[tuple[int, bytes, bytes | None]]:
        query = """SELECT seq, message, signature FROM event
          WHERE station = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?"""
        with self._database.transaction() as session:
            return [
                (seq, message, signature)
                for seq, message, signature in session.rows(query, station, epoch, after, PAGE)
            ]

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _database(url: str, *, read_only: bool) -> Database:
    scheme, found, rest = url.partition("://")
    if not found:
        return Sqlite(Path(url), read_only=read_only)
    if scheme == "sqlite" and rest.startswith("/"):
        return Sqlite(Path(rest[1:]), read_only=read_only)
    if scheme not in ("postgres", "postgresql"):
        raise LedgerError(f"{scheme}:// is no ledger; allowed: a file, sqlite:///, postgresql://")
    try:
        from tramdo_central.postgres import Postgres  # noqa: PLC0415  psycopg is an extra
    except ImportError as error:
        raise LedgerError(
            f"PostgreSQL needs psycopg ({error}); run: pip install 'tramdo[postgres]'"
        ) from None
    return Postgres(url, read_only=read_only)
