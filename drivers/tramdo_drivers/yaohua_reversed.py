"""Yaohua XK3190 and clones, tF = 2 or 3: `=` and the digits from the lowest to the highest.

Reference: XK3190-A22 manual (p. 13), XK3190-A26 manual (p. 12); the two widths: public code.

    =51.0700    70.15     seven characters after =, point and sign counted (old D2+), or eight
    =5.2100-    -12.5     the sign comes last: `-`, or `+`, a blank or a digit more
    =5.21001    -12.5     dialect "zero-one": the last character is 0 for plus, 1 for minus (A22)

There is no end mark, no check sum, no unit and no stability. A frame is complete by its width, the
next must follow at once, and only two that agree are a value. Not confirmed on an instrument:
compare with the display under a load whose digits differ (12.5, not 5.5), and below zero. A note
on an A9+ shows `51.070=`, which may be 51.070 with the mark at its end: it is not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, NoReply
from tramdo.framing import Cut, Framing
from tramdo.reading import Indication

WIDTHS = (7, 8)
MOST_WITHOUT_FRAME = 64

# Each as it stands once it is put right way round, the sign first.
DIALECTS = {
    "minus": re.compile(rb"(?P<sign>[ +-]?)(?P<digits>\d+(\.\d*)?)"),
    "zero-one": re.compile(rb"(?P<sign>[01])(?P<digits>\d+(\.\d*)?)"),
}
_SIGNS = {b"": "", b" ": "", b"+": "", b"-": "-", b"0": "", b"1": "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class YaohuaReversed:
    """An indicator that streams its digits backwards."""

    about: ClassVar[About] = About(
        protocol="Yaohua reversed, tF = 2 or 3",
        source="XK3190-A22 and XK3190-A26 manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1"),
        dialects=({}, {"width": 8}, {"dialect": "zero-one"}, {"dialect": "zero-one", "width": 8}),
    )
    width: int = field(
        default=7, metadata={"description": "characters after =, point and sign counted: 7 or 8"}
    )
    dialect: str = field(
        default="minus",
        metadata={"description": 'how the last character tells the sign: "minus" or "zero-one"'},
    )

    def __post_init__(self) -> None:
        if self.width not in WIDTHS:
            raise ValueError(f"width: {self.width} is not one of 7, 8")
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: {self.dialect!r} is not one of {', '.join(DIALECTS)}")

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight that two frames in a row agree on; raises `NoReply` if they differ."""
        first = await port.listen(by_width(self.width))
        second = await port.listen(following(self.width))
        weights = [parse_weight(frame, self.dialect) for frame in (first, second)]
        if first != second:
            shown = " and ".join(str(weight.value) for weight in weights)
            raise NoReply(f"busy: two frames in a row differ, {shown}")
        return weights[:1]


def by_width(width: int) -> Framing:
    """Return a framing for `=` and so many characters; a `=` among them begins another frame."""
    frame = re.compile(rb"=[^=]{%d}" % width)

    def cut(buffer: bytes) -> Cut | None:
        if found := frame.search(buffer):
            return Cut(found[0], found.end(), found.start())
        if len(buffer) > MOST_WITHOUT_FRAME:
            raise BadFrame(f"= and {width} characters before the next =", buffer)
        return None

    return cut


def following(width: int) -> Framing:
    """Return a framing for the frame that follows at once: what else follows is refused.

    So a frame of another width cannot pass for one: its last character would stand between.
    """
    frame = re.compile(rb"=[^=]{%d}" % width)

    def cut(buffer: bytes) -> Cut | None:
        if len(buffer) <= width:
            return None
        if not (found := frame.match(buffer)):
            raise BadFrame(f"the next = after {width} characters, and as many again", buffer)
        return Cut(found[0], found.end())

    return cut


def parse_weight(frame: bytes, dialect: str = "minus") -> Indication:
    """Return the weight in one frame, without unit; raises `BadFrame`."""
    weight = DIALECTS[dialect].fullmatch(frame[:0:-1])
    if not frame.startswith(b"=") or not weight:
        raise BadFrame(f"= and digits from the lowest to the highest ({dialect})", frame)
    return Indication(
        value=Decimal(_SIGNS[weight["sign"]] + weight["digits"].decode("ascii")), unit=None
    )
