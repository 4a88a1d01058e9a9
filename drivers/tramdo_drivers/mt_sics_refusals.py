"""What an MT-SICS balance answers in place of a weight. No I/O.

Reference: as in `mt_sics.py`.

    S +     overload        S I              busy        S L    wrong parameter
    S -     underload       S S Error 10b    a fault
    ES ET EL EI             command not understood, or not now
"""

import re

from tramdo.errors import NoReply, OutOfRange, Refused

_BUSY = b"S I\r\n"
_NO_WEIGHT = {b"S +\r\n": "overload", b"S -\r\n": "underload"}
_ERRORS = {
    b"S L\r\n": "S L: wrong parameter",
    b"ES\r\n": "ES: syntax error",
    b"ET\r\n": "ET: transmission error",
    b"EL\r\n": "EL: logical error",
    b"EI\r\n": "EI: cannot be done now",
}
_FAULT = re.compile(rb"S S +Error +(?P<number>\d{1,3}) ?(?P<part>[bt]?) ?\r\n")
_FAULTS = {
    1: "start-up",
    2: "brand",
    3: "checksum",
    9: "option",
    10: "EEPROM",
    11: "mismatch",
    12: "hot plug",
    14: "module mismatch",
    15: "adjustment needed",
}
_PARTS = {b"b": " of the electronics", b"t": " of the terminal", b"": ""}


def refuse(frame: bytes) -> None:
    """Raise `OutOfRange`, `NoReply` or `Refused` if that is what a reply to `SI` says."""
    if state := _NO_WEIGHT.get(frame):
        raise OutOfRange(state, frame)
    if frame == _BUSY:
        raise NoReply("busy")
    if reason := _ERRORS.get(frame):
        raise Refused(reason, frame)
    if fault := _FAULT.fullmatch(frame):
        raise Refused(_fault_name(fault), frame)


def _fault_name(fault: re.Match[bytes]) -> str:
    name = _FAULTS.get(int(fault["number"]), "unknown")
    return f"error {int(fault['number'])}: {name}{_PARTS[fault['part']]}"
