"""The tables of the ledger, the same for both kinds of database."""

from tramdo_central.database import LedgerError, Session

SCHEMA_VERSION = 1
TABLES = (
    "CREATE TABLE IF NOT EXISTS ledger (one BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS station (
         station {text} PRIMARY KEY,
         keyed {text} NOT NULL,
         seen {text} NOT NULL,
         online BIGINT,
         silent_since {text})""",
    """CREATE TABLE IF NOT EXISTS event (
         station {text} NOT NULL,
         epoch {text} NOT NULL,
         seq BIGINT NOT NULL,
         kind {text} NOT NULL,
         instrument {text} NOT NULL,
         time {text} NOT NULL,
         taken {text} NOT NULL,
         prev {blob},
         value {blob},
         signature {blob},
         message {blob} NOT NULL,
         PRIMARY KEY (station, epoch, seq))""",
    """CREATE INDEX IF NOT EXISTS event_declaring ON event(station)
         WHERE kind IN ('gap', 'security')""",
    """CREATE TABLE IF NOT EXISTS conflict (
         station {text} NOT NULL,
         epoch {text} NOT NULL,
         seq BIGINT NOT NULL,
         digest {blob} NOT NULL,
         taken {text} NOT NULL,
         signature {blob},
         message {blob} NOT NULL,
         PRIMARY KEY (station, epoch, seq, digest))""",
    """CREATE TABLE IF NOT EXISTS frontier (
         station {text} NOT NULL,
         epoch {text} NOT NULL,
         upto BIGINT NOT NULL,
         value {blob} NOT NULL,
         proven BIGINT NOT NULL,
         head BIGINT NOT NULL,
         head_value {blob} NOT NULL,
         highest BIGINT NOT NULL,
         newest {text} NOT NULL,
         stuck_since {text},
         PRIMARY KEY (station, epoch))""",
    """CREATE TABLE IF NOT EXISTS gone (
         station {text} NOT NULL,
         epoch {text} NOT NULL,
         first BIGINT NOT NULL,
         last BIGINT NOT NULL,
         before {blob},
         after {blob} NOT NULL,
         PRIMARY KEY (station, last, first, epoch))""",
    """CREATE TABLE IF NOT EXISTS finding (
         station {text} NOT NULL,
         epoch {text} NOT NULL,
         seq BIGINT NOT NULL,
         name {text} NOT NULL,
         text {text} NOT NULL,
         at {text} NOT NULL,
         PRIMARY KEY (station, epoch, seq, name))""",
    """CREATE TABLE IF NOT EXISTS outbox (
         number {key},
         station {text} NOT NULL,
         kind {text} NOT NULL,
         at {text} NOT NULL,
         body {blob} NOT NULL,
         claimed_until {text},
         told {text})""",
    """CREATE TABLE IF NOT EXISTS stranger (
         station {text} PRIMARY KEY,
         seen {text} NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS outbox_untold ON outbox(number) WHERE told IS NULL",
)


def make(session: Session) -> None:
    """Make the tables where there are none; raises `LedgerError` where a newer tramdo made them."""
    session.alone()
    for table in TABLES:
        session.run(table)
    session.run(
        "INSERT INTO ledger (one, version) VALUES (1, ?) ON CONFLICT DO NOTHING", SCHEMA_VERSION
    )
    know(session)


def know(session: Session) -> None:
    """Raise `LedgerError` where the tables are a newer tramdo's."""
    for (version,) in session.rows("SELECT version FROM ledger"):
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger was written by a newer tramdo-central (schema {version}, we know "
                f"{SCHEMA_VERSION}); install that version again"
            )
