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
    """How one maker writes the frame; all its bytes add up to a multiple of `modulus`.

    `fixed`: (mask, value) for SWA, SWB and SWC. `powered`: SWB's bit 6 while not yet zeroed.
    """

    shape: re.Pattern[bytes]
    modulus: int = 1
    fixed: tuple[tuple[int, int], ...] = ((0x60, 0x20), (0x20, 0x20), (0x20, 0x20))
    powered: int = 0x40
    units: Mapping[int, Unit | None] = field(default_factory=lambda: _BY_SWB | _BY_SWC)


DIALECTS = {
    "mettler": Dialect(
        shape=re.compile(_HEAD + _TARE + rb"\r[\x00-\x7f]"),
        modulus=128,
    ),
    "plain": Dialect(shape=re.compile(_HEAD + _TARE + rb"\r")),
    "flintec": Dialect(
        shape=re.compile(_HEAD + _TARE + rb"\r\n[\x00-\xff]"),
        modulus=256,
        fixed=((0x60, 0x60), (0x30, 0x30), (0x20, 0x20)),
        powered=0,
        units={8: None},
    ),
    "short": Dialect(shape=re.compile(_HEAD + rb"(?P<tare>)\r")),
}
