"""The field of value and unit in MT-SICS answers. No I/O.

Reference: as in `mt_sics.py`.
"""

import re
from decimal import Decimal

from tramdo.errors import BadFrame
from tramdo.reading import Unit

FIELD_WIDTH = 10
POUNDS_WIDTH = 8
VALUE = (
    rb"(?P<field>(?P<value> *(?P<sign>[+-]?) *(?P<digits>\d{1,12}(\.\d{1,9})?))"
    rb"| *(?P<pounds>-?\d{1,5}):(?P<ounces>\d{1,2}(\.\d{1,4})?)) (?P<unit>[A-Za-z:]{1,5})"
)
"""A pattern for a value, or pounds and ounces, and its unit; `value_and_unit` reads its match."""

_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT, Unit.GN)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE} | {b"GN": Unit.GN}


def value_and_unit(match: re.Match[bytes], width: int) -> tuple[Decimal, Unit]:
    """Return what a match of `VALUE` says; raises `BadFrame`, also for a field below `width`.

    Pounds and ounces (`12:07.50 lb:oz`) become pounds; eight characters do for them.
    """
    unit, frame, pounds = match["unit"], match.string, match["pounds"]
    least = width if pounds is None else min(width, POUNDS_WIDTH)
    if len(match["field"]) < least:
        raise BadFrame(f"a value field of {least} characters or more", frame)
    if pounds is not None:
        return _pounds(match), Unit.LB
    if unit not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    return Decimal((match["sign"] + match["digits"]).decode()), _UNITS[unit]


def _pounds(match: re.Match[bytes]) -> Decimal:
    pounds, ounces = Decimal(match["pounds"].decode()), Decimal(match["ounces"].decode())
    if match["unit"] != b"lb:oz" or ounces >= 16:
        raise BadFrame("pounds and less than 16 ounces in lb:oz", match.string)
    return pounds + (ounces / 16).copy_sign(pounds)
