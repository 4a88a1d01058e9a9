"""The journal: what is recorded is on disk, in order, once."""

import asyncio
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from waiting import until

from tramdo.clock import Stamp
from tramdo.errors import JournalError
from tramdo.events import Event
from tramdo.journal import Journal
from tramdo.journal.queue import MOST_WAITING

STAMP = Stamp(at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC), monotonic=12.5, quality="unknown")


def event(kind: str = "check", **body: object) -> Event:
    return Event(kind=kind, instrument="scale-1", stamp=STAMP, body=body)


@asynccontextmanager
async def opened(path: Path, _: float = 60.0) -> AsyncIterator[Journal]:
    journal = Journal(path, "tn-01")
    await journal.open()
    task = asyncio.create_task(journal.run())
    yield journal
    task.cancel()
    await asyncio.wait([task])
    await journal.close()


async def test_a_recorded_event_has_a_number_and_its_message_bears_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        number = await journal.record(event(error="0.03"))
        (row,) = await journal.unsent((), 10)
    message = json.loads(row.message)
    assert (number, row.seq, message["seq"]) == (1, 1, 1)
    assert message["id"] == f"tn-01.{journal.epoch}.1"
    assert message["body"] == {"error": "0.03"}
    assert message["time"] == "2026-11-22T08:00:00.000Z"


async def test_a_recorded_event_is_seen_by_another_program_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        await journal.record(event())
        with closing(sqlite3.connect(tmp_path / "j.db")) as other:
            assert other.execute("SELECT count(*) FROM event").fetchone() == (1,)
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_what_comes_during_a_commit_shares_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        for number in range(500):
            journal.append(event("reading", n=number))
        await journal.record(event("check"), event("alert"))
        rows = await journal.unsent((), 1000)
    assert [row.seq for row in rows] == [501, 502, *range(1, 501)]
    assert [row.kind for row in rows[:2]] == ["check", "alert"]


async def test_a_cancelled_commit_ends_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", "tn-01")
    await journal.open()
    task = asyncio.create_task(journal.run())
    blocked = asyncio.ensure_future(journal._in_writer(time.sleep, 0.2))
    journal.append(event("check"))
    journal.append(event("alert"))
    await until(lambda: not journal._queue.waiting)
    task.cancel()
    await asyncio.wait([task])
    await blocked
    await journal.close()
    with closing(sqlite3.connect(tmp_path / "j.db")) as base:
        assert base.execute("SELECT count(*) FROM event").fetchone() == (2,)


async def test_a_text_that_has_no_utf_8_is_recorded_all_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        await journal.record(event("check", cause="path \udcff"))
        (row,) = await journal.unsent((), 1)
    assert json.loads(row.message)["body"]["cause"] == "path \udcff"


async def test_a_second_daemon_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db"):
        with pytest.raises(JournalError, match="in use by another tramdo"):
            await Journal(tmp_path / "j.db", "tn-01").open()


async def test_a_damaged_file_is_set_aside_and_a_gap_event_says_so(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"this was a journal once" * 100)
    async with opened(tmp_path / "j.db") as journal:
        await journal.record(event())
        (alert, gap, _) = await journal.unsent((), 10)
    assert (alert.kind, gap.kind) == ("alert", "gap")
    assert json.loads(alert.message)["body"]["alert"] == "journal_damaged"
    (kept,) = [one.name for one in tmp_path.glob("j.db.damaged-*")]
    assert (tmp_path / kept).read_bytes().startswith(b"this was a journal once")
    assert kept in gap.message.decode()


async def test_a_power_cut_while_the_file_is_made_leaves_nothing_half_made(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "j.db")) as base:
        base.execute("PRAGMA journal_mode=WAL")
    async with opened(tmp_path / "j.db") as journal:
        assert await journal.record(event()) == 1


async def test_numbers_and_epoch_go_on_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as first:
        await first.record(event())
        first.mark_sent((await first.unsent((), 1))[0])
    async with opened(tmp_path / "j.db") as second:
        assert await second.record(event()) == 2
    assert (first.last, second.last) == (1, 2)
    async with opened(tmp_path / "j.db") as second:
        assert (second.epoch, second.backlog) == (first.epoch, 1)
        assert [row.seq for row in await second.unsent((), 10)] == [2]


