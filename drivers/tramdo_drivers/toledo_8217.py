"""Retail scales that are asked by the Toledo 8217 protocol: DIVA, VIVA and many others.

Reference: Mettler-Toledo DIVA service manual (p. 45); the dialogues of emupos.

    STX 01.250 CR     weight          STX ? status CR    no weight, and why:
    STX 01.250N CR    net weight      bit 0 motion, 1 over, 2 under zero, 3 outside zero range

Bit 6 of the status is always 1 on one maker's scales and a refused command on another's: it tells
nothing, nor does bit 7, the parity. Some scales give a weight once, then a status until it changes.
There is no checksum: give `width` where it is known, or a lost digit goes unseen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, NoReply, OutOfRange
from tramdo.framing import Cut
from tramdo.reading import Indication

WEIGHT = b"W"
REST = 0.2
LIMIT = 64
# Motion comes before bit 3, which a load that is being put on sets too.
_STATES = ((2, "overload"), (4, "underload"), (1, "motion"), (8, "not_zeroed"))
# The status byte may be any, CR and STX too.
_ANSWER = re.compile(rb"\x02(\?[\x00-\xff]|[^\r\x02?][^\r\x02]*)\r")
_STATUS = re.compile(rb"\x02\?(?P<status>[\x00-\xff])\r")
_WEIGHT = re.compile(rb"\x02(?P<weight>(?=[ \d.]{5,7}[N\r]) *\d{1,5}\.\d{1,4})(?P<net>N?)\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Toledo8217:
    """A retail scale that is asked for its weight."""

    about: ClassVar[About] = About(
        protocol="Toledo 8217",
        source="Mettler-Toledo DIVA service manual p45; emupos protocol notes",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 7E1",),
    )
    width: int | None = field(
        default=None,
        metadata={"description": "characters of the weight, blanks and point counted"},
    )

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now."""
        return (parse_weight(await port.exchange(WEIGHT, by_answer, pause=REST), self.width),)


def by_answer(buffer: bytes) -> Cut | None:
    """Cut a weight or a status of four bytes."""
    if found := _ANSWER.search(buffer):
        return Cut(found[0], found.end(), found.start())
    if len(buffer) > LIMIT:
        raise BadFrame(f"STX, a weight or a status, CR within {LIMIT} bytes", buffer)
    return None


def parse_weight(frame: bytes, width: int | None = None) -> Indication:
    """Return the weight in an answer to `W`; raises `OutOfRange`, `NoReply` or `BadFrame`.

    No unit is sent. A weight is stable: while it moves the scale answers with a status.
    """
    if status := _STATUS.fullmatch(frame):
        _refuse(status["status"][0], frame)
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame("a weight of 5 to 7 characters with its point, or a status", frame)
    if width is not None and len(weight["weight"]) != width:
        raise BadFrame(f"a weight of {width} characters", frame)
    return Indication(
        value=Decimal(weight["weight"].strip().decode()),
        unit=None,
        stable=True,
        basis="net" if weight["net"] else "gross",
    )


def _refuse(status: int, frame: bytes) -> None:
    for bit, state in _STATES:
        if status & bit:
            raise OutOfRange(state, frame)
    raise NoReply("no weight: it has not changed")
