"""A&D scales and balances in their standard format, asked (`Q`) or streaming.

Reference: manuals of the A&D GC (p. 51), HC-i (p. 48-50), GX-300 (p. 44), GP-100K (p. 81) and
FX-i (p. 74) series.

    ST,+0013.538  g         ST stable, US moving: sign, eight characters, three of unit
    ST,OK,+0001.234 kg      HI, OK, LO or -- beside it: the result of check-weighing
    TR,+001.2346 kg         the tare
    OL,-9999999E+19         no weight, whatever stands there: overload, with a minus underload
    QT,+00000123 PC         a count: no weight, nor is a percentage
    EC,E1                   the question was not understood

There is no checksum, but every line has one length. The standard line setting has a parity bit;
where a site turns it off, one wrong bit makes `Q` another letter, and `P` switches the scale.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity, Unit

SEND_NOW = b"Q\r\n"

_CHECKED = rb"((HI|OK|LO|--),)?"
_NO_WEIGHT = re.compile(rb"OL," + _CHECKED + rb"(?P<sign>[+-]?)[ -~]{0,16}\r\n")
_LINE = re.compile(
    rb"(?P<state>ST|US|TR|QT),"
    + _CHECKED
    + rb"(?P<sign>[+-])(?P<digits>[\d.]{8})(?P<unit>[ A-Za-z%]{3})\r\n"
)
_NUMBER = re.compile(rb"\d+(\.\d+)?")
_ERROR = re.compile(rb"EC,(?P<code>E\d{1,2})\r\n")
_ERRORS = {
    b"E0": "communication error",
    b"E1": "undefined command",
    b"E2": "not ready",
    b"E4": "too many characters",
    b"E6": "format",
    b"E7": "value out of range",
}
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.LB, Unit.OZ)
_UNITS = {unit.rjust(3).encode(): unit for unit in _SPELT_AS_HERE}
_ABOUT = About(
    protocol="A&D standard format",
    source="A&D GC, HC-i, GX, GP-K and FX-i manuals",
    kinds=(Kind.SCALE,),
    proof=Proof.MANUAL,
    lines=("2400 7E1", "9600 7E1", "9600 8N1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """A scale that is asked for the weight it shows now."""

    about: ClassVar[About] = _ABOUT

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, stable or not."""
        return (parse_weight(await port.exchange(SEND_NOW, by_line())),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AndStream:
    """A scale set to send by itself."""

    about: ClassVar[About] = _ABOUT

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line())),)


def parse_weight(frame: bytes) -> Indication:
    """Return the weight, or the tare, in a line; raises `OutOfRange`, `Refused` or `BadFrame`."""
    if none := _NO_WEIGHT.fullmatch(frame):
        raise OutOfRange("underload" if none["sign"] == b"-" else "overload", frame)
    if error := _ERROR.fullmatch(frame):
        reason = _ERRORS.get(error["code"], "unknown error")
        raise Refused(f"EC,{error['code'].decode()}: {reason}", frame)
    line = _LINE.fullmatch(frame)
    if not line or not _NUMBER.fullmatch(line["digits"]):
        raise BadFrame("a weight of eight characters (ST, US or TR)", frame)
    if line["state"] == b"QT" or line["unit"] not in _UNITS:
        raise BadFrame("a weight in mg, g, kg, lb or oz, no count or percentage", frame)
    tare = line["state"] == b"TR"
    return Indication(
        value=Decimal((line["sign"] + line["digits"]).decode()),
        unit=_UNITS[line["unit"]],
        quantity=Quantity.TARE if tare else Quantity.WEIGHT,
        stable=None if tare else line["state"] == b"ST",
    )
