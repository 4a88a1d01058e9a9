"""Yaohua XK3190-A12, A12E and clones (Liden, HEB-TW): one line per weight.

Reference: XK3190-A12E manual (p. 13), Liden LUW2001-LBW manual (p. 17, "continuous output A");
a line captured from an HEB-TW.

    wn 0002.02kg       ww gross, wn net, wt tare; 7 to 9 characters with a sign or blank; kg, lb
    WG004.139kg3D      A12E: G gross, N net; the last two are the XOR of the eleven before
    WN-01234 kg2C      A12E: the minus comes first, a blank last where there is no point
             OL23      A12E: OL overload, LO underload, with the same check

Both kinds know each other apart by their first letter, so no setting chooses. Neither tells
stability. The `w` lines have no check: give `length` where it is known, or a lost digit goes
unseen. What they send at overload is not known. Nor is, for A12E, what stands for a tare.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity, Unit

_VALUE = rb"(?P<sign>[+-]?) *(?P<digits>\d{1,8}(\.\d{1,6})?)"
_UNIT = rb"(?P<unit>[A-Za-z]{2})"
_PLAIN = re.compile(rb"w(?P<field>[wnt])(?=[ +\-.\d]{7,9}[A-Za-z]) *" + _VALUE + _UNIT + rb"\r\n")
_CHECKED = re.compile(rb"(?P<content>.{11})(?P<check>[0-9A-F]{2})\r\n", re.DOTALL)
_WEIGHT = re.compile(rb"W(?P<field>[GN]) *" + _VALUE + rb" ?" + _UNIT)
_NO_WEIGHT = {b"OL": "overload", b"LO": "underload"}
_BASIS = {b"w": "gross", b"G": "gross", b"n": "net", b"N": "net"}
_UNITS = {b"kg": Unit.KG, b"lb": Unit.LB}


@dataclass(frozen=True, slots=True, kw_only=True)
class YaohuaA12:
    """An indicator that streams lines; `length` is that of a whole line in bytes, CR LF counted."""

    about: ClassVar[About] = About(
        protocol="Yaohua A12 (ww, wn, wt) and A12E lines",
        source="XK3190-A12E and Liden LUW2001-LBW manuals; capture of an HEB-TW",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1"),
    )
    length: int | None = field(
        default=None,
        metadata={"description": "bytes in every line, CR LF counted; others are refused"},
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight, or the tare, in the next line heard."""
        return (parse_weight(await port.listen(by_line(limit=64)), self.length),)


def parse_weight(frame: bytes, length: int | None = None) -> Indication:
    """Return the weight, or the tare, in a line of either kind; raises `OutOfRange`, `BadFrame`."""
    if length is not None and len(frame) != length:
        raise BadFrame(f"a line of {length} bytes", frame)
    if checked := _CHECKED.fullmatch(frame):
        return _checked(checked)
    if not (weight := _PLAIN.fullmatch(frame)):
        raise BadFrame("a weight (ww, wn, wt, or 15 bytes with WG, WN, OL or LO)", frame)
    return _indication(weight, frame)


def _checked(line: re.Match[bytes]) -> Indication:
    content, frame = line["content"], line.string
    if line["check"] != (check := b"%02X" % reduce(xor, content)):
        raise BadFrame(f"the check sum {check.decode()}", frame)
    if state := _NO_WEIGHT.get(content.lstrip(b" ")):
        raise OutOfRange(state, frame)
    if not (weight := _WEIGHT.fullmatch(content)):
        raise BadFrame("a weight (WG or WN)", frame)
    return _indication(weight, frame)


def _indication(weight: re.Match[bytes], frame: bytes) -> Indication:
    if weight["unit"] not in _UNITS:
        raise BadFrame("a unit out of kg, lb", frame)
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=_UNITS[weight["unit"]],
        quantity=Quantity.TARE if weight["field"] == b"t" else Quantity.WEIGHT,
        basis=_BASIS.get(weight["field"]),
    )
