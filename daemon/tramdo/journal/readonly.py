"""A journal read without changing it, also while the daemon writes or from a read-only card."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tramdo.errors import JournalError
from tramdo.journal import schema
from tramdo.journal.rows import Row, Stored
from tramdo.proof import sealed

OF_INSTRUMENT = """SELECT seq, kind, instrument, time, message FROM event
  WHERE kind = ? AND instrument = coalesce(?, instrument) ORDER BY seq"""


def events_of(path: Path, kinds: Iterable[str], instrument: str | None) -> list[Row]:
    """Return the events of these kinds, oldest first; None: any instrument.

    Raises `JournalError` on a file that is no journal or that a newer tramdo wrote.
    """
    with _reading(path) as base:
        words = [(kind, instrument) for kind in kinds]
        rows = [[Row(*row) for row in base.execute(OF_INSTRUMENT, one)] for one in words]
    return sorted(row for found in rows for row in found)


def stored(path: Path) -> Iterator[Stored]:
    """Yield every event as the file holds it, by number; raises `JournalError`."""
    with _reading(path) as base:
        (version,) = base.execute("PRAGMA user_version").fetchone()
        signature = "signature" if version >= 3 else "NULL"
        query = f"SELECT seq, message, hash, {signature} FROM event ORDER BY seq"  # noqa: S608
        for seq, message, link, seal in base.execute(query):
            yield Stored(seq, sealed(_octets(message), _octets(seal) or None), _octets(link))


def _octets(value: object) -> bytes:
    """Return what a column holds; nothing where somebody has put another type there."""
    return value if isinstance(value, bytes) else b""


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees the file as it is at one instant."""
    try:
        if not path.is_file():
            raise JournalError(f"{path}: no such file")
        with _opened(path) as base:
            _is_journal(path, base)
            base.execute("BEGIN")
            yield base
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"{path}: cannot be read as a journal: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    place = path.resolve().as_uri()
    try:
        base = _connected(f"{place}?mode=ro")
    except sqlite3.OperationalError:
        # Where SQLite may not make its side files. What stands in the write-ahead log would be
        # missed by reading the file alone, so both are copied to where they can be put together.
        with _copied(path) as copy, closing(_connected(copy)) as base:
            yield base
    else:
        with closing(base):
            yield base


@contextmanager
def _copied(path: Path) -> Iterator[str]:
    log = Path(f"{path}-wal")
    if not log.exists():
        yield f"{path.resolve().as_uri()}?immutable=1"
        return
    with tempfile.TemporaryDirectory(prefix="tramdo-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        shutil.copyfile(log, f"{copy}-wal")
        yield copy.as_uri()


def _connected(place: str) -> sqlite3.Connection:
    base = sqlite3.connect(place, uri=True, isolation_level=None)
    try:
        base.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        base.close()
        raise
    return base


def _is_journal(path: Path, base: sqlite3.Connection) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    if version > schema.VERSION:
        raise JournalError(
            f"{path} was written by a newer tramdo (schema {version}, we know {schema.VERSION}); "
            "read it with that version"
        )
    if version == 0 or not {"event", "station"} <= tables:
        raise JournalError(f"{path} is a database but no journal of tramdo")
