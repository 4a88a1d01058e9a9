"""Dibal G-310 and GPOS shop scales, heard while a cash register asks them.

Reference: a support page of SBZ Systems for these scales; no document of the maker was seen.

    98000001            the register's question; it carries a unit price, so it is never ours
    9900031600000004    99, result, five digits of grams, 0, six more digits, check character

The check character is the XOR of all before it: so both printed examples have it, though the
page calls it a sum. A result other than 0 is an error. Nothing tells stable, negative or net.
Unverified: whether an overload has a result of its own; on the maker's DPOS400 in another mode
it looks like a zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, Refused
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication, Unit

_QUESTION = re.compile(rb"98\d{5}.\r\n", re.DOTALL)
_ANSWER = re.compile(rb"99(?P<result>\d)(?P<kilograms>\d\d)(?P<grams>\d{3})\d{7}.\r\n", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dibal:
    """A shop scale on a line where a cash register asks; the driver only listens."""

    about: ClassVar[About] = About(
        protocol="Dibal 98/99",
        source="SBZ Systems support page for Dibal G-310 and GPOS",
        kinds=(Kind.SCALE,),
        proof=Proof.UNVERIFIED,
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next answer heard."""
        return (parse_weight(await port.listen(by_answer)),)


def by_answer(buffer: bytes) -> Cut | None:
    """Cut a line that is not the register's question; questions count as stray."""
    stray = 0
    while line := by_line(limit=64)(buffer[stray:]):
        if not (_QUESTION.fullmatch(line.frame) and _check(line.frame) == line.frame[-3]):
            return Cut(line.frame, stray + line.used, stray)
        stray += line.used
    return None


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one answer, in kg with three decimals; raises `Refused`, `BadFrame`."""
    if not (told := _ANSWER.fullmatch(frame)):
        raise BadFrame("an answer (99, then 13 digits and a check character)", frame)
    if (wanted := _check(frame)) != frame[-3]:
        raise BadFrame(f"the check character {wanted:02x}", frame)
    if told["result"] != b"0":
        raise Refused(f"result {told['result'].decode()}", frame)
    value = Decimal(f"{told['kilograms'].decode()}.{told['grams'].decode()}")
    return Indication(value=value, unit=Unit.KG)


def _check(line: bytes) -> int:
    return reduce(xor, line[:-3])
