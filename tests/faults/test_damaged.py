"""Faults 6 and 29: a database file that is damaged, of an older tramdo, of a newer one."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from random import Random

import pytest
from waiting import until

from faults import powercut
from faults.daemons import Daemon, daemon, small_station, tramdo
from faults.witness import Record, ended, shown, writer
from tramdo import clock
from tramdo.errors import JournalError
from tramdo.events import Event
from tramdo.journal import Journal

PAGE = 4096
FRAME = PAGE + 24
RECORDED_WITHIN = 20.0
SIDES = ("-wal", "-shm")
KINDS = ("check", "reading", "alert", "reading", "availability")


def event(kind: str, number: int) -> Event:
    body = {"n": number, "filler": "x" * (37 * number % 600)}
    return Event(kind=kind, instrument="scale-1", stamp=clock.now(), body=body)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Journal]:
    journal = Journal(path, "fault-01")
    await journal.open()
    task = asyncio.create_task(journal.run())
    try:
        yield journal
        assert not task.done(), "the journal's task has ended"
    finally:
        task.cancel()
        await asyncio.wait([task])
        with suppress(JournalError):
            await journal.close()


async def made(path: Path) -> bytes:
    """Return the bytes of a record of some pages of each kind."""
    async with opened(path) as journal:
        await journal.record(*(event(KINDS[number % 5], number) for number in range(250)))
    octets = path.read_bytes()
    assert len(octets) > 20 * PAGE
    return octets


def cut_short(octets: bytes) -> Iterator[bytes]:
    for end in range(0, len(octets), PAGE):
        yield octets[:end]


def spoilt(octets: bytes, many: int) -> Iterator[bytes]:
    """Yield it with one byte, some bytes in a row or a whole page damaged at random places."""
    chance = Random(many)
    for _ in range(many):
        size = chance.choice((1, 1, 20, PAGE))
        last = 100 if chance.random() < 0.2 else len(octets) - size
        at = chance.randrange(last)
        yield octets[:at] + chance.randbytes(size) + octets[at + size :]


def of_a_newer_tramdo(octets: bytes) -> bool:
    """Return whether it is the schema's number that is damaged: nothing tells it from an update."""
    return int.from_bytes(octets[60:64], signed=True) > 3


async def assert_survived(path: Path, octets: bytes) -> bool:
    """Open it, read all, record more; return whether it was set aside."""
    path.write_bytes(octets)
    async with opened(path) as journal:
        with suppress(JournalError):
            for kind in KINDS:
                await journal.of_kind(kind)
            await journal.unsent((), 1000)
        recorded = journal.record(event("check", 999))
        await asyncio.wait([recorded], timeout=RECORDED_WITHIN)
        assert recorded.done(), f"not recorded: {journal.failing}"
        number, epoch = recorded.result(), journal.epoch
    aside = list(path.parent.glob(f"{path.name}.damaged-*"))
    with closing(sqlite3.connect(path)) as base:
        (message,) = base.execute("SELECT message FROM event WHERE seq = ?", (number,)).fetchone()
    assert json.loads(message)["id"] == f"fault-01.{epoch}.{number}"
    if aside:
        assert_told(path, aside)
    return bool(aside)


def assert_told(path: Path, aside: list[Path]) -> None:
    (kept,) = (one for one in aside if not one.name.endswith(("-wal", "-shm")))
    record = Record.of(path)
    record.chains()
    assert [one["body"]["damaged_file_kept_as"] for one in record.events("gap")] == [kept.name]
    (alert,) = (one["body"] for one in record.events("alert"))
    assert (alert["alert"], alert["kept_as"]) == ("journal_damaged", kept.name)


