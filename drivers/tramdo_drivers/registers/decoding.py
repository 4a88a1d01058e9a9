"""The words of a poll to indications, by a plan made once for each map. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from tramdo.errors import BadFrame
from tramdo.reading import Indication
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.codes import PlacedCode, placed_codes, said_in, told_in
from tramdo_drivers.registers.model import RegisterMap
from tramdo_drivers.registers.status import (
    PlacedBit,
    flags_in,
    marks_in,
    placed_bits,
    refuse,
    stable_in,
)
from tramdo_drivers.registers.values import Beside, PlacedValue, placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """What stands where among the words of a poll."""

    bits: tuple[PlacedBit, ...]
    values: tuple[PlacedValue, ...]
    codes: tuple[PlacedCode, ...]
    known: frozenset[str]

    def decode(self, words: Sequence[int], frame: bytes = b"") -> tuple[Indication, ...]:
        """Return the indications; raises `OutOfRange`, `Refused` or `BadFrame` with `frame`.

        `words` are those of all reads, one read after the other; a coil or input is a word too.
        """
        marks = marks_in(words, self.bits) | said_in(words, self.codes, frame)
        refuse(marks, frame)
        told = told_in(words, self.codes, frame)
        beside = Beside(marks, stable_in(marks, self.known), flags_in(marks), told)
        shown = tuple(
            one.indication(words, beside, frame) for one in self.values if one.is_shown(marks)
        )
        if not shown:
            raise BadFrame("a status that shows one of the map's values", frame)
        return shown


def decoder(found: RegisterMap, spans: Sequence[Span]) -> Decoder:
    """Return the decoder of a map for the words that these reads bring."""
    return Decoder(
        bits=placed_bits(found, spans),
        values=tuple(placed(found, one, spans) for one in found.value),
        codes=placed_codes(found, spans),
        known=found.means,
    )
