"""A station played over a real broker, and `tramdo-central run` beside it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from recorded import Station, signer
from waiting import until

from contract import attributes_of
from tramdo.mqtt import publish_properties
from tramdo.proof import fingerprint
from tramdo_central.ledger import Ledger

VERSION = aiomqtt.ProtocolVersion.V5


@dataclass
class Played:
    """One station's side of the topics: publishes a record, remembers what the central says."""

    record: Station
    client: aiomqtt.Client
    acks: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"tramdo/v1/{self.record.name}"

    @property
    def upto(self) -> int:
        """The newest acknowledgement of the record's epoch, -1 before there is one."""
        return int(self.acks[-1]["epochs"].get(self.record.epoch, -1)) if self.acks else -1

    async def send(self, *wires: bytes) -> None:
        """Publish events and wait until the broker has them."""
        async with asyncio.TaskGroup() as tasks:
            for wire in wires:
                tasks.create_task(self._send(wire))

    async def _send(self, wire: bytes) -> None:
        fields = json.loads(wire)
        topic = f"{self.base}/ev/{fields['kind']}/{fields['instrument']}"
        properties = publish_properties(attributes_of(fields))
        await self.client.publish(topic, wire, qos=1, properties=properties)

    async def show(self, what: str, payload: bytes) -> None:
        await self.client.publish(f"{self.base}/{what}", payload, qos=1, retain=True)

    async def born(self, session: int = 1) -> None:
        await self.show("status", birth(self.record.name, session))

    async def break_off(self) -> None:
        """Cut the connection without a goodbye."""
        socket = self.client._client.socket()
        assert socket is not None
        socket.shutdown(2)
        await until(self.client._disconnected.done)

    async def hear(self) -> None:
        await self.client.subscribe(f"{self.base}/ack", qos=1)
        await self.client.subscribe(f"{self.base}/cmd/#", qos=1)
        with suppress(aiomqtt.MqttError):
            async for message in self.client.messages:
                body = json.loads(bytes(message.payload))
                (self.acks if str(message.topic).endswith("/ack") else self.asked).append(body)


def birth(station: str, session: int = 1) -> bytes:
    """Return what a station shows when it connects."""
    key = signer(station)
    return json.dumps(
        {"online": True, "station": station, "session": session, "place": "Cần Thơ"}
        | {"started": "2026-11-22T08:00:00.000Z", "version": "0.1.0", "config": "0" * 64}
        | {"clock": "unknown", "epoch": "e1", "not_recording": "", "instruments": {}}
        | {"key": key.public_text(), "fingerprint": fingerprint(key.public), "boot": "b"}
    ).encode()


def will(session: int = 1) -> bytes:
    return json.dumps({"online": False, "session": session}).encode()


@asynccontextmanager
async def played(port: int, record: Station, *, mortal: bool = False) -> AsyncIterator[Played]:
    """Connect as a station; with `mortal` the broker says so when it is lost."""
    base = f"tramdo/v1/{record.name}"
    last = aiomqtt.Will(f"{base}/status", will(), 1, retain=True) if mortal else None
    async with aiomqtt.Client("127.0.0.1", port, protocol=VERSION, will=last, timeout=10) as client:
        client.pending_calls_threshold = 10_000
        one = Played(record, client)
        task = asyncio.create_task(one.hear())
        try:
            yield one
        finally:
            task.cancel()
            await asyncio.wait([task])


@dataclass
class Process:
    """`tramdo-central run`: what it prints, and its end."""

    child: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def listen(self) -> None:
        for stream, into in ((self.child.stderr, self.said), (self.child.stdout, self.lines)):
            assert stream is not None
            self.tasks.append(asyncio.create_task(_read(stream, into)))

    def is_in(self, name: str, state: str) -> bool:
        """Tell whether it last said that something is in a state."""
        states = [one for one in map(_log, self.said) if one.get("event") == name]
        return bool(states) and states[-1].get("state") == state

    async def online(self) -> None:
        await until(lambda: self.is_in("broker", "online"), "online", bound=20)

    async def kill(self) -> None:
        self.child.kill()
        await self.ended()

    async def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            code = await self.child.wait()
            await asyncio.gather(*self.tasks)
        return code


async def _read(stream: asyncio.StreamReader, into: list[str]) -> None:
    while line := await stream.readline():
        into.append(line.decode())


def _log(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found


@dataclass
class Site:
    """A folder with a file of a central, the enrolled keys of `tn-…` and its ledger."""

    folder: Path
    port: int
    url: str = "central.db"
    more: str = ""
    mqtt: str = ""

    def write(self, *stations: str) -> Path:
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        for name in stations:
            (keys / f"{name}.pub").write_bytes(signer(name).public_pem())
        self.file.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\nport = {self.port}\n{self.mqtt}\n'
            f'[ledger]\nurl = "{self.url}"\n{self.more}\n'
        )
        return self.file

    @property
    def file(self) -> Path:
        return self.folder / "central.toml"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Run it; it must end cleanly unless the test has ended it."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tramdo_central", "run", str(self.file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        one = Process(child)
        one.listen()
        try:
            await one.online()
            yield one
            if child.returncode is None:
                assert await one.stop() == 0, one.said
        finally:
            if child.returncode is None:
                await one.kill()

    def ledger(self) -> Ledger:
        """Open the ledger to look into it."""
        url = self.url if "://" in self.url else str(self.folder / self.url)
        return Ledger.open(url, lambda _: None, read_only=True)

    def stored(self, station: str = "tn-01") -> Sequence[bytes]:
        one = self.ledger()
        try:
            return list(one.export(station))
        finally:
            one.close()
