"""Registers of one unit read twice, block by block; a block refused is halved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tramdo.port import Line
from tramdo_drivers.modbus.pdu import HOLDING_REGISTERS, INPUT_REGISTERS, Span
from tramdo_probe.bus_asking import Way, ask
from tramdo_probe.bus_judging import Answer, Ended
from tramdo_probe.words_side_by_side import Pair, pairs

BLOCK = 32
MOST = 1000
GIVE_UP = 3
_SPLITTING = (2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Registers by wire address as two reads brought them; `holes` says what is not there."""

    unit: int
    first: Mapping[int, int]
    again: Mapping[int, int]
    holes: Mapping[Span, str]
    cut_short: bool = False

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Return each two neighbours with all they may mean."""
        return pairs(self.first, self.again)


async def look(
    line: Line,
    way: Way,
    unit: int,
    wanted: Span,
    tell: Callable[[str], None] = lambda _: None,
) -> Looked:
    """Return the registers wanted (function, wire address, how many), read twice.

    At most two questions for a register; three blocks in a row without answer end it. Raises
    `PortLost`, or `ValueError` for what cannot be read.
    """
    _check(*wanted)
    first: dict[int, int] = {}
    holes: dict[Span, str] = {}
    read: list[Span] = []
    left = _blocks(*wanted)
    silent = 0
    while left and silent < GIVE_UP:
        span = left.pop(0)
        tell(f"unit {unit}: registers {span.address} to {span.address + span.size - 1}")
        answer = await ask(line, way, unit, span)
        silent = silent + 1 if answer.ended == Ended.TIMEOUT else 0
        if answer.ended == Ended.VALUE:
            first |= _placed(span, answer)
            read.append(span)
        elif answer.exception in _SPLITTING and span.size > 1:
            left[:0] = _halves(span)
        else:
            holes[span] = answer.kind
    again = await _again(line, way, unit, read)
    return Looked(unit=unit, first=first, again=again, holes=holes, cut_short=bool(left))


async def _again(line: Line, way: Way, unit: int, spans: Sequence[Span]) -> dict[int, int]:
    again: dict[int, int] = {}
    for span in spans:
        answer = await ask(line, way, unit, span)
        if answer.ended == Ended.TIMEOUT:
            break
        again |= _placed(span, answer)
    return again


def _check(function: int, start: int, count: int) -> None:
    if function not in (HOLDING_REGISTERS, INPUT_REGISTERS):
        raise ValueError(f"function: {function} is not 3 or 4")
    if not 0 <= start <= 0xFFFF:
        raise ValueError(f"start: {start} is outside 0 to 65535")
    if not 1 <= count <= min(MOST, 0x10000 - start):
        raise ValueError(f"count: {count} is outside 1 to {min(MOST, 0x10000 - start)}")


def _blocks(function: int, start: int, count: int) -> list[Span]:
    end = start + count
    return [Span(function, at, min(BLOCK, end - at)) for at in range(start, end, BLOCK)]


def _halves(span: Span) -> list[Span]:
    half = span.size // 2
    return [span._replace(size=half), Span(span.function, span.address + half, span.size - half)]


def _placed(span: Span, answer: Answer) -> dict[int, int]:
    return {span.address + index: word for index, word in enumerate(answer.words)}
