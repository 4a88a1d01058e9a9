"""Yaohua XK3190 (A9, A9+, A6, A23p, A26), Keli D2008 and XK3118K9: continuous output, tF = 0.

Reference: Pro XK3190-A9+ manual (p. 9), XK3190-A22 manual (p. 13); captures of a truck scale and
of a Keli D2008.

    02 + 001560 0 1 9 03    sign, six digits, decimal places 0 to 4, XOR of bytes 2 to 9, 03

The XOR goes as two characters, the high nibble first. Most models write a nibble as 0-9 A-F, the
A22 as 30h and the nibble (so 3Ah for ten): both are taken. The frame says neither unit nor
stability, nor whether the weight is net. What is sent at overload is not documented: probably
nothing. Indicators that send digits with the high bit set (8142-07) are not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import Cut, Framing
from tramdo.reading import Indication

MOST_WITHOUT_FRAME = 64

_WEIGHT = re.compile(
    rb"\x02(?P<content>(?P<sign>[+-])(?P<digits>\d{6})(?P<places>[0-4]))(?P<check>..)\x03",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YaohuaTf0:
    """An indicator that streams twelve-byte frames with a check sum."""

    about: ClassVar[About] = About(
        protocol="Yaohua continuous, tF = 0",
        source="Pro XK3190-A9+ and XK3190-A22 manuals; captures of a truck scale and a Keli D2008",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1"),
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next frame heard."""
        return (parse_weight(await port.listen(by_content(10))),)


def by_content(length: int) -> Framing:
    """Return a framing for so many bytes between 02h and 03h, neither of them among these."""
    frame = re.compile(rb"\x02[^\x02\x03]{%d}\x03" % length)

    def cut(buffer: bytes) -> Cut | None:
        if found := frame.search(buffer):
            return Cut(found[0], found.end(), found.start())
        if len(buffer) > MOST_WITHOUT_FRAME:
            raise BadFrame(f"{length} bytes between 02 and 03", buffer)
        return None

    return cut


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one frame, without unit; raises `BadFrame`."""
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame("a sign, six digits, the decimal places (0 to 4) and a check sum", frame)
    demand_check(frame, weight["content"], weight["check"])
    return Indication(value=pointed(weight), unit=None)


def demand_check(frame: bytes, content: bytes, check: bytes) -> None:
    """Refuse a frame whose two check characters are not the XOR of its content (`BadFrame`)."""
    total = reduce(xor, content)
    letters, shifted = b"%02X" % total, bytes((0x30 + (total >> 4), 0x30 + (total & 15)))
    if check not in (letters, shifted):
        raise BadFrame(f"the check sum {letters.hex(' ')} or {shifted.hex(' ')}", frame)


def pointed(weight: re.Match[bytes]) -> Decimal:
    """Return sign and digits with the decimal point where the places say."""
    return Decimal((weight["sign"] + weight["digits"]).decode()).scaleb(-int(weight["places"]))
