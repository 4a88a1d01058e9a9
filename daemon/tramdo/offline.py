"""A driver without a line: what it makes of bytes that were heard before.

`Offline` is a `tramdo.driver.Port` that is never waited for, so a driver runs on it without an
event loop. It cuts as `tramdo.port.Line` does: what a framing throws away is passed over, and
the frame after that too, because it may have been joined in the middle.
"""

from asyncio import CancelledError
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, NoReturn

from tramdo.driver import Driver
from tramdo.errors import BadFrame, DriverFault, InstrumentError, NoReply
from tramdo.framing import Cut, Framing
from tramdo.port import CLEAN_START, MOST_FRAMES_A_READ, Exchange
from tramdo.reading import Indication

FIRST_LOOK = 32
MOST_IN_VAIN = 1000
Read = Callable[["Offline"], Awaitable[Sequence[Indication]]]


class Unlike(NamedTuple):
    """A request of the driver that stands beside another one in the recording."""

    recorded: bytes
    asked: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One reading: its indications, or the error in their place.

    `offset` and `used` say which of the bytes heard it took, stray ones counted. `at` is the
    time of its last exchange, None where bytes came without times. `cut_short`: the bytes ended
    within what could still become a frame.
    """

    indications: tuple[Indication, ...] = ()
    error: InstrumentError | None = None
    offset: int = 0
    used: int = 0
    at: float | None = None
    frames: tuple[bytes, ...] = field(default=(), repr=False)
    unlike: tuple[Unlike, ...] = ()
    cut_short: bool = False


class Offline:
    """A `tramdo.driver.Port` over bytes heard in a row, or over exchanges.

    A request gets the answer to the next same request of the recording. An exchange without
    `sent` answers any request; where the request is nowhere in the recording the next answer is
    given and the difference kept in `unlike`. `listen` takes all that was received as one stream.
    """

    def __init__(self, heard: bytes | Sequence[Exchange], *, aligned: bool = True) -> None:
        self._exchanges: Sequence[Exchange] = () if isinstance(heard, bytes) else heard
        self._heard = heard if isinstance(heard, bytes) else b"".join(one[2] for one in heard)
        self._ends = list(accumulate(len(one.received) for one in self._exchanges))
        self._sent = {one.sent for one in self._exchanges}
        self._clean = {
            end
            for end, (before, after) in zip(self._ends, pairwise(self._exchanges), strict=False)
            if after.at - before.at > CLEAN_START
        }
        self._aligned = aligned
        self._end = len(self._heard)
        self._next = 0
        self.offset = 0
        self.begin()

    @property
    def more(self) -> bool:
        """Whether there is anything left to read."""
        return self.offset < self._end or self._next < len(self._exchanges)

    @property
    def at(self) -> float | None:
        """The time of the last exchange that was read from, None where there are no times."""
        if not self._exchanges:
            return None
        last = self._next - 1 if self._next else bisect_left(self._ends, self.offset)
        return self._exchanges[last].at

    def begin(self) -> None:
        """Begin a read: forget what the one before it took."""
        self.start = self.offset
        self.taken = 0
        self.frames: list[bytes] = []
        self.unlike: list[Unlike] = []
        self.cut_short = False
        self._in_vain = 0

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Return the recorded answer; raises `NoReply` or `BadFrame`."""
        del pause  # nobody is there who needs a rest
        if self._exchanges:
            self._turn_to(request)
        return self._keep(self._cut(until))

    async def listen(self, until: Framing) -> bytes:
        """Return the next whole frame heard; raises `NoReply` or `BadFrame`."""
        self._aligned = self._aligned or self.offset in self._clean
        try:
            frame = self._cut(until)
            if not self._aligned:
                self._aligned = True
                frame = self._cut(until)
        except BadFrame:
            self._aligned = False
            raise
        return self._keep(frame)

    def _turn_to(self, request: bytes) -> None:
        at = self._find(request)
        if at is None:
            self._nothing(f"no answer to {request.hex(' ')} was recorded here")
        self._next = at + 1
        self.offset = self._ends[at - 1] if at else 0
        self._end = self._ends[at]
        if not self.taken:
            self.start = self.offset
        self.taken += 1
        if (sent := self._exchanges[at].sent) not in (request, b""):
            self.unlike.append(Unlike(sent, request))

    def _find(self, request: bytes) -> int | None:
        """Return the exchange that a request stands for: the next, or a later one like it."""
        rest = range(self._next, len(self._exchanges))
        if self._sent.isdisjoint((request, b"")):
            return next(iter(rest), None)
        if self.taken:  # within one read the questions follow each other
            rest = rest[:1]
        found = (at for at in rest if self._exchanges[at].sent in (request, b""))
        at = next(found, None)
        if at is None and not self.taken:
            self._next = len(self._exchanges)
        return at

    def _cut(self, until: Framing) -> bytes:
        left = self._end - self.offset
        if not left:
            self._nothing("nothing more was heard")
        looked, size = 0, min(FIRST_LOOK, left)
        self.taken += 1
        while (cut := self._look(until, looked, size)) is None:
            if size == left:
                self.cut_short = True
                raise BadFrame("a whole frame", self._pass(left))
            looked, size = size, min(2 * size, left)
        if not 0 < cut.used <= left:
            raise DriverFault(f"the framing used {cut.used} bytes of {len(self._pass(left))}")
        if cut.used - 1 > looked:  # one byte sooner it may have been too much for a frame
            self._look(until, looked, cut.used - 1)
        self.offset += cut.used
        return cut.frame

    def _nothing(self, why: str) -> NoReturn:
        self._in_vain += 1
        if self._in_vain > MOST_IN_VAIN:  # a driver that catches errors must end all the same
            raise CancelledError("the driver asks again and again")
        raise NoReply(why)

    def _look(self, until: Framing, looked: int, size: int) -> Cut | None:
        """Look at so many bytes; `looked` of them are known to be too few."""
        try:
            return until(self._heard[self.offset : self.offset + size])
        except Exception as error:
            if size - looked > 1:
                return self._look_closer(until, looked, size)
            self._pass(size)
            raise _in_the_tree(error) from error

    def _look_closer(self, until: Framing, looked: int, size: int) -> Cut | None:
        """Throw away no more than a line would on which the bytes come one by one."""
        middle = (looked + size) // 2
        cut = self._look(until, looked, middle)
        return cut if cut is not None else self._look(until, middle, size)

    def _pass(self, count: int) -> bytes:
        start, self.offset = self.offset, self.offset + count
        return self._heard[start : self.offset]

    def _keep(self, frame: bytes) -> bytes:
        if len(self.frames) >= MOST_FRAMES_A_READ:
            raise DriverFault(
                f"the driver asked for more than {MOST_FRAMES_A_READ} frames in a read"
            )
        self.frames.append(frame)
        return frame


