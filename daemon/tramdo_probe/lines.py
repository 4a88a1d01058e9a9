"""What a line is set to: the settings to try, and what high bits tell of the parity. No I/O."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, get_args

from tramdo.settings.ports import Format

# The most usual first. 8N1 also hears 8N2, and 7E1 and 7O1 with the parity in the high bit.
TEN_BITS = tuple(f"{baud} 8N1" for baud in (9600, 2400, 4800, 1200, 19200, 38400, 600, 57600))
ELEVEN_BITS = ("9600 8E1", "9600 8O1", "19200 8E1", "19200 8O1", "4800 8E1", "2400 8E1", "1200 8O1")
TO_HEAR = (*TEN_BITS, *ELEVEN_BITS, "115200 8N1")
LEAST_TO_JUDGE = 8
FORMATS: tuple[str, ...] = get_args(Format)
SETTING = re.compile(rf"[1-9]\d{{1,5}} ({'|'.join(FORMATS)})")
ALLOWED = f"baud, a blank, one of {', '.join(FORMATS)}, in quotes"


class Heard(NamedTuple):
    """Bytes, and the line setting at which they read so."""

    setting: str
    octets: bytes


def readings(setting: str, octets: bytes) -> Iterator[Heard]:
    """Yield the ways in which these bytes can be read: with seven bits first, if all fits."""
    speed, _, form = setting.partition(" ")
    if form == "8N1" and (seven := seven_bits(octets)):
        yield Heard(f"{speed} {seven}", bytes(octet & 0x7F for octet in octets))
    yield Heard(setting, octets)


def seven_bits(octets: bytes) -> str:
    """Return "7E1", "7O1" or "7N2" if the high bit of every byte says so, else ""."""
    ones = {octet.bit_count() % 2 for octet in octets}
    if len(octets) < LEAST_TO_JUDGE or max(octets) < 0x80:
        return ""
    if min(octets) >= 0x80:
        return "7N2"
    return {0: "7E1", 1: "7O1"}[ones.pop()] if len(ones) == 1 else ""


def wanted_first(settings: Iterable[str]) -> list[str]:
    """Return these settings once each, in the order in which lines are met."""
    order = {one: number for number, one in enumerate(TO_HEAR)}
    return sorted(dict.fromkeys(settings), key=lambda one: order.get(one, len(order)))
