"""A station and a central as processes, a faulty link between the station and the broker."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conftest import Broker
from faultproxy import FaultProxy
from records import links
from waiting import until

from faults.counting import MAP, Counting, instruments
from tramdo.proof import Link, Signer
from tramdo_central.ledger import Ledger

STATION = """[station]
id = "tn-01"
place = "Trạm thử"

[mqtt]
host = "127.0.0.1"
port = {port}
promise = "central"
keepalive_s = 5
resend_after_s = 2
backlog_per_s = 1000

[journal]
commit_every_s = 0.1

[live]
enabled = false

"""
CENTRAL = """[mqtt]
host = "127.0.0.1"
port = {port}

[ledger]
url = "{url}"
"""


@dataclass
class TwoEnds:
    """What runs, where its files are, and when the station was killed, by monotonic seconds."""

    folder: Path
    counting: Counting
    broker: Broker
    proxy: FaultProxy
    kills: list[float] = field(default_factory=list)
    station: asyncio.subprocess.Process | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "tramdo.db"

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *words, stderr=asyncio.subprocess.DEVNULL
        )

    async def start_station(self) -> None:
        self.station = await self.start("tramdo", "run", str(self.folder / "station.toml"))

    async def kill_station(self) -> None:
        assert self.station is not None
        self.station.kill()
        self.kills.append(time.monotonic())
        await self.station.wait()

    async def served(self, more: int) -> None:
        """Wait until so many more answers have been given."""
        wanted = self.counting.counts.total() + more
        await until(lambda: self.counting.counts.total() >= wanted, f"{more} answers", bound=60)

    async def says(self, *words: str) -> str:
        """Return what a command of the central prints."""
        command = (sys.executable, "-m", "tramdo_central", *words)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        return said.decode()

    def at_central(self) -> list[Link]:
        """Return what the central has, in the order of the numbers."""
        ledger = Ledger.open(str(self.folder / "central.db"), lambda _: None, read_only=True)
        try:
            return [Link.of(wire) for wire in ledger.export("tn-01")]
        finally:
            ledger.close()


@asynccontextmanager
async def two_ends(folder: Path, broker: Broker, units: int) -> AsyncIterator[TwoEnds]:
    """Run a station of so many counting instruments, read ten times a second, and a central."""
    signer = Signer.made(folder / "tramdo.key")
    (folder / "keys").mkdir()
    (folder / "keys" / "tn-01.pub").write_bytes(signer.public_pem())
    (folder / "served.toml").write_text(MAP)
    proxy, counting = FaultProxy(broker.port), Counting(units)
    text = STATION.format(port=proxy.port) + instruments(counting, 0.1)
    (folder / "station.toml").write_text(text)
    (folder / "central.toml").write_text(CENTRAL.format(port=broker.port, url="central.db"))
    async with counting.up(), proxy.up():
        ends = TwoEnds(folder, counting, broker, proxy)
        central = await ends.start("tramdo_central", "run", str(folder / "central.toml"))
        await ends.start_station()
        try:
            yield ends
        finally:
            for one in (ends.station, central):
                if one is not None and one.returncode is None:
                    one.send_signal(signal.SIGTERM)
                    await one.wait()


@asynccontextmanager
async def running(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of ours as a program; SIGTERM ends it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def numbers(path: Path) -> list[int]:
    return [one.seq for one in links(path)]


def values(events: list[Link]) -> dict[int, list[int]]:
    """Return the counts that were read of each unit, in the order of the record."""
    found: dict[int, list[int]] = {}
    for reading in (one for link in events for one in link.body.get("readings", ())):
        unit = int(reading["instrument"].removeprefix("meter-"))
        for value in reading.get("values", ()):
            found.setdefault(unit, []).append(int(value["value"]))
    return found
