"""One connection to the ledger's database, one transaction at a time; SQLite here.

Statements are written once, with `?` for words and a few names in braces where the two kinds of
database differ; a list among the words goes where `{among}` stands.
"""

import fcntl
import json
import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tramdo.errors import TramdoError

Row = tuple[Any, ...]


class LedgerError(TramdoError):
    """The ledger's database cannot be used now; what was acknowledged before is safe."""


class Session(ABC):
    """An open connection, inside a transaction."""

    @abstractmethod
    def rows(self, statement: str, *words: Any) -> list[Row]:
        """Return what a statement finds."""

    @abstractmethod
    def run(self, statement: str, *words: Any) -> int:
        """Run a statement; return how many rows it changed."""

    @abstractmethod
    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row."""

    @abstractmethod
    def alone(self) -> None:
        """Keep other receivers from making the tables at the same time, until the commit."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; what is not committed is undone."""


class Database(ABC):
    """Opens a connection when there is none, and gives it to one thread at a time."""

    failures: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, name: str, begin: str) -> None:
        self.name, self.begin = name, begin
        self._turn = threading.Lock()
        self._session: Session | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit at the end, or undo everything; raises `LedgerError`.

        After any failure the connection is closed, and the next transaction opens another: one
        whose fsync has failed once cannot be believed any more.
        """
        with self._turn:
            try:
                session = self._session = self._session or self.connected()
                session.run(self.begin)
                yield session
                session.run("COMMIT")
            except BaseException as error:
                self._drop()
                if isinstance(error, self.failures):
                    raise LedgerError(f"{self.name}: {error}") from error
                raise

    @abstractmethod
    def connected(self) -> Session:
        """Return a new connection."""

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


@cache
def _written(statement: str) -> str:
    return statement.format(
        among="IN (SELECT value FROM json_each(?))",
        blob="BLOB",
        text="TEXT",
        key="INTEGER PRIMARY KEY AUTOINCREMENT",
        lock="",
        skip="",
    )


class SqliteSession(Session):
    """A connection to a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, *words: Any) -> list[Row]:
        """Return what a statement finds."""
        return self._connection.execute(_written(statement), _plain(words)).fetchall()

    def run(self, statement: str, *words: Any) -> int:
        """Run a statement; return how many rows it changed."""
        return self._connection.execute(_written(statement), _plain(words)).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row."""
        self._connection.executemany(_written(statement), rows)

    def alone(self) -> None:
        """Do nothing: a file has one writer."""

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        self._connection.close()


def _plain(words: Sequence[Any]) -> list[Any]:
    return [json.dumps(word) if isinstance(word, list) else word for word in words]


class Sqlite(Database):
    """A file that no other receiver has; one that only reads may look on."""

    failures: ClassVar[tuple[type[Exception], ...]] = (sqlite3.Error,)

    def __init__(self, path: Path, *, read_only: bool) -> None:
        super().__init__(str(path), "BEGIN" if read_only else "BEGIN IMMEDIATE")
        self.path, self.read_only = path, read_only
        self._lock = None if read_only else self._locked()

    def connected(self) -> Session:
        """Return a new connection: WAL, each commit on disk when it returns."""
        if self.read_only and not self.path.exists():
            raise LedgerError(
                f"no ledger yet at {self.path}; it is made when `tramdo-central run` first starts"
            )
        mode = "ro" if self.read_only else "rwc"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        try:
            if not self.read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
            self._is_ours(connection)
        except BaseException:
            connection.close()
            raise
        return SqliteSession(connection)

    def _is_ours(self, connection: sqlite3.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if tables and "ledger" not in tables:
            raise LedgerError(f"{self.path} is a database but no ledger of tramdo-central")

    def _locked(self) -> int:
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError(f"{self.path}: cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise LedgerError(
                f"{self.path} is in use by a running tramdo-central: stop it first (stop it, "
                "import, start it again), or use PostgreSQL"
            ) from error
        return lock

    def close(self) -> None:
        """Close the file and let others have it."""
        super().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
