"""Keli XK3118T1: `=`, the weight from the highest digit to the lowest, its unit in brackets.

Reference: a comment in a Vietnamese weighbridge program; no maker's document was seen.

    =00004.8(kg)       seven characters between = and the bracket

Not known: the end of the line (CR LF here; the next `=` ends it too), where a minus stands (in
place of a first digit or before all seven here), whether blanks stand for zeros (they may), units
but kg, overload. Nothing tells stability or net.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import Cut
from tramdo.reading import Indication, Unit

WIDTH = 7
MOST_WITHOUT_FRAME = 64

_FRAME = re.compile(rb"=[^=]*?(\r\n|(?==))")
_WEIGHT = re.compile(
    rb"=(?=-?[^(]{%d}\()(?P<sign> *-?) *(?P<digits>\d+(\.\d+)?)\((?P<unit>[A-Za-z]{1,3})\)[\r\n]*"
    % WIDTH
)
_UNITS = {b"kg": Unit.KG, b"lb": Unit.LB, b"t": Unit.T}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeliXk3118t1:
    """An indicator that streams its weight with a unit."""

    about: ClassVar[About] = About(
        protocol="Keli XK3118T1",
        source="a comment in a Vietnamese weighbridge program",
        kinds=(Kind.SCALE,),
        proof=Proof.CODE,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1"),
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next frame heard."""
        return (parse_weight(await port.listen(by_start)),)


def by_start(buffer: bytes) -> Cut | None:
    """Cut what goes from a `=` to CR LF or to the next `=`."""
    if found := _FRAME.search(buffer):
        return Cut(found[0], found.end(), found.start())
    if len(buffer) > MOST_WITHOUT_FRAME:
        raise BadFrame("a frame from = to CR LF or the next =", buffer)
    return None


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one frame; raises `BadFrame`."""
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame(f"= and {WIDTH} characters of weight, then a unit in brackets", frame)
    if weight["unit"] not in _UNITS:
        raise BadFrame("a unit out of kg, lb, t", frame)
    value = Decimal((weight["sign"].strip() + weight["digits"]).decode())
    return Indication(value=value, unit=_UNITS[weight["unit"]])
