"""Two registers read as each type in each word order, with a mark for how likely that is. No I/O.

A mark of 0 is not to be believed, 3 is what instruments usually show; the eye decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from tramdo.errors import InstrumentError
from tramdo_drivers.registers.numerals import number, ordered
from tramdo_drivers.registers.tables import WordOrder

Words = tuple[int, int]
Kind = Literal["u32", "i32", "f32"]
KINDS: Final[tuple[Kind, ...]] = ("u32", "i32", "f32")
ORDERS: Final[tuple[WordOrder, ...]] = ("ABCD", "CDAB", "BADC", "DCBA")
_LARGEST = {"f": Decimal(10) ** 7, "i": Decimal(10) ** 8}
_SMALLEST = Decimal("0.0001")
_FEW_DIGITS = {"f": 6, "i": 4}
_STEADY = Decimal("0.05")
# An analogue-to-digital converter's noise on a value near nought.
_STEADY_COUNTS = {"f": Decimal("0.01"), "i": Decimal(10)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Two registers as one type in one order; `value` is None where they are no such number."""

    kind: Kind
    order: WordOrder
    value: Decimal | None
    mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two neighbouring registers, the wire address of the first, and all they may mean."""

    address: int
    words: Words
    candidates: tuple[Candidate, ...]

    def find(self, kind: Kind, order: WordOrder) -> Candidate:
        """Return the candidate of a type and order."""
        return next(one for one in self.candidates if (one.kind, one.order) == (kind, order))

    @property
    def mark(self) -> int:
        """Return the highest mark of its candidates."""
        return max(one.mark for one in self.candidates)


def pairs(first: Mapping[int, int], again: Mapping[int, int]) -> tuple[Pair, ...]:
    """Return each two neighbours among registers by address, as two reads brought them."""
    return tuple(
        Pair(address=at, words=(first[at], first[at + 1]), candidates=tuple(_all(at, first, again)))
        for at in sorted(first)
        if at + 1 in first
    )


def _all(at: int, first: Mapping[int, int], again: Mapping[int, int]) -> Iterator[Candidate]:
    words = (first[at], first[at + 1])
    later = (again[at], again[at + 1]) if at in again and at + 1 in again else None
    for kind in KINDS:
        for order in ORDERS:
            value = read(words, kind, order)
            then = None if later is None else read(later, kind, order)
            yield Candidate(kind=kind, order=order, value=value, mark=mark(kind, value, then))


def read(words: Words, kind: Kind, order: WordOrder) -> Decimal | None:
    """Return the number in two registers, None where no instrument would send it."""
    try:
        return number(ordered(words, order), kind, b"")
    except InstrumentError:
        return None


def mark(kind: str, value: Decimal | None, again: Decimal | None) -> int:
    """Return 0 to 3: one for a sane size, one for few digits, one for little change.

    Nought and -1 are in every idle register and get 1. `kind` is a map's type, "f32" say.
    """
    sort = "f" if kind.startswith("f") else "i"
    if value is None:
        return 0
    if value in (0, -1):
        return 1
    smallest = _SMALLEST if sort == "f" else 1
    if not smallest <= abs(value) < _LARGEST[sort]:
        return 0
    few = len(value.normalize().as_tuple().digits) <= _FEW_DIGITS[sort]
    return 1 + few + _steady(value, again, _STEADY_COUNTS[sort])


def _steady(value: Decimal, again: Decimal | None, counts: Decimal) -> bool:
    if again is None:
        return False
    return abs(again - value) <= max(counts, _STEADY * abs(value))