def forget(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


async def test_06_corrupt_file_cut_at_every_page(tmp_path: Path) -> None:
    octets = await made(tmp_path / "whole.db")
    aside = []
    for short in cut_short(octets):
        aside.append(await assert_survived(tmp_path / "j.db", short))
        forget(tmp_path / "j.db")
    assert aside == [False, *[True] * (len(aside) - 1)]


@pytest.mark.parametrize(
    "many", [60, pytest.param(3_000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]
)
async def test_06_corrupt_file_with_random_bytes(tmp_path: Path, many: int) -> None:
    octets = await made(tmp_path / "whole.db")
    aside, died = 0, []
    for number, damaged in enumerate(spoilt(octets, many)):
        if of_a_newer_tramdo(damaged):
            continue
        try:
            aside += await assert_survived(tmp_path / "j.db", damaged)
        except Exception as error:  # noqa: BLE001  each is told with the damage that caused it
            died.append(f"damage {number} of {many}: {error!r}")
        forget(tmp_path / "j.db")
    assert not died, "\n".join(died)
    assert aside >= many // 10


async def test_06_corrupt_log_cut_at_every_page(tmp_path: Path) -> None:
    """What a killed daemon left in its write-ahead log is shortened anywhere."""
    path = tmp_path / "j.db"
    process = writer(path, "--readings=1")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(20)]
    process.kill()
    ended(process)
    log = Path(f"{path}-wal").read_bytes()
    whole = path.read_bytes()
    last = shown("".join(lines))[-1].seq
    for end in range(0, len(log) + FRAME, FRAME):
        forget(path)
        Path(f"{path}-wal").write_bytes(log[:end])
        await assert_survived(path, whole)
        Record.of(path).chains()
    assert len(Record.of(path).rows) >= last


SCHEMA_FORMAT = 47


def a_leaf_of_checks(octets: bytes) -> bytes:
    """Return it with the page of an early check written over."""
    at = octets.index(b'"n":5}') // PAGE * PAGE
    return octets[:at] + bytes(range(256)) * (PAGE // 256) + octets[at + PAGE :]


def bytes_in_a_time(octets: bytes) -> bytes:
    return octets.replace(b"checkscale-120", b"checkscale-1\xc3\x28")


def a_format_of_the_future(octets: bytes) -> bytes:
    return octets[:SCHEMA_FORMAT] + b"\xff" + octets[SCHEMA_FORMAT + 1 :]


def half_of_it(octets: bytes) -> bytes:
    return octets[: len(octets) // 2]


def words_of_the_schema(octets: bytes) -> bytes:
    return octets.replace(b"CREATE TABLE station", b"CREATE TABLE\xffstation")


DAMAGES = (
    half_of_it,
    a_leaf_of_checks,
    a_format_of_the_future,
    words_of_the_schema,
)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_06_corrupt_file_and_the_daemon_starts(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "j.db"
    octets = await made(path)
    damaged = damage(octets)
    assert damaged != octets
    path.write_bytes(damaged)
    file, listen = small_station(tmp_path, path)
    with daemon(file, listen) as running:
        await until(lambda: recording(running), "recording", bound=RECORDED_WITHIN)
    (kept,) = (one for one in tmp_path.glob("j.db.damaged-*") if one.suffix[-4:] not in SIDES)
    assert kept.read_bytes() == damaged
    assert_told(path, [kept])


async def test_06_a_damaged_letter_costs_neither_the_file_nor_the_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(bytes_in_a_time(await made(path)))
    file, listen = small_station(tmp_path, path)
    with daemon(file, listen) as running:
        await until(lambda: recording(running), "recording", bound=RECORDED_WITHIN)
    assert not list(tmp_path.glob("j.db.damaged-*"))


async def recording(running: Daemon) -> bool:
    return (await running.journal()).get("state") == "recording"


SCHEMA_1 = (
    """CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
       instrument TEXT NOT NULL, time TEXT NOT NULL, message BLOB NOT NULL, hash BLOB NOT NULL)""",
    "CREATE INDEX event_stream ON event(kind, instrument, seq)",
    """CREATE TABLE station (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL,
       epoch TEXT NOT NULL)""",
    """CREATE TABLE sent (kind TEXT NOT NULL, instrument TEXT NOT NULL, upto INTEGER NOT NULL,
       PRIMARY KEY (kind, instrument)) WITHOUT ROWID""",
)
SCHEMA_2 = ("CREATE TABLE kept (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",)


def of_old(path: Path, version: int, events: int = 7) -> list[bytes]:
    """Write a journal as that version of tramdo left it; return its messages."""
    messages, link = [], bytes(32)
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        for statement in SCHEMA_1 + (SCHEMA_2 if version == 2 else ()):
            base.execute(statement)
        base.execute("INSERT INTO station VALUES (1, 'fault-01', 'e0')")
        for seq in range(1, events + 1):
            time = f"2026-01-01T00:00:0{seq}.000Z"
            message = f"""{{"body":{{"alert":"a","why":"w"}},"clock":"unknown","id":"fault-01.e0.{seq}","instrument":"a","kind":"alert","monotonic":1.0,"seq":{seq},"station":"fault-01","time":"{time}","v":1}}""".encode()  # noqa: E501
            link = hashlib.sha256(link + message).digest()
            base.execute(
                "INSERT INTO event VALUES (?, 'alert', 'a', ?, ?, ?)", (seq, time, message, link)
            )
            messages.append(message)
        base.execute("INSERT INTO sent VALUES ('alert', 'a', 3)")
        base.execute(f"PRAGMA user_version={version}")
        base.execute("PRAGMA journal_mode=WAL")
    return messages


@pytest.mark.parametrize("version", [1, 2])
async def test_29_upgrade_of_the_database(tmp_path: Path, version: int) -> None:
    path = tmp_path / "j.db"
    messages = of_old(path, version)
    file, listen = small_station(tmp_path, path)
    with daemon(file, listen) as running:
        await until(lambda: recording(running), "recording", bound=RECORDED_WITHIN)
    record = Record.of(path)
    assert [message for _, message, _, _ in record.rows[:7]] == messages
    assert len(record.rows) > 7
    record.chains()
    assert {one["id"].split(".")[1] for one in record.events()} == {"e0"}
    async with opened(path) as journal:
        assert [row.seq for row in await journal.unsent((), 100) if row.kind == "alert"] >= [4]


@pytest.mark.parametrize("version", [pytest.param(1, marks=pytest.mark.soak), 2])
def test_29_power_cut_while_upgrading(tmp_path: Path, version: int) -> None:
    powercut.needed()
    for cut_at in range(14, 120, 26):
        disk = powercut.Disk(tmp_path / str(cut_at))
        messages = of_old(disk.folder / "j.db", version)
        with disk.powered(f"--cut-at={cut_at}", "--early=0.5") as power:
            process = writer(disk.mount / "j.db")
            power.wait(timeout=60)
            process.kill()
            ended(process)
        assert ended(writer(disk.folder / "j.db", "--most=3"))[0]
        record = Record.of(disk.folder / "j.db")
        record.chains()
        assert [message for _, message, _, _ in record.rows[:7]] == messages


async def test_29_downgrade_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    octets = await made(path)
    newer = octets[:60] + (99).to_bytes(4) + octets[64:]
    path.write_bytes(newer)
    file, _ = small_station(tmp_path, path)
    done = tramdo("run", str(file))
    assert done.returncode == 1
    assert "was written by a newer tramdo (schema 99" in done.stderr
    assert path.read_bytes() == newer
    assert list(tmp_path.glob("*.damaged-*")) == []
