"""Indicators of many makers that send one line per weight: `ST,GS,   245.6 g`.

Reference: Excell H3 manual (p. 67), Selleton SL-7515 manual (p. 14), Kern KXS-TM manual (p. 70);
captures of T-Scale QHW and NHB. Sold as T-Scale, ASI, Excell, Kern KXS, Selleton, General Measure,
Dini Argeo and others; CAS indicators have it as their format of 18 bytes.

    ST,GS,+0123.456  kg     ST stable, US moving; GS gross, NT net, TR and PT tare
    US,GS    20.7g          the comma may be a blank or missing, the unit may be missing
    ST,GS,  12.345,kg       Dini Argeo, a comma before the unit
    OL,GS,+                 overload (OL, OF), underload (UL) or tilted (TL), without a weight
    OL,GS,-                 underload too (Kern)

The line has no checksum and each maker has a width of its own: give `length` where it is known,
or a lost character goes unseen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity, Unit

_NO_WEIGHT = {b"OL": "overload", b"OF": "overload", b"UL": "underload", b"TL": "fault"}
_BASIS = {b"GS": "gross", b"NT": "net"}
_LINE = re.compile(
    rb"(?P<state>ST|US)[, ] *(?P<field>GS|NT|TR|PT)[, ]? *(?P<sign>[+-]?) *"
    rb"(?P<digits>\d{1,8}(\.\d{1,6})?) *(, *(?=[A-Za-z]))?(?P<unit>[A-Za-z]{0,3}) *\r\n"
)
_WITHOUT_WEIGHT = re.compile(rb"(?P<state>OL|OF|UL|TL)([, ].*)?\r\n")
_BELOW = re.compile(rb"OL[, ] *(GS|NT)[, ]? *-[^-]*\r\n")
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE} | {b"": None}
# What a line driver may give when it is switched on; FFh was seen before lines of a Kern EOC.
_LINE_TURNING = b"\x00\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class StGs:
    """An indicator that streams; `length` is that of a whole line in bytes, CR LF counted."""

    about: ClassVar[About] = About(
        protocol="ST,GS lines",
        source="Excell H3 and Selleton SL-7515 manuals; captures of T-Scale QHW and NHB",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        lines=("9600 8N1",),
    )
    length: int | None = field(
        default=None,
        metadata={"description": "bytes in every line, CR LF counted; shorter ones are refused"},
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line()), self.length),)


def parse_weight(frame: bytes, length: int | None = None) -> Indication:
    """Return the weight, or the tare, in one line; raises `OutOfRange` or `BadFrame`.

    `unit` is None where the line has none. Banners and lines without digits are no weights.
    """
    line = frame.lstrip(_LINE_TURNING)
    if _BELOW.fullmatch(line):
        raise OutOfRange("underload", frame)
    if none := _WITHOUT_WEIGHT.fullmatch(line):
        raise OutOfRange(_NO_WEIGHT[none["state"]], frame)
    if length is not None and len(line) != length:
        raise BadFrame(f"a line of {length} bytes", frame)
    if not (weight := _LINE.fullmatch(line)):
        raise BadFrame("a weight (ST or US, then GS, NT, TR or PT)", frame)
    if (unit := weight["unit"].lower()) not in _UNITS:
        raise BadFrame("a unit out of mg, g, kg, t, lb, oz, ct", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=_UNITS[unit],
        quantity=Quantity.WEIGHT if weight["field"] in _BASIS else Quantity.TARE,
        stable=weight["state"] == b"ST",
        basis=_BASIS.get(weight["field"]),
    )
