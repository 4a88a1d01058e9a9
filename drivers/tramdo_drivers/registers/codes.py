"""The codes of a map: what the numbers in some bits of a poll's words tell. No I/O."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tramdo.errors import BadFrame
from tramdo.reading import Unit
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.model import RegisterMap
from tramdo_drivers.registers.numerals import ordered
from tramdo_drivers.registers.reads import place
from tramdo_drivers.registers.tables import Code, WordOrder

MOST_DECIMALS = 9


class Told(NamedTuple):
    """What the codes of a poll say of its values."""

    decimals: int | None = None
    unit: Unit | None = None


class PlacedCode(NamedTuple):
    """A code with its place among the words of a poll."""

    code: Code
    place: slice
    order: WordOrder

    def word(self, words: Sequence[int], frame: bytes) -> str:
        """Return what its number means; raises `BadFrame` with `frame` if it is not listed."""
        code = self.code
        low, high = code.bits or (0, 16 * code.width - 1)
        whole = int.from_bytes(ordered(words[self.place], self.order), "big")
        number = whole >> low & (1 << high - low + 1) - 1
        if (found := code.codes.get(number, code.otherwise)) is not None:
            return found
        if not code.codes and number <= MOST_DECIMALS:
            return str(number)
        allowed = ", ".join(map(str, code.codes)) or f"0 to {MOST_DECIMALS}"
        why = f"a number for the {code.tells} among {allowed}, not {number}"
        raise BadFrame(f"{why} (is word_order right?)" if code.width > 1 else why, frame)


def placed_codes(found: RegisterMap, spans: Sequence[Span]) -> tuple[PlacedCode, ...]:
    """Return the codes with their places among the words that these reads bring."""
    return tuple(
        PlacedCode(one, place(found.span(one), spans), found.order(one)) for one in found.code
    )


def said_in(words: Sequence[int], codes: Iterable[PlacedCode], frame: bytes) -> set[str]:
    """Return the status words that the codes in a poll say; raises `BadFrame` with `frame`."""
    return {one.word(words, frame) for one in codes if one.code.tells == "status"}


def told_in(words: Sequence[int], codes: Iterable[PlacedCode], frame: bytes) -> Told:
    """Return the decimals and the unit that they say; raises `BadFrame` with `frame`."""
    told = Told()
    for one in codes:
        if one.code.tells == "decimals":
            told = told._replace(decimals=int(one.word(words, frame)))
        elif one.code.tells == "unit":
            told = told._replace(unit=Unit(one.word(words, frame)))
    return told
