"""One connection to the broker, kept; over it the picture now, the journal, and what is heard."""

import asyncio
import ssl
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiomqtt

from tramdo import clock, tls
from tramdo.board import Board
from tramdo.commands import Commands
from tramdo.errors import BrokerAway, PublishRefused
from tramdo.events import STATION_WIDE, Event, iso
from tramdo.journal import Journal
from tramdo.mqtt import GOODBYE_LIMIT, Connection
from tramdo.publisher import link
from tramdo.publisher.acknowledgements import Acknowledgements
from tramdo.publisher.double import Double
from tramdo.publisher.drain import Drain
from tramdo.publisher.endings import TAKEN, TAKEN_OVER, Patience, named
from tramdo.publisher.envelope import Envelope, Letter
from tramdo.publisher.hearing import Hearing
from tramdo.publisher.resends import Resends
from tramdo.publisher.show import Show
from tramdo.settings.station import Mqtt
from tramdo.statelog import StateLog

# How long a retained acknowledgement may take to come before what it may cover is sent again.
FIRST_ACK_LIMIT = 0.5
# The farewell and the end of the connection take twice `GOODBYE_LIMIT`.
END_LIMIT = 5.0
T = TypeVar("T")


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
        self.journal, self.birth, self._station = journal, birth, board.station
        self.state, self.cause, self.since = "connecting", "", datetime.now(UTC)
        self.last_refusal = ""
        self._states = StateLog(good="online")
        self._patience = Patience()
        self._double = Double(int(self.since.timestamp()))
        envelope = self._envelope = Envelope(station=board.station, five=settings.version == "5")
        resends = Resends(journal, self._tell)
        self._acks = Acknowledgements(settings.promise, journal, self._tell)
        allowed = commands if settings.commands else None
        self._hearing = Hearing(envelope, self._acks, resends, self._double, allowed)
        self._drain = Drain(journal, envelope, settings, self._acks, resends, self._look)
        self._acks.moved, self._acks.unmoved = self._drain.covered, self._drain.heard
        self._hearing.asked = self._drain.stir.set
        self._show = Show(board, journal, envelope, self._status, settings.state_every_s)

    def facts(self) -> dict[str, Any]:
        """Return how the way to the broker is, for the board."""
        return {
            "state": self.state,
            "since": iso(self.since),
            "cause": self.cause,
            "last_refusal": self.last_refusal,
            **self._drain.facts(),
            **self._acks.facts(),
        }

    async def run(self) -> None:
        """Connect, publish, and connect again with back-off, until cancelled."""
        while True:
            began = time.monotonic()
            state, cause = await to_its_end(self._once())
            self._enter(state, cause)
            await asyncio.sleep(self._patience.after(state, time.monotonic() - began))

    async def _once(self) -> tuple[str, str]:
        """Publish over one connection; return why it ended, or why there was none."""
        settings, folder = self.settings, self.folder
        context: ssl.SSLContext | None = None
        connection: Connection | None = None
        self._double.met = False
        try:
            context = await asyncio.to_thread(tls.context, settings.tls, folder)
            gone = self._envelope.status({"online": False, "session": self._double.session})
            connection = link.connection(settings, folder, self._station, gone, context)
            async with connection:
                await self._serve(connection, gone)
        except Exception as error:  # noqa: BLE001
            # Measuring goes on whatever happens here: it is said, and tried again.
            if self._double.met or (connection and connection.ended_by == TAKEN_OVER):
                return TAKEN
            return await named(error, settings, folder, context)
        return "away", "the connection ended"

    async def _serve(self, connection: Connection, gone: Letter) -> None:
        try:
            await self._work(connection)
        except asyncio.CancelledError:
            # The retained birth is replaced: a clean end drops the will.
            with suppress(aiomqtt.MqttError, BrokerAway, TimeoutError):
                async with asyncio.timeout(GOODBYE_LIMIT):
                    await connection.publish(gone.topic, gone.payload, qos=1, retain=True)
            raise

    async def _work(self, connection: Connection) -> None:
        born = self._show.born
        self._acks.settle()
        # Before the birth, which would hide what a double has written.
        await self._hearing.begin(connection)
        self.last_refusal = self._hearing.refused or self.last_refusal
        self._enter("online", "")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(connection))
            tasks.create_task(self._hearing.run(connection, born=born))
            tasks.create_task(self._show.run(connection))
            tasks.create_task(self._empty(connection))

    @staticmethod
    async def _watch(connection: Connection) -> None:
        await connection.ended()
        raise BrokerAway("the connection ended")

    async def _empty(self, connection: Connection) -> None:
        """Send what waits, but first hear what a central has by now."""
        if self._acks.central:
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_ACK_LIMIT):
                    await self._hearing.acknowledged.wait()
        await self._drain.run(connection)

    def _look(self, progress: bool) -> None:
        """See how a turn of the journal went."""
        if progress:
            self._patience.progress()
        held = [hold.why for hold in self._drain.holds.values()]
        refused = [one for one in held if isinstance(one, PublishRefused)]
        refused += self._show.refused.values()
        if self._double.met:
            self._enter(*TAKEN)
        elif refused:
            self.last_refusal = str(refused[0])
            self._enter("refused", self.last_refusal)
        elif held:
            self._enter("held", f"{held[0]}; {len(held)} topics wait")
        else:
            self._enter("online", "")

    def _status(self) -> dict[str, Any]:
        self._look(progress=False)
        session, failing = self._double.session, self.journal.failing
        return {"online": True, "session": session, "not_recording": failing, **self.birth()}

    def _tell(self, kind: str, body: dict[str, Any]) -> None:
        stamp = clock.now()
        self.journal.append(Event(kind=kind, instrument=STATION_WIDE, stamp=stamp, body=body))

    def _enter(self, state: str, cause: str) -> None:
        if state != self.state:
            self._states.changed("broker", state, cause, time.monotonic())
            self.state, self.since = state, datetime.now(UTC)
        self.cause = cause


async def to_its_end(work: Coroutine[Any, Any, T], again: float = END_LIMIT) -> T:
    """Await work; a cancellation lets it end in order, is repeated after a time, and never lost.

    In CPython 3.11 a task group that fails while it is cancelled forgets the cancellation, and so
    does `wait_for`, with which aiomqtt waits: the station would wait for its publisher for ever.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=again)
    return task.result()
