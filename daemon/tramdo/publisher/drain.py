"""The journal to the other side: gaps, then what is urgent, then the rest, then what was asked for.

Each goes oldest first within its topic, in a window that shrinks when the broker is slow, and no
faster than the station file says. What the broker refuses or nobody subscribes to is held back,
topic by topic.
"""

import asyncio
import time
from collections.abc import Callable, Container
from contextlib import suppress
from typing import Any, NamedTuple

from tramdo.errors import BrokerError, JournalError, PublishHeld, PublishRefused
from tramdo.journal import URGENT, Journal, Row, Stream
from tramdo.mqtt import Connection
from tramdo.publisher import lanes
from tramdo.publisher.acknowledgements import Acknowledgements
from tramdo.publisher.envelope import Envelope
from tramdo.publisher.pace import Meter, Pace
from tramdo.publisher.resends import Resends
from tramdo.publisher.unacknowledged import Unacknowledged
from tramdo.publisher.window import Window
from tramdo.settings.station import Mqtt

HOLD_SECONDS = 10.0
JOURNAL_RETRY = 5.0
# Asking the journal for more than is under way at once keeps the link busy between two looks.
WINDOWS_A_TURN = 4

Outcomes = dict[Row, BrokerError | None]


class Hold(NamedTuple):
    """A stream of events left alone until a loop time, because its last one did not get through."""

    until: float
    why: BrokerError


class Drain:
    """Empties the journal through one connection after another; `stir` says: look again.

    `looked` is called after each turn with whether the other side has more than before.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all flow together here
        self,
        journal: Journal,
        envelope: Envelope,
        settings: Mqtt,
        acknowledgements: Acknowledgements,
        resends: Resends,
        looked: Callable[[bool], None],
    ) -> None:
        self._journal, self._envelope, self._settings = journal, envelope, settings
        self._acknowledgements, self._resends = acknowledgements, resends
        self._looked = looked
        self.stir = asyncio.Event()
        self._fresh = asyncio.Event()
        self.holds: dict[Stream, Hold] = {}
        self.window = Window(most=settings.max_in_flight, size=settings.max_in_flight)
        self.unacknowledged = Unacknowledged(first=settings.resend_after_s)
        self._urgent_sent = 0
        self._repeating = False
        self._pace = Pace(settings.backlog_per_s)
        self._meter = Meter()
        self._clock = time.monotonic

    def covered(self, upto: int) -> None:
        """Note that a central has everything up to a number."""
        self.unacknowledged.covered(upto, self._clock())
        self._looked(True)
        self.stir.set()

    def heard(self) -> None:
        """Note that a central says the same as before."""
        self.unacknowledged.heard()
        self.stir.set()

    async def run(self, connection: Connection) -> None:
        """Send until cancelled."""
        most = self._settings.max_in_flight
        self.window = Window(most=most, size=min(most, 4))
        self.holds = {}
        self.unacknowledged.forget()
        self._resends.drop()
        self._journal.rewind()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_journal())
            while True:
                self.stir.clear()
                try:
                    await self._turn(connection)
                except JournalError:
                    await asyncio.sleep(JOURNAL_RETRY)

    async def _watch_journal(self) -> None:
        while True:
            await self._journal.grown.wait()
            self._journal.grown.clear()
            self._fresh.set()
            self.stir.set()

    async def _turn(self, connection: Connection) -> None:
        if wait := self._pace.wait(self.window.size, self._clock()):
            await asyncio.sleep(wait)
            return
        most = min(WINDOWS_A_TURN * self.window.size, self._pace.allows)
        if rows := await self._due(most):
            await self._send_in_order(connection, rows)
        elif rows := await self._resends.next(most, self._clock()):
            await self._send_again(connection, rows)
        else:
            await self._more()

    async def _due(self, most: int) -> list[Row]:
        held = self._held()
        if not self._acknowledgements.central:
            return await self._journal.unsent(held, most)
        if self.unacknowledged.due(self._clock()):
            self.unacknowledged.again(self._clock())
            self._journal.rewind()
        order = [
            (lanes.gaps(held), most),
            (lanes.urgent(held), self.unacknowledged.room(urgent=True)),
            (lanes.rest(held), self.unacknowledged.room(urgent=False)),
        ]
        if self._repeating:
            # Where links are short, what is urgent and not yet covered comes again with each of
            # them: were it always first, the rest that it waits for would never go.
            order[1:] = reversed(order[1:])
        for but, room in order:
            if room and (rows := await self._journal.unsent(but, min(most, room))):
                again = rows[0].kind in URGENT and rows[0].seq <= self._urgent_sent
                self._repeating = again and not self._repeating
                return rows
        return []

    def _held(self) -> Container[Stream]:
        now = self._clock()
        self.holds = {one: hold for one, hold in self.holds.items() if hold.until > now}
        return self.holds.keys()

    async def _more(self) -> None:
        """Wait until there is something to send, or to send again."""
        ends = [hold.until for hold in self.holds.values()]
        if (again := self.unacknowledged.wait_until) is not None:
            ends.append(again)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(min(ends, default=None)):
                await self.stir.wait()

    async def _sent(self, connection: Connection, rows: list[Row]) -> Outcomes:
        """Send events, a window of them at once; stop early when something new is recorded."""
        outcomes: Outcomes = {}
        waiting = iter(rows)
        self._fresh.clear()

        async def walk(place: int) -> None:
            for row in waiting:
                outcomes[row] = await self._send(connection, row)
                if self._fresh.is_set() or place >= self.window.size:
                    return

        sizes = [len(row.message) for row in rows[: self.window.size]]
        await asyncio.gather(*(walk(place) for place in range(self.window.fitting(sizes))))
        self._pace.take(len(outcomes))
        return outcomes

    async def _send(self, connection: Connection, row: Row) -> BrokerError | None:
        try:
            took = await connection.send(*self._envelope.event(row))
        except (PublishRefused, PublishHeld) as error:
            return error
        now = self._clock()
        self.window = self.window.after(took, now)
        self._meter.add(1, now)
        return None

    async def _send_in_order(self, connection: Connection, rows: list[Row]) -> None:
        """Send a window of events; of each stream the mark stops before the first that failed."""
        central = self._acknowledgements.central
        outcomes = await self._sent(connection, rows)
        now = self._clock()
        for row, error in sorted(outcomes.items()):
            if error is not None:
                self.holds.setdefault(row.stream, Hold(now + HOLD_SECONDS, error))
            elif row.stream not in self.holds:
                self._mark(row, now, central=central)
        self._looked(None in outcomes.values())

    def _mark(self, row: Row, now: float, *, central: bool) -> None:
        if central != self._acknowledgements.central:
            return  # a central spoke up meanwhile: it is sent again and it says whether it has it
        self._journal.mark_sent(row)
        if row.kind in URGENT and row.kind not in lanes.GAPS:
            self._urgent_sent = max(self._urgent_sent, row.seq)
        if central and row.seq > self._journal.acked:
            self.unacknowledged.sent(row.seq, now, urgent=row.kind in URGENT)

    async def _send_again(self, connection: Connection, rows: list[Row]) -> None:
        outcomes = await self._sent(connection, rows)
        if any(outcomes.values()):
            self._resends.drop()
        else:
            self._resends.put_back([row for row in rows if row not in outcomes])

    def facts(self) -> dict[str, Any]:
        """Return what is under way, for the board."""
        return {
            "waiting": self._journal.backlog,
            "unacknowledged": len(self.unacknowledged.numbers),
            "sent_per_s": round(self._meter.per_second(self._clock()), 1),
            "window": self.window.size,
        }
