"""Balances that send a value and its unit, line after line, each maker in columns of its own.

Reference: captures and example lines in the public project OpenTrickler (issue 15, PR 49 and its
sources); a capture in qzind/tray issue 881. No maker's document seen.

    kern              -29.186 g     value to column 12, blank, unit (3)
    g-and-g      -  29.182 g        sign, value (8), blank, unit (2)
    us-solid     +   20.758g        sign, value (9), unit (3); ~ in place of digits: overload
    steinberg    SD     -1.14 GN    SD moving, S stable, value to column 12, blank, unit (2)
    stx-letter   STX A   0.165      letter, value (8), CR ETX, no unit; maker and letter unknown

The columns are kept strictly, so that no dialect takes another's line, nor a Sartorius, Adam or
Ohaus line, for its own. Only steinberg says whether a weight is stable.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import Cut, Framing, by_line
from tramdo.reading import Indication, Unit

STX, CR_ETX = b"\x02", b"\r\x03"
MOST_BYTES = 64


def by_stx(buffer: bytes) -> Cut | None:
    """Cut what stands between the last STX and CR ETX; what came before it is stray."""
    end = buffer.find(CR_ETX)
    if end < 0 and len(buffer) > MOST_BYTES:
        raise BadFrame(f"a line of at most {MOST_BYTES} bytes ending in CR ETX", buffer)
    if end < 0:
        return None
    used = end + len(CR_ETX)
    start = max(0, buffer.rfind(STX, 0, end))
    return Cut(buffer[start:used], used, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A maker's line: groups sign, digits, unit and state; `over` is what has no digits."""

    line: re.Pattern[bytes]
    framing: Framing = field(default_factory=by_line)
    over: re.Pattern[bytes] | None = None
    stable: Mapping[bytes, bool] = field(default_factory=dict)


_NEAR = rb" *(?P<sign>-?)(?P<digits>\d+(\.\d+)?)"
_APART = rb" *(?P<digits>\d+(\.\d+)?)"
DIALECTS = {
    "kern": Dialect(
        line=re.compile(
            rb"(?P<state>)(?=[ \d.-]{12} )" + _NEAR + rb" (?P<unit>[A-Za-z][A-Za-z ]{2})\r\n"
        )
    ),
    "g-and-g": Dialect(
        line=re.compile(
            rb"(?P<state>)(?P<sign>[+ -])(?=[ \d.]{8} )"
            + _APART
            + rb" (?P<unit>[A-Za-z][A-Za-z ])\r\n"
        )
    ),
    "us-solid": Dialect(
        line=re.compile(
            rb"(?P<state>)(?P<sign>[+-])(?=[ \d.]{9}[A-Za-z])"
            + _APART
            + rb"(?P<unit>[A-Za-z][A-Za-z ]{2})\r\n"
        ),
        over=re.compile(rb"[+-](?= *~)[ ~]{9}[A-Za-z ]{3}\r\n"),
    ),
    "steinberg": Dialect(
        line=re.compile(
            rb"(?P<state>SD|S )(?=[ \d.-]{10} )" + _NEAR + rb" (?P<unit>[A-Za-z][A-Za-z ])\r\n"
        ),
        stable={b"SD": False, b"S ": True},
    ),
    "stx-letter": Dialect(
        line=re.compile(STX + rb"(?P<state>A)(?=[ \d.-]{8}\r)" + _NEAR + rb"(?P<unit>)" + CR_ETX),
        framing=by_stx,
    ),
}
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT, Unit.GN)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE} | {b"GN": Unit.GN}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLine:
    """A balance that sends by itself; `dialect` says in whose columns."""

    about: ClassVar[About] = About(
        protocol="value and unit in a line",
        source="captures and examples in OpenTrickler and qzind/tray",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        dialects=tuple({"dialect": one} for one in DIALECTS),
    )
    dialect: str = field(default="kern", metadata={"description": ", ".join(DIALECTS)})

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: {self.dialect!r} is not one of {', '.join(DIALECTS)}")

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        frame = await port.listen(DIALECTS[self.dialect].framing)
        return (parse_weight(frame, self.dialect),)


def parse_weight(frame: bytes, dialect: str = "kern") -> Indication:
    """Return the weight in a line of that dialect; raises `OutOfRange` or `BadFrame`."""
    layout = DIALECTS[dialect]
    if layout.over and layout.over.fullmatch(frame):
        raise OutOfRange("overload", frame)
    if not (line := layout.line.fullmatch(frame)):
        raise BadFrame(f"a weight in the columns of {dialect}", frame)
    unit = line["unit"].rstrip()
    if unit and unit not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    return Indication(
        value=Decimal((line["sign"].strip() + line["digits"]).decode()),
        unit=_UNITS.get(unit),
        stable=layout.stable.get(line["state"]),
    )
