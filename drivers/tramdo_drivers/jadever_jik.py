"""JADEVER JIK counting scales, which send a packet of 14 lines when something is printed.

Reference: two packets recorded from a JIK-6CAB at a textile mill; no document was seen.

    ^KJIK000     begin       0  0         not understood
    2023-11-07   date          1.94 kg    net
    17:19:26     time          1.94 kg    display
      0.00 kg    tare            0 pcs    pieces
      1.94 kg    gross       (two lines with a blank), E, ~P1

Nothing tells whether the weight was stable, and an overload is not printed. There is no check
sum, but gross less tare must be net, with the same number of decimals and one unit.
Unverified: negative weights, what E and the two zeros mean, units but kg.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import Cut
from tramdo.reading import Indication, Quantity, Unit

BEGIN, END = b"^K", b"~P1\r\n"
LIMIT = 512
_WEIGHT = rb" *(?P<%s>-? *\d+(\.\d+)?) (?P<unit_of_%s>[a-z]{1,2})\r\n"
_PACKET = re.compile(
    rb"\^KJIK\d{3}\r\n\d{4}[-/]\d\d[-/]\d\d\r\n\d\d:\d\d:\d\d\r\n"
    + b"".join(_WEIGHT % (name, name) for name in (b"tare", b"gross"))
    + rb"\d+\r\n\d+\r\n"
    + b"".join(_WEIGHT % (name, name) for name in (b"net", b"display"))
    + rb" *-?\d+ pcs\r\n ?\r\n ?\r\nE\r\n~P1\r\n"
)
_FIELDS = ("net", "gross", "tare", "display")
_SPELT_AS_HERE = (Unit.KG, Unit.G, Unit.LB, Unit.OZ)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}


@dataclass(frozen=True, slots=True, kw_only=True)
class JadeverJik:
    """A counting scale that is heard whenever it prints."""

    about: ClassVar[About] = About(
        protocol="JADEVER JIK print packet",
        source="packets recorded from a JADEVER JIK-6CAB (NSerialCommTools)",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return net weight, gross weight and tare of the next packet heard."""
        return parse_weights(await port.listen(by_packet))


def by_packet(buffer: bytes) -> Cut | None:
    """Cut a packet from its last begin mark to its end mark."""
    if (at := buffer.find(END)) >= 0:
        end = at + len(END)
        start = max(buffer.rfind(BEGIN, 0, at), 0)
        return Cut(buffer[start:end], end, start)
    if len(buffer) > LIMIT:
        raise BadFrame(f"a packet of at most {LIMIT} bytes ending in ~P1", buffer)
    return None


def parse_weights(frame: bytes) -> tuple[Indication, ...]:
    """Return net weight, gross weight and tare; raises `BadFrame`."""
    if not (told := _PACKET.fullmatch(frame)):
        raise BadFrame("a packet of 14 lines from ^KJIK to ~P1", frame)
    units = {told[f"unit_of_{name}"] for name in _FIELDS}
    if len(units) > 1 or not units <= _UNITS.keys():
        raise BadFrame(f"one unit out of {b', '.join(_UNITS).decode()}", frame)
    unit = _UNITS[units.pop()]
    net, gross, tare, _ = values = [_value(told, name) for name in _FIELDS]
    if gross - tare != net or len({one.as_tuple().exponent for one in values}) > 1:
        raise BadFrame("gross less tare equal to net, with as many decimals", frame)
    return (
        Indication(value=net, unit=unit, basis="net"),
        Indication(value=gross, unit=unit, basis="gross"),
        Indication(value=tare, unit=unit, quantity=Quantity.TARE),
    )


def _value(told: re.Match[bytes], name: str) -> Decimal:
    return Decimal(told[name].replace(b" ", b"").decode("ascii"))
