"""The scale's side of CAS ECR: ENQ is answered by ACK, and then DC1 by the weight.

    SOH STX S  12.34kg BCC ETX EOT      BCC: XOR from the status letter to the unit

Sources: CAS SW-II manual p15, PD-II manual p19 and p23 (overload: sign and digits are F).
Unverified: that an underload and a load cell that is gone look like an overload.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ENQ, ACK, DC1, DC2, NAK = b"\x05", b"\x06", b"\x11", b"\x12", b"\x15"


def encode_frame(shown: Shown, fill: str = " ") -> bytes:
    """Return the 15 bytes that say what is shown."""
    weight = "F" * 7
    if not shown.blank:
        sign = "-" if shown.value < 0 else " "
        weight = sign + f"{abs(shown.value):f}".rjust(6, fill)
    content = f"{'S' if shown.stable else 'U'}{weight}{shown.unit:>2}".encode("ascii")
    check = 0
    for octet in content:
        check ^= octet
    return b"\x01\x02" + content + bytes([check]) + b"\x03\x04"


class CasEcr(Asked):
    """A retail scale; `busy` makes it refuse with NAK, `fill` pads its digits."""

    end = b""

    def __init__(self, scale: Scale, *, fill: str = "0") -> None:
        super().__init__(scale)
        self.fill = fill
        self.busy = False

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one character; `W`, which changes how it sends, counts as acting."""
        shown, reply = self.scale.indication(at), b""
        if request == ENQ:
            reply = NAK if self.busy else ACK
        elif request == DC1:
            reply = encode_frame(shown, self.fill)
        elif request == b"W":
            self.witness.writes += 1
        value = request == DC1 and not shown.blank
        return reply, value


def _simulated(fill: str) -> Simulated:
    return Simulated(
        driver="cas-ecr",
        make=lambda scale: CasEcr(scale, fill=fill),
        foreign=b"CAS PD-II  Ver 1.00\r\n",
        tells_basis=False,
    )


SIMULATED: dict[str, Simulated] = {"zeros": _simulated("0"), "blanks": _simulated(" ")}
