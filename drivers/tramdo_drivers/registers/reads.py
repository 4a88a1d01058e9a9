"""Which registers of a map to read together, and where each then stands. No I/O."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from tramdo_drivers.modbus.pdu import Span, reply_length
from tramdo_drivers.registers.model import Item, RegisterMap


def plan(found: RegisterMap) -> tuple[Span, ...]:
    """Return the reads that bring every value, status bit and code of a map, none of them split."""
    items: tuple[Item, ...] = (*found.value, *found.status, *found.code)
    wanted = sorted({found.span(one) for one in items})
    if found.workarounds.one_request_per_value:
        return tuple(wanted)
    return tuple(_merged(wanted, found.merge_hole, found.max_registers))


def place(wanted: Span, spans: Sequence[Span]) -> slice:
    """Return where a span's words stand among the words of all reads, one read after the other.

    Where several reads bring the whole of it, the last one counts.
    """
    starts = accumulate((one.size for one in spans), initial=0)
    *_, at = (
        start + wanted.address - one.address
        for start, one in zip(starts, spans, strict=False)
        if one.holds(wanted)
    )
    return slice(at, at + wanted.size)


def unmistakable(spans: Sequence[Span]) -> Span:
    """Return a read at the start of the largest span whose byte count no span's reply has.

    It stays inside that span where it can: registers beyond it may not exist, which is answered
    with an exception and serves as well.
    """
    largest = max(spans, key=lambda one: one.size)
    taken = {reply_length(one.function, one.size) for one in spans}
    counts = range(1, largest.size + len(taken) * 8 + 9)
    free = (n for n in counts if reply_length(largest.function, n) not in taken)
    return largest._replace(size=next(free))


def _merged(spans: Sequence[Span], hole: int, most: int) -> Iterator[Span]:
    last, *others = spans
    for span in others:
        end = max(last.address + last.size, span.address + span.size)
        gap = span.address - last.address - last.size
        if span.function == last.function and gap <= hole and end - last.address <= most:
            last = last._replace(size=end - last.address)
        else:
            yield last
            last = span
    yield last
