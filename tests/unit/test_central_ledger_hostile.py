"""The ledger against rubbish, floods and a database that fails."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import ledgers
import postgres as postgresql
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import BOTH, counts, table, upto
from recorded import AT, Station, keys

from tramdo_central.ledger import Ledger, LedgerError

cluster, postgres, url, ledger = (
    postgresql.cluster,
    postgresql.postgres,
    ledgers.url,
    ledgers.ledger,
)

HOSTILE = (
    b"",
    b"{}",
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id":"tn-01.e1.1"}',
    b"9" * 5000,
)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0, "id": "tn-01.e1.0"},
        {"seq": 1.0},
        {"seq": True},
        {"seq": 2**63, "id": f"tn-01.e1.{2**63}"},
        {"prev": "00"},
        {"prev": 7},
        {"kind": "a\x00b"},
        {"kind": "A" * 99},
        {"instrument": "\ud800"},
        {"time": "yesterday"},
        {"time": "\u0661026-11-22T08:00:00Z"},
        {"station": "TN 01", "id": "TN 01.e1.1"},
        {"id": "tn-01.e\x00.1"},
        {"body": None},
    ],
)
def test_a_message_that_cannot_be_kept_is_refused_with_why(ledger: Ledger, change: Any) -> None:
    good = Station().add()
    bad = json.dumps(json.loads(good) | change).encode()
    taken = ledger.take([bad, good], AT)
    assert counts(taken) == (1, 0, 0, 1)
    assert taken.refused[0].wire == bad
    assert taken.refused[0].why


def test_rubbish_is_refused(ledger: Ledger) -> None:
    taken = ledger.take([*HOSTILE, b"x" * (1 << 20) + b"x"], AT)
    assert counts(taken) == (0, 0, 0, len(HOSTILE) + 1)
    for wire in HOSTILE:
        ledger.take_head(wire, AT)
    ledger.seen("\x00", AT, online=True)
    assert ledger.stations() == []


@pytest.mark.parametrize(
    "body",
    [
        {"shed": 7, "began": 7},
        {"shed": [None, {"from": 1}, {"from": 2, "to": 1, "before": "", "after": []}]},
        {"shed": [{"from": 1, "to": 2**80, "before": "11" * 32, "after": "11" * 32}]},
        {"security": "missing", "from": "a", "to": []},
    ],
)
def test_a_senseless_declaration_declares_nothing(ledger: Ledger, body: Any) -> None:
    station = Station()
    station.add()
    ledger.take([*station.wires, station.add("gap", **body), station.add("security", **body)], AT)
    assert upto(ledger) == {"e1": 3}


@settings(max_examples=100, deadline=None)
@given(wire=st.binary(max_size=300), cut=st.integers(0, 400), flip=st.integers(0, 7))
def test_no_bytes_make_it_raise(shared: Ledger, wire: bytes, cut: int, flip: int) -> None:
    good = bytearray(Station("tn-99").add("check"))
    good[cut % len(good)] ^= 1 << flip
    taken = shared.take([wire, bytes(good), bytes(good[:cut])], AT)
    assert sum(counts(taken)) == 3


@pytest.fixture(scope="module", params=BOTH)
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    if request.param == "sqlite":
        where = str(tmp_path_factory.mktemp("shared") / "central.db")
    else:
        where = request.getfixturevalue("cluster").fresh()
    with closing(Ledger.open(where, keys)) as one:
        yield one


def test_a_station_that_sends_only_rubbish_fills_nothing(ledger: Ledger, url: str) -> None:
    ledger.take(Station().many(1), AT)
    forks = []
    for n in range(1100):
        other = Station()
        forks.append(other.add(n=f"other {n}"))
    epochs = [Station(epoch=f"x{n}").add() for n in range(300)]
    taken = ledger.take(forks + epochs, AT)
    assert (taken.forked, len(taken.refused)) == (1100, 45)
    assert table(url, "SELECT count(*) FROM conflict") == [(1000,)]
    assert len(ledger.findings()) == 1


def test_nothing_of_a_batch_is_there_when_its_transaction_ends_early(url: str) -> None:
    calls = 0

    def failing(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    one, other = Station("a1"), Station("a2")
    with closing(Ledger.open(url, failing)) as ledger:
        with suppress(KeyboardInterrupt):
            ledger.take([*one.many(3), *other.many(3)], AT)
        assert table(url) == []
        assert ledger.untold(9, AT) == []
        assert counts(ledger.take([*one.wires, *other.wires], AT)) == (6, 0, 0, 0)


def test_one_receiver_has_a_file_and_others_may_look(tmp_path: Path) -> None:
    path = tmp_path / "central.db"
    with closing(Ledger.open(f"sqlite:///{path}", keys)) as ledger:
        ledger.take(Station().many(2), AT)
        with pytest.raises(LedgerError, match="in use by a running tramdo-central"):
            Ledger.open(str(path), keys)
        with closing(Ledger.open(str(path), keys, read_only=True)) as looking:
            assert upto(looking) == {"e1": 2}
            with pytest.raises(LedgerError, match="readonly"):
                looking.take(Station().many(3), AT)
    Ledger.open(str(path), keys).close()


def test_a_file_of_something_else_or_of_a_newer_tramdo_is_left_alone(tmp_path: Path) -> None:
    other, newer = tmp_path / "journal.db", tmp_path / "central.db"
    with closing(sqlite3.connect(other)) as base:
        base.execute("CREATE TABLE event (seq INTEGER)")
    Ledger.open(str(newer), keys).close()
    with closing(sqlite3.connect(newer)) as base, base:
        base.execute("UPDATE ledger SET version = 99")
    for path, why in ((other, "no ledger"), (newer, "newer tramdo-central")):
        with pytest.raises(LedgerError, match=why):
            Ledger.open(str(path), keys)
    with pytest.raises(LedgerError, match="allowed: a file"):
        Ledger.open("mysql://x/y", keys)
    with pytest.raises(LedgerError, match="PostgreSQL nothing at"):
        Ledger.open(f"postgresql:///nothing?host={tmp_path}", keys)


def test_a_lost_connection_is_an_error_once(postgres: str) -> None:
    with closing(Ledger.open(postgres, keys)) as ledger:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> %s"
        with psycopg.connect(postgres) as base:
            base.execute(kill + " AND datname = current_database()", (base.info.backend_pid,))
        with pytest.raises(LedgerError):
            ledger.take(Station().many(2), AT)
        assert counts(ledger.take(Station().many(2), AT)) == (2, 0, 0, 0)
