"""ERTE B2 indicators, asked by one letter.

Reference: ERTE B2 manual (p. 16).

    d -> A 12.34    A stable, B stable with tare, C moving, D moving with tare, E over or under;
                    six characters as on the display, CR

With tare the display shows net. There is no check sum and no unit, but the length is fixed. An E
does not tell over from under: both come out as overload. Unverified: where a minus stands.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication

SHOWN = b"d\r"
_STABLE, _NET = b"AB", b"BD"
_FRAME = re.compile(rb"(?P<letter>[A-E])(?P<display>[^\r]{6})\r", re.DOTALL)
_DISPLAY = re.compile(rb" *(?P<sign>-?) *(?P<digits>\d+(\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErteB2:
    """An indicator that is asked for what its display shows."""

    about: ClassVar[About] = About(
        protocol="ERTE B2",
        source="ERTE B2 manual p. 16",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now."""
        return (parse_weight(await port.exchange(SHOWN, by_line(b"\r", limit=32))),)


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in one answer; raises `OutOfRange` or `BadFrame`."""
    if not (told := _FRAME.fullmatch(frame)):
        raise BadFrame("a letter from A to E, six characters, CR", frame)
    if told["letter"] == b"E":
        raise OutOfRange("overload", frame)
    if not (weight := _DISPLAY.fullmatch(told["display"])):
        raise BadFrame("a number in six characters", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode("ascii")),
        unit=None,
        stable=told["letter"] in _STABLE,
        basis="net" if told["letter"] in _NET else "gross",
    )
