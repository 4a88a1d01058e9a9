"""Faults 13 and 24: a wall clock that steps, a boot without time, time zones and summer time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from waiting import until

from faults.clockfault import WallClock
from faults.daemons import Daemon, daemon, every_reading
from faults.witness import Record

BEFORE_SUMMER_TIME = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)
SUMMER_TIME = "2026-03-29T01:00"
BOOT = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def wall(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path / "wall-clock")


@contextmanager
def running(bench: Bench, wall: WallClock, **more: str) -> Iterator[Daemon]:
    every_reading(bench)
    with daemon(bench.file, bench.listen, env=wall.environment | more) as one:
        yield one


async def more_events(one: Daemon, many: int = 3) -> None:
    """Wait for so many new events."""
    before = (await one.journal()).get("events", 0)

    async def there() -> bool:
        return bool((await one.journal()).get("events", 0) >= before + many)

    await until(there, f"{many} more events", bound=30)


async def clock_of(one: Daemon, at: str) -> bool:
    """Return whether the daemon's clock has come to that time."""
    rows = (await one.board()).get("instruments", [])
    return max((row.get("at", "") for row in rows), default="") > at


def steps(record: Record) -> list[float]:
    return [one["body"]["step_s"] for one in record.events("clock")]


def polls(record: Record, instrument: str) -> list[dict[str, Any]]:
    readings = (one for event in record.events("reading") for one in event["body"]["readings"])
    return [one for one in readings if one["instrument"] == instrument]


def in_order(bench: Bench) -> Record:
    """Return the record: order, monotonic time and numbers of readings do not know the step."""
    record = Record.of(bench.folder / "journal.db")
    record.chains(bench.folder / "journal.key")
    monotonic = [one["monotonic"] for one in record.events()]
    assert monotonic == sorted(monotonic)
    numbers = [one["n"] for one in polls(record, "scale-a")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "fault" not in [one["body"].get("alert") for one in record.events("alert")]
    return record


@pytest.mark.parametrize(("shift", "step"), [("-2h", -7200), ("+3d", 259_200)])
async def test_13_clock_step(tmp_path: Path, wall: WallClock, shift: str, step: float) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        with running(bench, wall) as one:
            await more_events(one)
            wall.shift(shift)
            await more_events(one, 10)
            board = await one.board()
        record = in_order(bench)
    assert steps(record) == [pytest.approx(step, abs=1.5)]
    assert {row["state"] for row in board["instruments"]} == {"ok"}


async def test_13_boot_in_1970_and_time_comes_later(tmp_path: Path, wall: WallClock) -> None:
    wall.set(BOOT)
    async with Bench(tmp_path / "bench").up() as bench:
        with running(bench, wall) as one:
            await more_events(one)
            wall.shift("+0")
            await more_events(one, 10)
        record = in_order(bench)
        with running(bench, wall) as one:
            await more_events(one)
    times = [one["time"] for one in record.events()]
    assert times[0].startswith("1970-01-01T00:0")
    assert times[-1] > "2026"
    assert len(steps(record)) == 1
    assert {one["clock"] for one in record.events()} <= {"unknown", "free-running"}


@pytest.mark.soak
async def test_13_restart_before_the_last_event(tmp_path: Path, wall: WallClock) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        wall.shift("+3d")
        with running(bench, wall) as one:
            await more_events(one)
        wall.shift("+0")
        with running(bench, wall) as one:
            await more_events(one)
        record = Record.of(bench.folder / "journal.db")
    record.chains(bench.folder / "journal.key")
    times = [one["time"] for one in record.events()]
    assert max(times) > times[-1]


async def test_24_time_zone_and_summer_time(tmp_path: Path, wall: WallClock) -> None:
    wall.set(BEFORE_SUMMER_TIME)
    async with Bench(tmp_path / "bench").up() as bench:
        with running(bench, wall, TZ="Europe/Berlin") as one:
            await more_events(one)
            await until(lambda: clock_of(one, SUMMER_TIME), "summer time", bound=40)
            await more_events(one)
        record = in_order(bench)
    times = [one["time"] for one in record.events()]
    assert times == sorted(times)
    assert times[0] < SUMMER_TIME < times[-1]
    assert all(one.startswith("2026-03-29T0") and one.endswith("Z") for one in times)
    assert steps(record) == []
