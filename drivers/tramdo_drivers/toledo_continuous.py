"""Indicators that stream the Toledo continuous output: Mettler-Toledo, Flintec, Kern, clones.

Reference: Mettler WILDCAT technical manual (p. 6-4), Flintec FT-111(D) manual, Kern FTC (p. 42).

    STX  SWA SWB SWC  weight, 6 digits  tare, 6 digits  CR  check
    02h  +   0   .    012345            000000          0Dh 27h    1234.5 kg, gross, at rest

SWA holds the point, SWB net, minus, range, motion and kg, SWC the unit. Unverified: the codes of
t and oz. The makers' differences are in `toledo_dialects.py`. Without a check byte a changed digit
goes unseen, a lost one does not; a frame that ends where the next one begins has none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import Cut, Framing
from tramdo.reading import Indication, Quantity, Unit
from tramdo_drivers.toledo_dialects import DIALECTS, Dialect

LIMIT = 256
NET, NEGATIVE, OUT_OF_RANGE, MOTION, KG, POWER_UP = 1, 2, 4, 8, 16, 64
EXPANDED = 16
_TEXTS = {
    b"OVER": "overload",
    b"UNDER": "underload",
    b"A.OUT": "fault",
    b"L-VOLT": "fault",
    b"TILT": "fault",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToledoContinuous:
    """An indicator that streams its weight and its tare; raises `ValueError` (settings)."""

    about: ClassVar[About] = About(
        protocol="Toledo continuous output",
        source="Mettler WILDCAT technical manual p6-4; Flintec FT-111(D) and Kern FTC manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 7E1", "9600 8N1"),
        dialects=({}, *({"dialect": one} for one in DIALECTS if one != "auto")),
    )
    dialect: str = field(
        default="auto",
        metadata={
            "description": "who writes the frame: mettler (with a check byte), plain (without), "
            "auto (one of these two, as each frame has it), flintec (CR LF and check byte), "
            "flintec-plain (CR LF), short (no tare, no check byte)"
        },
    )
    dummy_zeros: int = field(
        default=0,
        metadata={"description": "zeros on the display that the digits sent do not contain"},
    )

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: {self.dialect!r} is not one of {', '.join(DIALECTS)}")
        if self.dummy_zeros not in (0, 1, 2):
            raise ValueError(f"dummy_zeros: {self.dummy_zeros!r} is not one of 0, 1, 2")

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight and the tare in the next frame heard."""
        dialect = DIALECTS[self.dialect]
        return parse_weights(await port.listen(by_shape(dialect)), dialect, self.dummy_zeros)


def by_shape(dialect: Dialect) -> Framing:
    """Return a framing that finds the dialect's frame among other bytes."""

    def cut(buffer: bytes) -> Cut | None:
        if found := (dialect.ahead or dialect.shape).search(buffer):
            return Cut(found[0], found.end(), found.start())
        if len(buffer) > LIMIT:
            raise BadFrame(f"a Toledo frame of this dialect within {LIMIT} bytes", buffer)
        return None

    return cut


def parse_weights(
    frame: bytes, dialect: Dialect = DIALECTS["auto"], dummy_zeros: int = 0
) -> tuple[Indication, ...]:
    """Return the weight, and the tare if there is one; raises `OutOfRange` or `BadFrame`.

    Flintec's frames carry no unit, so there it is None.
    """
    shape = dialect.shape.fullmatch(frame)
    if not shape or (shape["check"] and sum(frame) % dialect.modulus):
        raise BadFrame("a Toledo frame of this dialect with the right check byte", frame)
    swa, swb, swc = shape["words"]
    words = zip(shape["words"], dialect.fixed, strict=True)
    if any(word & mask != bits for word, (mask, bits) in words):
        raise BadFrame("status words with the fixed bits of this dialect", frame)
    if swc & EXPANDED:
        raise BadFrame("a display that is not expanded x10 (SWC bit 4)", frame)
    _refuse(shape["weight"].rstrip(), swb, frame)
    unit = _unit(swb, swc, dialect, frame)
    value = _value(shape["weight"], swa & 7, dummy_zeros, frame)
    weight = Indication(
        value=value.copy_negate() if swb & NEGATIVE else value,
        unit=unit,
        stable=not swb & MOTION,
        basis="net" if swb & NET else "gross",
        flags=("not_zeroed",) if swb & POWER_UP == dialect.powered else (),
    )
    if not shape["tare"].strip():
        return (weight,)
    tare = _value(shape["tare"], swa & 7, dummy_zeros, frame)
    return (weight, Indication(value=tare, unit=unit, quantity=Quantity.TARE))


def _refuse(text: bytes, swb: int, frame: bytes) -> None:
    if text in _TEXTS:
        raise OutOfRange(_TEXTS[text], frame)
    if swb & OUT_OF_RANGE:
        raise OutOfRange("underload" if swb & NEGATIVE else "overload", frame)


def _unit(swb: int, swc: int, dialect: Dialect, frame: bytes) -> Unit | None:
    code = swc & 7 | (swb & KG) >> 1
    if code not in dialect.units:
        raise BadFrame("a unit that this dialect tells: kg, lb, g, t, oz; Flintec: none", frame)
    return dialect.units[code]


def _value(digits: bytes, code: int, dummy_zeros: int, frame: bytes) -> Decimal:
    if not re.fullmatch(rb" *\d+", digits):
        raise BadFrame("digits, with blanks before them only", frame)
    if code >= 2:
        return Decimal(digits.strip().decode()).scaleb(2 - code)
    if dummy_zeros not in (0, 2 - code):
        raise BadFrame(f"as many dummy zeros as in the settings ({dummy_zeros})", frame)
    return Decimal(digits.strip().decode() + "0" * dummy_zeros)
