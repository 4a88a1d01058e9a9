"""One task per line: ask in turn, listen, stamp, back off.

A dead instrument costs the others its own time-out and nothing else.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tramdo.driver import Driver, Listening, Resyncing
from tramdo.errors import (
    BadFrame,
    DriverFault,
    InstrumentError,
    NoReply,
    OutOfRange,
    PortLost,
    Refused,
)
from tramdo.plan import BackOff, next_slot, offsets
from tramdo.port import Dialogue, Line
from tramdo.reading import Indication, Reading

Sink = Callable[[Reading], None]
REOPEN_AFTER_SILENCE = 60.0
# A stream of rubbish must leave the event loop to the others.
PAUSE_OF_A_LISTENER = 0.05
READ_LIMIT_IN_TIMEOUTS = 32


@dataclass(slots=True, kw_only=True)
class Seat:
    """One instrument in the turn of its line. Times in seconds of the event loop's clock."""

    instrument: str
    driver: Driver
    dialogue: Dialogue
    period: float
    back_off: BackOff
    offset: float = 0.0
    due: float = 0.0
    sequence: int = 0
    suspect: bool = False
    skipped: int = 0
    worst_lateness: float = 0.0
    listens: bool = field(init=False)
    resyncs: bool = field(init=False)

    def __post_init__(self) -> None:
        # Asked once: isinstance of a runtime protocol costs more than a poll.
        self.listens = isinstance(self.driver, Listening)
        self.resyncs = isinstance(self.driver, Resyncing)

    def plan_next(self, origin: float, now: float) -> None:
        """Set `due` to the next planned slot, later by what the back-off says."""
        after = now + max(0.0, self.back_off.delay - self.back_off.first)
        due = next_slot(origin + self.offset, self.period, after)
        if not self.back_off.failures and self.due:
            self.skipped += round((due - self.due) / self.period) - 1
        self.due = due


@dataclass(slots=True, kw_only=True)
class Poller:
    """Owns a line for the instruments on it and gives every reading to `sink`."""

    line: Line
    seats: Sequence[Seat]
    sink: Sink
    origin: float
    back_off: BackOff = field(default_factory=lambda: BackOff(first=1.0, limit=30.0))
    _wake: "asyncio.Future[None] | None" = None

    def retry(self, instrument: str | None = None) -> None:
        """Forget the back-off of one instrument, or of all, and try now."""
        self.back_off = self.back_off.reset()
        for seat in self.seats:
            if instrument in (None, seat.instrument):
                seat.back_off = seat.back_off.reset()
                seat.due = self._now()
        self.wake()

    def wake(self) -> None:
        """End the present wait."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def run(self) -> None:
        """Keep the line open and its instruments read, until cancelled."""
        self.line.when_lost = self.wake
        try:
            while True:
                await self._one_opening()
                self.back_off = self.back_off.failed()
                await self._rest_until(self._now() + self.back_off.delay)
        finally:
            await self.line.close()

    async def _one_opening(self) -> None:
        try:
            await self.line.open()
            self._plan()
            while self.line.is_open:
                await self._turn()
            raise self.line.why_lost
        except PortLost as lost:
            for seat in self.seats:
                seat.dialogue.begin()
                self._deliver(seat, (), lost)

    def _plan(self) -> None:
        spread = offsets([seat.period for seat in self.seats])
        for seat, offset in zip(self.seats, spread, strict=True):
            seat.offset = offset
            seat.due = next_slot(self.origin + offset, seat.period, self._now() - seat.period)
            # A converter may still hold an answer to somebody's earlier question.
            seat.suspect = True

    async def _turn(self) -> None:
        seat = min(self.seats, key=lambda one: one.due)
        if seat.listens:
            # A full buffer gives frame after frame without waiting: the others have their turn.
            await asyncio.sleep(0 if await self._ask(seat) else PAUSE_OF_A_LISTENER)
        else:
            await self._rest_until(seat.due)
            if self._now() < seat.due or not self.line.is_open:
                return
            seat.worst_lateness = max(seat.worst_lateness, self._now() - seat.due)
            await self._ask(seat)
            seat.plan_next(self.origin, self._now())
        await self._reopen_a_silent_line()

    async def _ask(self, seat: Seat) -> bool:
        """Take one reading and deliver it or its error; raises `PortLost` only."""
        seat.dialogue.begin()
        try:
            async with asyncio.timeout(seat.dialogue.timeout * READ_LIMIT_IN_TIMEOUTS):
                indications = _sound(await self._read(seat))
        except PortLost:
            raise
        except InstrumentError as error:
            self._failed(seat, error)
        except TimeoutError:
            self._failed(seat, DriverFault("the driver did not return in time"))
        except asyncio.CancelledError:
            if _we_are_cancelled():
                raise
            self._failed(seat, DriverFault("the driver cancelled itself"))
        except (Exception, SystemExit) as error:  # noqa: BLE001  a driver may be anybody's
            self._failed(seat, DriverFault(f"{type(error).__name__}: {error}"))
        else:
            seat.suspect = False
            seat.back_off = seat.back_off.reset()
            self.back_off = self.back_off.reset()
            self._deliver(seat, indications, None)
            return True
        finally:
            seat.dialogue.end()
        return False

    async def _read(self, seat: Seat) -> Sequence[Indication]:
        driver: Any = seat.driver
        if seat.listens:
            heard: Sequence[Indication] = await driver.listen(seat.dialogue)
            return heard
        if seat.suspect and seat.resyncs:
            await driver.resync(seat.dialogue)
            seat.dialogue.begin()
        shown: Sequence[Indication] = await driver.read(seat.dialogue)
        return shown

    def _failed(self, seat: Seat, error: InstrumentError) -> None:
        seat.suspect = not isinstance(error, OutOfRange | Refused)
        if isinstance(error, NoReply | BadFrame | DriverFault):
            seat.back_off = seat.back_off.failed()
        self._deliver(seat, (), error)

    def _deliver(
        self, seat: Seat, indications: tuple[Indication, ...], error: InstrumentError | None
    ) -> None:
        seat.sequence += 1
        heard_at = seat.dialogue.heard_at
        at = datetime.fromtimestamp(time.time() - (self._now() - heard_at), UTC)
        self.sink(
            Reading(
                instrument=seat.instrument,
                sequence=seat.sequence,
                at=at,
                monotonic=heard_at,
                indications=indications,
                error=error,
                raw=tuple(seat.dialogue.frames),
            )
        )

    async def _reopen_a_silent_line(self) -> None:
        """Close and open: on some USB adapters nothing else brings the bytes back."""
        if self._now() - self.line.last_byte > REOPEN_AFTER_SILENCE:
            await self.line.open()

    async def _rest_until(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        if due <= loop.time():
            await asyncio.sleep(0)
            return
        self._wake = loop.create_future()
        timer = loop.call_at(due, self.wake)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _sound(indications: Sequence[Indication]) -> tuple[Indication, ...]:
    """Return the indications; raises `DriverFault` for a value that is not decimal digits."""
    for one in indications:
        if type(one.value) is not Decimal or not one.value.is_finite():
            raise DriverFault(f"{one.quantity} is {one.value!r}; allowed: a finite Decimal")
    return tuple(indications)


def _we_are_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
