"""CAS indicators: the frame of 22 bytes as a stream, or as the answer in command mode.

    ST,GS,1L,000013.5 kg    L: lamps, bit 7 always, 6 stable, 4 hold, 2 gross, 1 tare, 0 zero

Sources: CAS CI-600D manual p74 and p76; CI-150A and CI-400 manuals (bit 5 lit); NT-200 p48 (the
device number as one character from 31h). Unverified: the eight characters of an overload, and OL
for an underload or a load cell that is gone.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked, Stream

ACTING = (b"MZ", b"MT", b"PN", b"OP", b"EM", b"ZE", b"TR", b"KT", b"HD", b"PR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """How one model writes the frame: lamps always lit, and what pads the digits."""

    lit: int = 0x80
    fill: str = "0"


MODELS = {"ci-600d": Model(), "ci-150a": Model(lit=0xA0), "blanks": Model(fill=" ")}


def encode_frame(shown: Shown, model: Model, number: int = 1) -> bytes:
    """Return the frame of 22 bytes that says what is shown."""
    state = "OL" if shown.blank else "ST" if shown.stable else "US"
    digits = " " * 8
    if not shown.blank:
        sign = "-" if shown.value < 0 else ""
        digits = sign + f"{abs(shown.value):f}".rjust(8 - len(sign), model.fill)
    head = f"{state},{'NT' if shown.net else 'GS'},{chr(0x30 + number)}".encode("ascii")
    lamps = bytes([_lamps(shown, model)])
    return head + lamps + f",{digits} {shown.unit:>2}\r\n".encode("ascii")


def _lamps(shown: Shown, model: Model) -> int:
    lit = model.lit | (0x02 if shown.net else 0x04)
    if shown.stable and not shown.blank:
        lit |= 0x40
    if shown.value == 0:
        lit |= 0x01
    return lit


class CasCommand(Asked):
    """An indicator in command mode with a device number."""

    keep = 64

    def __init__(self, scale: Scale, *, model: Model = MODELS["ci-600d"], number: int = 1) -> None:
        super().__init__(scale)
        self.model = model
        self.number = number

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the frame for RW; a command that acts is counted and refused."""
        shown, reply = self.scale.indication(at), b"?\r\n"
        prefix = b"%02d" % self.number
        if not request.startswith(prefix):
            reply = b""
        elif request == prefix + b"RW\r\n":
            reply = encode_frame(shown, self.model, self.number)
        elif request[2:4] in ACTING:
            self.witness.writes += 1
            reply = b"!\r\n"
        value = len(reply) > 3 and not shown.blank
        return reply, value


_FOREIGN = b"CAS PD-II  Ver 1.00\r\n"


def _streaming(name: str) -> Simulated:
    encode = partial(encode_frame, model=MODELS[name])
    return Simulated(driver="cas-22", make=lambda scale: Stream(scale, encode), foreign=_FOREIGN)


SIMULATED: dict[str, Simulated] = {
    **{name: _streaming(name) for name in MODELS},
    "command": Simulated(
        driver="cas-command",
        make=CasCommand,
        foreign=_FOREIGN,
    ),
    "number-13": Simulated(
        driver="cas-command",
        make=lambda scale: CasCommand(scale, number=13),
        settings={"number": 13},
        foreign=_FOREIGN,
    ),
}
