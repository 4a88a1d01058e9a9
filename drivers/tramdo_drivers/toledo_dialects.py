"""How makers differ in the Toledo continuous output: length, check byte, fixed bits, units.

Reference: Mettler WILDCAT technical manual (p. 6-4), Flintec FT-111(D) manual. Unverified: that
Flintec's sum covers STX to LF, and that its bit 6 of SWB is 0 at power-up; its manual words it the
other way round than Mettler's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tramdo.reading import Unit

_HEAD = rb"\x02(?P<words>[ -\x7f]{3})(?P<weight>[ -~]{6})"
_TARE = rb"(?P<tare>[ -~]{6})"
# Keys: the unit code in SWC, and 8 where SWB says kg.
_BY_SWB = {0: Unit.LB, 8: Unit.KG}
_BY_SWC = {1: Unit.G, 9: Unit.G, 2: Unit.T, 10: Unit.T, 3: Unit.OZ, 11: Unit.OZ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one maker writes the frame; with a check byte it adds up to a multiple of `modulus`.

    `ahead`: how the frame is found where what follows it decides. `fixed`: (mask, value) for SWA,
    SWB and SWC. `powered`: SWB's bit 6 while not yet zeroed.
    """

    shape: re.Pattern[bytes]
    ahead: re.Pattern[bytes] | None = None
    modulus: int = 128
    fixed: tuple[tuple[int, int], ...] = ((0x60, 0x20), (0x20, 0x20), (0x20, 0x20))
    powered: int = 0x40
    units: Mapping[int, Unit | None] = field(default_factory=lambda: _BY_SWB | _BY_SWC)


# A check byte of 02h looks like the next frame's STX, but no frame begins with two of them.
_NEXT = rb"\x02[ -\x7f]"
_FLINTEC: Mapping[int, Unit | None] = {8: None}
_FLINTEC_BITS = ((0x60, 0x60), (0x30, 0x30), (0x20, 0x20))

DIALECTS = {
    "mettler": Dialect(shape=re.compile(_HEAD + _TARE + rb"\r(?P<check>[\x00-\x7f])")),
    "plain": Dialect(shape=re.compile(_HEAD + _TARE + rb"\r(?P<check>)")),
    "flintec": Dialect(
        shape=re.compile(_HEAD + _TARE + rb"\r\n(?P<check>[\x00-\xff])"),
        modulus=256,
        fixed=_FLINTEC_BITS,
        powered=0,
        units=_FLINTEC,
    ),
    "short": Dialect(shape=re.compile(_HEAD + rb"(?P<tare>)\r(?P<check>)")),
    "auto": Dialect(
        shape=re.compile(_HEAD + _TARE + rb"\r(?P<check>[\x00-\x7f]?)"),
        ahead=re.compile(
            _HEAD + _TARE + rb"\r([\x00\x01\x03-\x7f]|\x02(?=\x02)|(?=" + _NEXT + rb"))"
        ),
    ),
    "flintec-plain": Dialect(
        shape=re.compile(_HEAD + _TARE + rb"\r\n(?P<check>)"),
        fixed=_FLINTEC_BITS,
        powered=0,
        units=_FLINTEC,
    ),
}
