"""DIGI DI-28SS: `=`, the weight from the highest digit to the lowest, a status letter, CR.

Reference: a Vietnamese project that reads this indicator, with bytes it recorded; no maker's
document was seen.

    =   0.00C          seven characters; @ A D E H moving, B C F G stable

The letter is 40h and bits, of which one (02h) means standstill; the others are not known and are
not told. Nothing tells the unit, net or overload. The minus is taken where it stands, before the
digits or before the blanks (not confirmed).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import Cut
from tramdo.reading import Indication

WIDTH = 7
MOST_WITHOUT_FRAME = 64

_FRAME = re.compile(rb"=[^=\r]*\r")
_WEIGHT = re.compile(
    rb"=(?P<field> *(?P<sign>-?) *(?P<digits>\d+(\.\d+)?))((?P<moving>[@ADEH])|[BCFG])\r"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigiDi28:
    """An indicator that streams its weight with a status letter."""

    about: ClassVar[About] = About(
        protocol="DIGI DI-28SS",
        source="bytes recorded by a Vietnamese project",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next frame heard."""
        return (parse_weight(await port.listen(by_start)),)


def by_start(buffer: bytes) -> Cut | None:
    """Cut what goes from a `=` to CR."""
    if found := _FRAME.search(buffer):
        return Cut(found[0], found.end(), found.start())
    if len(buffer) > MOST_WITHOUT_FRAME:
        raise BadFrame("a frame from = to CR", buffer)
    return None


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one frame, without unit; raises `BadFrame`."""
    if not (weight := _WEIGHT.fullmatch(frame)) or len(weight["field"]) != WIDTH:
        raise BadFrame(f"= and {WIDTH} characters of weight, then a letter from @ to H", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=None,
        stable=weight["moving"] is None,
    )
