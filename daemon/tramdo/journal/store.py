"""The journal's file: SQLite, one connection, used from one thread. Raises `JournalError`.

WAL and `synchronous=FULL`: what a commit has returned for survives a power cut.
"""

import fcntl
import hashlib
import heapq
import os
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tramdo.errors import JournalError
from tramdo.events import Event, canonical, iso

SCHEMA_VERSION = 2
KEPT = "CREATE TABLE kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"
SCHEMA = (
    """CREATE TABLE event (
         seq INTEGER PRIMARY KEY AUTOINCREMENT,
         kind TEXT NOT NULL,
         instrument TEXT NOT NULL,
         time TEXT NOT NULL,
         message BLOB NOT NULL,
         hash BLOB NOT NULL)""",
    "CREATE INDEX event_stream ON event(kind, instrument, seq)",
    """CREATE TABLE station (
         one INTEGER PRIMARY KEY CHECK (one = 1),
         id TEXT NOT NULL,
         epoch TEXT NOT NULL)""",
    """CREATE TABLE sent (
         kind TEXT NOT NULL,
         instrument TEXT NOT NULL,
         upto INTEGER NOT NULL,
         PRIMARY KEY (kind, instrument)) WITHOUT ROWID""",
    KEPT,
    f"PRAGMA user_version={SCHEMA_VERSION}",
)
UNSENT = """SELECT event.kind, event.instrument, count(*) FROM event
  LEFT JOIN sent ON sent.kind = event.kind AND sent.instrument = event.instrument
  WHERE event.seq > coalesce(sent.upto, 0) GROUP BY event.kind, event.instrument"""
OF_STREAM = """SELECT seq, kind, instrument, time, message FROM event
  WHERE kind = ? AND instrument = ? AND seq > ? ORDER BY seq LIMIT ?"""
OF_KIND = "SELECT seq, kind, instrument, time, message FROM event WHERE kind = ? ORDER BY seq"
OF_INSTRUMENT = """SELECT seq, kind, instrument, time, message FROM event
  WHERE kind = ? AND instrument = coalesce(?, instrument) ORDER BY seq"""
GENESIS = bytes(32)

Stream = tuple[str, str]
Mark = tuple[str, str, int]


class Row(NamedTuple):
    """One recorded event; `message` is its canonical bytes."""

    seq: int
    kind: str
    instrument: str
    time: str
    message: bytes

    @property
    def stream(self) -> Stream:
        """The kind and instrument whose events are sent in order."""
        return self.kind, self.instrument


def chained(previous: bytes, message: bytes) -> bytes:
    """Return the chain value of a message: SHA-256 over the value before it and its bytes."""
    return hashlib.sha256(previous + message).digest()


