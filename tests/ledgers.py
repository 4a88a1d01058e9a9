"""Ledgers of both kinds for the tests, and short words for what they say."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from recorded import keys

from tramdo_central.ledger import Ledger, Taken

BOTH = ("sqlite", "postgres")
EVENTS = "SELECT station, epoch, seq, message, signature, value FROM event ORDER BY 1, 2, 3"
TABLES = [
    "ledger",
    "station",
    "event",
    "conflict",
    "frontier",
    "gone",
    "finding",
    "outbox",
    "stranger",
]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "central.db")
    found: str = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with closing(Ledger.open(url, keys)) as one:
        yield one


def table(url: str, query: str = EVENTS) -> list[tuple[Any, ...]]:
    if url.startswith("postgresql"):
        with psycopg.connect(url) as base:
            return base.execute(query.encode()).fetchall()
    with closing(sqlite3.connect(url)) as base:
        return base.execute(query).fetchall()


def upto(ledger: Ledger, station: str = "tn-01") -> dict[str, int]:
    return dict(ledger.acks([station])[station].epochs)


def names(ledger: Ledger) -> list[tuple[str, int]]:
    return [(one.name, one.seq) for one in ledger.findings()]


def holes(ledger: Ledger) -> list[tuple[str, int, int]]:
    return [(one.epoch, one.first, one.last) for one in ledger.gaps()]


def counts(taken: Taken) -> tuple[int, int, int, int]:
    return taken.new, taken.repeated, taken.forked, len(taken.refused)


def emptied(url: str) -> str:
    """Empty every table of a ledger that nobody has open."""
    Ledger.open(url, keys).close()
    for name in TABLES:
        delete = f"DELETE FROM {name}"  # noqa: S608  our own names
        if url.startswith("postgresql"):
            with psycopg.connect(url) as server:
                server.execute(delete.encode())
        else:
            with closing(sqlite3.connect(url)) as file, file:
                file.execute(delete)
    return url
