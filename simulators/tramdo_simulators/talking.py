"""What the simulated instruments on a line have in common: one that streams, one that is asked.

Both keep a `Witness` of what was said. A protocol brings its encoder, and one that is asked its
`reply` as well.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.witness import Served, Witness

Encode = Callable[[Shown], bytes]


class Stream:
    """A scale that sends what `encode` makes of its indication, every `period` real seconds.

    A value is witnessed when bytes were sent and the scale was not blank. It should only be
    listened to.
    """

    def __init__(self, scale: Scale, encode: Encode, *, period: float = 0.1) -> None:
        self.scale = scale
        self.encode = encode
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return what is sent at this simulated second, b"" for nothing."""
        shown = self.scale.indication(at)
        sent = self.text(shown, at)
        value = bool(sent) and self.tells(shown)
        self.witness.note(Served(at, b"", sent), value=value, request=False)
        return sent

    def text(self, shown: Shown, at: float) -> bytes:
        """Return what says this indication; a protocol that prints the time needs the second."""
        del at
        return self.encode(shown)

    def tells(self, shown: Shown) -> bool:
        """Return whether what says this indication carries a value."""
        return not shown.blank

    def hear(self, octets: bytes) -> None:
        """Count each byte of a client as a write: it might act."""
        self.witness.writes += len(octets)


class Asked(ABC):
    """A scale that answers each command at once, as its `reply` says.

    A command goes up to its `end`, or is one byte where that is b"". Of bytes without an end the
    newest `keep` are kept.
    """

    end: ClassVar[bytes] = b"\n"
    keep: ClassVar[int] = 256

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.witness = Witness()

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one command from what has come: (command with its end or b"", the rest)."""
        if not self.end:
            return buffer[:1], buffer[1:]
        command, end, rest = buffer.partition(self.end)
        return (command + end, rest) if end else (b"", buffer[-self.keep :])

    def wait(self, _request: bytes, _at: float) -> float:
        """Return the seconds a command is thought over: none."""
        return 0.0

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the answer to one command, b"" for none."""
        sent, value = self.reply(request, at)
        self.witness.note(Served(at, request, sent), value=value)
        return sent

    @abstractmethod
    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command, and whether it carries a value; count what acts."""
