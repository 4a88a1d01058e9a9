"""The programs that are measured: how each is made ready and started."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STATION = """
[station]
id = "bench"
place = "bench"
[mqtt]
host = "127.0.0.1"
port = {broker}
{promise}
[journal]
path = "{journal}"
commit_every_s = {commit}
[live]
listen = "127.0.0.1:{live}"
"""
INSTRUMENT = """
[[port]]
name = "line-{name}"
kind = "tcp"
host = "127.0.0.1"
tcp_port = {port}
[[instrument]]
id = "{name}"
driver = "modbus-map"
port = "line-{name}"
kind = "scale"
unit = "kg"
max = 60000
e = 0.05
d = 0.01
period_s = 0.1
record = "every"
[instrument.settings]
map = "{map}"
wire = "tcp"
decimals = 2
unit = "kg"
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a program works: a folder of its own, the broker's port, the units' ports."""

    folder: Path
    broker: int
    units: Sequence[int]


def compiled(folder: Path) -> Path:
    """Return the C loop, made now; raises `CalledProcessError` where a library is missing."""
    made = folder / "loop"
    words = ["cc", "-O2", "-Wall", str(HERE / "loop.c"), "-o", str(made)]
    subprocess.run([*words, "-lmodbus", "-lmosquitto", "-lsqlite3"], check=True)
    return made


def loop(binary: Path, place: Place, *, durable: bool) -> list[str]:
    """Return the command of the C loop, with or without its outbox."""
    outbox = str(place.folder / "outbox.sqlite") if durable else "-"
    name = place.folder.name
    return [str(binary), name, str(place.broker), outbox, *map(str, place.units)]


def tramdo(program: str, place: Place, *, live: int, commit: float, promise: str) -> list[str]:
    """Return the command of `tramdo run` for a station file that is written now.

    `promise` is that of the station file, "" its default.
    """
    said = f'promise = "{promise}"' if promise else ""
    words = {"broker": place.broker, "promise": said, "commit": commit, "live": live}
    text = STATION.format(journal=place.folder / "tramdo.db", **words)
    for number, port in enumerate(place.units):
        text += INSTRUMENT.format(name=f"u{number:02d}", port=port, map=HERE / "block.toml")
    file = place.folder / "station.toml"
    file.write_text(text)
    return [program, "run", str(file)]


def central(program: str, folder: Path, port: int) -> list[str]:
    """Return the command of a central that takes every station, for a file that is written now."""
    text = f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n[keys]\nonly_enrolled = false\n'
    file = folder / "central.toml"
    file.write_text(text)
    return [program, "run", str(file)]


def broker(folder: Path, port: int) -> list[str]:
    """Return the command of a mosquitto that keeps nothing on disk."""
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type error\n")
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    return [found or "mosquitto", "-c", str(settings)]


def units(count: int) -> list[str]:
    """Return the command of the unit server."""
    return [sys.executable, str(HERE / "units.py"), str(count)]
