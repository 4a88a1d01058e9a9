"""Journal to broker: birth, the picture now, and every event, oldest first.

An event leaves in the order of its number, at most 16 at a time, and counts as unsent until the
broker has acknowledged it and all of its stream before it. Without a central that acknowledges,
this is all that can be promised: a broker that forgets has been told.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tramdo.board import Board
from tramdo.commands import TOPIC as COMMANDS
from tramdo.commands import Commands
from tramdo.errors import BrokerAway, BrokerError, PublishHeld, PublishRefused
from tramdo.events import event_id, iso, topic
from tramdo.journal import Journal
from tramdo.mqtt import Connection, publish_properties
from tramdo.plan import BackOff
from tramdo.settings.station import Mqtt, Tls
from tramdo.statelog import StateLog
from tramdo.store import Row, Stream

CONNECT_LIMIT = 10.0
GOODBYE_LIMIT = 2.0
HOLD_SECONDS = 10.0
SHOW_EVERY = 1.0
WILL_DELAY = 30


class Hold(NamedTuple):
    """A stream of events left alone until a loop time, because its last one did not get through."""

    until: float
    why: BrokerError


class Publisher:
    """Keeps one connection to the broker and empties the journal through it."""

    def __init__(  # noqa: PLR0913, PLR0917 - it stands between all of them
        self,
        settings: Mqtt,
        folder: Path,
        journal: Journal,
        board: Board,
        birth: Callable[[], dict[str, Any]],
        commands: Commands | None = None,
    ) -> None:
        self.settings, self.folder = settings, folder
        self.journal, self.board, self.birth = journal, board, birth
        self.commands = commands if settings.commands else None
        self.state, self.cause, self.since = "connecting", "", datetime.now(UTC)
        self._back_off = BackOff(first=1.0, limit=60.0)
        self._holds: dict[Stream, Hold] = {}
        self._states = StateLog(good="online")
        self._session = int(self.since.timestamp())
        self._five = settings.version == "5"

    def facts(self) -> dict[str, Any]:
        """Return how the way to the broker is, for the board."""
        return {
            "state": self.state,
            "since": iso(self.since),
            "cause": self.cause,
            "waiting": self.journal.backlog,
            "promise": "puback",
        }

    async def run(self) -> None:
        """Connect, publish, and connect again with back-off, until cancelled."""
        while True:
            try:
                async with self._connection() as connection:
                    await self._serve(connection)
            except* (aiomqtt.MqttError, BrokerAway, OSError, UnicodeError) as group:
                self._enter("away", str(group.exceptions[0]) or "connection lost")
            except* Exception as group:  # noqa: BLE001
                # Measuring goes on whatever happens here: say it and try again.
                first = group.exceptions[0]
                self._enter("fault", f"{type(first).__name__}: {first}")
            self._back_off = self._back_off.failed()
            await asyncio.sleep(self._back_off.delay)

    def _connection(self) -> Connection:
        settings = self.settings
        return Connection(
            settings.host,
            settings.port,
            identifier=f"tramdo-{self.board.station}",
            username=settings.user,
            password=self._secret(settings.password_file),
            protocol=aiomqtt.ProtocolVersion.V5 if self._five else aiomqtt.ProtocolVersion.V311,
            will=self._will(),
            properties=self._session_properties(),
            timeout=CONNECT_LIMIT,
            keepalive=settings.keepalive_s,
            tls_context=self._tls(settings.tls),
            max_inflight_messages=settings.max_in_flight,
        )

    def _session_properties(self) -> Properties | None:
        """Let the session outlive the connection as long as the will waits: both end together."""
        if not self._five:
            return None
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = WILL_DELAY
        return properties

    def _will(self) -> aiomqtt.Will:
        properties = None
        if self._five:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
            properties.WillDelayInterval = WILL_DELAY
        return aiomqtt.Will(
            self._topic("status"), self._status(online=False), 1, retain=True, properties=properties
        )

    async def _serve(self, connection: Connection) -> None:
        try:
            await self._work(connection)
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise

    async def _say_goodbye(self, connection: Connection) -> None:
        """Replace the retained birth: a clean end drops the will."""
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(GOODBYE_LIMIT):
                await connection.publish(
                    self._topic("status"), self._status(online=False), qos=1, retain=True
                )

    async def _work(self, connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(connection))
            self._holds = {}
            self._enter("online", "")
            tasks.create_task(self._show(connection))
            tasks.create_task(self._drain(connection))
            if self.commands is not None:
                tasks.create_task(self._obey(connection, self.commands))

    async def _obey(self, connection: Connection, commands: Commands) -> None:
        """Take commands one after the other, as they come."""
        await connection.subscribe(self._topic(*COMMANDS), qos=1)
        async for message in connection.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            await commands.obey(payload, retained=message.retain, now=time.monotonic())

    @staticmethod
    async def _watch(connection: Connection) -> None:
        await connection.ended()
        raise BrokerAway("the connection ended")

    async def _show(self, connection: Connection) -> None:
        """Publish the rows that changed, at most once a second, and all of them now and then."""
        seen: dict[str, int] = {}
        told: bytes = b""
        all_at = asyncio.get_running_loop().time() + self.settings.state_every_s
        while True:
            if (status := self._status(online=True)) != told:
                connection.show(self._topic("status"), status, self._properties())
                told = status
            for row in self.board.changed(seen):
                payload = json.dumps(row.picture(), ensure_ascii=False).encode()
                properties = self._properties(expiry=max(2, round(2 * self.settings.state_every_s)))
                connection.show(self._topic("state", row.instrument), payload, properties)
            await asyncio.sleep(SHOW_EVERY)
            if asyncio.get_running_loop().time() >= all_at:
                seen.clear()
                all_at += self.settings.state_every_s

    async def _drain(self, connection: Connection) -> None:
        """Empty the journal, passing over the streams that nobody wants or may have for now."""
        while True:
            self.journal.grown.clear()
            rows = await self.journal.unsent(self._held(), self.settings.max_in_flight)
            if rows:
                await self._send_in_order(connection, rows)
                self._tell_holds()
            else:
                await self._more_to_send()

    def _held(self) -> Container[Stream]:
        now = asyncio.get_running_loop().time()
        self._holds = {one: hold for one, hold in self._holds.items() if hold.until > now}
        return self._holds.keys()

    async def _more_to_send(self) -> None:
        until = min((hold.until for hold in self._holds.values()), default=None)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self.journal.grown.wait()

    async def _send_in_order(self, connection: Connection, rows: list[Row]) -> None:
        """Send a window of events; of each stream the mark stops before the first that failed."""
        outcomes = await asyncio.gather(
            *(self._send(connection, row) for row in rows), return_exceptions=True
        )
        until = asyncio.get_running_loop().time() + HOLD_SECONDS
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, PublishRefused | PublishHeld):
                self._holds.setdefault(row.stream, Hold(until, outcome))
            elif outcome is not None:
                raise outcome
            elif row.stream not in self._holds:
                self.journal.mark_sent(row)
                self._back_off = self._back_off.reset()

    def _tell_holds(self) -> None:
        refused = [one for one in self._holds.values() if isinstance(one.why, PublishRefused)]
        held = list(self._holds.values())
        if refused:
            self._enter("refused", str(refused[0].why))
        elif held:
            self._enter("online", f"{held[0].why}; {len(held)} topics wait")
        else:
            self._enter("online", "")

    async def _send(self, connection: Connection, row: Row) -> None:
        name = self._topic("ev", row.kind, row.instrument)
        await connection.send(name, row.message, self._event_properties(row))

    def _event_properties(self, row: Row) -> Properties | None:
        return self._properties(
            specversion="1.0",
            id=event_id(self.board.station, self.journal.epoch, row.seq),
            source=f"tramdo/{self.board.station}/{row.instrument}",
            type=f"tramdo.{row.kind}.v1",
            time=row.time,
        )

    def _properties(self, *, expiry: int | None = None, **attributes: str) -> Properties | None:
        return publish_properties(attributes, expiry) if self._five else None

    def _status(self, *, online: bool) -> bytes:
        body: dict[str, Any] = {"online": online, "session": self._session}
        if online:
            body |= {**self.birth(), "not_recording": self.journal.failing}
        return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()

    def _topic(self, *levels: str) -> str:
        return topic(self.board.station, *levels)

    def _enter(self, state: str, cause: str) -> None:
        if state != self.state:
            self._states.changed("broker", state, cause, time.monotonic())
            self.state, self.since = state, datetime.now(UTC)
        self.cause = cause

    def _secret(self, path: str | None) -> str | None:
        return (self.folder / path).read_text().strip() if path else None

    def _tls(self, tls: Tls | None) -> ssl.SSLContext | None:
        if tls is None:
            return None
        context = ssl.create_default_context(
            cafile=self.folder / tls.ca_file if tls.ca_file else None
        )
        if tls.cert_file:
            key = self.folder / tls.key_file if tls.key_file else None
            context.load_cert_chain(self.folder / tls.cert_file, key)
        return context
