"""A publisher with its journal and board, what subscribers hear, and a wire that can be cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from conftest import Broker, free_port

from tramdo.availability import Availability
from tramdo.board import Board, Row
from tramdo.clock import Stamp
from tramdo.events import STATION_WIDE, Event, iso
from tramdo.journal import Journal
from tramdo.proof import Signer
from tramdo.publisher import Publisher
from tramdo.reading import Indication, Reading, Unit
from tramdo.settings.station import Mqtt

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
STAMP = Stamp(at=AT, monotonic=12.5, quality="unknown", boot="0" * 32)
BASE = "tramdo/v1/tn-01"
STREAMS = (("check", "scale-1"), ("alert", "scale-1"), ("reading", STATION_WIDE))


def event(kind: str, instrument: str, **body: object) -> Event:
    return Event(kind=kind, instrument=instrument, stamp=STAMP, body=body)


def row(instrument: str) -> Row:
    return Row(
        instrument=instrument,
        label="",
        kind="scale",
        driver="mt-sics",
        proof="manual",
        port="line",
        availability=Availability(since=AT),
    )


def reading(instrument: str, digits: str) -> Reading:
    shown = Indication(value=Decimal(digits), unit=Unit.KG, stable=True)
    return Reading(instrument=instrument, sequence=1, at=AT, monotonic=1.0, indications=(shown,))


@dataclass
class Site:
    """A journal and a board with two scales, and a publisher when one is wanted."""

    journal: Journal
    board: Board
    publisher: Publisher | None = None

    @asynccontextmanager
    async def publishing(self, port: int, **more: Any) -> AsyncIterator[Publisher]:
        settings = Mqtt(**{"host": "127.0.0.1", "port": port, **more})
        folder = self.journal.path.parent
        one = Publisher(settings, folder, self.journal, self.board, self._birth)
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _birth(self) -> dict[str, Any]:
        return {
            "station": "tn-01",
            "place": "Trạm",
            "started": iso(AT),
            "version": "0.1.0",
            "config": "0" * 64,
            "clock": "unknown",
            "boot": STAMP.boot,
            "epoch": self.journal.epoch,
            "instruments": {},
        }

    def append(self, kind: str, instrument: str, count: int) -> None:
        for number in range(count):
            self.journal.append(event(kind, instrument, n=number))

    def append_to_all(self, count: int) -> None:
        for number in range(count):
            for kind, instrument in STREAMS:
                self.journal.append(event(kind, instrument, n=number))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    Signer.made(tmp_path / "station.key")
    journal = Journal(tmp_path / "j.db", "tn-01", key=tmp_path / "station.key")
    await journal.open()
    task = asyncio.create_task(journal.run())
    rows = {name: row(name) for name in ("scale-1", "scale-2")}
    yield Site(journal, Board("tn-01", AT, rows))
    task.cancel()
    await asyncio.wait([task])
    await journal.close()


@dataclass
class Ear:
    """A subscriber that keeps what it hears, in order."""

    heard: list[aiomqtt.Message] = field(default_factory=list)

    def on(self, *levels: str) -> list[dict[str, Any]]:
        name = "/".join((BASE, *levels))
        found = [one for one in self.heard if str(one.topic) == name]
        return [json.loads(bytes(one.payload)) for one in found]

    def events(self) -> list[dict[str, Any]]:
        found = [one for one in self.heard if "/ev/" in str(one.topic)]
        return [json.loads(bytes(one.payload)) for one in found]


async def _keep(client: aiomqtt.Client, ear: Ear) -> None:
    with suppress(aiomqtt.MqttError):
        async for message in client.messages:
            ear.heard.append(message)


@asynccontextmanager
async def listening(broker: Broker, *topics: str) -> AsyncIterator[Ear]:
    five = aiomqtt.ProtocolVersion.V5
    ear = Ear()
    async with AsyncExitStack() as stack:
        client = aiomqtt.Client("127.0.0.1", broker.port, protocol=five)
        with suppress(aiomqtt.MqttError):  # a broker that was killed
            await stack.enter_async_context(client)
            for one in topics:
                await client.subscribe(one, qos=1)
            task = asyncio.create_task(_keep(client, ear))
            try:
                yield ear
            finally:
                task.cancel()
                await asyncio.wait([task])


@dataclass
class Wire:
    """A TCP relay to the broker whose connections can be cut without a farewell."""

    target: int
    port: int = field(default_factory=free_port)
    ends: list[asyncio.StreamWriter] = field(default_factory=list)

    async def _relay(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self.target)
        self.ends += [back, forth]
        await asyncio.gather(self._pump(near, forth), self._pump(far, back))

    @staticmethod
    async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(4096):
                sink.write(chunk)
        sink.close()

    def cut(self) -> None:
        for one in self.ends:
            one.transport.abort()
        self.ends.clear()

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            self.cut()
