"""Two scales and a dispenser that do what the test does with them, and a daemon that guides."""

import asyncio
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from conftest import free_port
from waiting import until

from tramdo.live import client
from tramdo_simulators.banks import coriolis
from tramdo_simulators.clock import Clock
from tramdo_simulators.dispenser import Dispenser, MeterSettings, Nozzle
from tramdo_simulators.line import Peer, Pty
from tramdo_simulators.modbus import Modbus, Rtu, Unit
from tramdo_simulators.mt_sics import MtSics
from tramdo_simulators.scale import Scale, ScaleSettings

# A delivery of 20 L at 40 L/min takes 38 s of the dispenser's time: half a second of ours.
SPEED = 80.0
# So many answers after a step was asked for, the daemon has seen the instrument at rest.
SEEN_AT_REST = 5
# Between two looks at the daemon over HTTP, which would else have little time for anything else.
LOOK_EVERY = 0.03
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
BASE = "tramdo/v1/bench"

HEAD = """
[station]
id = "bench"
place = "Bench"
language = "en"
"""

SCALE = """
[[port]]
name = "line-{name}"
kind = "serial"
path = "{folder}/{name}"

[[instrument]]
id = "{name}"
driver = "mt-sics"
port = "line-{name}"
kind = "scale"
unit = "kg"
accuracy_class = "III"
max = 60
min = 0.2
e = 0.01
d = 0.01
rules = "oiml-r76-2006"
period_s = 0.04

[[check]]
id = "{name}-20kg"
instrument = "{name}"
how = "span"
reference = "w20"
window = 0.5
readings = 2
"""

PUMP = """
[[port]]
name = "rs485"
kind = "serial"
path = "{folder}/pump-1"

[[instrument]]
id = "pump-1"
driver = "modbus-map"
port = "rs485"
address = 2
kind = "dispenser"
unit = "L"
accuracy_class = "0.5"
mmq = 2
d = 0.01
rules = "oiml-r117-class-0.5"
period_s = 0.04

[instrument.settings]
map = "coriolis-tactical"
decimals = 2

[[check]]
id = "pump-1-20l"
instrument = "pump-1"
how = "delivery"
reference = "can"
window = 0.5
readings = 2
"""

CAN = """
[[reference]]
id = "{id}"
kind = "proving_can"
nominal = 20
value = 20.000
unit = "L"
expanded_uncertainty = 0.004
certificate = "{certificate}"
valid_until = {until}

[[check]]
id = "{check}"
instrument = "pump-1"
how = "prover"
reference = "{id}"
window = 0.5
readings = 2
runs = 1
flows = ["fast"]
"""

REST = """
[[reference]]
id = "w20"
kind = "weight"
nominal = 20
value = 20.0000
unit = "kg"
expanded_uncertainty = 0.0010
certificate = "M-1"
valid_until = 2099-12-31

[[check]]
id = "weighing"
instrument = "scale-a"
how = "weighing"
reference = "w20"
window = 0.5
readings = 2
repeats = 2
tests = ["zero", "loads", "repeatability"]

[journal]
path = "{folder}/journal.db"

[live]
listen = "{listen}"
"""

MQTT = """
[mqtt]
host = "127.0.0.1"
port = {port}
commands = {commands}
"""


def station_text(folder: Path, listen: str) -> str:
    """Return the station file: a guided weighing, a prover check, and one with an old can."""
    return "".join(
        (
            HEAD,
            *(SCALE.format(name=one, folder=folder) for one in ("scale-a", "scale-b")),
            PUMP.format(folder=folder),
            CAN.format(id="can", certificate="C-1", until="2099-12-31", check="prover"),
            CAN.format(id="can-old", certificate="C-0", until="2020-12-31", check="prover-old"),
            REST.format(folder=folder, listen=listen),
        )
    )


def scale() -> Scale:
    return Scale(ScaleSettings(capacity=Decimal(60), interval=Decimal("0.01")))


