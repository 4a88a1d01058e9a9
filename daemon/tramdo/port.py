"""One owner for one line: open it, ask and wait, listen, and never mix up two answers."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from tramdo.errors import BadFrame, DriverFault, InstrumentError, NoReply, PortLost
from tramdo.framing import Cut, Framing
from tramdo.transport import Opener, Transport

wire = logging.getLogger("tramdo.wire")

KEPT_EXCHANGES = 20
MOST_FRAMES_A_READ = 128
LEFT_WAITING = 60.0
MOST_BUFFERED = 65536
PATIENCE_FOR_SILENCE = 1.0
# A stream that was silent this long before its first byte starts with a whole frame.
CLEAN_START = 0.03


Tap = Callable[[float, bool, bytes], None]
"""Told of each chunk: the loop time, whether we sent it, the bytes; must not raise or wait."""

# Whose turn it is, for the task that reads and those that it makes.
_TURN: ContextVar[tuple[int, int]] = ContextVar("turn", default=(0, 0))


class Exchange(NamedTuple):
    """What was sent, what came, and how it ended; `at` is the loop time of the last byte."""

    at: float
    sent: bytes
    received: bytes
    outcome: str


@dataclass(slots=True, kw_only=True)
class Line:
    """A line and the bytes that have come; only one `Dialogue` at a time waits on it.

    `gap`: seconds of silence before a request. `settle`: seconds of silence after a missed
    answer, before anything else is asked. `tap` gets every byte that comes and goes.
    """

    name: str
    opener: Opener
    gap: float = 0.0
    settle: float = 0.0
    tap: Tap | None = None
    stray: int = 0
    why_lost: PortLost = field(default_factory=lambda: PortLost("not opened yet"))
    when_lost: Callable[[], None] = lambda: None
    _transport: Transport | None = None
    _gone: Transport | None = None
    _buffer: bytearray = field(default_factory=bytearray)
    _until: Framing | None = None
    _waiter: "asyncio.Future[Cut] | None" = None
    _last_byte: float = 0.0
    _busy_until: float = 0.0
    _unclean: bool = False
    _aligned: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the line can be used now."""
        return self._transport is not None

    @property
    def last_byte(self) -> float:
        """Loop time of the last byte that came, or of the opening."""
        return self._last_byte

    async def open(self) -> None:
        """Open the line; raises `PortLost`."""
        await self.close()
        self._transport = await self.opener(self._hear, self._lose)
        self._buffer.clear()
        self._last_byte = self._busy_until = asyncio.get_running_loop().time()
        self._unclean = self._aligned = False

    async def close(self) -> None:
        """Give the line back."""
        for transport in (self._transport, self._gone):
            if transport is not None:
                await transport.close()
        self._transport = self._gone = None

    def _hear(self, chunk: bytes, at: float) -> None:
        if self.tap is not None:
            self.tap(at, False, chunk)
        if not self._buffer and at - self._last_byte > CLEAN_START:
            self._aligned = True
        self._last_byte = self._busy_until = at
        self._buffer += chunk
        if len(self._buffer) > MOST_BUFFERED:
            self.stray += len(self._buffer) - MOST_BUFFERED
            del self._buffer[:-MOST_BUFFERED]
            self._aligned = False
        if wire.isEnabledFor(logging.DEBUG):
            wire.debug("%s < %s", self.name, chunk.hex(" "))
        self._try_cut()

    def _lose(self, why: PortLost) -> None:
        self.why_lost = why
        self._gone, self._transport = self._transport, None
        self._fail(why)
        self.when_lost()

    def _fail(self, why: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(why)

    def _try_cut(self) -> None:
        if self._waiter is None or self._until is None or self._waiter.done():
            return
        try:
            cut = self._until(bytes(self._buffer))
        except Exception as error:  # noqa: BLE001  a framing comes with its driver
            self._buffer.clear()
            known = isinstance(error, InstrumentError)
            self._fail(error if known else DriverFault(f"{type(error).__name__}: {error}"))
            return
        if cut is not None and not 0 < cut.used <= len(self._buffer):
            self._buffer.clear()  # or the same bytes would be cut for ever
            self._fail(DriverFault(f"the framing took {cut.used} bytes of those that came"))
        elif cut is not None:
            del self._buffer[: cut.used]
            self.stray += cut.stray
            self._waiter.set_result(cut)

    def _time_out(self, seconds: float) -> None:
        if self._buffer:
            self._fail(BadFrame(f"no whole answer in {seconds:g} s", bytes(self._buffer)))
        else:
            self._fail(NoReply(f"no answer in {seconds:g} s"))

    async def frame(self, until: Framing, patience: float) -> bytes:
        """Return the next frame; raises `NoReply`, `BadFrame` or `PortLost`."""
        if self._transport is None:
            raise self.why_lost
        if self._waiter is not None:
            raise DriverFault("somebody else is waiting for an answer on this line")
        loop = asyncio.get_running_loop()
        self._until, self._waiter = until, loop.create_future()
        timer = loop.call_later(patience, self._time_out, patience)
        self._unclean = True
        try:
            self._try_cut()
            cut = await self._waiter
            self._unclean = False
            return cut.frame
        finally:
            timer.cancel()
            self._waiter = self._until = None

    async def send(self, request: bytes) -> None:
        """Send when the line has been silent long enough; what came unasked is thrown away."""
        await self._fall_silent(max(self.gap, self.settle) if self._unclean else self.gap)
        self.stray += len(self._buffer)
        self._buffer.clear()
        if self._transport is None:
            raise self.why_lost
        if wire.isEnabledFor(logging.DEBUG):
            wire.debug("%s > %s", self.name, request.hex(" "))
        if self.tap is not None:
            self.tap(asyncio.get_running_loop().time(), True, request)
        self._transport.write(request)

    async def _fall_silent(self, quiet: float) -> None:
        loop = asyncio.get_running_loop()
        if self._unclean:
            self._busy_until = loop.time()
        give_up = loop.time() + PATIENCE_FOR_SILENCE + quiet
        while (wait := self._busy_until + quiet - loop.time()) > 0:
            if loop.time() > give_up:
                raise NoReply("the line does not fall silent")
            await asyncio.sleep(wait)

    async def whole_frame(self, until: Framing, patience: float) -> bytes:
        """Return the next frame of a stream, passing over one that we joined in the middle."""
        try:
            frame = await self.frame(until, patience)
            if not self._aligned:
                self.stray += len(frame)
                self._aligned = True
                frame = await self.frame(until, patience)
        except BadFrame:
            self._aligned = False
            raise
        return frame


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """One instrument's way of using a line: the `tramdo.driver.Port` that its driver gets.

    Keeps the last exchanges and the frames of the present read as evidence. Times in seconds.
    """

    line: Line
    timeout: float
    clock: Callable[[], float]
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT_EXCHANGES))
    frames: list[bytes] = field(default_factory=list)
    heard_at: float = 0.0
    turn: int = 0
    _rested_at: float = 0.0

    def begin(self) -> None:
        """Begin a turn: forget the frames of the read before, and hear nobody who is left of it."""
        self.turn += 1
        _TURN.set((id(self), self.turn))
        self.frames.clear()
        self.heard_at = self.clock()

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Send a request and return the frame that answers it (`tramdo.driver.Port`)."""
        await self._in_turn()
        if (wait := self._rested_at - self.clock()) > 0:
            await asyncio.sleep(wait)
        try:
            await self.line.send(request)
            frame = await self.line.frame(until, self.timeout)
        except InstrumentError as error:
            self._note(request, getattr(error, "frame", b""), str(error))
            raise
        finally:
            self._rested_at = self.clock() + pause
        self._note(request, frame, "ok")
        return self._keep(frame)

    async def listen(self, until: Framing) -> bytes:
        """Return the next whole frame heard (`tramdo.driver.Port`)."""
        await self._in_turn()
        try:
            frame = await self.line.whole_frame(until, self.timeout)
        except InstrumentError as error:
            self._note(b"", getattr(error, "frame", b""), str(error))
            raise
        self._note(b"", frame, "ok")
        return self._keep(frame)

    def end(self) -> None:
        """End the turn."""
        self.turn += 1

    async def _in_turn(self) -> None:
        """Refuse a task that a driver has left running: it would disturb who is asked now."""
        if self.turn and _TURN.get() != (id(self), self.turn):
            await asyncio.sleep(LEFT_WAITING)  # many that ask for ever must not fill the loop
            raise DriverFault("the driver asks when it is not its turn")

    def _keep(self, frame: bytes) -> bytes:
        if len(self.frames) >= MOST_FRAMES_A_READ:
            raise DriverFault(
                f"the driver asked for more than {MOST_FRAMES_A_READ} frames in a read"
            )
        self.frames.append(frame)
        return frame

    def _note(self, sent: bytes, received: bytes, outcome: str) -> None:
        self.heard_at = self.line.last_byte if received else self.clock()
        self.exchanges.append(Exchange(self.heard_at, sent, received, outcome))
