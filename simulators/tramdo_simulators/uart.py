"""What a receiver set to one line setting makes of bytes sent at another, bit by bit. No I/O.

    idle 1 | start 0 | 7 or 8 data bits, lowest first | parity | 1 or 2 stop bits 1

Linux without INPCK (pyserial leaves it off) hands on what the receiver sampled, parity and framing
errors included (n_tty.c, n_tty_receive_parity_error); a break is the byte 00h.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import floor
from random import Random
from typing import Self

_WRITTEN = re.compile(r"([1-9]\d*) ([78])([NEO])([12])", re.ASCII)
# A receiver looks for the start bit sixteen times in each bit.
_LATE = 1 / 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one end of a line is set: baud, data bits, parity (N, E or O), stop bits."""

    baud: int
    bits: int = 8
    parity: str = "N"
    stop: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the setting written like "9600 8N1"; raises `ValueError`."""
        if not (found := _WRITTEN.fullmatch(text)):
            allowed = 'baud, a blank, 7 or 8, N, E or O, 1 or 2, as "9600 8N1"'
            raise ValueError(f"setting: {text!r} is not {allowed}")
        return cls(baud=int(found[1]), bits=int(found[2]), parity=found[3], stop=int(found[4]))

    def __str__(self) -> str:
        return f"{self.baud} {self.bits}{self.parity}{self.stop}"

    @property
    def sampled(self) -> int:
        """Return how many bits follow the start bit before the stop bit."""
        return self.bits + (self.parity != "N")


def heard(octets: bytes, sent_at: Setting, heard_at: Setting, chance: Random) -> bytes:
    """Return the bytes that the receiver hears; `chance` says how late it sees each start bit.

    The line is idle before and after. A byte without stop bit is handed on as sampled, and the
    next one begins at the next falling edge. A 7-bit receiver leaves the high bit clear.
    """
    levels = [1, *chain.from_iterable(_levels(octet, sent_at) for octet in octets)]
    return bytes(_received(levels, heard_at, sent_at.baud / heard_at.baud, chance))


def _levels(octet: int, at: Setting) -> Iterator[int]:
    content = [octet >> bit & 1 for bit in range(at.bits)]
    yield 0
    yield from content
    if at.parity != "N":
        yield sum(content) & 1 ^ (at.parity == "O")
    yield from [1] * at.stop


def _received(levels: list[int], at: Setting, step: float, chance: Random) -> Iterator[int]:
    """Yield what is sampled; times are in the sender's bits, `step` is one bit of the receiver."""
    edge = _falling(levels, 0)
    while edge is not None:
        start = edge + chance.random() * _LATE * step
        if _level(levels, start + step / 2):
            # Too short for a start bit.
            edge = _falling(levels, floor(start + step / 2))
            continue
        middle = start + step * 1.5
        content = [_level(levels, middle + bit * step) for bit in range(at.bits)]
        yield sum(level << bit for bit, level in enumerate(content))
        edge = _falling(levels, floor(middle + at.sampled * step))


def _level(levels: list[int], when: float) -> int:
    return levels[floor(when)] if when < len(levels) else 1


def _falling(levels: list[int], after: int) -> int | None:
    """Return where the line first falls later than in bit `after`."""
    for place in range(after + 1, len(levels)):
        if levels[place - 1] and not levels[place]:
            return place
    return None
