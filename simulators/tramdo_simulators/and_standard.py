"""The instrument's side of the A&D standard format: 17 characters, asked or streaming.

    ST,+0001.234 kg    stable           US,...   moving
    OL,+9999999E+19    overload         OL,-...  underload
    EC,E1              unknown command

Source: manuals of the A&D GC, HC-i and GX-300 series. Unverified: which of the two forms of an
overload a model sends, EC,E2 for a load cell that is gone, and E2 for an acting command.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness

ACTING = frozenset(
    {b"Z", b"R", b"T", b"P", b"PRT", b"SMP", b"U", b"ON", b"OFF", b"CAL", b"C", b"\x1bT"}
)
LINES = ("2400 7E1",)


def encode_line(shown: Shown) -> bytes:
    """Return the line that says what is shown."""
    if shown.fault:
        return b"EC,E2\r\n"
    if shown.blank:
        return b"OL,-9999999E+19\r\n" if shown.underload else b"OL,+9999999E+19\r\n"
    head, sign = "ST" if shown.stable else "US", "-" if shown.value < 0 else "+"
    return f"{head},{sign}{abs(shown.value):0>8f}{shown.unit:>3}\r\n".encode("ascii")


class And:
    """A scale that answers `Q` and `SI`."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.witness = Witness()

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one command from what has come: (command with its line end or b"", the rest)."""
        line, end, rest = buffer.partition(b"\n")
        return (line + end, rest) if end else (b"", buffer[-256:])

    def wait(self, _request: bytes, _at: float) -> float:
        """Return the seconds a command is thought over."""
        return 0.0

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the answer to one command line."""
        command = request.strip(b"\r\n")
        value = False
        if command in (b"Q", b"SI"):
            shown = self.scale.indication(at)
            reply, value = encode_line(shown), not shown.blank
        elif command == b"?TR":
            reply = f"TR,+{self.scale.tared:0>8f}{self.scale.settings.unit:>3}\r\n".encode("ascii")
        elif command in ACTING:
            self.witness.writes += 1
            reply = b"EC,E2\r\n"
        else:
            reply = b"EC,E1\r\n"
        self.witness.note(Served(at, request, reply), value=value)
        return reply


class AndStream:
    """A scale that sends a line every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, period: float = 0.1) -> None:
        self.scale = scale
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the line sent at this simulated second."""
        shown = self.scale.indication(at)
        line = encode_line(shown)
        self.witness.note(Served(at, b"", line), value=not shown.blank, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an instrument that should only be listened to."""
        self.witness.writes += len(octets)


_COUNT = b"QT,+00000123 PC\r\n"
SIMULATED: dict[str, Simulated] = {
    "asked": Simulated(driver="and", make=And, lines=LINES, foreign=_COUNT, tells_basis=False),
    "stream": Simulated(
        driver="and-stream", make=AndStream, lines=LINES, foreign=_COUNT, tells_basis=False
    ),
}
