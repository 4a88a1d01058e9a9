"""What the bytes that came say to a question asked of a Modbus unit. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from tramdo.errors import BadFrame
from tramdo.framing import Framing
from tramdo_drivers.modbus.mbap import by_mbap_reply, mbap_pdu
from tramdo_drivers.modbus.pdu import EXCEPTION, Span, parse_reply, reply_length
from tramdo_drivers.modbus.rtu import MOST_STRAY, by_rtu_reply, crc16, rtu_pdu

Wire = Literal["rtu", "tcp"]
# A gateway's own words for a unit that does not answer it.
_NO_UNIT = (10, 11)
_AROUND = 5


class Ended(StrEnum):
    """How a question ended."""

    VALUE = "value"
    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    CRC = "wrong crc"
    WRONG_UNIT = "wrong unit"
    STRAY = "stray bytes"
    NOT_SILENT = "line not silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one question; `seconds` is the unit's turn-around time, where it answered.

    `other` is the unit id of a whole frame of another unit; `stray` counts bytes that belong to
    no frame; `received` is everything that came, an echo included.
    """

    unit: int
    ended: Ended
    words: tuple[int, ...] = ()
    exception: int | None = None
    other: int | None = None
    echo: bool = False
    stray: int = 0
    seconds: float | None = None
    received: bytes = b""

    @property
    def alive(self) -> bool:
        """Whether the unit asked has answered, be it with an exception."""
        return self.ended == Ended.VALUE or (
            self.ended == Ended.EXCEPTION and self.exception not in _NO_UNIT
        )

    @property
    def kind(self) -> str:
        """Return how it ended in words, as "exception 2"."""
        return str(self.ended) if self.exception is None else f"exception {self.exception}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as it was sent: to which unit, for what; `transaction` is Modbus TCP's."""

    wire: Wire
    unit: int
    span: Span
    request: bytes
    transaction: int = 0

    @property
    def until(self) -> Framing:
        """Return the framing for the right answer."""
        length = reply_length(self.span.function, self.span.size)
        if self.wire == "rtu":
            return by_rtu_reply(self.unit, self.span.function, length)
        return by_mbap_reply(self.transaction, self.unit, self.span.function, length)


def judged(question: Question, received: bytes) -> Answer:
    """Return what the bytes received say to that question."""
    echo = question.wire == "rtu" and question.request in received
    rest = received.replace(question.request, b"", 1) if echo else received
    try:
        cut = question.until(rest)
    except BadFrame:
        cut = None
    if cut is None:
        return _no_answer(question, rest, echo, received)
    pdu = rtu_pdu(cut.frame) if question.wire == "rtu" else mbap_pdu(cut.frame)
    refused = bool(pdu[0] & EXCEPTION)
    return Answer(
        unit=question.unit,
        ended=Ended.EXCEPTION if refused else Ended.VALUE,
        words=() if refused else parse_reply(pdu)[: question.span.size],
        exception=pdu[1] if refused else None,
        echo=echo,
        stray=cut.stray,
        received=received,
    )


def _no_answer(question: Question, rest: bytes, echo: bool, received: bytes) -> Answer:
    other = _OTHERS[question.wire](question, rest)
    ended = Ended.STRAY
    if not rest:
        ended = Ended.TIMEOUT
    elif other is not None:
        ended = Ended.WRONG_UNIT
    elif question.wire == "rtu" and _begins(question, rest):
        ended = Ended.CRC
    stray = 0 if other is not None else len(rest)
    return Answer(
        unit=question.unit, ended=ended, other=other, echo=echo, stray=stray, received=received
    )


def _begins(question: Question, rest: bytes) -> bool:
    """Whether something in there begins like an answer to the question."""
    function = question.span.function
    starts = (bytes((question.unit, function)), bytes((question.unit, function | EXCEPTION)))
    return any(one in rest for one in starts)


def _other_rtu(question: Question, rest: bytes) -> int | None:
    function = question.span.function
    for at in range(min(len(rest), MOST_STRAY) - 4):
        if rest[at + 1] == function:
            end = at + _AROUND + rest[at + 2]
        elif rest[at + 1] == function | EXCEPTION:
            end = at + _AROUND
        else:
            continue
        if end <= len(rest) and not crc16(rest[at:end]):
            return rest[at]
    return None


def _other_tcp(question: Question, rest: bytes) -> int | None:
    ours = rest[:4] == question.transaction.to_bytes(2, "big") + b"\x00\x00"
    return rest[6] if ours and len(rest) > 8 and rest[6] != question.unit else None


_OTHERS: dict[Wire, Callable[[Question, bytes], int | None]] = {
    "rtu": _other_rtu,
    "tcp": _other_tcp,
}