class Store:
    """An open journal file that no other daemon has."""

    def __init__(self, path: Path, station: str) -> None:
        self.path, self.station = path, station
        self.set_aside: Path | None = None
        self.last_seq: int = 0
        self._last_hash: bytes = GENESIS
        try:
            self._lock = self._locked()
            try:
                self._base = self._opened()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._put_aside()
                self._base = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: {error}") from error

    def _locked(self) -> int:
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalError(f"{self.path} is in use by another tramdo") from error
        return lock

    def _opened(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=FULL")
            base.execute("PRAGMA journal_size_limit=1048576")
            self._know(base)
        except BaseException:
            base.close()
            raise
        return base

    def _put_aside(self) -> None:
        """Keep a file that is no journal under another name; a new epoch begins."""
        self.set_aside = self.path.with_name(f"{self.path.name}.damaged-{int(time.time())}")
        self.path.rename(self.set_aside)
        for tail in ("-wal", "-shm"):
            Path(f"{self.path}{tail}").unlink(missing_ok=True)

    def _know(self, base: sqlite3.Connection) -> None:
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{self.path} was written by a newer tramdo (schema {version}, we know "
                f"{SCHEMA_VERSION}); install that version again"
            )
        if version == 0:
            self._make(base)
        elif version == 1:
            self._upgrade(base)
        owner, self.epoch = base.execute("SELECT id, epoch FROM station").fetchone()
        if owner != self.station:
            raise JournalError(
                f"{self.path} belongs to station {owner!r}, not to {self.station!r}; "
                "give this station a file of its own"
            )
        last = base.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        self.last_seq, self._last_hash = last or (0, GENESIS)

    def _make(self, base: sqlite3.Connection) -> None:
        epoch = f"{int(time.time()):x}{secrets.token_hex(4)}"
        base.execute("BEGIN")
        for statement in SCHEMA:
            base.execute(statement)
        base.execute("INSERT INTO station VALUES (1, ?, ?)", (self.station, epoch))
        base.execute("COMMIT")

    @staticmethod
    def _upgrade(base: sqlite3.Connection) -> None:
        """Bring a file of schema 1 up to date; its events stay as they are."""
        base.execute("BEGIN")
        base.execute(KEPT)
        base.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        base.execute("COMMIT")

    def kept(self) -> dict[str, str]:
        """Return what was kept beside the events, by name."""
        return dict(self._base.execute("SELECT name, body FROM kept"))

    def marks(self) -> dict[Stream, int]:
        """Return up to which number the other side has each stream."""
        return {(kind, one): upto for kind, one, upto in self._base.execute("SELECT * FROM sent")}

    def unsent(self) -> Counter[Stream]:
        """Return how many events of each stream the other side lacks."""
        rows = self._base.execute(UNSENT)
        return Counter({(kind, one): many for kind, one, many in rows})

    def store(
        self,
        events: Iterable[Event],
        marks: Sequence[Mark],
        kept: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Store events, marks and what is kept in one commit; return the last event's number."""
        seq, link, rows = self.last_seq, self._last_hash, []
        for event in events:
            seq += 1
            message = canonical(self.station, self.epoch, seq, event)
            link = chained(link, message)
            rows.append((seq, event.kind, event.instrument, iso(event.stamp.at), message, link))
        base = self._base
        try:
            base.execute("BEGIN IMMEDIATE")
            base.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
            base.executemany("REPLACE INTO sent VALUES (?, ?, ?)", marks)
            base.executemany("REPLACE INTO kept VALUES (?, ?)", kept)
            base.execute("COMMIT")
        except sqlite3.Error as error:
            if base.in_transaction:
                base.execute("ROLLBACK")
            raise JournalError(f"{self.path}: {error}") from error
        self.last_seq, self._last_hash = seq, link
        return seq

    def oldest(self, after: Iterable[Mark], most: int) -> list[Row]:
        """Return up to `most` events above these marks, oldest first."""
        rows = [self._rows(OF_STREAM, (*mark, most)) for mark in after]
        return list(heapq.merge(*rows))[:most]

    def of_kind(self, kind: str) -> list[Row]:
        """Return every event of a kind, oldest first."""
        return self._rows(OF_KIND, (kind,))

    def _rows(self, query: str, words: tuple[str | int, ...]) -> list[Row]:
        try:
            return [Row(*row) for row in self._base.execute(query, words)]
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: {error}") from error

    def close(self) -> None:
        """Close the file and let others have it."""
        self._base.close()
        os.close(self._lock)


def events_of(path: Path, kinds: Iterable[str], instrument: str | None) -> list[Row]:
    """Return the events of these kinds, oldest first, and change nothing; None: any instrument.

    The daemon may be writing at the same time. Raises `JournalError` on a file that is no journal
    or that a newer tramdo wrote.
    """
    try:
        if not path.is_file():
            raise JournalError(f"{path}: no such file")
        with closing(_read_only(path)) as base:
            _is_journal(path, base)
            base.execute("BEGIN")  # all kinds as they are at one instant
            words = [(kind, instrument) for kind in kinds]
            rows = [[Row(*row) for row in base.execute(OF_INSTRUMENT, one)] for one in words]
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"{path}: cannot be read as a journal: {error}") from error
    return sorted(row for found in rows for row in found)


def _read_only(path: Path) -> sqlite3.Connection:
    place = path.resolve().as_uri()
    base = sqlite3.connect(f"{place}?mode=ro", uri=True, isolation_level=None)
    try:
        base.execute("PRAGMA user_version")
    except sqlite3.Error as error:
        base.close()
        # Where SQLite may not make its side files, a copy without them can still be read as it is.
        if not isinstance(error, sqlite3.OperationalError) or Path(f"{path}-wal").exists():
            raise
        return sqlite3.connect(f"{place}?immutable=1", uri=True, isolation_level=None)
    return base


def _is_journal(path: Path, base: sqlite3.Connection) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"{path} was written by a newer tramdo (schema {version}, we know {SCHEMA_VERSION}); "
            "read it with that version"
        )
    if version == 0 or not {"event", "station"} <= tables:
        raise JournalError(f"{path} is a database but no journal of tramdo")
