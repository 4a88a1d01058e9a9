"""Ohaus scales and indicators, asked (`IP`) or printing by themselves.

Reference: manuals of the Defender 3000 (p. 35) and Ranger (p. 36, 48), RS232 Interface manual
(EN-3); captures of a Defender 3000.

    -  1.640 kg    N        sign, weight (7), blank, unit (5), ? or blank, G B gross, N NET net
       0.360 kg   ?G        ?: not stable
         192.21 g           another family: the weight ends in column 11, seldom a legend
    ES                      the question was not understood (or LE)

No overload is documented; a line without digits is refused. There is no checksum. The bytes 00h
and 7Fh may come before the first line after switching on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, Refused
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit

PRINT_NOW = b"IP\r\n"

# What switching on may put before a line.
_POWER_UP = b"\x00\x7f"
_DIGITS = rb" *(?P<near>-?)(?P<digits>\d+(\.\d+)?)"
_LEGEND = rb"(?P<legend>G|B|N|NET|) *\r\n"
_DEFENDER = (
    rb"(?P<sign>[ -])(?=[ \d.-]{%d} )" + _DIGITS + rb" (?P<unit>[A-Za-z ]{5})(?P<moving>[? ])"
) + _LEGEND
_RS232 = re.compile(
    rb"(?P<sign>[ -])(?=[ \d.-]{10} )"
    + _DIGITS
    + rb" (?P<unit>[A-Za-z]{1,5})(?P<moving> *\??) *"
    + _LEGEND
)
_BASIS = {b"G": "gross", b"B": "gross", b"N": "net", b"NET": "net"}
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}
_ERRORS = {b"ES\r\n": "ES: not understood", b"LE\r\n": "LE: cannot be done"}
_COLUMN = 8
_ABOUT = About(
    protocol="Ohaus print lines",
    source="Ohaus Defender 3000, Ranger and RS232 Interface manuals; captures of a Defender 3000",
    kinds=(Kind.SCALE,),
    proof=Proof.CAPTURE,
    lines=("9600 8N1", "2400 7N2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printer:
    about: ClassVar[About] = _ABOUT
    column: int = field(
        default=_COLUMN,
        metadata={"description": "column in which the weight ends; 11 without legend always may"},
    )

    def __post_init__(self) -> None:
        if not 6 <= self.column <= 16:
            raise ValueError(f"column: {self.column} is outside 6 to 16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ohaus(_Printer):
    """A scale that is asked for the weight it shows now."""

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, stable or not."""
        return (parse_weight(await port.exchange(PRINT_NOW, by_line()), self.column),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OhausStream(_Printer):
    """A scale set to print continuously."""

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line()), self.column),)


def parse_weight(frame: bytes, column: int = _COLUMN) -> Indication:
    """Return the weight in a line; raises `Refused` or `BadFrame`."""
    text = frame.lstrip(_POWER_UP)
    if reason := _ERRORS.get(text):
        raise Refused(reason, frame)
    line = re.fullmatch(_DEFENDER % (column - 1), text) or _RS232.fullmatch(text)
    if not line or (line["sign"] == line["near"] == b"-"):
        raise BadFrame("a weight in the columns of a Defender or of the RS232 Interface", frame)
    if (unit := line["unit"].rstrip()) not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    sign = (line["sign"] + line["near"]).strip()
    return Indication(
        value=Decimal((sign + line["digits"]).decode()),
        unit=_UNITS[unit],
        stable=b"?" not in line["moving"],
        basis=_BASIS.get(line["legend"]),
    )
