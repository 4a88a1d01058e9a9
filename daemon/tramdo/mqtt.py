"""aiomqtt behind a guard: a send is done when the broker acknowledged it, and not before.

Rules that aiomqtt 2.5.1 does not keep by itself (measured, see decision 0004): a new client per
connection; a send ends with the first of acknowledgement, disconnect and time-out; a reason code
of 0x80 or more is a refusal; 0x10 (no subscriber) is not delivery; a cancelled send counts as
unknown and is sent again with the same id by whoever owns the event; no more are under way than
the broker takes; why the broker ended the connection is known.
"""

import asyncio
import time
from typing import Any, Self

import aiomqtt
from paho.mqtt.client import MQTT_ERR_SUCCESS
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tramdo.errors import BrokerAway, PublishHeld, PublishRefused

NO_SUBSCRIBER = 0x10
FIRST_REFUSAL = 0x80
SEND_LIMIT = 20.0
GOODBYE_LIMIT = 2.0
MOST_UNDER_WAY = 24
MOST_HEARD = 1000


class Connection(aiomqtt.Client):
    """One connection to the broker; make a new one for the next.

    `ended_by` is the reason code with which the broker ended it (MQTT 5, 2.4), 0 when it gave none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {
            "max_inflight_messages": MOST_UNDER_WAY,
            "max_queued_incoming_messages": MOST_HEARD,
        }
        super().__init__(*args, **kwargs)
        self.ended_by = 0
        self._lost = False
        self._acknowledgements: dict[int, asyncio.Future[int]] = {}
        self._places = asyncio.Semaphore(MOST_UNDER_WAY)

    def _on_connect(self, *args: Any) -> None:
        granted = getattr(args[4] if len(args) > 4 else None, "ReceiveMaximum", MOST_UNDER_WAY + 1)
        self._places = asyncio.Semaphore(max(1, min(MOST_UNDER_WAY, granted - 1)))
        super()._on_connect(*args)

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any
    ) -> None:
        future = self._acknowledgements.pop(mid, None)
        if future is not None and not future.done():
            future.set_result(reason_code.value)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(self, *args: Any) -> None:
        if not self._connected.done():  # or aiomqtt waits for an answer that cannot come
            why = "the broker closed the connection before it answered"
            self._connected.set_exception(aiomqtt.MqttError(why))
        super()._on_disconnect(*args)
        self._lost = True
        if args[2].is_disconnect_packet_from_server:
            self.ended_by = args[3].value
        for future in self._acknowledgements.values():
            if not future.done():
                future.set_exception(BrokerAway("the connection ended before the answer"))
        self._acknowledgements.clear()

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, *answer: Any) -> None:
        if mid in self._pending_subscribes:  # else: the wait for it was cancelled
            super()._on_subscribe(client, userdata, mid, *answer)

    async def __aenter__(self) -> Self:
        """Connect; a broker that takes the connection and never answers leaves nothing open."""
        try:
            await super().__aenter__()
        except BaseException:
            self._client._sock_close()  # noqa: SLF001  aiomqtt leaves it to the keepalive
            raise
        if self._lost:  # at once, which aiomqtt forgets
            raise BrokerAway("the broker ended the connection as soon as it was made")
        return self

    async def __aexit__(self, *error: Any) -> None:  # noqa: PYI036  as aiomqtt types it
        """Disconnect; a broker that does not answer is left all the same, and soon."""
        self.timeout = GOODBYE_LIMIT
        try:
            await super().__aexit__(*error)
        except aiomqtt.MqttError:
            self._client._sock_close()  # noqa: SLF001

    async def send(
        self,
        topic: str,
        payload: bytes,
        properties: Properties | None = None,
        *,
        retain: bool = False,
    ) -> float:
        """Publish with QoS 1; return how many seconds the acknowledgement took.

        Raises `BrokerAway`, `PublishRefused` or, but for what the broker retains, `PublishHeld`.
        """
        async with self._places:
            began = time.monotonic()
            code = await self._sent(topic, payload, properties, retain=retain)
        if code >= FIRST_REFUSAL:
            raise PublishRefused(f"the broker refused {topic} with reason 0x{code:02X}")
        if code == NO_SUBSCRIBER and not retain:
            raise PublishHeld(f"nobody subscribes to {topic}")
        return time.monotonic() - began

    async def _sent(
        self, topic: str, payload: bytes, properties: Properties | None, *, retain: bool
    ) -> int:
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise BrokerAway(f"not connected (paho {info.rc})")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._acknowledgements[info.mid] = future
        try:
            async with asyncio.timeout(SEND_LIMIT):
                return await future
        except TimeoutError:
            raise BrokerAway(f"no acknowledgement in {SEND_LIMIT:g} s") from None
        finally:
            self._acknowledgements.pop(info.mid, None)

    async def ended(self) -> None:
        """Wait until the connection is gone."""
        await asyncio.wait([self._disconnected])
        if not self._disconnected.cancelled():
            self._disconnected.exception()


def publish_properties(attributes: dict[str, str], expiry_seconds: int | None = None) -> Properties:
    """Return MQTT 5 properties: user properties, JSON content type, optional expiry."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = list(attributes.items())
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    if expiry_seconds is not None:
        properties.MessageExpiryInterval = expiry_seconds
    return properties
