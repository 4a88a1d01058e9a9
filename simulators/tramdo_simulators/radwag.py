"""The instrument's side of Radwag's protocol, asked or streaming.

    S A                       accepted: some instruments send it before the mass frame
    SUI? -   58.237 kg        blank stable, ? moving, ^ overload, v underload
    SI I                      not now (here: the load cell is gone)
    ES                        unknown command

Sources: Radwag PUE C/31H manual p58-59, WTC manual p48. Unverified: the answer to NB, what stands
in the mass field of an overload, and the answer where the load cell is gone.
"""

from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked, Stream

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


class Radwag(Asked):
    """A scale that answers `S`, `SI` and `SUI`; `accepts` lets `S A` go before the mass."""

    def __init__(self, scale: Scale, *, accepts: bool = False) -> None:
        super().__init__(scale)
        self.accepts = accepts

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
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
        return reply, value


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
        driver="radwag-stream",
        make=lambda scale: Stream(scale, partial(encode_mass, command="SUI")),
        foreign=_SERIAL,
        tells_basis=False,
    ),
}
