"""The journal's file format: its tables, and how an older file is brought up to date."""

import secrets
import sqlite3
import time
from pathlib import Path

from tramdo.errors import JournalDamaged, JournalRefused

VERSION = 3
_EVENT = """CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  instrument TEXT NOT NULL,
  time TEXT NOT NULL,
  message BLOB NOT NULL,
  hash BLOB NOT NULL,
  signature BLOB)"""
_STREAM = "CREATE INDEX event_stream ON event(kind, instrument, seq)"
_STATION = """CREATE TABLE station (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  epoch TEXT NOT NULL)"""
_SENT = """CREATE TABLE sent (
  kind TEXT NOT NULL,
  instrument TEXT NOT NULL,
  upto INTEGER NOT NULL,
  PRIMARY KEY (kind, instrument)) WITHOUT ROWID"""
_KEPT = "CREATE TABLE kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"
# `first` is the number from which the events bear this epoch; `station.epoch` is the first of all.
_EPOCH = "CREATE TABLE epoch (first INTEGER PRIMARY KEY, id TEXT NOT NULL)"
_STEPS = {
    1: (_KEPT,),
    2: (
        "ALTER TABLE event ADD COLUMN signature BLOB",
        _EPOCH,
        "INSERT INTO epoch SELECT 1, epoch FROM station",
    ),
}


def new_epoch() -> str:
    """Return a random epoch id; those made later sort later where the clock was right."""
    return f"{int(time.time()):x}{secrets.token_hex(4)}"


def prepare(path: Path, base: sqlite3.Connection, station: str) -> None:
    """Make the tables, or bring them up to date; raises `JournalRefused` on a file not for us."""
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise JournalRefused(
            f"{path} was written by a newer tramdo (schema {version}, we know {VERSION}); "
            "install that version again"
        )
    if version == 0:
        _make(base, station)
    elif version not in (VERSION, *_STEPS):
        raise JournalDamaged(f"{path}: {version} is no number of a schema")
    elif version < VERSION:
        _upgrade(base, version)
    (owner,) = base.execute("SELECT id FROM station").fetchone()
    if owner != station:
        raise JournalRefused(
            f"{path} belongs to station {owner!r}, not to {station!r}; "
            "give this station a file of its own"
        )


def _make(base: sqlite3.Connection, station: str) -> None:
    epoch = new_epoch()
    base.execute("BEGIN")
    for statement in (_EVENT, _STREAM, _STATION, _SENT, _KEPT, _EPOCH):
        base.execute(statement)
    base.execute("INSERT INTO station VALUES (1, ?, ?)", (station, epoch))
    base.execute("INSERT INTO epoch VALUES (1, ?)", (epoch,))
    base.execute(f"PRAGMA user_version={VERSION}")
    base.execute("COMMIT")


def _upgrade(base: sqlite3.Connection, version: int) -> None:
    """Add what newer files have; the events stay as they are."""
    base.execute("BEGIN")
    for step in range(version, VERSION):
        for statement in _STEPS[step]:
            base.execute(statement)
    base.execute(f"PRAGMA user_version={VERSION}")
    base.execute("COMMIT")
