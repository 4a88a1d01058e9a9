"""The journal's file: SQLite, one connection, used from one thread. Raises `JournalError`.

WAL and `synchronous=FULL`: what a commit has returned for survives a power cut.
"""

import errno
import fcntl
import heapq
import os
import sqlite3
import stat
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tramdo import clock
from tramdo.errors import DiskFull, JournalDamaged, JournalError, JournalRefused
from tramdo.events import STATION_WIDE, Event, canonical, head_message, iso
from tramdo.journal import schema, shedding
from tramdo.journal.rows import Mark, Row, Stream
from tramdo.journal.sealing import Sealing
from tramdo.proof import GENESIS, Signer, chained

COUNTED = "SELECT kind, instrument, count(*), max(seq) FROM event GROUP BY kind, instrument"
UNSENT = """SELECT event.kind, event.instrument, count(*) FROM event
  LEFT JOIN sent ON sent.kind = event.kind AND sent.instrument = event.instrument
  WHERE event.seq > coalesce(sent.upto, 0) GROUP BY event.kind, event.instrument"""
COLUMNS = "SELECT seq, kind, instrument, time, message, signature FROM event "
OF_STREAM = COLUMNS + "WHERE kind = ? AND instrument = ? AND seq > ? ORDER BY seq LIMIT ?"
OF_KIND = COLUMNS + "WHERE kind = ? ORDER BY seq"
BETWEEN = COLUMNS + "WHERE seq BETWEEN ? AND ? ORDER BY seq"
HOLES = """SELECT before + 1, seq - 1 FROM (
    SELECT seq, lag(seq, 1, ?) OVER (ORDER BY seq) AS before
    FROM (SELECT seq FROM event INDEXED BY event_stream WHERE seq > ? UNION ALL SELECT ?))
  WHERE seq > before + 1"""
TAIL = "SELECT seq, message, hash, signature FROM event ORDER BY seq DESC LIMIT 100"
# What the disk or another program does; whatever else SQLite says is about the file.
_TROUBLE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# Bytes that a row and its index entry take beside the message.
ROW_COSTS = 120

Fresh = tuple[int, str, str, str, bytes, bytes, bytes | None]


def _readable(text: bytes) -> str:
    """Return a text of the file; one damaged letter does not hide the rest of a row."""
    return text.decode(errors="replace")