def decode(
    driver: Driver, heard: bytes | Sequence[Exchange], *, aligned: bool = True
) -> list[Decoded]:
    """Return each reading that a driver takes from what was heard; raises no driver's error.

    `aligned` False: the first bytes may be the middle of a frame, so a listening driver passes
    over what they end. An exception outside the tree of errors is a `DriverFault`.
    """
    port = Offline(heard, aligned=aligned)
    listens: Read | None = getattr(driver, "listen", None)
    read: Any = listens or getattr(driver, "read", None)
    found: list[Decoded] = []
    while port.more:
        port.begin()
        indications, error = _one(read, port)
        if not port.taken and isinstance(error, NoReply):
            break
        found.append(
            Decoded(
                indications=indications,
                error=error,
                offset=port.start,
                used=port.offset - port.start,
                at=port.at,
                frames=tuple(port.frames),
                unlike=tuple(port.unlike),
                cut_short=port.cut_short,
            )
        )
        if not port.taken:
            break
    return found


def _one(read: Any, port: Offline) -> tuple[tuple[Indication, ...], InstrumentError | None]:
    try:
        return _sound(at_once(read(port))), None
    except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  may be anybody's
        return (), _in_the_tree(error)


def at_once(driver: Any) -> Sequence[Indication]:
    """Return what a driver returns; raises `DriverFault` when it waits, and what it raises."""
    try:
        driver.send(None)
    except StopIteration as end:
        indications: Sequence[Indication] = end.value
        return indications
    driver.close()
    raise DriverFault("the driver waited for something else than its port")


def _sound(indications: Sequence[Indication]) -> tuple[Indication, ...]:
    for one in indications:
        if type(one.value) is not Decimal or not one.value.is_finite():
            raise DriverFault(f"{one.quantity} is {one.value!r}; allowed: a finite Decimal")
    return tuple(indications)


def _in_the_tree(error: BaseException) -> InstrumentError:
    if isinstance(error, InstrumentError):
        return error
    return DriverFault(f"{type(error).__name__}: {error}")
