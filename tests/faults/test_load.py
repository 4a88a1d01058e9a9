"""Faults 25, 26 and 28: little memory, clients that do not read, two daemons at one thing."""

import asyncio
import socket
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from bench import Bench
from waiting import until

from faults.daemons import TRAMDO, Daemon, daemon, every_reading
from faults.witness import Record
from tramdo.live.web import address

MEGABYTE = 1 << 20
DEAD = """
[[port]]
name = "away-{n}"
kind = "{kind}"
{where}

[[instrument]]
id = "dead-{n}"
driver = "mt-sics"
port = "away-{n}"
kind = "scale"
unit = "kg"
d = 0.01
period_s = 0.04
timeout_s = 0.05
backoff_max_s = 1
"""


def resident(one: Daemon, what: str = "VmRSS") -> int:
    """Return the bytes of memory a daemon has now ("VmHWM": has had at most)."""
    lines = Path(f"/proc/{one.process.pid}/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(what))
    return int(found) * 1024


def with_dead_ones(bench: Bench, silent_port: int) -> None:
    """Give the station as many dead instruments as living ones: absent, refused, silent."""
    every_reading(bench)
    text = bench.file.read_text()
    places = (
        ("serial", f'path = "{bench.folder}/nowhere"'),
        ("tcp", 'host = "127.0.0.1"\ntcp_port = 9'),
        ("tcp", f'host = "127.0.0.1"\ntcp_port = {silent_port}'),
    )
    for n, (kind, where) in enumerate(places):
        text += DEAD.format(n=n, kind=kind, where=where)
    bench.file.write_text(text)
    bench.publish_to(9)


@pytest.mark.parametrize(
    ("polls", "growth"),
    [
        (150, 6 * MEGABYTE),
        pytest.param(40_000, 8 * MEGABYTE, marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
async def test_25_memory_with_half_the_instruments_dead(
    tmp_path: Path, polls: int, growth: int
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with closing(silent):
        async with Bench(tmp_path / "bench").up() as bench:
            with_dead_ones(bench, silent.getsockname()[1])
            with daemon(bench.file, bench.listen, "prlimit", "--as=1073741824") as one:
                await reached(bench, one, polls // 2)
                before = resident(one)
                await reached(bench, one, polls)
                assert resident(one) - before < growth
                assert resident(one, "VmHWM") < 128 * MEGABYTE
                states = {
                    row["instrument"]: row["state"] for row in (await one.board())["instruments"]
                }
    dead = {states[f"dead-{n}"] for n in range(3)}
    assert dead == {"port_lost", "no_reply"}
    assert {states[name] for name in ("scale-a", "scale-b", "pump-1")} == {"ok"}


async def reached(bench: Bench, one: Daemon, polls: int) -> None:
    witness = bench.lines["scale-a"].witness
    enough = witness.values + polls
    ended = one.process.poll
    await until(lambda: witness.values >= enough or ended(), f"{polls} polls", bound=60 + polls)
    assert ended() is None, one.said()


def never_reading(listen: str) -> socket.socket:
    """Ask for the stream of pictures and never read it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect(address(listen))
    client.sendall(f"GET /api/stream HTTP/1.1\r\nHost: {listen}\r\n\r\n".encode())
    return client


@pytest.mark.parametrize(
    ("clients", "polls"),
    [(30, 100), pytest.param(100, 20_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
async def test_26_slow_web_clients_delay_nobody(tmp_path: Path, clients: int, polls: int) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        every_reading(bench)
        with ExitStack() as stack:
            with daemon(bench.file, bench.listen) as one:
                await until(bench.all_ok, "every instrument ok", bound=20)
                before = resident(one)
                for _ in range(clients):
                    stack.enter_context(closing(never_reading(bench.listen)))
                await reached(bench, one, polls)
                assert resident(one) - before < 16 * MEGABYTE
                assert (await bench.row("scale-a"))["state"] == "ok"
                told = asyncio.get_running_loop().time()
            # The daemon was told to stop with all of them still there.
            assert asyncio.get_running_loop().time() - told < 15
    Record.of(bench.folder / "journal.db").chains()


def started(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TRAMDO, "run", str(file)], capture_output=True, text=True, timeout=30, check=False
    )


async def test_28_two_daemons_on_one_database(tmp_path: Path) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        async with bench.running():
            done = await asyncio.to_thread(started, bench.file)
            assert done.returncode == 1
            assert f"{bench.folder}/journal.db is in use by another tramdo" in done.stderr
            assert await bench.all_ok()
        Record.of(bench.folder / "journal.db").chains()


async def test_28_two_daemons_on_one_port(tmp_path: Path) -> None:
    async with Bench(tmp_path / "bench").up() as bench, bench.running() as first:
        other = Bench(tmp_path / "other")
        other.folder.mkdir()
        text = bench.file.read_text().replace(bench.listen, other.listen)
        other.file.write_text(text.replace("/journal.db", "/other.db"))
        with daemon(other.file, other.listen) as second:
            await until(lambda: lost(second), "that it has no port")
            rows = (await second.board())["instruments"]
            causes = [row["cause"] for row in rows]
            assert all(f"pid {first.pid} (" in cause for cause in causes), causes
            assert await bench.all_ok()
        assert (bench.folder / "other.db").exists()


async def lost(one: Daemon) -> bool:
    rows = (await one.board()).get("instruments", ())
    return bool(rows) and {row["state"] for row in rows} == {"port_lost"}


async def test_23_configuration_typo_starts_nothing(tmp_path: Path) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        text = bench.file.read_text().replace("period_s", "period", 1)
        bench.file.write_text(text.replace('kind = "serial"', 'kind = "serail"', 1))
        done = await asyncio.to_thread(started, bench.file)
    assert done.returncode == 2
    assert len([line for line in done.stderr.splitlines() if line.startswith(str(bench.file))]) >= 2
    assert "period" in done.stderr
    assert "serail" in done.stderr
    assert not (bench.folder / "journal.db").exists()
    assert [line.witness.values for line in bench.lines.values()] == [0, 0, 0]
