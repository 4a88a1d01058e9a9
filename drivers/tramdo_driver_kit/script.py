r"""A scripted peer: the `tramdo.driver.Port` of unit tests.

    with Script((b"SI\r\n", b"S S     100.00 g\r\n")) as port:
        await MtSics().read(port)

Each pair is what the driver must send and what then comes back; an empty request is what comes
unasked, for `listen`. No answer is `NoReply`, half of one is `BadFrame`, as on a real line after
its time-out. Bytes left over, or a pair not used, fail the test.
"""

from types import TracebackType
from typing import Self

from tramdo.errors import BadFrame, NoReply
from tramdo.framing import Framing

Pair = tuple[bytes, bytes]


class Script:
    """A peer that knows its lines; feeds `step` bytes at a time."""

    def __init__(self, *pairs: Pair, step: int = 1) -> None:
        self._pairs = list(pairs)
        self._step = step
        self._coming = b""
        self.sent: list[bytes] = []
        self.pauses: list[float] = []
        self.stray = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            assert not self._pairs, f"never asked: {self._pairs}"
            assert not self._coming, f"left over: {self._coming.hex(' ')}"

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Take the next request and give its answer."""
        assert not self._coming, f"left over: {self._coming.hex(' ')}"
        self.sent.append(request)
        self.pauses.append(pause)
        expected, self._coming = self._next()
        assert request == expected, f"sent {request.hex(' ')}, expected {expected.hex(' ')}"
        return self._cut(until)

    async def listen(self, until: Framing) -> bytes:
        """Give the next frame of what comes unasked."""
        if not self._coming:
            expected, self._coming = self._next()
            assert not expected, f"listened where {expected.hex(' ')} was to be sent"
        return self._cut(until)

    def _next(self) -> Pair:
        assert self._pairs, "the script has ended"
        return self._pairs.pop(0)

    def _cut(self, until: Framing) -> bytes:
        coming, self._coming = self._coming, b""
        for end in range(self._step, len(coming) + self._step, self._step):
            cut = until(coming[:end])
            if cut is not None:
                self._coming = coming[cut.used :]
                self.stray += cut.stray
                return cut.frame
        if coming:
            raise BadFrame("no whole answer", coming)
        raise NoReply("no answer")
