"""Faults 1 and 2: the program or the power ends at any moment."""

import time
from pathlib import Path
from random import Random

import pytest

from faults import powercut, strace
from faults.witness import Record, Shown, ended, writer

SHORT_AND_LONG = {
    "kills": [6, pytest.param(150, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
    "cuts": [5, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
}
CUTS_OF_ONE_DISK = 4
KILLED = (137, -9)


def moment(chance: Random, most: int) -> int:
    """Return a number from 1 to `most`: as often below as above its geometric middle."""
    return int(most ** chance.random())


def goes_on(path: Path, token: str) -> list[Shown]:
    """Record some more events undisturbed."""
    process = writer(path, "--most=3", f"--token={token}")
    fresh, errors = ended(process)
    assert (process.returncode, len(fresh)) == (0, 3), errors
    return fresh


def unclean_ends(path: Path) -> int:
    return sum("unclean_end" in one["body"] for one in Record.of(path).events("gap"))


@pytest.mark.parametrize("many", SHORT_AND_LONG["kills"])
@pytest.mark.parametrize(
    "fault", [strace.KILL_AT_WRITE, strace.KILL_AT_SYNC], ids=["write", "sync"]
)
def test_01_kill_9_at_any_write(tmp_path: Path, fault: str, many: int) -> None:
    strace.needed()
    path, chance, everything = tmp_path / "j.db", Random(many), list[Shown]()
    most = 3000 if fault == strace.KILL_AT_WRITE else 300
    for number in range(many):
        words = strace.injecting(fault.format(n=moment(chance, most)))
        process = writer(path, f"--token=r{number}", prefix=words)
        before = Record.of(path).rows if path.exists() and everything else []
        fresh, errors = ended(process)
        assert process.returncode in KILLED, errors
        everything += fresh
        if fresh and before:
            assert fresh[0].seq > before[-1][0]
    everything += goes_on(path, "last")
    record = Record.of(path)
    record.has(everything)
    record.chains(path.with_suffix(".key"))
    assert len({one.epoch for one in everything}) == 1
    assert unclean_ends(path) >= 1


def written_until_cut(disk: powercut.Disk, token: str, *how: str) -> list[Shown]:
    """Record until the power goes; return what was shown until then."""
    with disk.powered(*how) as power:
        process = writer(disk.mount / "j.db", f"--token={token}")
        end = time.monotonic() + 60
        while power.poll() is None and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        cut = power.poll() is not None
        process.kill()
        fresh, errors = ended(process)
    assert cut, f"the writer ended before the cut: {errors}"
    return fresh


@pytest.mark.parametrize("many", SHORT_AND_LONG["cuts"])
@pytest.mark.parametrize("strict", [[], ["--strict"]], ids=["journalling", "strict"])
def test_02_power_cut(disk: powercut.Disk, strict: list[str], many: int) -> None:
    chance, everything, path = Random(many), list[Shown](), disk.folder / "j.db"
    for number in range(many):
        if number % CUTS_OF_ONE_DISK == 0:
            disk.erase()
            everything = []
        how = [f"--cut-at={12 + moment(chance, 12_000)}", "--early=0.3", f"--seed={number}"]
        everything += written_until_cut(disk, f"r{number}", *how, *strict)
        if everything:
            Record.of(path).has(everything)
        if number % CUTS_OF_ONE_DISK == CUTS_OF_ONE_DISK - 1:
            everything += goes_on(path, "last")
            record = Record.of(path)
            record.has(everything)
            record.chains(path.with_suffix(".key"))
            assert len({one.epoch for one in everything}) == 1
