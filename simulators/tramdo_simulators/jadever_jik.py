"""JADEVER JIK counting scales: the packet of 14 lines that a print sends.

    ^KJIK000, date, time, tare, gross, 0, 0, net, display, pieces, blank, blank, E, ~P1

Source: packets recorded from a JIK-6CAB. Unverified: negative weights; an overload prints nothing
here, as no packet of one is known.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream

OPENED = datetime.fromisoformat("2023-11-07T17:19:26+00:00")


def encode_packet(shown: Shown, now: datetime = OPENED, between: str = "-") -> bytes:
    """Return the packet that prints what is shown, b"" without a weight."""
    if shown.blank:
        return b""

    def _weight(value: Decimal) -> str:
        return f"{value:>6f} {shown.unit}"

    date = now.strftime(f"%Y{between}%m{between}%d")
    net, tare = _weight(shown.value), _weight(shown.gross - shown.value)
    lines = ("^KJIK000", date, now.strftime("%H:%M:%S"), tare, _weight(shown.gross), "0", "0")
    rest = (net, net, "    0 pcs", " ", " ", "E", "~P1")
    return "".join(f"{line}\r\n" for line in (*lines, *rest)).encode("ascii")


class JadeverJik(Stream):
    """A counting scale on which somebody prints every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, between: str = "-", period: float = 0.2) -> None:
        super().__init__(scale, encode_packet, period=period)
        self.between = between

    def text(self, shown: Shown, at: float) -> bytes:
        """Return the packet printed at this simulated second."""
        return encode_packet(shown, OPENED + timedelta(seconds=at), self.between)


def _simulated(between: str) -> Simulated:
    return Simulated(
        driver="jadever-jik",
        make=lambda scale: JadeverJik(scale, between=between),
        foreign=b"^KJIK000\r\n2023-11-07\r\n17:19:26\r\n~P1\r\n",
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )


SIMULATED: dict[str, Simulated] = {"dashes": _simulated("-"), "strokes": _simulated("/")}
