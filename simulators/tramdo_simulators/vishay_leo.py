"""The strings that a Vishay VT200, VT220, VT300 or VT400 (LEO) streams.

    P+123.45                     status 40h with: 01h no weight, 02h net, 08h out of range,
    P+123.45N010.00T133.45G      10h standstill; net, tare and gross before their letters

Sources: Vishay VT200/220 manual p51-53; text reported from a weighbridge. Unverified: the digits
beside "out of range" and "no weight" (zeros here), and the sign there.
"""

from decimal import Decimal
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Encode, Stream


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


def _simulated(encode: Encode) -> Simulated:
    return Simulated(
        driver="vishay-leo",
        make=lambda scale: Stream(scale, encode),
        lines=("2400 7E1",),
        foreign=b"ST,GS,   245.6 g\r\n",
        tells_unit=False,
    )


SIMULATED: dict[str, Simulated] = {
    "short": _simulated(encode_line),
    "letters": _simulated(partial(encode_line, letters=True)),
}
