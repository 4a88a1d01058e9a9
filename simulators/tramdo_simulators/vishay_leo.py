"""The strings that a Vishay VT200, VT220, VT300 or VT400 (LEO) streams.

    P+123.45                     status 40h with: 01h no weight, 02h net, 08h out of range,
    P+123.45N010.00T133.45G      10h standstill; net, tare and gross before their letters

Sources: Vishay VT200/220 manual p51-53; text reported from a weighbridge. Unverified: the digits
beside "out of range" and "no weight" (zeros here), and the sign there.
"""

from collections.abc import Callable
from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness


def encode_line(shown: Shown, *, letters: bool = False) -> bytes:
    """Return the string that says what is shown; with `letters` a net weight's tare and gross."""
    if shown.blank:
        status = 0x41 if shown.fault else 0x48
        return f"{status:c}{'-' if shown.underload else '+'}000000\r".encode("ascii")
    told = shown.net and letters
    status = 0x40 | 0x10 * shown.stable | 0x02 * (shown.net and not letters)
    sign = "" if shown.value < 0 else "+"
    rest = f"N{_field(shown.gross - shown.value)}T{_field(shown.gross)}G" if told else ""
    return f"{status:c}{sign}{_field(shown.value)}{rest}\r".encode("ascii")


def _field(value: Decimal) -> str:
    return f"{value:07f}" if value < 0 else f"{value:06f}"


class VishayLeo:
    """A streaming indicator: one string every `period` seconds of real time."""

    def __init__(
        self,
        scale: Scale,
        *,
        encode: Callable[[Shown], bytes] = encode_line,
        period: float = 0.1,
    ) -> None:
        self.scale = scale
        self.encode = encode
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the string sent at this simulated second."""
        shown = self.scale.indication(at)
        line = self.encode(shown)
        self.witness.note(Served(at, b"", line), value=not shown.blank, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an instrument that should only be listened to."""
        self.witness.writes += len(octets)


def _simulated(make: Callable[[Scale], VishayLeo]) -> Simulated:
    return Simulated(
        driver="vishay-leo",
        make=make,
        lines=("2400 7E1",),
        foreign=b"ST,GS,   245.6 g\r\n",
        tells_unit=False,
    )


SIMULATED: dict[str, Simulated] = {
    "short": _simulated(VishayLeo),
    "letters": _simulated(
        lambda scale: VishayLeo(scale, encode=lambda shown: encode_line(shown, letters=True))
    ),
}
