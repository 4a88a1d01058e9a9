"""Scales that are asked by the NCI protocol SCP-01: Weigh-Tronix, Brecknell, Ohaus, Adam.

Reference: NCI 6702 (p. 14), Avery Weigh-Tronix 7821 (p. 25) and Ohaus Aviator 7000 (p. 49) manuals.

    LF   12.34lb CR LF 00 CR ETX     weight, 7 characters; unit, 2; status, 2 to 4 characters
    LF ? CR ETX                      unknown command

    status 1   bit 0 motion, 1 at zero, 2 and 3 faults of memory
    status 2   bit 0 under, 1 over, 2 fault of memory, 3 not calibrated
    status 3   bit 2 net; bit 6 of 2 and 3: one more follows

`^^^` over, `___` under or `---` not zeroed may stand in place of the weight. There is no checksum:
a changed digit goes unseen. The fourth status character differs between models and tells nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication, Unit

WEIGHT = b"W\r"
WIDTH = 7
# The documents do not agree on the order of CR and ETX.
_REFUSALS = (b"\n?\r\x03", b"\n?\x03")
_FILLED = {b"^": "overload", b"_": "underload", b"-": "not_zeroed"}
_FAULTS_1, _FAULTS_2, _NET = 0b1100, 0b1100, 0b100
_UNITS = {b"lb": Unit.LB, b"kg": Unit.KG, b"oz": Unit.OZ, b"g": Unit.G}
_ANSWER = re.compile(
    rb"\n(?P<field>[ \d.^_-]{3,9})(?P<unit>[A-Za-z ]{2})\r\n"
    rb"(?P<status>[0-?]([0-?]|[p-\x7f]([0-7]|[p-w][0-?p-\x7f])))\r\x03"
)
_WEIGHT = re.compile(rb" *(?P<sign>-?) *(?P<digits>\d{1,7}(\.\d{1,5})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nci:
    """A scale that is asked for its weight; `width` is that of the weight's field."""

    about: ClassVar[About] = About(
        protocol="NCI SCP-01",
        source="NCI 6702, Avery Weigh-Tronix 7821, Ohaus Aviator 7000 manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 7E1",),
        dialects=({}, {"width": 6}),
    )
    width: int = field(
        default=WIDTH,
        metadata={"description": "characters of the weight, blanks, sign and point counted"},
    )

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now."""
        return (parse_weight(await port.exchange(WEIGHT, by_answer), self.width),)


def by_answer(buffer: bytes) -> Cut | None:
    """Cut an answer from its first LF to its ETX."""
    if (line := by_line(b"\x03", 64)(buffer)) is None:
        return None
    at = max(line.frame.find(b"\n"), 0)
    return Cut(line.frame[at:], line.used, at)


def parse_weight(frame: bytes, width: int = WIDTH) -> Indication:
    """Return the weight in an answer to `W`; raises `OutOfRange`, `Refused` or `BadFrame`.

    `basis` is None where the third status character is missing.
    """
    if frame in _REFUSALS:
        raise Refused("unknown command", frame)
    if not (answer := _ANSWER.fullmatch(frame)):
        raise BadFrame("a weight, its unit and 2 to 4 status characters", frame)
    status = answer["status"]
    _refuse(answer["field"].strip(), status, frame)
    weight = _WEIGHT.fullmatch(answer["field"])
    if not weight or len(answer["field"]) != width:
        raise BadFrame(f"a weight of {width} characters", frame)
    if (unit := answer["unit"].strip().lower()) not in _UNITS:
        raise BadFrame("a unit out of lb, kg, oz, g", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=_UNITS[unit],
        stable=not status[0] & 1,
        basis=None if len(status) < 3 else "net" if status[2] & _NET else "gross",
        flags=("zero",) if status[0] & 2 else (),
    )


def _refuse(text: bytes, status: bytes, frame: bytes) -> None:
    if status[0] & _FAULTS_1 or status[1] & _FAULTS_2:
        raise OutOfRange("fault", frame)
    if status[1] & 3:
        raise OutOfRange("overload" if status[1] & 2 else "underload", frame)
    if len(text) >= 3 and text == text[:1] * len(text) and text[:1] in _FILLED:
        raise OutOfRange(_FILLED[text[:1]], frame)
