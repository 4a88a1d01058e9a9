"""The scale's side of the Sterling 7600's commands, with its echo.

    SGW -> SGWGross   0.010 lb       SNW -> SNWNet    -0.915 lb

Sources: answers recorded from a Sterling 7600, firmware 4.31.0; notes from its manual 7600TM2021.
Unverified: OLOLOL, ULULUL, ------- and Err.81 on the line.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ACTING = frozenset({b"ZRO", b"ATW", b"IPW", b"ITW", b"IID", b"SRP"})


def encode_answer(shown: Shown, *, net: bool) -> bytes:
    """Return the answer without its echo: word and value in 13 columns, and the unit."""
    if shown.fault:
        return b"-------\r\n"
    if shown.blank:
        return b"OLOLOL\r\n" if shown.overload else b"ULULUL\r\n"
    word, value = ("Net", shown.value) if net else ("Gross", shown.gross)
    return f"{word}{value:>{13 - len(word)}f} {shown.unit}\r\n".encode("ascii")


class Sterling7600(Asked):
    """A counting scale; `echo` says how many letters of the question run into the answer."""

    end = b"\r"
    keep = 64

    def __init__(self, scale: Scale, *, echo: int = 3) -> None:
        super().__init__(scale)
        self.echo = echo

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command."""
        command, shown, value = request.rstrip(b"\r"), self.scale.indication(at), False
        if command in (b"SGW", b"SNW"):
            body, value = encode_answer(shown, net=command == b"SNW"), not shown.blank
        elif command[:3] in ACTING:
            self.witness.writes += 1
            body = b"Err.80\r\n"
        else:
            body = b"Err.81\r\n"
        reply = command[len(command) - self.echo :] + body if self.echo else body
        return reply, value


def _simulated(echo: int) -> Simulated:
    return Simulated(
        driver="sterling-7600",
        make=lambda scale: Sterling7600(scale, echo=echo),
        foreign=b"OCount       6 Pieces \r\n",
        unit="lb",
        tells_stable=False,
        tells_basis=False,
    )


SIMULATED: dict[str, Simulated] = {
    "echo": _simulated(3),
    "one letter of it": _simulated(1),
    "no echo": _simulated(0),
    "net": Simulated(
        driver="sterling-7600",
        make=Sterling7600,
        settings={"basis": "net"},
        foreign=b"SGWGross   0.010 lb\r\n",
        tells_stable=False,
        tells_basis=False,
    ),
}