def journal_error(path: Path, error: Exception) -> JournalError:
    """Return what an error of SQLite or the system means for the journal."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return DiskFull(f"{path}: the disk is full")
    ours = isinstance(error, OSError | sqlite3.ProgrammingError)  # such as a connection closed
    if ours or code in _TROUBLE:
        return JournalError(f"{path}: {error}")
    return JournalDamaged(f"{path}: {error}")


class Store:
    """An open journal file that no other daemon has; signed where there is a signer."""

    def __init__(self, path: Path, station: str, signer: Signer | None = None) -> None:
        self.path, self.station, self.signer = path, station, signer
        self.last_seq: int = 0
        self.recorded = 0  # bytes, since it was opened
        self._last_hash: bytes = GENESIS
        self._sealing = Sealing(signed_at=time.monotonic())
        _has_folder(path)
        self._lock = self._locked()
        try:
            self._base = self._opened()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def epoch(self) -> str:
        """The random id of the file's making, or of its last new beginning."""
        return self.epochs[-1][1]

    def _locked(self) -> int:
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise JournalRefused(f"{self.path}: {error.strerror}") from error
        except OSError as error:
            raise journal_error(self.path, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalRefused(f"{self.path} is in use by another tramdo") from error
        return lock

    def _opened(self) -> sqlite3.Connection:
        try:
            base = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise journal_error(self.path, error) from error
        base.text_factory = _readable
        try:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=FULL")
            base.execute("PRAGMA journal_size_limit=1048576")
            base.execute("PRAGMA wal_autocheckpoint=500")
            base.execute("PRAGMA secure_delete=OFF")  # what is shed need not be written over
            schema.prepare(self.path, base, self.station)
            self.epochs: list[tuple[int, str]] = list(
                base.execute("SELECT first, id FROM epoch ORDER BY first")
            )
            self._last_hash = self._end(base)
        except (OSError, sqlite3.Error, ValueError, TypeError) as error:
            base.close()
            raise journal_error(self.path, error) from error
        except BaseException:
            base.close()
            raise
        return base

    def _end(self, base: sqlite3.Connection) -> bytes:
        """Return the newest chain value; raises `JournalDamaged` where the end does not chain."""
        tail = base.execute(TAIL).fetchall()
        (counted,) = base.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
        self.last_seq = max(tail[0][0], counted) if tail else counted
        for (later, message, link, _), (earlier, _, before, _) in pairwise(tail):
            if later == earlier + 1 and chained(before, message) != link:
                raise JournalDamaged(f"{self.path}: event {later} does not follow {earlier}")
        signed = (at for at, row in enumerate(tail) if row[3] is not None)
        self._sealing.unsigned = next(signed, len(tail))
        return tail[0][2] if tail else GENESIS

    def reopen(self) -> None:
        """Open the file afresh after the disk failed, with what is in its log on disk for good."""
        self._base.close()
        self._base = self._opened()
        try:
            # Written again and synced: what the log holds may never have reached the disk.
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise journal_error(self.path, error) from error

    def kept(self) -> dict[str, str]:
        """Return what was kept beside the events, by name."""
        return dict(self._read("SELECT name, body FROM kept"))

    def confirmed(self) -> dict[Stream, int]:
        """Return up to which number a broker has confirmed each stream."""
        return {(kind, one): upto for kind, one, upto in self._read("SELECT * FROM sent")}

    def unsent(self) -> Counter[Stream]:
        """Return how many events of each stream no broker has confirmed."""
        return Counter({(kind, one): many for kind, one, many in self._read(UNSENT)})

    def newest(self) -> dict[Stream, int]:
        """Return the newest number of each stream."""
        return {(kind, one): last for kind, one, _, last in self._read(COUNTED)}

    def holes(self, above: int) -> list[tuple[int, int]]:
        """Return the runs of numbers above this one that are not there: first, last."""
        return self._read(HOLES, (above, above, self.last_seq + 1))

    def store(
        self,
        events: Iterable[Event],
        marks: Sequence[Mark] = (),
        kept: Sequence[tuple[str, str]] = (),
        *,
        first: Callable[[sqlite3.Connection], object] | None = None,
    ) -> int:
        """Store events, marks and what is kept in one commit; return the last event's number.

        What is to be done `first` is done in the same transaction.
        """
        fresh, base = list(self._fresh(list(events))), self._base
        try:
            base.execute("BEGIN IMMEDIATE")
            if first is not None:
                first(base)
            base.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", fresh)
            base.executemany("REPLACE INTO sent VALUES (?, ?, ?)", marks)
            base.executemany("REPLACE INTO kept VALUES (?, ?)", kept)
            base.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise journal_error(self.path, error) from error
        if fresh:
            self.last_seq, self._last_hash = fresh[-1][0], fresh[-1][5]
            self.recorded += sum(len(row[4]) + ROW_COSTS for row in fresh)
        return self.last_seq

    def _roll_back(self) -> None:
        try:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise journal_error(self.path, error) from error

    def _fresh(self, events: list[Event]) -> Iterator[Fresh]:
        """Yield the rows that these events will be: numbered, chained, signed where it is due."""
        seq, link, now = self.last_seq, self._last_hash, time.monotonic()
        for left, event in zip(range(len(events) - 1, -1, -1), events, strict=True):
            seq += 1
            message = canonical(self.station, self.epoch, seq, event, link)
            link = chained(link, message)
            due = self._sealing.wants(event.kind, now, ends_commit=left == 0)
            seal = self._signed(seq, link) if due else None
            yield seq, event.kind, event.instrument, iso(event.stamp.at), message, link, seal

    def _signed(self, seq: int, link: bytes) -> bytes | None:
        signer = self.signer
        return signer.sign(self.station, self.epoch, seq, link) if signer else None

    def head(self) -> bytes | None:
        """Return the newest chain value, signed, as a message; None where there is none."""
        signature = self._signed(self.last_seq, self._last_hash)
        if signature is None or not self.last_seq:
            return None
        return head_message(
            station=self.station,
            epoch=self.epoch,
            seq=self.last_seq,
            link=self._last_hash,
            at=clock.now().at,
            signature=signature,
        )

    def begin_epoch(self, why: str) -> tuple[int, Event]:
        """Give later events a new epoch, told by its first event; return its number and it."""
        before = {"epoch": self.epoch, "upto": self.last_seq}
        event = _gap({"began": {"why": why, "before": before}})
        begun = (self.last_seq + 1, schema.new_epoch())
        self.epochs.append(begun)
        try:
            insert = "INSERT INTO epoch VALUES (?, ?)"
            return self.store([event], first=lambda base: base.execute(insert, begun)), event
        except JournalError:
            self.epochs.pop()
            raise

    def shed(
        self, kinds: tuple[str, ...], why: str, after: int, upto: int, before: str
    ) -> shedding.Shed | None:
        """Give up a step of the oldest events of these kinds, with the event that tells it."""
        try:
            rows = shedding.oldest(self._base, kinds, after, upto, before)
            step = shedding.shed_of(self._base, rows)
        except sqlite3.Error as error:
            raise journal_error(self.path, error) from error
        if step is not None:
            self.store([_gap(step.body(why))], first=step.drop)
        return step

    def size(self) -> int:
        """Return the bytes that the file's used pages take."""
        pages, free, size = (
            self._read(f"PRAGMA {name}")[0][0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def oldest(self, after: Iterable[Mark], most: int) -> list[Row]:
        """Return up to `most` events above these marks, oldest first."""
        rows = [self._rows(OF_STREAM, (*mark, most)) for mark in after]
        return list(heapq.merge(*rows))[:most]

    def of_kind(self, kind: str) -> list[Row]:
        """Return every event of a kind, oldest first."""
        return self._rows(OF_KIND, (kind,))

    def between(self, first: int, last: int) -> list[Row]:
        """Return the events from one number to another, as far as they are there."""
        return self._rows(BETWEEN, (first, last))

    def _rows(self, query: str, words: tuple[str | int, ...]) -> list[Row]:
        firsts = [first for first, _ in self.epochs]
        return [self._row(firsts, row) for row in self._read(query, words)]

    def _row(self, firsts: list[int], row: tuple[Any, ...]) -> Row:
        seq, kind, instrument, at, message, signature = row
        _, epoch = self.epochs[max(0, bisect_right(firsts, seq) - 1)]
        return Row(seq, kind, instrument, at, message, signature, epoch)

    def _read(self, query: str, words: Sequence[str | int] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._base.execute(query, words).fetchall()
        except sqlite3.Error as error:
            raise journal_error(self.path, error) from error

    def close(self) -> None:
        """Close the file and let others have it."""
        self._base.close()
        os.close(self._lock)


def _has_folder(path: Path) -> None:
    try:
        if stat.S_ISDIR(path.parent.stat().st_mode):
            return
    except FileNotFoundError:
        pass
    except OSError as error:
        raise journal_error(path, error) from error
    raise JournalRefused(f"{path}: there is no folder {path.parent}")


def put_aside(path: Path) -> Path:
    """Give a file that is no journal any more another name, with its log; return it."""
    number = int(time.time())
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for tail in ("-wal", "-shm"):
        if (side := Path(f"{path}{tail}")).exists():
            side.rename(f"{aside}{tail}")
    return aside


def _gap(body: dict[str, Any]) -> Event:
    return Event(kind="gap", instrument=STATION_WIDE, stamp=clock.now(), body=body)
