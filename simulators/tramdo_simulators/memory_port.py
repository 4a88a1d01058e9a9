"""A port in memory that answers at once: a driver runs on it without a loop and without waiting."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from tramdo.errors import BadFrame, NoReply
from tramdo.framing import Framing
from tramdo_simulators.line import Answering, Peer

T = TypeVar("T")


class MemoryPort:
    """A `tramdo.driver.Port` with a simulated instrument at its other end.

    `at` is the simulated second; `frames` holds what was heard since the last `begin`.
    """

    def __init__(self, peer: Peer) -> None:
        self.at = 0.0
        self.frames: list[bytes] = []
        self._asked = peer if isinstance(peer, Answering) else None
        self._heard = None if isinstance(peer, Answering) else peer

    def begin(self, at: float) -> None:
        """Move to this second and forget the frames of the read before."""
        self.at = at
        self.frames.clear()

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Return the instrument's answer; raises `NoReply` or `BadFrame`."""
        del pause  # here the instrument has all the rest it needs
        if self._asked is None:
            raise NoReply("the instrument only talks by itself")
        asked, _ = self._asked.take(request)
        at = self.at + self._asked.wait(asked, self.at)
        return self._cut(self._asked.answer(asked, at), until)

    async def listen(self, until: Framing) -> bytes:
        """Return what the instrument says by itself; raises `NoReply` or `BadFrame`."""
        if self._heard is None:
            raise NoReply("the instrument only answers")
        return self._cut(self._heard.line(self.at), until)

    def _cut(self, octets: bytes, until: Framing) -> bytes:
        if not octets:
            raise NoReply("no answer")
        cut = until(octets)
        if cut is None:
            raise BadFrame("a whole frame", octets)
        self.frames.append(cut.frame)
        return cut.frame


def at_once(driver: Coroutine[Any, Any, T]) -> T:
    """Return what a driver returns; it never waits here, so it needs no loop."""
    try:
        driver.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    driver.close()
    raise RuntimeError("the driver waited for something else than its port")
