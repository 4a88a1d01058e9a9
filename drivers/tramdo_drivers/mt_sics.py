"""Mettler-Toledo and compatible balances speaking MT-SICS, levels 0 and 1.

Reference: operating instructions of the AL-IC (p. 72) and ML (p. 81) balances, Kern MCN (p. 46).

    S S     100.00 g        stable             TA A     250.00 g   the tare
    S D    -0.6800 g        moving             what else may come: `mt_sics_refusals.py`

The protocol has no checksum. What guards against a lost character is the width of the value's
field: ten characters in the manuals, more on some instruments, so fewer are refused. A unit that
lost a character ("kg" that became "g") cannot be seen here. `signals` name further questions
(`mt_sics_signals.py`); on a line that spoils what we send, `TA` and `C0` are one bit or one
character away from commands that act, so they are asked only where the site wants them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication, Quantity
from tramdo_drivers.mt_sics_refusals import refuse
from tramdo_drivers.mt_sics_signals import (
    by_whole_answer,
    is_adjustment_due,
    is_answered,
    parse_high_resolution,
    parse_temperature,
)
from tramdo_drivers.mt_sics_values import FIELD_WIDTH, VALUE, value_and_unit

SEND_NOW = b"SI\r\n"
SERIAL_NUMBER = b"I4\r\n"
ADJUSTMENT = "C0"
SIGNALS = ("SIH", "M28", ADJUSTMENT, "TA")
MOST_LATE_LINES = 20
MOST_LATE_BYTES = MOST_LATE_LINES * 64

_WEIGHT = re.compile(rb"S (?P<stable>[SD]) " + VALUE + rb" ?\r\n")
_TARE = re.compile(rb"TA A " + VALUE + rb" ?\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class MtSics:
    """A balance that is asked for the weight it shows now, and for its `signals`.

    `width` is the least field accepted; `pause` the seconds of rest after each answer.
    """

    about: ClassVar[About] = About(
        protocol="MT-SICS, levels 0 and 1",
        source="Mettler-Toledo AL-IC and ML operating instructions, Kern MCN manual",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )
    width: int = field(
        default=FIELD_WIDTH,
        metadata={"description": "the fewest characters of the value's field, blanks counted"},
    )
    signals: tuple[str, ...] = field(
        default=(),
        metadata={
            "description": "what else is asked in each reading: SIH (weight in high resolution), "
            "M28 (temperature), C0 (whether an adjustment is due), TA (tare)"
        },
    )
    pause: float = field(
        default=0.0,
        metadata={"description": "seconds of rest after each answer; 0.1 for a Kern with KCP"},
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "signals", tuple(self.signals))
        for one in self.signals:
            if one not in SIGNALS:
                raise ValueError(f"signals: {one!r} is not one of {', '.join(SIGNALS)}")
        if not 0 <= self.pause <= 10:
            raise ValueError(f"pause: {self.pause} is outside 0 to 10 seconds")

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, stable or not, then the signals that the balance knows.

        The weight has the flag "adjustment_due" where `C0` says so.
        """
        shown = await port.exchange(SEND_NOW, by_line(), pause=self.pause)
        weight = parse_weight(shown, self.width)
        beside: list[Indication] = []
        for signal in self.signals:
            question = f"{signal}\r\n".encode()
            frame = await port.exchange(question, by_whole_answer, pause=self.pause)
            if not is_answered(signal, frame):
                continue
            if parse := _PARSERS.get(signal):
                beside.append(parse(frame, self.width))
            elif is_adjustment_due(frame):
                weight = replace(weight, flags=(*weight.flags, "adjustment_due"))
        return (weight, *beside)

    async def resync(self, port: Port) -> None:
        """Ask for the serial number; every line before it answers an older question.

        A scale that does not know `I4` refuses it. One refusal may be noise that became a bad
        question, with a late weight still to come; a second one in a row is its answer.
        """
        for _ in range(2):
            answer = await port.exchange(SERIAL_NUMBER, by_serial_number, pause=self.pause)
            if answer.startswith(b"I4 "):
                return


def by_serial_number(buffer: bytes) -> Cut | None:
    """Cut the answer to `I4` or a refusal, counting late lines before it as stray."""
    lines = buffer.split(b"\r\n")
    for number, line in enumerate(lines[:-1]):
        if line.startswith((b"I4 ", b"ES", b"EL")):
            before = sum(len(one) + 2 for one in lines[:number])
            return Cut(line + b"\r\n", before + len(line) + 2, before)
    if len(lines) > MOST_LATE_LINES or len(buffer) > MOST_LATE_BYTES:
        raise BadFrame(f"a serial number (I4) within {MOST_LATE_LINES} lines", buffer)
    return None


def parse_weight(frame: bytes, width: int = FIELD_WIDTH) -> Indication:
    """Return the weight in a reply to `SI`; raises `OutOfRange`, `NoReply`, `Refused`, `BadFrame`.

    The protocol page does not say whether the value is net or gross, so `basis` is None.
    """
    refuse(frame)
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame("a weight (S S or S D)", frame)
    value, unit = value_and_unit(weight, width)
    return Indication(value=value, unit=unit, stable=weight["stable"] == b"S")


def parse_tare(frame: bytes, width: int = FIELD_WIDTH) -> Indication:
    """Return the tare in a reply to `TA`; raises `BadFrame`."""
    if not (tare := _TARE.fullmatch(frame)):
        raise BadFrame("a tare (TA A)", frame)
    value, unit = value_and_unit(tare, width)
    return Indication(value=value, unit=unit, quantity=Quantity.TARE)


_PARSERS: dict[str, Callable[[bytes, int], Indication]] = {
    "SIH": parse_high_resolution,
    "M28": parse_temperature,
    "TA": parse_tare,
}
