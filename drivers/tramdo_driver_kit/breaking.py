"""Ways to break a frame, and what a number that came of a broken one may still be."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from hypothesis import strategies as st

from tramdo.reading import Indication
from tramdo_driver_kit.frames import Frame


def parts(frame: bytes) -> Iterator[bytes]:
    """Yield every beginning and every end of a frame that is not the whole of it."""
    for at in range(1, len(frame)):
        yield frame[:at]
    yield from ends(frame)


def ends(frame: bytes) -> Iterator[bytes]:
    """Yield every end of a frame that is not the whole of it."""
    for at in range(1, len(frame)):
        yield frame[at:]


def without_a_byte(frame: bytes) -> Iterator[bytes]:
    """Yield the frame with each of its bytes lost."""
    for at in range(len(frame)):
        yield frame[:at] + frame[at + 1 :]


def with_a_strange_byte(frame: bytes) -> Iterator[bytes]:
    """Yield the frame with 00h or FFh in each place, and before each of its bytes."""
    for at in range(len(frame)):
        for octet in (b"\x00", b"\xff"):
            yield frame[:at] + octet + frame[at + 1 :]
            yield frame[:at] + octet + frame[at:]


def with_a_bit_turned(frame: bytes) -> Iterator[bytes]:
    """Yield the frame with each of its bits turned."""
    for at in range(len(frame)):
        for bit in range(8):
            yield frame[:at] + bytes([frame[at] ^ (1 << bit)]) + frame[at + 1 :]


def broken(frames: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for what a bad line makes of these frames."""
    alphabet = bytes(sorted(set(b"".join(frames))))
    ends = st.integers(-20, 120)  # so that many pieces begin or end where their frame does
    piece = st.tuples(st.sampled_from(frames), ends, ends).map(lambda one: _cut(*one))
    noise = st.binary(max_size=3)
    like = st.lists(st.sampled_from(alphabet), max_size=6).map(bytes)
    return st.lists(st.one_of(piece, noise, like), min_size=1, max_size=5).map(b"".join)


def _cut(frame: bytes, one: int, other: int) -> bytes:
    start, end = (max(0, min(100, at)) * len(frame) // 100 for at in sorted((one, other)))
    return frame[start:end]


def shows(frame: bytes, one: Indication) -> bool:
    """Whether the digits of an indication stand in the frame, in this or in reversed order."""
    wanted = _digits(one.value)
    there = "".join(chr(octet) for octet in frame if chr(octet).isdecimal() and octet < 128)
    return wanted in there or wanted in there[::-1]


def all_shown(rows: Iterable[Frame]) -> bool:
    """Whether the digits of every value stand as such in its frames; not so where they are hex."""
    values = [(b"".join((*row.before, row.bytes)), one) for row in rows for one in row.indications]
    return all(shows(octets, one) for octets, one in values)


def _digits(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).lstrip("0")
