"""ViBRA (Shinko Denshi) balances: sign, digits, unit and status in fixed places, CR LF.

Reference: ViBRA HG manual (p. 28), Vetek VC series manual (p. 15); a line captured at a
textile mill's quality room.

    -65.4321KG U       sign (a blank is a plus), seven or eight characters, unit (2), blank and
                       S, U or E
    +007.12/3 G S      what follows / is the auxiliary digit, finer than e

S is stable, U unstable, E an error without a weight. The auxiliary digit is part of the value,
which then has the flag "auxiliary_digit" (what `/` means is inferred). There is no check sum: give
`length` where it is known, or a digit lost from eight characters goes unseen. Weights in tael
(TL, gold shops) are refused: we have no such unit. Spellings of units but KG and G are not
confirmed. Nothing tells net or gross.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit

WIDTHS = (7, 8)

_LINE = re.compile(
    rb"(?P<sign>[ +-])(?P<digits>\d+(\.\d+)?)(?P<auxiliary>/\d)?"
    rb"(?P<unit>[ A-Z][A-Z%]) (?P<status>[SU])\r\n"
)
_ERROR = re.compile(rb"[ +-][^\r\n]{7,8}[ A-Z][ A-Z%] E\r\n")
_UNITS = {b"KG": Unit.KG, b" G": Unit.G, b"CT": Unit.CT, b"LB": Unit.LB, b"OZ": Unit.OZ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vibra:
    """A balance that streams; `length` is that of a whole line in bytes, CR LF counted."""

    about: ClassVar[About] = About(
        protocol="ViBRA",
        source="Shinko Denshi ViBRA HG manual; a line captured in a quality room",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        lines=("1200 8N2",),
    )
    length: int | None = field(
        default=None,
        metadata={"description": "bytes in every line, CR LF counted (14 or 15); others refused"},
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line(limit=64)), self.length),)


def parse_weight(frame: bytes, length: int | None = None) -> Indication:
    """Return the weight in one line; raises `OutOfRange` or `BadFrame`."""
    if length is not None and len(frame) != length:
        raise BadFrame(f"a line of {length} bytes", frame)
    if _ERROR.fullmatch(frame):
        raise OutOfRange("fault", frame)
    if not (weight := _LINE.fullmatch(frame)) or _width(weight) not in WIDTHS:
        raise BadFrame("a sign, 7 or 8 characters, a unit and a status (S, U, E)", frame)
    if weight["unit"] not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    auxiliary = weight["auxiliary"] or b""
    return Indication(
        value=Decimal((weight["sign"].strip() + weight["digits"] + auxiliary[1:]).decode()),
        unit=_UNITS[weight["unit"]],
        stable=weight["status"] == b"S",
        flags=("auxiliary_digit",) if auxiliary else (),
    )


def _width(weight: re.Match[bytes]) -> int:
    return len(weight["digits"]) + len(weight["auxiliary"] or b"")
