"""The ledger in PostgreSQL: several receivers share it."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tramdo_central.database import Database, LedgerError, Row, Session

# Any number, the same in every receiver.
_MAKING_TABLES = 7_236_366
# A receiver whose computer vanished must not hold its stations for hours.
_SETTINGS = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '30s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET client_min_messages = warning",
)


@cache
def _written(statement: str) -> str:
    return statement.format(
        among="= ANY(?)",
        blob="BYTEA",
        text='TEXT COLLATE "C"',
        key="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        lock="FOR UPDATE",
        skip="FOR UPDATE SKIP LOCKED",
    ).replace("?", "%s")


class PostgresSession(Session):
    """A connection to a server."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def rows(self, statement: str, *words: Any) -> list[Row]:
        """Return what a statement finds."""
        return self._connection.execute(_written(statement).encode(), words or None).fetchall()

    def run(self, statement: str, *words: Any) -> int:
        """Run a statement; return how many rows it changed."""
        return self._connection.execute(_written(statement).encode(), words or None).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_written(statement).encode(), rows)

    def alone(self) -> None:
        """Keep other receivers from making the tables at the same time, until the commit."""
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING_TABLES,))

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        self._connection.close()


class Postgres(Database):
    """A server; a row lock on each station keeps receivers apart."""

    failures: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error,)

    def __init__(self, url: str, *, read_only: bool) -> None:
        try:
            words = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise LedgerError(f"no address of a PostgreSQL database: {error}") from None
        name = f"PostgreSQL {words.get('dbname', '')} at {words.get('host', 'localhost')}"
        super().__init__(name, "BEGIN READ ONLY" if read_only else "BEGIN")
        self._url = url

    def connected(self) -> Session:
        """Return a new connection whose commits are on disk when they return."""
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=10)
        for setting in _SETTINGS:
            connection.execute(setting.encode())
        return PostgresSession(connection)
