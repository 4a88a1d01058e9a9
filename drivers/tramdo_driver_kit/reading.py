"""One read of a driver over given answers, without a loop and without waiting."""

from collections.abc import Iterator, Sequence
from typing import Any

from tramdo.driver import Driver, Listening
from tramdo.errors import BadFrame, InstrumentError, NoReply
from tramdo.framing import Framing
from tramdo.reading import Indication
from tramdo_simulators.memory_port import at_once

MOST_READS = 10_000

Outcome = tuple[Indication, ...] | InstrumentError


class Answers:
    """A `tramdo.driver.Port` that gives these answers, whatever is asked; `step` bytes at a time.

    `sent` holds what was asked, `heard` the frames that the driver was given in this read. To a
    listening driver the answers are one stream.
    """

    def __init__(self, *answers: bytes, step: int = 1) -> None:
        self._answers = list(answers)
        self._stream = b"".join(answers)
        self._step = step
        self.sent: list[bytes] = []
        self.heard: list[bytes] = []

    @property
    def ended(self) -> bool:
        """Whether a listening driver has had the whole stream."""
        return not self._stream

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Return the next answer's frame; raises `NoReply` or `BadFrame`."""
        del pause
        self.sent.append(request)
        frame, _ = self._cut(self._answers.pop(0) if self._answers else b"", until)
        return frame

    async def listen(self, until: Framing) -> bytes:
        """Return the stream's next frame; raises `NoReply` or `BadFrame`."""
        stream, self._stream = self._stream, b""
        frame, self._stream = self._cut(stream, until)
        return frame

    def _cut(self, coming: bytes, until: Framing) -> tuple[bytes, bytes]:
        for end in range(self._step, len(coming) + self._step, self._step):
            if (cut := until(coming[:end])) is not None:
                self.heard.append(cut.frame)
                return cut.frame, coming[cut.used :]
        if coming:
            raise BadFrame("no whole answer", coming)
        raise NoReply("no answer")


async def _ask(driver: Driver, port: Answers) -> tuple[Indication, ...]:
    if isinstance(driver, Listening):
        return tuple(await driver.listen(port))
    return tuple(await driver.read(port))


def ask(driver: Driver, port: Answers) -> Outcome:
    """Return what the driver makes of what comes next: indications, or its error."""
    port.heard.clear()
    try:
        return at_once(_ask(driver, port))
    except InstrumentError as error:
        return error


def read(driver: Driver, *answers: bytes, step: int = 1) -> Outcome:
    """Return what the driver makes of these answers: indications, or its error."""
    return ask(driver, Answers(*answers, step=step))


def asked(driver: Driver, *answers: bytes) -> list[bytes]:
    """Return what the driver sends in a read that gets these answers."""
    port = Answers(*answers)
    ask(driver, port)
    return port.sent


def reads(driver: Driver, *answers: bytes, step: int = 1) -> Iterator[tuple[Outcome, list[bytes]]]:
    """Yield each outcome with the frames it came from; a stream is read until it has ended."""
    port = Answers(*answers, step=step)
    for _ in range(MOST_READS):
        yield ask(driver, port), list(port.heard)
        if port.ended or not isinstance(driver, Listening):
            return
    raise AssertionError(f"the stream does not end: {port.heard}")


def stream(driver: Driver, octets: bytes, *, step: int = 1) -> list[Outcome]:
    """Return what a listening driver makes of a stream, read by read, until it has ended."""
    return [found for found, _ in reads(driver, octets, step=step)]


def values(outcomes: Sequence[Outcome]) -> list[tuple[Any, ...]]:
    """Return the indications among these outcomes, each as (value, unit, quantity)."""
    seen = [one for one in outcomes if isinstance(one, tuple)]
    return [(one.value, one.unit, one.quantity) for read_ in seen for one in read_]
