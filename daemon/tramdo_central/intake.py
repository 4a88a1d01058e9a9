"""The connection to the broker on which events come in, no more of them than were let in.

An event's PUBACK is sent when the ledger has it, so that the broker holds back what goes beyond
the Receive Maximum (MQTT 5, 3.1.2.11.3): a flood waits there and not in our memory. Of the
retained pictures (head, status, ack) only the newest of each is kept.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tramdo.errors import PublishHeld
from tramdo.mqtt import Connection

MOST_AT_ONCE = 500
WINDOW = 2 * MOST_AT_ONCE
LONGEST_MESSAGE = 1 << 20
MOST_PICTURES = 100_000
LINGER = 0.005
LONGEST_GATHERING = 0.1
EVENTS = "ev"


class Arrived(NamedTuple):
    """An event as it came: the station of its topic, its bytes, the broker's number for it."""

    station: str
    wire: bytes
    mid: int


class Picture(NamedTuple):
    """What a station shows of itself (or we of it) now; `what` is head, status or ack."""

    station: str
    what: str
    payload: bytes


class Intake(Connection):
    """One connection; what arrives is gathered here until it is taken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = WINDOW
        properties.MaximumPacketSize = LONGEST_MESSAGE
        super().__init__(*args, properties=properties, **kwargs)
        self._client.manual_ack_set(True)
        self._events: deque[Arrived] = deque()
        self._pictures: dict[tuple[str, str], bytes] = {}
        self._came, self._shown = asyncio.Event(), asyncio.Event()
        self.dropped = 0

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:  # noqa: ARG002
        levels = str(message.topic).split("/")
        station, what = levels[2], levels[3]
        if what != EVENTS:
            self._picture(station, what, message.payload)
            client.ack(message.mid, message.qos)
        elif message.qos:
            self._events.append(Arrived(station, message.payload, message.mid))
            self._came.set()
        else:
            # Nothing holds back a flood with QoS 0, and no event of ours comes so.
            self.dropped += 1

    def _picture(self, station: str, what: str, payload: bytes) -> None:
        if (station, what) in self._pictures or len(self._pictures) < MOST_PICTURES:
            self._pictures[station, what] = payload
            self._shown.set()
        else:
            self.dropped += 1

    async def gather(self) -> list[Arrived]:
        """Wait for events; return those that came until there was a pause, at most 500 or 0.1 s."""
        await self._came.wait()
        clock = asyncio.get_running_loop().time
        end, count = clock() + LONGEST_GATHERING, 0
        while count < len(self._events) < MOST_AT_ONCE and clock() < end:
            count = len(self._events)
            await asyncio.sleep(LINGER)
        batch = [self._events.popleft() for _ in range(min(len(self._events), MOST_AT_ONCE))]
        if not self._events:
            self._came.clear()
        return batch

    def let_in(self, batch: Iterable[Arrived]) -> None:
        """Tell the broker that these were taken: it may send as many more."""
        for one in batch:
            self._client.ack(one.mid, 1)

    async def pictures(self) -> list[Picture]:
        """Wait for pictures that changed and return them."""
        await self._shown.wait()
        self._shown.clear()
        shown, self._pictures = self._pictures, {}
        return [Picture(station, what, payload) for (station, what), payload in shown.items()]

    async def retain(self, topic: str, payload: bytes, properties: Properties) -> None:
        """Publish with QoS 1, retained; that nobody hears it now is no failure.

        Raises `BrokerAway` or `PublishRefused`.
        """
        with suppress(PublishHeld):
            await self.send(topic, payload, properties, retain=True)
