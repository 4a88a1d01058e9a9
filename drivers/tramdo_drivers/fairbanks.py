"""Fairbanks 6011 and FB6000 indicators, which send a line per weight to whoever connects.

Reference: lines in a public program's notes on a Fairbanks at TCP port 5001; no document seen.

    1     960    00     1 stable, 2 moving, 3 over; weight; 00
    1"    960    00     the same below zero

The line has no decimal point and no unit: `decimals` says how many of the display's digits stand
behind its point. There is no check sum: give `length` where it is known, or a lost digit goes
unseen. Unverified: all of it; the last field is thought to be the tare, and lines with another
one are refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication

MOST_DECIMALS = 4
_LINE = re.compile(rb" *(?P<status>[12])(?P<minus>\"?) +(?P<digits>\d{1,7}) +00 *\r\n")
_OVER = re.compile(rb" *3\"? +[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairbanks:
    """An indicator that streams; `length` is that of a whole line in bytes, CR LF counted."""

    about: ClassVar[About] = About(
        protocol="Fairbanks 6011 lines",
        source="notes of a public program (Cloud-Scale) on a Fairbanks at TCP port 5001",
        kinds=(Kind.SCALE,),
        proof=Proof.UNVERIFIED,
    )
    decimals: int = field(
        default=0, metadata={"description": "digits behind the display's point, 0 to 4"}
    )
    length: int | None = field(
        default=None,
        metadata={"description": "bytes in every line, CR LF counted; other lines are refused"},
    )

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MOST_DECIMALS:
            raise ValueError(f"decimals: {self.decimals} is not one of 0 to {MOST_DECIMALS}")

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        line = await port.listen(by_line(limit=64))
        return (parse_weight(line, self.decimals, self.length),)


def parse_weight(frame: bytes, decimals: int = 0, length: int | None = None) -> Indication:
    """Return the weight in one line; raises `OutOfRange` or `BadFrame`."""
    if length is not None and len(frame) != length:
        raise BadFrame(f"a line of {length} bytes", frame)
    if _OVER.fullmatch(frame):
        raise OutOfRange("overload", frame)
    if not (told := _LINE.fullmatch(frame)):
        raise BadFrame("a status (1, 2 or 3), a weight without point, 00", frame)
    value = Decimal(told["digits"].decode("ascii")).scaleb(-decimals)
    return Indication(
        value=-value if told["minus"] else value, unit=None, stable=told["status"] == b"1"
    )
