"""Faults 3 to 5: a disk that is full, that fails, that can only be read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random

import histories
import pytest
from bench import Bench
from waiting import until

from faults import powercut, strace
from faults.daemons import Daemon, daemon, every_reading, small_station, tramdo
from faults.smalldisk import small_disk
from faults.witness import Record, Shown, ended, shown, writer
from tramdo import clock
from tramdo.errors import JournalError
from tramdo.events import Event
from tramdo.journal import Journal, Store

TENDED_WITHIN = 60.0


def event(kind: str, token: str) -> Event:
    return Event(kind=kind, instrument="scale-1", stamp=clock.now(), body={"token": token})


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Journal]:
    journal = Journal(path, "fault-01", key=path.with_suffix(".key"))
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


async def recorded(journal: Journal, kind: str, many: int, what: str) -> list[Shown]:
    """Record so many events one by one, a reading queued before each."""
    tokens = [f"{what}-{number}" for number in range(many)]
    found = []
    for token in tokens:
        journal.append(event("reading", token))
        found.append(Shown(journal.epoch, await journal.record(event(kind, token)), token))
    return found


@pytest.mark.parametrize(
    "seconds", [0, pytest.param(900, marks=[pytest.mark.soak, pytest.mark.timeout(2000)])]
)
async def test_03_disk_full(tmp_path: Path, seconds: int) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        path = disk.place / "j.db"
        async with opened(path) as journal:
            everything = await recorded(journal, "check", 5, "before")
            ballast = path.with_name("j.db.ballast")
            await until(ballast.exists, "the ballast", bound=TENDED_WITHIN)
            disk.fill()
            everything += await recorded(journal, "check", 50, "full")
            assert (journal.state, journal.failing) == ("evidence_only", "")
            assert not ballast.exists()
            for number in range(seconds):
                everything += await recorded(journal, "alert", 1, f"hour-{number}")
                await asyncio.sleep(1)
            disk.give_back()
            await until(lambda: journal.state == "recording", bound=TENDED_WITHIN)
            everything += await recorded(journal, "check", 5, "after")
        record = Record.of(path)
        record.has(everything)
        record.chains(path.with_suffix(".key"))
        assert_told(record, 50 + seconds)


def assert_told(record: Record, given_up: int) -> None:
    """Assert that readings from while the disk was full are counted, and all others there."""
    bodies = [one["body"] for one in record.events("gap")]
    (gap,) = (body for body in bodies if "given_up" in body)
    tokens = [one["body"]["token"] for one in record.events("reading")]
    # The first one or two were on their way when the first write failed.
    assert given_up - 2 <= gap["given_up"]["reading"] <= given_up, bodies
    assert [one for one in tokens if one.startswith("full")] == []
    assert len([one for one in tokens if one.startswith("after")]) == 5
    told = [one["body"]["alert"] for one in record.events("alert") if "alert" in one["body"]]
    assert told == ["disk_full", "disk_space_back"]


async def test_03_disk_full_to_the_last_block(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        path = disk.place / "j.db"
        async with opened(path) as journal:
            everything = await recorded(journal, "check", 5, "before")
            disk.fill()
            path.with_name("j.db.ballast").unlink(missing_ok=True)
            disk.fill()
            waiting = asyncio.create_task(recorded(journal, "check", 500, "full"))
            await until(lambda: journal.failing, "a state that says so")
            assert journal.state == "not_recording"
            assert not waiting.done()
            disk.give_back()
            everything += await asyncio.wait_for(waiting, TENDED_WITHIN)
            await until(lambda: not journal.failing, "a state that says so")
        record = Record.of(path)
        record.has(everything)
        record.chains(path.with_suffix(".key"))


MANY = [3, pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
COMMITS = 60


def each_proven(run: Callable[[Path, Random], list[Shown]], folder: Path, many: int) -> None:
    """Make so many runs, a few at a time, for each waits seconds and does little; prove each."""
    folders = [folder / str(number) for number in range(many)]
    chances = [Random(number) for number in range(many)]
    for one in folders:
        one.mkdir()
    with ThreadPoolExecutor(max_workers=6) as pool:
        said = list(pool.map(run, folders, chances))
    for one, events in zip(folders, said, strict=True):
        (path,) = one.glob("**/j.db")
        record = Record.of(path)
        record.has(events)
        record.chains(path.with_suffix(".key"))
        assert len(events) >= COMMITS


@pytest.mark.parametrize("many", MANY)
@pytest.mark.parametrize(
    ("fault", "most"),
    [(strace.EIO_ON_WRITE, 600), (strace.EIO_ON_SYNC, 80), (strace.FULL_AT_WRITE, 600)],
    ids=["eio_on_write", "eio_on_fsync", "full_at_one_write"],
)
def test_04_failing_call(tmp_path: Path, fault: str, most: int, many: int) -> None:
    strace.needed()

    def run(folder: Path, chance: Random) -> list[Shown]:
        words = strace.injecting(fault.format(n=chance.randint(1, most)))
        process = writer(folder / "j.db", f"--most={COMMITS}", prefix=words)
        said, errors = ended(process, bound=60)
        assert process.returncode == 0, errors
        (folder / "log").write_text(errors)
        return said

    each_proven(run, tmp_path, many)
    assert any(one.stat().st_size for one in tmp_path.glob("*/log"))


@pytest.mark.parametrize("many", MANY)
def test_04_eio_on_fsync_that_is_told_once_and_power_cut(tmp_path: Path, many: int) -> None:
    powercut.needed()

    def run(folder: Path, chance: Random) -> list[Shown]:
        disk = powercut.Disk(folder)
        # The first sync is that of the key, without which the station does not start.
        with disk.powered(f"--eio-at={chance.randint(2, COMMITS)}"):
            process = writer(disk.mount / "j.db")
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2 * COMMITS)]
        process.kill()
        rest, _ = process.communicate()
        return shown("".join(lines) + rest)

    each_proven(run, tmp_path, many)


def history(file: Path) -> str:
    done = tramdo("history", histories.INSTRUMENT, "--file", str(file), "--language", "en")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "clean",
    [pytest.param(True, marks=pytest.mark.soak), False],
    ids=["after a stop", "after a kill"],
)
async def test_05_read_only_card_at_start(tmp_path: Path, clean: bool) -> None:
    with small_disk(tmp_path / "card", 32) as card:
        journal = card.place / "j.db"
        store = Store(journal, "fault-01")
        store.store(histories.whole().events)
        store.close()
        file, listen = small_station(tmp_path, journal)
        before = history(file)
        with daemon(file, listen) as running:
            await until(lambda: recording(running), "recording")
            if not clean:
                running.process.kill()
        card.remount("ro")
        with daemon(file, listen) as running:
            await until(lambda: not_recording(running), "a state that says so")
            assert history(file) == before
            card.remount("rw")
            await until(lambda: recording(running), "recording again", bound=TENDED_WITHIN)
        assert history(file) == before
        Record.of(journal).chains()


async def not_recording(running: Daemon) -> bool:
    return (await running.journal()).get("state") == "not_recording"


async def recording(running: Daemon) -> bool:
    return (await running.journal()).get("state") == "recording"


async def test_05_read_only_remount_while_it_runs(disk: powercut.Disk, tmp_path: Path) -> None:
    journal = disk.mount / "journal.db"
    async with Bench(tmp_path / "bench").up() as bench:
        every_reading(bench, journal)
        with disk.powered(), daemon(bench.file, bench.listen) as running:
            await until(lambda: recording(running), "recording", bound=20)
            disk.read_only(on=True)
            await until(lambda: not_recording(running), "a state that says so", bound=TENDED_WITHIN)
            disk.read_only(on=False)
            await until(lambda: recording(running), "recording again", bound=TENDED_WITHIN)
            last = (await running.journal())["events"]
            await until(lambda: grown(running, last), "more events")
    record = Record.of(disk.folder / "journal.db")
    record.chains(disk.folder / "journal.key")
    (told,) = (one["body"] for one in record.events("alert"))
    assert told["alert"] == "recording_again"


async def grown(running: Daemon, last: int) -> bool:
    return int((await running.journal()).get("events", 0)) > last


async def test_04_card_pulled_and_put_back(disk: powercut.Disk, tmp_path: Path) -> None:
    journal = disk.mount / "journal.db"
    async with Bench(tmp_path / "bench").up() as bench:
        every_reading(bench, journal)
        with ExitStack() as slot:
            slot.enter_context(disk.powered())
            with daemon(bench.file, bench.listen) as running:
                await until(lambda: recording(running), "recording", bound=20)
                slot.close()
                await until(lambda: not_recording(running), "a state that says so", bound=60)
                slot.enter_context(disk.powered())
                await until(lambda: recording(running), "recording again", bound=TENDED_WITHIN)
                last = (await running.journal())["events"]
                await until(lambda: grown(running, last), "more events")
        Record.of(disk.folder / "journal.db").chains(disk.folder / "journal.key")


async def test_04_card_dead_at_start(disk: powercut.Disk, tmp_path: Path) -> None:
    journal = disk.mount / "j.db"
    file, listen = small_station(tmp_path, journal)
    with ExitStack() as slot:
        card = slot.enter_context(disk.powered())
        with daemon(file, listen) as running:
            await until(lambda: recording(running), "recording", bound=20)
        card.kill()
        card.wait()
        with daemon(file, listen) as running:
            await until(lambda: not_recording(running), "a state that says so", bound=20)
            slot.close()
            slot.enter_context(disk.powered())
            await until(lambda: recording(running), "recording again", bound=TENDED_WITHIN)
