"""The instrument's side of Radwag's protocol, asked or streaming.

    S A                       accepted: some instruments send it before the mass frame
    SUI? -   58.237 kg        blank stable, ? moving, ^ overload, v underload
    SI I                      not now (here: the load cell is gone)
    ES                        unknown command

Sources: Radwag PUE C/31H manual p58-59, WTC manual p48. Unverified: the answer to NB, what stands
in the mass field of an overload, and the answer where the load cell is gone.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness

ACTING = frozenset({b"Z", b"T", b"C0", b"C1", b"CU0", b"CU1", b"K0", b"K1", b"UT"})


def encode_mass(shown: Shown, command: str) -> bytes:
    """Return the mass frame that says what is shown."""
    if shown.fault:
        return f"{command} I\r\n".encode("ascii")
    marker = " " if shown.stable else "?"
    if shown.blank:
        marker = "v" if shown.underload else "^"
    sign = "-" if shown.value < 0 else " "
    mass = f"{command:<3}{marker} {sign}{abs(shown.value):>9f} {shown.unit:<3}\r\n"
    return mass.encode("ascii")


class Radwag:
    """A scale that answers `S`, `SI` and `SUI`; `accepts` lets `S A` go before the mass."""

    def __init__(self, scale: Scale, *, accepts: bool = False) -> None:
        self.scale = scale
        self.accepts = accepts
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
        reply, value = b"ES\r\n", False
        if command in (b"S", b"SI", b"SU", b"SUI"):
            shown = self.scale.indication(at)
            reply, value = encode_mass(shown, command.decode("ascii")), not shown.blank
            reply = b"S A\r\n" * (self.accepts and not shown.fault) + reply
        elif command == b"NB":
            reply = b'NB A "123456"\r\n'
        elif command.split(b" ")[0] in ACTING:
            self.witness.writes += 1
        self.witness.note(Served(at, request, reply), value=value)
        return reply


class RadwagStream:
    """A scale that sends a mass frame every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, period: float = 0.1) -> None:
        self.scale = scale
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the line sent at this simulated second."""
        shown = self.scale.indication(at)
        line = encode_mass(shown, "SUI")
        self.witness.note(Served(at, b"", line), value=not shown.blank, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an instrument that should only be listened to."""
        self.witness.writes += len(octets)


_SERIAL = b'NB A "123456"\r\n'
SIMULATED: dict[str, Simulated] = {
    "asked": Simulated(driver="radwag", make=Radwag, foreign=_SERIAL, tells_basis=False),
    "accepts": Simulated(
        driver="radwag",
        make=lambda scale: Radwag(scale, accepts=True),
        foreign=_SERIAL,
        tells_basis=False,
    ),
    "basic-unit": Simulated(
        driver="radwag",
        make=Radwag,
        settings={"question": "SI"},
        foreign=_SERIAL,
        tells_basis=False,
    ),
    "stream": Simulated(
        driver="radwag-stream", make=RadwagStream, foreign=_SERIAL, tells_basis=False
    ),
}
