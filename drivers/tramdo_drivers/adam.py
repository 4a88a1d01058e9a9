"""Adam scales in print format 2 (16 characters), only listened to.

Reference: Adam Highland manual (p. 29).

           123.45 g         sign, value to column 13, blank, unit (2)

It never asks, because no question is harmless on all Adam scales: `P` prints on some and adds the
weight to the accumulator on others, and beeps where the weight is unchanged or zero; `T` reads
the tare of a CPWplus and tares any other; `X` switches an MDW off. Set the scale to print
continuously. Whether the weight is stable, and net or gross, is not in the line. Unverified:
where a minus stands, and what an overload sends.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit

_LINE = re.compile(
    rb"(?=[ \d.+-]{13} )(?P<sign>[ +-]) *(?P<near>-?)(?P<digits>\d+(\.\d+)?)"
    rb" (?P<unit>[A-Za-z][A-Za-z ])\r\n"
)
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE} | {b"GN": Unit.GN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """A scale set to print continuously in format 2."""

    about: ClassVar[About] = About(
        protocol="Adam, print format 2",
        source="Adam Highland manual",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("4800 8N1", "9600 8N1", "2400 8N1", "19200 8N1", "1200 8N1", "600 8N1"),
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line())),)


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in a line of 16 characters; raises `BadFrame`."""
    line = _LINE.fullmatch(frame)
    if not line or (line["sign"] != b" " and line["near"]):
        raise BadFrame("a weight in 16 characters, its last digit in column 13", frame)
    if (unit := line["unit"].rstrip()) not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    sign = (line["sign"] + line["near"]).strip()
    return Indication(value=Decimal((sign + line["digits"]).decode()), unit=_UNITS[unit])
