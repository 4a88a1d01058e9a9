"""The status bits of a map: which are set in the words of a poll, and what that means. No I/O."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tramdo.errors import OutOfRange, Refused
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.model import RegisterMap
from tramdo_drivers.registers.reads import place
from tramdo_drivers.registers.tables import Status

_NO_VALUE = ("overload", "underload", "motion", "not_zeroed", "fault")


class PlacedBit(NamedTuple):
    """A status bit: which of the words it stands in, its mask, whether clear means it, what."""

    word: int
    mask: int
    invert: bool
    means: str


def placed_bits(found: RegisterMap, spans: Sequence[Span]) -> tuple[PlacedBit, ...]:
    """Return the status bits with their places among the words that these reads bring."""
    return tuple(_placed(found, one, spans) for one in found.status)


def _placed(found: RegisterMap, one: Status, spans: Sequence[Span]) -> PlacedBit:
    order, first = found.order(one), place(found.span(one), spans).start
    high, bit = divmod(one.bit or 0, 16)
    last = one.width - 1
    word = first + (high if order in ("CDAB", "DCBA") else last - high)
    swapped = order in ("BADC", "DCBA")
    return PlacedBit(word, 1 << (bit ^ 8 if swapped else bit), one.invert, one.means)


def marks_in(words: Sequence[int], bits: Sequence[PlacedBit]) -> set[str]:
    """Return what the status bits in a poll's words mean."""
    return {means for word, mask, invert, means in bits if bool(words[word] & mask) is not invert}


def refuse(marks: Collection[str], frame: bytes) -> None:
    """Raise `Refused` or `OutOfRange` with `frame` if a status says that there is no value."""
    faults = sorted(one.removeprefix("fault:") for one in marks if one.startswith("fault:"))
    if faults:
        raise Refused(", ".join(faults), frame)
    for state in _NO_VALUE:
        if state in marks:
            raise OutOfRange(state, frame)


def stable_in(marks: Collection[str], known: Collection[str]) -> bool | None:
    """Return whether the value stands still, or None where no status of the map tells."""
    if "stable" not in known and "unstable" not in known:
        return None
    return "unstable" not in marks and ("stable" in marks or "stable" not in known)


def flags_in(marks: Collection[str]) -> tuple[str, ...]:
    """Return the flags that stand beside every value."""
    told = (one for one in marks if one == "zero" or one.startswith("flag:"))
    return tuple(sorted(one.removeprefix("flag:") for one in told))
