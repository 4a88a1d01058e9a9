"""What the station hears: acknowledgements, requests, its own status, commands if allowed."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from tramdo.commands import TOPIC as CHECK
from tramdo.commands import Commands
from tramdo.mqtt import FIRST_REFUSAL, Connection
from tramdo.publisher import acknowledgements, resends
from tramdo.publisher.acknowledgements import Acknowledgements
from tramdo.publisher.double import TOPIC as STATUS
from tramdo.publisher.double import Double
from tramdo.publisher.envelope import Envelope
from tramdo.publisher.resends import Resends

log = structlog.get_logger()

MOST_COMMANDS = 100


class Hearing:
    """Subscribes, and hands each message to whom it is for; `asked` is called after a request.

    `acknowledged` is set once a central's word has come over this connection; `refused` says what
    the broker will not let us hear.
    """

    def __init__(
        self,
        envelope: Envelope,
        acks: Acknowledgements,
        requests: Resends,
        double: Double,
        commands: Commands | None,
    ) -> None:
        self._acks, self._requests, self._double = acks, requests, double
        self._commands = commands
        self.asked: Callable[[], None] = lambda: None
        self.acknowledged = asyncio.Event()
        self.refused = ""
        self._words: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue(MOST_COMMANDS)
        self._status = envelope.topic(*STATUS)
        self._ack = envelope.topic(*acknowledgements.TOPIC)
        self._resend = envelope.topic(*resends.TOPIC)
        self._check = envelope.topic(*CHECK)

    @property
    def _topics(self) -> list[str]:
        central = [self._ack, self._resend] if self._acks.wanted else []
        return [self._status, *central, *([self._check] if self._commands else [])]

    async def begin(self, connection: Connection) -> None:
        """Subscribe to all of it at once."""
        self.acknowledged.clear()
        self.refused = ""
        codes = await connection.subscribe([(one, 1) for one in self._topics])
        answers: list[Any] = list(codes)
        for topic, code in zip(self._topics, answers, strict=False):
            number = getattr(code, "value", code)
            if number >= FIRST_REFUSAL:
                self.refused = f"the broker refused to subscribe {topic} with 0x{number:02X}"
                log.warning("subscription refused", topic=topic, code=number)

    async def run(self, connection: Connection, *, born: bool) -> None:
        """Take what comes until cancelled; `born`: the broker had a birth of ours before."""
        async with asyncio.TaskGroup() as tasks:
            if self._commands is not None:
                tasks.create_task(self._obey(self._commands))
            async for message in connection.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                await self._take(str(message.topic), payload, retained=message.retain, born=born)

    async def _take(self, topic: str, payload: bytes, *, retained: bool, born: bool) -> None:
        if topic == self._ack:
            await self._acks.take(payload, time.monotonic(), retained=retained)
            self.acknowledged.set()
        elif topic == self._resend:
            self._requests.ask(payload, retained=retained, now=time.monotonic())
            self.asked()
        elif topic == self._status:
            self._double.hear(payload, retained=retained, born=born)
        elif topic == self._check:
            self._queue(payload, retained=retained)

    def _queue(self, payload: bytes, *, retained: bool) -> None:
        """Let a command wait: one that takes its time must not delay an acknowledgement."""
        try:
            self._words.put_nowait((payload, retained))
        except asyncio.QueueFull:
            log.warning("command dropped", why=f"{MOST_COMMANDS} wait")

    async def _obey(self, commands: Commands) -> None:
        """Take commands one after the other, as they came."""
        while True:
            payload, retained = await self._words.get()
            await commands.obey(payload, retained=retained, now=time.monotonic())
