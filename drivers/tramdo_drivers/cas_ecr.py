"""CAS retail scales speaking to a cash register (ECR type with DC1): two questions for a weight.

Reference: CAS SW-II manual (p. 15), PD-II (p. 19 and 23); Ohaus Aviator 7000 (p. 36).

    ENQ -> ACK              the scale is ready; NAK: it is not
    DC1 -> SOH STX U-00.125kg BCC ETX EOT
                            S stable, U moving; sign blank or -, F over; six characters, unit

BCC is the XOR of everything from the status letter to the unit. Both questions are harmless:
the price is asked by another one. Overload has F in place of the sign, and of the digits mostly.
Unverified: what the scale sends below zero's range, and scales set to type 0 or 1, which
answer ENQ or another question at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, NoReply, OutOfRange
from tramdo.framing import Cut, by_length
from tramdo.reading import Indication, Unit

READY, WEIGHT = b"\x05", b"\x11"
ACK, NAK = b"\x06", b"\x15"
LENGTH = 15
MOST_STRAY = 32
_FRAME = re.compile(
    rb"\x01\x02(?P<state>[SU])(?P<weight>[ -][ \d.]{6}|F[ \d.F]{6})(?P<unit>[a-zA-Z ]{2})"
    rb"(?P<check>.)\x03\x04",
    re.DOTALL,
)
_DIGITS = re.compile(rb"(?P<sign>[ -]) *(?P<digits>\d+(\.\d+)?)")
_SPELT_AS_HERE = (Unit.KG, Unit.G, Unit.LB, Unit.OZ)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}


@dataclass(frozen=True, slots=True, kw_only=True)
class CasEcr:
    """A retail scale that is asked for the weight it shows now."""

    about: ClassVar[About] = About(
        protocol="CAS ECR",
        source="CAS SW-II and PD-II manuals, Ohaus Aviator 7000 manual",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now; `NoReply` where the scale says that it is not ready."""
        if await port.exchange(READY, by_answer) == NAK:
            raise NoReply("busy: the scale answered NAK")
        return (parse_weight(await port.exchange(WEIGHT, by_length(LENGTH, b"\x01\x02"))),)


def by_answer(buffer: bytes) -> Cut | None:
    """Cut ACK or NAK."""
    for at, octet in enumerate(buffer):
        if octet in ACK + NAK:
            return Cut(buffer[at : at + 1], at + 1, at)
    if len(buffer) > MOST_STRAY:
        raise BadFrame("ACK or NAK", buffer)
    return None


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one frame; raises `OutOfRange` or `BadFrame`."""
    if not (told := _FRAME.fullmatch(frame)):
        raise BadFrame("SOH STX, S or U, sign, six characters, unit, BCC, ETX EOT", frame)
    if (wanted := reduce(xor, frame[2:12])) != told["check"][0]:
        raise BadFrame(f"the check character {wanted:02x}", frame)
    if told["weight"].startswith(b"F"):
        raise OutOfRange("overload", frame)
    if not (weight := _DIGITS.fullmatch(told["weight"])):
        raise BadFrame("a sign and digits in seven characters", frame)
    if (unit := told["unit"].strip().lower()) not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    return Indication(
        value=Decimal((weight["sign"].strip() + weight["digits"]).decode()),
        unit=_UNITS[unit],
        stable=told["state"] == b"S",
    )
