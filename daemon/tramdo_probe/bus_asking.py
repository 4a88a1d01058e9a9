"""One question to one unit of a Modbus line, and what came of it; reading functions only."""

import asyncio
import itertools
from dataclasses import dataclass, replace
from typing import Final

from tramdo.errors import BadFrame, NoReply
from tramdo.framing import Cut, Framing
from tramdo.line import character_seconds
from tramdo.port import Line
from tramdo_drivers.modbus.mbap import mbap_request
from tramdo_drivers.modbus.pdu import Span, read_request, reply_length
from tramdo_drivers.modbus.rtu import rtu_request
from tramdo_probe.bus_judging import Answer, Ended, Question, Wire, judged

READING: Final = (1, 2, 3, 4)
# Unit id, function, byte count or exception, CRC.
_RTU_AROUND = 5
# As in `tramdo_drivers.modbus.question`: a number used lately must not come back.
_transactions = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where questions go: `patience` is in seconds beside the time that the bytes take.

    `setting` is written like "9600 8N1" and is "" where there is none (Modbus TCP).
    """

    wire: Wire = "rtu"
    setting: str = ""
    patience: float = 0.3

    def on_wire(self, characters: int) -> float:
        """Return how many seconds so many characters take."""
        if not self.setting:
            return 0.0
        baud, form = self.setting.split()
        return characters * character_seconds(int(baud), form)

    def longest(self, span: Span) -> float:
        """Return how many seconds an answer to a read of that span may take at most."""
        answer = _RTU_AROUND + reply_length(span.function, span.size)
        return self.patience + self.on_wire(8 + answer)


async def ask(line: Line, way: Way, unit: int, span: Span) -> Answer:
    """Return what a unit answers to a read of that span; raises `PortLost` alone.

    Raises `ValueError` for a function that does not read.
    """
    question = _question(way.wire, unit, span)
    try:
        await line.send(question.request)
    except NoReply:
        return Answer(unit=unit, ended=Ended.NOT_SILENT)
    sent = asyncio.get_running_loop().time()
    try:
        received = await line.frame(_with_all_before(question.until), way.longest(span))
    except NoReply:
        return Answer(unit=unit, ended=Ended.TIMEOUT)
    except BadFrame as error:
        return judged(question, error.frame)
    told = judged(question, received)
    answer = len(received) - len(question.request) * told.echo - told.stray
    taken = line.last_byte - sent - way.on_wire(len(question.request) + answer)
    return replace(told, seconds=max(taken, 0.0))


def _question(wire: Wire, unit: int, span: Span) -> Question:
    if span.function not in READING:
        raise ValueError(f"function: {span.function} is not one that reads: 1, 2, 3 or 4")
    pdu = read_request(*span)
    if wire == "rtu":
        return Question(wire=wire, unit=unit, span=span, request=rtu_request(unit, pdu))
    number = next(_transactions) & 0xFFFF
    request = mbap_request(number, unit, pdu)
    return Question(wire=wire, unit=unit, span=span, request=request, transaction=number)


def _with_all_before(until: Framing) -> Framing:
    """Return a framing that keeps what stands before the frame: it tells of the line."""

    def cut(buffer: bytes) -> Cut | None:
        found = until(buffer)
        return None if found is None else Cut(buffer[: found.used], found.used)

    return cut
