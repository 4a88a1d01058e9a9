"""Flintec FT-111 and FT-112 indicators that stream in the format called fast.

Reference: Flintec FT-111(D) manual (p. 89).

    STX S+000123.4 CR LF    S stable, D or M moving
    STX + CR LF             overload; - underload, O fault of the converter

There is no checksum: a changed digit goes unseen, a lost one does not. Unverified: the number of
digits (six in the manual's words, seven in its example) and the letter M.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication

WIDTH = 8
_NO_WEIGHT = {
    b"\x02+\r\n": "overload",
    b"\x02-\r\n": "underload",
    b"\x02O\r\n": "fault",
}
_LINE = re.compile(rb"\x02(?P<state>[SDM])(?P<sign>[+-])(?P<digits>\d{1,8}(\.\d{1,6})?)\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlintecFast:
    """An indicator that streams short lines."""

    about: ClassVar[About] = About(
        protocol="Flintec fast format",
        source="Flintec FT-111(D) manual p89",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 8N1", "9600 7E1"),
        dialects=({}, {"width": 7}),
    )
    width: int = field(
        default=WIDTH,
        metadata={"description": "characters of the weight, point counted, sign not"},
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_start), self.width),)


def by_start(buffer: bytes) -> Cut | None:
    """Cut a line from its STX on."""
    if (line := by_line()(buffer)) is None:
        return None
    at = max(line.frame.rfind(b"\x02"), 0)
    return Cut(line.frame[at:], line.used, at)


def parse_weight(frame: bytes, width: int = WIDTH) -> Indication:
    """Return the weight in one line; raises `OutOfRange` or `BadFrame`.

    No unit is sent, nor whether the weight is net.
    """
    if frame in _NO_WEIGHT:
        raise OutOfRange(_NO_WEIGHT[frame], frame)
    if not (weight := _LINE.fullmatch(frame)):
        raise BadFrame("a weight (STX, then S, D or M, sign, digits)", frame)
    if len(weight["digits"]) != width:
        raise BadFrame(f"a weight of {width} characters", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=None,
        stable=weight["state"] == b"S",
    )
