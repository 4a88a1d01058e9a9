"""What a Sartorius balance sends in place of a weight. No I/O.

Reference: as in `sbi.py`. The words may stand alone, after Stat, or in the columns of the value,
there as H, L and C.
"""

import re

from tramdo.errors import NoReply, OutOfRange, Refused

_NO_WEIGHT = re.compile(
    rb"(Stat|[NGT] {5})? *[+-]? *"
    rb"(?P<text>High|Low|H|L|OFF|C|Cal[A-Za-z.]*|ERR \d{1,3}|(APP|DIS|PRT|COMM|SYS)\.ERR) *\r\n"
)
_OUT_OF_RANGE = {
    b"High": "overload",
    b"H": "overload",
    b"ERR 55": "overload",
    b"Low": "underload",
    b"L": "underload",
    b"ERR 54": "underload",
}
_REASONS = {
    b"OFF": "OFF: in standby",
    b"ERR 02": "ERR 02: zero or adjustment",
    b"ERR 10": "ERR 10: tare",
    b"ERR 11": "ERR 11: tare",
}


def refuse(frame: bytes) -> None:
    """Raise `OutOfRange`, `NoReply` (it adjusts itself) or `Refused` if that is what it says."""
    if not (none := _NO_WEIGHT.fullmatch(frame)):
        return
    text = none["text"]
    if text == b"C" or text.startswith(b"Cal"):
        raise NoReply("busy: adjusting")
    if state := _OUT_OF_RANGE.get(text):
        raise OutOfRange(state, frame)
    raise Refused(_REASONS.get(text, text.decode()), frame)
