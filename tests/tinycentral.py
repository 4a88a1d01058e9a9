"""The least that a central is: it remembers what it heard, and says up to where it has all."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

BASE = "tramdo/v1/tn-01"
DAY = 86_400


def _session() -> Properties:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = DAY
    return properties


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel until it helps: aiomqtt waits with `wait_for`, which may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.5)


@dataclass
class TinyCentral:
    """One station's central, which comes back after every broker's death.

    While `silent` it hears and acknowledges nothing. `deaf_to` are numbers that it drops.
    """

    port: int
    silent: bool = False
    deaf_to: set[int] = field(default_factory=set)
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    wires: dict[str, bytes] = field(default_factory=dict)
    repeated: int = 0
    online: bool = False
    _has: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _upto: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _newest: str = ""
    _over: bool = False
    _out: "asyncio.Queue[tuple[str, bytes, bool]]" = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def up(self) -> AsyncIterator["TinyCentral"]:
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            self._over = True
            await ended(task)

    @property
    def numbers(self) -> list[int]:
        """The numbers heard, in the order of arrival, repeats included."""
        return [one["seq"] for one in self.arrivals]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.arrivals if one["kind"] == kind]

    def says(self, body: object, *levels: str, retain: bool = False) -> None:
        """Publish anything, such as a request or a wrong acknowledgement."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._out.put_nowait(("/".join((BASE, *levels)), payload, retain))

    def speak(self) -> None:
        """Acknowledge all that it has, and go on doing so."""
        self.silent = False
        self._acknowledge()

    async def _run(self) -> None:
        while not self._over:
            with suppress(aiomqtt.MqttError):
                await self._connected()
            self.online = False
            await asyncio.sleep(0.02)

    async def _connected(self) -> None:
        client = aiomqtt.Client(
            "127.0.0.1",
            self.port,
            identifier="central",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=_session(),
            timeout=5,
        )
        async with client:
            await client.subscribe(f"{BASE}/ev/#", qos=1)
            self.online = True
            self._acknowledge()
            say = asyncio.create_task(self._say(client))
            try:
                async for message in client.messages:
                    self._take(bytes(message.payload))
                    if not len(client.messages):
                        self._acknowledge()
            finally:
                await ended(say)

    async def _say(self, client: aiomqtt.Client) -> None:
        with suppress(aiomqtt.MqttError):
            while True:
                topic, payload, retain = await self._out.get()
                await client.publish(topic, payload, qos=1, retain=retain)

    def _take(self, wire: bytes) -> None:
        body = json.loads(wire)
        _, epoch, _ = body["id"].rsplit(".", 2)
        if body["seq"] in self.deaf_to:
            return
        self.arrivals.append(body)
        self.repeated += body["id"] in self.wires
        assert self.wires.setdefault(body["id"], wire) == wire
        self._newest = self._newest or epoch
        self._know(epoch, [body["seq"]])
        if body["kind"] == "gap":
            for run in body["body"].get("shed", ()):
                self._know(epoch, range(run["from"], run["to"] + 1))
            if (began := body["body"].get("began")) is not None:
                self._newest = epoch
                self._know(epoch, range(1, began["before"]["upto"] + 1))

    def _know(self, epoch: str, numbers: Iterable[int]) -> None:
        self._has[epoch].update(numbers)
        while self._upto[epoch] + 1 in self._has[epoch]:
            self._upto[epoch] += 1

    def _acknowledge(self) -> None:
        if not self.silent and self._newest:
            body = {
                "epoch": self._newest,
                "upto": self._upto[self._newest],
                "epochs": dict(self._upto),
            }
            self.says(body, "ack", retain=True)
