"""Vishay VT200, VT220, VT300, VT400 (LEO): a status byte and the weight, ended by CR.

Reference: Vishay VT200/220 manual (p. 51-59); text reported from a quarry's weighbridge in
Vietnam (2400 7E1).

    P+123.45                        status, sign, six digits, or six or seven characters
                                    with a point
    P+123.45N010.00T133.45G         the same with net, tare and gross, each before its letter
    P+123.45N010.00P133.45G         a preset tare
    AXXXX...                        no weight: blanks, a message or a menu in its place

    status   40h and: 01h no weight, 02h net, 08h out of range, 10h standstill
             (04h "auto-zero" and 20h "under minimum" say nothing against the weight)

There is no check sum: give `width` where it is known, or a digit lost from seven characters goes
unseen. Where the letters are there they say what is net, whatever the status says. That
01h is a fault and 08h with a minus an underload is our reading. The manual's other mode (18
bytes) is read by the driver for ST,GS lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity

NO_WEIGHT, NET, OUT_OF_RANGE, STANDSTILL = 0x01, 0x02, 0x08, 0x10

_DIGITS = rb"(?:\d{6}|(?=[\d.]{6,7}(?![\d.]))\d+\.\d+)"
_WEIGHT = re.compile(
    rb"(?P<status>[\x40-\x7f])(?P<shown>(?P<sign>[+-])" + _DIGITS + rb")"
    rb"(N(?P<tare>[+-]?" + _DIGITS + rb")[TP](?P<gross>[+-]?" + _DIGITS + rb")G)?\r"
)
_WITHOUT_WEIGHT = re.compile(rb"(?P<status>[\x40-\x7f])(?P<sign>[+-])[^\r]{6,7}(N[^\r]*G)?\r")
_MESSAGE = re.compile(rb"A[ -~]{4}(N?" + _DIGITS + rb"[TP]" + _DIGITS + rb"G)?\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class VishayLeo:
    """An indicator that streams; `width` counts the weight and its sign."""

    about: ClassVar[About] = About(
        protocol="Vishay LEO",
        source="Vishay VT200/220 manual; text reported from a quarry's weighbridge",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("2400 7E1",),
    )
    width: int | None = field(
        default=None,
        metadata={"description": "characters of sign and weight (7 or 8); others are refused"},
    )

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next frame heard; with a tare: net, gross, tare."""
        return parse_weights(await port.listen(by_line(b"\r", limit=64)), self.width)


def parse_weights(frame: bytes, width: int | None = None) -> tuple[Indication, ...]:
    """Return the weight shown, or net, gross and tare; no unit; raises `OutOfRange`, `BadFrame`."""
    _refuse(frame)
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame("a status byte, a sign and six digits", frame)
    if width is not None and len(weight["shown"]) != width:
        raise BadFrame(f"{width} characters of sign and weight", frame)
    status = weight["status"][0]
    stable = bool(status & STANDSTILL)
    if weight["tare"] is None:
        return (_weight(weight["shown"], stable, "net" if status & NET else "gross"),)
    return (
        _weight(weight["shown"], stable, "net"),
        _weight(weight["gross"], stable, "gross"),
        Indication(value=Decimal(weight["tare"].decode()), unit=None, quantity=Quantity.TARE),
    )


def _refuse(frame: bytes) -> None:
    """Raise `OutOfRange` where the status says that the weight is none."""
    if _MESSAGE.fullmatch(frame):
        raise OutOfRange("fault", frame)
    if not (none := _WITHOUT_WEIGHT.fullmatch(frame)):
        return
    if none["status"][0] & OUT_OF_RANGE:
        raise OutOfRange("underload" if none["sign"] == b"-" else "overload", frame)
    if none["status"][0] & NO_WEIGHT:
        raise OutOfRange("fault", frame)


def _weight(shown: bytes, stable: bool, basis: str) -> Indication:
    return Indication(value=Decimal(shown.decode()), unit=None, stable=stable, basis=basis)