@dataclass
class Bench:
    """The instruments, the station file, and the address of its daemon."""

    folder: Path
    listen: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    clock: Clock = field(default_factory=lambda: Clock(SPEED))
    scale_a: Scale = field(default_factory=scale)
    scale_b: Scale = field(default_factory=scale)
    pump: Dispenser = field(default_factory=lambda: Dispenser(MeterSettings(total=1000.0)))
    lines: dict[str, Pty] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "station.toml"

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Bench"]:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(station_text(self.folder, self.listen))
        peers: dict[str, Peer] = {
            "scale-a": MtSics(self.scale_a),
            "scale-b": MtSics(self.scale_b),
            "pump-1": Rtu(Modbus({2: Unit(coriolis(self.pump))})),
        }
        async with AsyncExitStack() as stack:
            for name, peer in peers.items():
                line = Pty(peer, self.folder / name, clock=self.clock)
                self.lines[name] = await stack.enter_async_context(line)
            yield self

    def publish_to(self, port: int, *, commands: bool = False) -> None:
        with self.file.open("a") as file:
            file.write(MQTT.format(port=port, commands=str(commands).lower()))

    def put(self, kilograms: float, on: Scale | None = None) -> None:
        (on or self.scale_a).load(kilograms, self.clock.now())

    async def looked_at(self, name: str, times: int = SEEN_AT_REST) -> None:
        witness = self.lines[name].witness
        enough = witness.values + times
        await until(lambda: witness.values >= enough, f"{times} answers of {name}")

    async def deliver(self, litres: float) -> None:
        """Wait until the meter was seen at rest, then deliver; return when the nozzle hangs."""
        await self.flow(litres)
        await until(lambda: self.pump.at(self.clock.now()).nozzle is Nozzle.IDLE)

    async def flow(self, litres: float) -> None:
        """Begin a delivery; return when it flows."""
        await self.looked_at("pump-1")
        self.pump.deliver(litres, 40.0, self.clock.now())
        await until(lambda: self.pump.at(self.clock.now()).nozzle is Nozzle.FUELLING)

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        """Run it; it must end cleanly, unless the test has killed it."""
        command = [sys.executable, "-m", "tramdo", "run", str(self.file)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=20)
        assert process.returncode in (0, -signal.SIGKILL), said
        assert '"event": "fault"' not in said, said

    @asynccontextmanager
    async def running(self) -> AsyncIterator[subprocess.Popen[str]]:
        with self.daemon() as process:
            await until(self.all_ok, "every instrument ok", bound=20)
            yield process

    async def all_ok(self) -> bool:
        await asyncio.sleep(LOOK_EVERY)
        try:
            rows = (await self.board())["instruments"]
        except client.NotRunning:
            return False
        return all(one["state"] == "ok" for one in rows)

    async def board(self) -> dict[str, Any]:
        return await asyncio.to_thread(client.board, self.listen)

    async def row(self, name: str) -> dict[str, Any]:
        rows = (await self.board())["instruments"]
        found: dict[str, Any] = next(one for one in rows if one["instrument"] == name)
        return found

    async def check(self, name: str) -> dict[str, Any]:
        return await asyncio.to_thread(client.check, self.listen, name)

    async def at_step(self, name: str, key: str | None) -> None:
        """Wait until this step is under way; None: until the run is over."""

        async def there() -> bool:
            await asyncio.sleep(LOOK_EVERY)
            running = (await self.check(name))["running"]
            return bool((running and running["step"]["key"]) == key)

        await until(there, f"{name} at {key}")

    async def say(self, name: str, do: str, **more: str) -> tuple[int, dict[str, Any]]:
        return await asyncio.to_thread(client.say, self.listen, name, {"do": do, **more})

    async def tramdo(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `tramdo` with nobody at its terminal."""
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "tramdo", *words, "--at", self.listen],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | PLAIN,
        )

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return what the journal has, oldest first."""
        with closing(sqlite3.connect(self.folder / "journal.db")) as base:
            rows = base.execute("SELECT message FROM event ORDER BY seq").fetchall()
        found = [json.loads(message) for (message,) in rows]
        return [one for one in found if kind in (None, one["kind"])]

    def checks(self, check: str) -> list[dict[str, Any]]:
        return [one["body"] for one in self.events("check") if one["body"]["check"] == check]


class Person:
    """Somebody at a terminal in which `tramdo check-instrument` runs."""

    def __init__(self, bench: Bench, *words: str) -> None:
        self.text, self._read_to = "", 0
        self._terminal, theirs = pty.openpty()
        command = [sys.executable, "-m", "tramdo", "check-instrument", *words]
        self.process = subprocess.Popen(
            [*command, "--at", bench.listen],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | PLAIN,
            start_new_session=True,
        )
        os.close(theirs)
        asyncio.get_running_loop().add_reader(self._terminal, self._read)

    def _read(self) -> None:
        try:
            octets = os.read(self._terminal, 65_536)
        except OSError:  # the other end of a terminal is closed
            octets = b""
        if not octets:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self.text += octets.decode(errors="replace").replace("\r\n", "\n")

    async def sees(self, words: str) -> None:
        """Wait until something new on the screen says so."""
        await until(lambda: words in self.text[self._read_to :], f"{words!r} on the screen")
        self._read_to = self.text.index(words, self._read_to) + len(words)

    def types(self, text: str) -> None:
        os.write(self._terminal, f"{text}\n".encode())

    async def leaves(self) -> int:
        """Wait until the command has ended; return its exit code."""
        await until(lambda: self.process.poll() is not None, "an end of the command")
        asyncio.get_running_loop().remove_reader(self._terminal)
        self._read()
        os.close(self._terminal)
        return self.process.wait()
