"""Flintec's fast format, which an FT-111 or FT-112 sends by itself many times a second.

    STX S+000123.4 CR LF    stable; D moving
    STX + CR LF             overload; - underload, O fault of the converter

Source: Flintec FT-111(D) manual p89. Unverified: the number of digits and the letter M.
"""

from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def encode_line(shown: Shown, width: int) -> bytes:
    """Return the line that says what is shown, the weight `width` characters wide."""
    if shown.blank:
        mark = "O" if shown.fault else "-" if shown.underload else "+"
        return f"\x02{mark}\r\n".encode("ascii")
    letter = "S" if shown.stable else "D"
    sign = "-" if shown.value < 0 else "+"
    return f"\x02{letter}{sign}{abs(shown.value):0{width}f}\r\n".encode("ascii")


def _simulated(width: int) -> Simulated:
    encode = partial(encode_line, width=width)
    return Simulated(
        driver="flintec-fast",
        make=lambda scale: Stream(scale, encode, period=0.02),
        settings={} if width == 8 else {"width": width},
        lines=("9600 8N1", "9600 7E1"),
        foreign=b"S S     100.00 kg\r\n",
        tells_unit=False,
        tells_basis=False,
    )


SIMULATED: dict[str, Simulated] = {"eight": _simulated(8), "seven": _simulated(7)}