async def test_what_the_other_side_has_is_kept_for_each_stream(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        for kind in ("check", "alert", "check", "alert"):
            await journal.record(event(kind))
        alerts = await journal.unsent([("check", "scale-1")], 10)
        assert [row.seq for row in alerts] == [2, 4]
        for row in alerts:
            journal.mark_sent(row)
        assert [row.seq for row in await journal.unsent((), 10)] == [1, 3]
        assert journal.backlog == 2
    async with opened(tmp_path / "j.db") as journal:
        assert [row.seq for row in await journal.unsent((), 10)] == [1, 3]


async def test_what_waits_is_committed_on_close(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        journal.append(event("reading"))
    async with opened(tmp_path / "j.db") as journal:
        assert journal.last == 1


async def test_each_record_is_chained_to_the_one_before(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        for number in range(3):
            await journal.record(event(n=number))
    with closing(sqlite3.connect(tmp_path / "j.db")) as base:
        rows = base.execute("SELECT message, hash FROM event ORDER BY seq").fetchall()
    link = bytes(32)
    for message, stored in rows:
        link = hashlib.sha256(link + message).digest()
        assert stored == link


def test_the_chain_is_that_of_the_published_rule() -> None:
    from tramdo.proof import GENESIS, chained  # noqa: PLC0415

    first = chained(GENESIS, b'{"seq":1,"v":"20.000"}')
    second = chained(first, b'{"seq":2,"v":"20.004"}')
    assert first.hex() == "84192b091bfc4c691b2af6d1e50e0a14dce85e196dead874cffe6f0925407a72"
    assert second.hex() == "9e571044bd9e1262a94f7954b85558c3618339266636cda9b0c56945f4425b14"


async def test_a_journal_of_another_station_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db"):
        pass
    with pytest.raises(JournalError, match="belongs to station 'tn-01', not to 'tn-02'"):
        await Journal(tmp_path / "j.db", "tn-02").open()


async def test_a_newer_schema_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "j.db")) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(JournalError, match="written by a newer tramdo"):
        await Journal(tmp_path / "j.db", "tn-01").open()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none/j\.db"):
        await Journal(tmp_path / "none" / "j.db", "tn-01").open()


async def test_when_the_disk_refuses_events_wait_in_order_and_it_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as journal:
        await journal.record(event())
        with closing(sqlite3.connect(tmp_path / "j.db", isolation_level=None)) as other:
            other.execute("PRAGMA max_page_count=1")
            await journal._in_writer(journal.store._base.execute, "PRAGMA max_page_count=5")
            journal.append(event(big="x" * 100_000))
            await until(lambda: journal.failing)
            assert "full" in journal.failing
            await journal._in_writer(journal.store._base.execute, "PRAGMA max_page_count=100000")
            journal.append(event("check", after=1))
            await until(lambda: not journal.failing, bound=20)
            await until(lambda: journal.last >= 5)
        rows = await journal.unsent((), 10)
    told = [json.loads(row.message)["body"] for row in rows]
    assert "xxx" in told[1]["big"]
    assert {"disk_full", "recording_again"} <= {one.get("alert") for one in told}
    assert {"after": 1} in told


async def test_what_waits_is_bounded_readings_go_first_and_a_gap_event_says_how_many(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "j.db", "tn-01")
    await journal.open()
    journal.append(event("check", first=True))
    for number in range(MOST_WAITING + 10):
        journal.append(event("reading", n=number))
    assert journal.facts()["given_up"] == {"reading": 11}
    task = asyncio.create_task(journal.run())
    await until(lambda: not journal.facts()["given_up"])
    task.cancel()
    await asyncio.wait([task])
    await journal.close()
    with closing(sqlite3.connect(tmp_path / "j.db")) as base:
        kinds = base.execute("SELECT kind, count(*) FROM event GROUP BY kind").fetchall()
        (gap,) = base.execute("SELECT message FROM event WHERE kind = 'gap'").fetchone()
    assert dict(kinds) == {"check": 1, "reading": MOST_WAITING - 1, "gap": 1}
    assert json.loads(gap)["body"] == {
        "given_up": {"reading": 11},
        "since": "2026-11-22T08:00:00.000Z",
        "why": "no room to wait",
    }


WRITER = """
import asyncio, sys
from pathlib import Path
from datetime import UTC, datetime
from tramdo.clock import Stamp
from tramdo.events import Event
from tramdo.journal import Journal

async def main():
    journal = Journal(Path(sys.argv[1]), "tn-01")
    await journal.open()
    asyncio.create_task(journal.run())
    stamp = Stamp(at=datetime(2026, 1, 1, tzinfo=UTC), monotonic=0.0, quality="unknown")
    while True:
        number = await journal.record(Event(kind="check", instrument="a", stamp=stamp, body={}))
        print(number, flush=True)

asyncio.run(main())
"""


def test_what_was_shown_as_recorded_survives_kill_9(tmp_path: Path) -> None:
    shown = 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "j.db")], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            for _ in range(50):
                shown = int(process.stdout.readline())
            process.kill()
            rest = process.stdout.read().split(b"\n")[:-1]
        shown = int(rest[-1]) if rest else shown
        with closing(sqlite3.connect(tmp_path / "j.db")) as base:
            (last,) = base.execute("SELECT max(seq) FROM event").fetchone()
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert last >= shown
