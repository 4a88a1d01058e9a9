"""The instrument's side of Ohaus print lines, asked or continuous.

    -  1.640 kg    N    sign, weight (7), unit (5), ? where it moves, G gross or N net
         192.21 g       the other layout: the weight ends in column 11, no legend
    ES                  unknown command

Sources: Ohaus Defender 3000 manual p35 and captures; RS232 Interface manual EN-3. No overload is
documented: nothing is sent then. Unverified: where ? stands in the other layout.
"""

import re
from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked, Stream

ACTING = frozenset({b"Z", b"T", b"C", b"L", b"PSI", b"POH", b"\x1bR", b"PU", b"PM"})
SETTING = re.compile(rb"\d{1,4}P|[0-9SC]A|\d{1,2}M")
LINES = ("9600 8N1", "2400 7N2")


def encode_line(shown: Shown, layout: str) -> bytes:
    """Return the line that says what is shown, b"" where there is no value."""
    if shown.blank:
        return b""
    if layout == "rs232":
        mark = "" if shown.stable else " ?"
        return f"{shown.value:>11f} {shown.unit}{mark}\r\n".encode("ascii")
    sign, mark = "-" if shown.value < 0 else " ", " " if shown.stable else "?"
    legend = "N" if shown.net else "G"
    return f"{sign}{abs(shown.value):>7f} {shown.unit:<5}{mark}{legend}\r\n".encode("ascii")


class Ohaus(Asked):
    """A scale that answers `IP` and `P`."""

    end = b"\r"

    def __init__(self, scale: Scale, layout: str = "defender") -> None:
        super().__init__(scale)
        self.layout = layout

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one command from what has come; an LF after the CR is no command."""
        return super().take(buffer.lstrip(b"\n"))

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command."""
        command = request.strip(b"\r\n")
        reply, value = b"ES\r\n", False
        if command in (b"IP", b"P"):
            shown = self.scale.indication(at)
            reply, value = encode_line(shown, self.layout), not shown.blank
        elif command in (b"PV", b"PSN"):
            reply = b"Sr 1.10\r\n"
        elif command in ACTING or SETTING.fullmatch(command):
            self.witness.writes += 1
        return reply, value


def _of(layout: str, *, asked: bool) -> Simulated:
    encode = partial(encode_line, layout=layout)
    return Simulated(
        driver="ohaus" if asked else "ohaus-stream",
        make=lambda scale: Ohaus(scale, layout) if asked else Stream(scale, encode),
        lines=LINES,
        foreign=b"Sr 1.10\r\n",
        tells_basis=layout == "defender",
        tells_blank=False,
    )


SIMULATED: dict[str, Simulated] = {
    "defender": _of("defender", asked=True),
    "rs232": _of("rs232", asked=True),
    "defender-stream": _of("defender", asked=False),
    "rs232-stream": _of("rs232", asked=False),
}
