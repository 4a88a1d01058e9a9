"""The park of instruments in one call, and the `simulate` command as its user runs it."""

import asyncio
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tramdo_simulators.command import simulate
from tramdo_simulators.modbus import rtu_frame
from tramdo_simulators.park import REFERENCE, Park

RUN = "import typer; from tramdo_simulators.command import simulate; typer.run(simulate)"


def ask(path: Path | str, request: bytes, count: int, bound: float = 3.0) -> bytes:
    """Send a request, and return `count` bytes or what came until the bound (seconds)."""
    file, heard, end = os.open(path, os.O_RDWR | os.O_NOCTTY), b"", time.monotonic() + bound
    try:
        os.write(file, request)
        while len(heard) < count and (left := end - time.monotonic()) > 0:
            if select.select([file], [], [], left)[0]:
                heard += os.read(file, 4096)
    finally:
        os.close(file)
    return heard


async def test_every_instrument_of_the_park_answers(tmp_path: Path) -> None:
    async with Park(tmp_path / "new") as park:
        said = await asyncio.to_thread(ask, tmp_path / "new/scale-a", b"SI\r\n", 19)
        assert re.fullmatch(rb"S [SD] {1,9}-?\d+\.\d\d kg\r\n", said)
        said = await asyncio.to_thread(ask, tmp_path / "new/scale-b", b"", 60)
        assert re.search(rb"\n[SU][TS],GS, +-?\d+\.\d[05] kg\r\n", said)
        laumas = rtu_frame(1, bytes.fromhex("0300060008"))
        said = await asyncio.to_thread(ask, tmp_path / "new/line-485", laumas, 21)
        assert said[:3] == bytes.fromhex("010310")
        assert said[-4:-2] == bytes([0, 13])
        coriolis = rtu_frame(2, bytes.fromhex("0303e80010"))
        said = await asyncio.to_thread(ask, tmp_path / "new/line-485", coriolis, 37)
        assert struct.unpack(">f", said[19:23]) == (745.0,)
        reader, writer = await asyncio.open_connection("127.0.0.1", park.tcp_port)
        writer.write(bytes.fromhex("0001 0000 0006 01 03 0008 0004"))
        assert (await asyncio.wait_for(reader.readexactly(17), 2.0))[:9] == bytes.fromhex(
            "0001 0000 000b 01 03 08"
        )
        writer.close()
        assert [line.witness.writes for line in park.lines] == [0, 0, 0, 0]
        assert all(line.witness.values for line in park.lines)
    assert not any(link.is_symlink() for link in (tmp_path / "new").iterdir())


def seen(park: Park, seconds: float) -> list[tuple[float, float]]:
    """Return what lay on scale-a, settled, and what it showed of it, until this second."""
    instants = [tick / 10 for tick in range(int(seconds * 10))]
    scale = park.scale_a
    return [
        (scale.true_mass(at), float(scale.indication(at).value))
        for at in instants
        if scale.indication(at).stable
    ]


def test_a_month_of_drift_shows_within_half_a_minute(tmp_path: Path) -> None:
    park = Park(tmp_path, drifting="scale-a", per_month=0.005, days_per_second=1.0)
    errors = [shown - mass for mass, shown in seen(park, 32.0) if mass == REFERENCE]
    assert abs(errors[0]) <= 0.011
    assert 0.08 <= errors[-1] <= 0.12
    dispenser = park.meter_485.at(30.0)
    assert dispenser.metered_total == dispenser.true_total


def test_the_reference_comes_every_four_seconds_and_the_can_every_six(tmp_path: Path) -> None:
    park = Park(tmp_path)
    masses = [park.scale_a.true_mass(tick / 10) for tick in range(400)]
    placed = [tick for tick in range(1, 400) if masses[tick] == 20.0 != masses[tick - 1]]
    assert set(map(int.__sub__, placed[1:], placed)) == {40}
    assert not any(19 < mass < 21 and mass != REFERENCE for mass in masses)
    assert park.meter_tcp.at(61.3).number == 11


def test_only_the_one_chosen_drifts(tmp_path: Path) -> None:
    park = Park(tmp_path, drifting="meter-tcp")
    assert park.meter_tcp.error(30.0) == pytest.approx(0.001)
    assert park.meter_485.error(30.0) == 0.0
    assert park.scale_a.wear(30.0).span == 0.0
    assert Park(tmp_path, drifting=None).scale_a.wear(30.0).span == 0.0


def test_an_unknown_instrument_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'scale-z' is no instrument; allowed: scale-a, .*tcp"):
        Park(tmp_path, drifting="scale-z")


# --- the command ------------------------------------------------------------------------------


def start(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """Start the command and return it with the place where it says that it serves."""
    made = subprocess.Popen(
        [sys.executable, "-u", "-c", RUN, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert made.stdout
    said = made.stdout.readline()
    found = re.fullmatch(r"serving at (\S+); Ctrl-C ends it\n", said)
    assert found, said
    return made, found[1]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_simulate_serves_until_ended_and_leaves_nothing(tmp_path: Path, end: int) -> None:
    link = tmp_path / "scale1"
    made, where = start("mt-sics", "--pty", str(link), "--speed", "10", "--span-drift", "0.1")
    with made:
        assert where == str(link)
        assert ask(link, b"I4\r\n", 19) == b'I4 A "1126493049"\r\n'
        made.send_signal(end)
        assert made.stdout
        assert made.stdout.read() == "ended; requests 1, values 0\n"
        assert made.wait(5.0) == 0
    assert not link.is_symlink()


def test_simulate_drifts_in_percent_of_thirty_days() -> None:
    made, where = start("mt-sics", "--speed", "5", "--span-drift", "1", "--days-per-second", "30")
    begun = time.monotonic()
    with made:
        shown = 0.0
        while shown < 1.0:
            assert time.monotonic() - begun < 5.0
            # "S I": it found no rest in time, as on a busy computer; it is asked again.
            words = ask(where, b"S\r\n", 19).split()
            shown = float(words[2]) if len(words) > 2 else 0.0
        seconds = time.monotonic() - begun
        made.terminate()
    assert 20.05 < shown < 20.02 + 0.2 * (seconds + 0.5)


def test_simulate_modbus_over_tcp_and_a_bare_pty() -> None:
    made, where = start("modbus", "--tcp", "127.0.0.1:0", "--bank", "coriolis", "--unit", "3")
    with made:
        assert re.fullmatch(r"127\.0\.0\.1:\d{4,5}", where)
        made.terminate()
    made, where = start("st-gs", "--dialect", "asi", "--load", "15", "--fault", "byte-by-byte")
    with made:
        assert re.search(rb"\nST,GS,\+000\d\d\.\d\d\r\n", ask(where, b"", 60))
        made.terminate()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mt-sic"], "'mt-sic' is not one of adam, and,"),
        (["modbus", "--bank", "seneca"], "not one of laumas, pulse-counter, coriolis"),
        (["modbus", "--tcp", "5020"], "'5020' is not host:port"),
        (["modbus", "--d", "0.03"], "no code for d = 0.03 kg"),
        (["st-gs", "--d", "nothing"], "'nothing' is no number above 0"),
        (["st-gs", "--pty", "/nowhere/x"], "/nowhere/x: No such file or directory"),
        (["st-gs", "--pty", "x", "--tcp", "127.0.0.1:0"], "give one of them"),
    ],
)
def test_simulate_says_what_is_wrong(arguments: list[str], said: str) -> None:
    app = typer.Typer()
    app.command()(simulate)
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 2
    assert said in re.sub(r"[│\s]+", " ", ended.output)
