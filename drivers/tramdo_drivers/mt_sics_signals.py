"""What an MT-SICS balance tells beside the weight it shows. No I/O.

    SIH    S S  100.00012 g     the weight in high resolution (unverified: also S HS, S HD)
    M28    M28 A 1 22.5         a temperature in °C; M28 B lines come first where there are several
    C0     C0 A 2 0 ""          first digit: 0 by hand, 1 automatic, 2 automatic and due

Reference: lists of commands in the ML and AL-IC operating instructions. The answers' forms come
from public code, that of SIH and the digits of C0 are unverified. A balance that does not know a
command answers ES, `M28 L` or `M28 I`.
"""

import re
from contextlib import suppress
from decimal import Decimal

from tramdo.errors import BadFrame, NoReply, OutOfRange, Refused
from tramdo.framing import Cut
from tramdo.reading import Indication, Quantity, Unit
from tramdo_drivers.mt_sics_refusals import refuse
from tramdo_drivers.mt_sics_values import VALUE, value_and_unit

MOST_BYTES = 512

_HIGH_RESOLUTION = re.compile(rb"(S|SIH) H?(?P<stable>[SD]) " + VALUE + rb" ?\r\n")
_NUMBER = rb"[+-]?\d{1,2}(\.\d{1,4})?"
_TEMPERATURES = re.compile(
    rb"M28 [AB] 1 +(?P<first>" + _NUMBER + rb")\r\n(M28 [AB] \d{1,2} +" + _NUMBER + rb"\r\n)*"
)
_ADJUSTMENT = re.compile(rb'C0 A (?P<state>[012]) [01]( "[^"\r\n]*")? ?\r\n')


def by_whole_answer(buffer: bytes) -> Cut | None:
    """Cut an answer of one or several lines: each but the last has the letter B."""
    start = 0
    while (end := buffer.find(b"\r\n", start) + 2) >= 2:
        if buffer[start:end].split()[1:2] != [b"B"]:
            return Cut(buffer[:end], end)
        start = end
    if len(buffer) > MOST_BYTES:
        raise BadFrame(f"an answer of at most {MOST_BYTES} bytes", buffer)
    return None


def is_answered(signal: str, frame: bytes) -> bool:
    """Tell whether the balance gives what was asked: it knows the command and is not busy."""
    if frame in (f"{signal} I\r\n".encode(), f"{signal} L\r\n".encode()):
        return False
    with suppress(NoReply, OutOfRange, Refused):
        refuse(frame)
        return True
    return False


def parse_high_resolution(frame: bytes, width: int) -> Indication:
    """Return the weight in an answer to `SIH`, flagged "high_resolution"; raises `BadFrame`."""
    if not (weight := _HIGH_RESOLUTION.fullmatch(frame)):
        raise BadFrame("a weight in high resolution (SIH)", frame)
    value, unit = value_and_unit(weight, width)
    stable = weight["stable"] == b"S"
    return Indication(value=value, unit=unit, stable=stable, flags=("high_resolution",))


def parse_temperature(frame: bytes, _width: int = 0) -> Indication:
    """Return the first temperature in an answer to `M28`; raises `BadFrame`."""
    if not (found := _TEMPERATURES.fullmatch(frame)):
        raise BadFrame("temperatures (M28 A)", frame)
    celsius = Decimal(found["first"].decode())
    return Indication(value=celsius, unit=Unit.CELSIUS, quantity=Quantity.TEMPERATURE)


def is_adjustment_due(frame: bytes) -> bool:
    """Tell whether an answer to the question `C0` says so; raises `BadFrame`."""
    if not (found := _ADJUSTMENT.fullmatch(frame)):
        raise BadFrame("settings of the adjustment (C0 A)", frame)
    return found["state"] == b"2"
