"""The instrument's side of the A&D standard format: 17 characters, asked or streaming.

    ST,+0001.234 kg    stable           US,...   moving
    OL,+9999999E+19    overload         OL,-...  underload
    EC,E1              unknown command

Source: manuals of the A&D GC, HC-i and GX-300 series. Unverified: which of the two forms of an
overload a model sends, EC,E2 for a load cell that is gone, and E2 for an acting command.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked, Stream

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


class And(Asked):
    """A scale that answers `Q` and `SI`."""

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
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
        return reply, value


_COUNT = b"QT,+00000123 PC\r\n"
SIMULATED: dict[str, Simulated] = {
    "asked": Simulated(driver="and", make=And, lines=LINES, foreign=_COUNT, tells_basis=False),
    "stream": Simulated(
        driver="and-stream",
        make=lambda scale: Stream(scale, encode_line),
        lines=LINES,
        foreign=_COUNT,
        tells_basis=False,
    ),
}
