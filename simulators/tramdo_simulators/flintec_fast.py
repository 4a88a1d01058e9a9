"""Flintec's fast format, which an FT-111 or FT-112 sends by itself many times a second.

    STX S+000123.4 CR LF    stable; D moving
    STX + CR LF             overload; - underload, O fault of the converter

Source: Flintec FT-111(D) manual p89. Unverified: the number of digits and the letter M.
"""

from collections.abc import Callable

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness


def encode_line(shown: Shown, width: int) -> bytes:
    """Return the line that says what is shown, the weight `width` characters wide."""
    if shown.blank:
        mark = "O" if shown.fault else "-" if shown.underload else "+"
        return f"\x02{mark}\r\n".encode("ascii")
    letter = "S" if shown.stable else "D"
    sign = "-" if shown.value < 0 else "+"
    return f"\x02{letter}{sign}{abs(shown.value):0{width}f}\r\n".encode("ascii")


class FlintecFast:
    """A streaming indicator: one line every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, width: int = 8, period: float = 0.02) -> None:
        self.scale = scale
        self.width = width
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the line sent at this simulated second."""
        shown = self.scale.indication(at)
        line = encode_line(shown, self.width)
        self.witness.note(Served(at, b"", line), value=not shown.blank, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an instrument that should only be listened to."""
        self.witness.writes += len(octets)


def _make(width: int) -> Callable[[Scale], FlintecFast]:
    return lambda scale: FlintecFast(scale, width=width)


def _simulated(width: int) -> Simulated:
    return Simulated(
        driver="flintec-fast",
        make=_make(width),
        settings={} if width == 8 else {"width": width},
        lines=("9600 8N1", "9600 7E1"),
        foreign=b"S S     100.00 kg\r\n",
        tells_unit=False,
        tells_basis=False,
    )


SIMULATED: dict[str, Simulated] = {"eight": _simulated(8), "seven": _simulated(7)}
