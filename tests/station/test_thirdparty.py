"""A driver in a package of its own: built, installed, listed, checked, read from, type-checked."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from conftest import Pty

SOURCE = Path(__file__).parents[1] / "thirdparty"
STATION = """
[station]
id = "workshop"
place = "a test"

[[port]]
name = "bench"
kind = "serial"
path = "{path}"

[[instrument]]
id = "bench-1"
driver = "example-bench"
port = "bench"
kind = "scale"
unit = "kg"
max = 60
d = 0.01

[instrument.settings]
channel = {channel}
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "200", **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def installer() -> list[str]:
    """Return the command of what installs packages here: our uv, or pip."""
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if uv is None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    return [uv, "pip", "install", "--offline", "--no-cache", "--python", sys.executable]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the package was installed in, from nothing but its source."""
    place = tmp_path_factory.mktemp("thirdparty")
    source, target = shutil.copytree(SOURCE, place / "source"), place / "installed"
    alone = ["--no-build-isolation", "--no-deps", "--no-index"]
    done = run(*installer(), *alone, "--target", str(target), str(source))
    assert done.returncode == 0, done.stderr
    return target


def tramdo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "tramdo", *words, PYTHONPATH=str(folder))


def station(folder: Path, pty: Pty, channel: int = 7) -> Path:
    file = folder / "station.toml"
    file.write_text(STATION.format(path=pty.link, channel=channel))
    return file


def test_it_is_listed_only_where_it_is_installed(folder: Path, tmp_path: Path) -> None:
    said = tramdo(folder, "drivers").stdout
    (row,) = (line for line in said.splitlines() if "example-bench" in line)
    assert "Example Co. channel query" in row
    assert said.index("asks:") < said.index("example-bench")
    assert "unverified" in row
    assert "example-bench" not in tramdo(tmp_path, "drivers").stdout


def test_a_station_file_may_name_it(folder: Path, tmp_path: Path, pty: Pty) -> None:
    done = tramdo(folder, "check", str(station(tmp_path, pty)))
    assert done.returncode == 0, done.stderr
    assert "1 instruments" in done.stdout


def test_its_wrong_setting_is_told_with_the_line(folder: Path, tmp_path: Path, pty: Pty) -> None:
    done = tramdo(folder, "check", str(station(tmp_path, pty, channel=100)))
    assert done.returncode == 2
    assert "station.toml:21: " in done.stderr
    assert "100 is outside 1 to 99" in done.stderr


async def read_from(folder: Path, pty: Pty, file: Path, reply: bytes) -> tuple[int, str, bytes]:
    """Run `tramdo read` with a peer that gives that reply: (exit code, what it said, asked)."""
    loop, asked = asyncio.get_running_loop(), bytearray()

    def answer() -> None:
        asked.extend(pty.heard())
        if asked.endswith(b"\r\n"):
            os.write(pty.far, reply)

    loop.add_reader(pty.far, answer)
    done = await asyncio.to_thread(tramdo, folder, "read", str(file), "bench-1")
    loop.remove_reader(pty.far)
    return done.returncode, done.stdout + done.stderr, bytes(asked)


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (b"W 07   12.50 kg\r\n", 0, "bench-1: weight 12.50 kg, stable"),
        (b"M 07    0.10 kg\r\n", 0, "bench-1: weight 0.10 kg, moving"),
        (b"E 07 OVER\r\n", 1, "bench-1: overload: overload"),
        (b"W 08   12.50 kg\r\n", 1, "bench-1: bad_frame: a reply (W, M or E) of channel 7"),
    ],
)
async def test_it_is_read(folder: Path, pty: Pty, reply: bytes, code: int, said: str) -> None:
    file = station(pty.link.parent, pty)
    returned, output, asked = await read_from(folder, pty, file, reply)
    assert (returned, asked) == (code, b"Q 07\r\n")
    assert output.startswith(said)


def test_it_fits_the_contract_s_types(tmp_path: Path) -> None:
    use = tmp_path / "use.py"
    use.write_text(
        dedent("""
            from tramdo.driver import Polled
            from tramdo_driver_example import ExampleBench

            driver: Polled = ExampleBench(channel=2)
        """)
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir"]
    done = run(*command, str(tmp_path / "cache"), str(use), MYPYPATH=str(SOURCE))
    assert done.returncode == 0, done.stdout + done.stderr
