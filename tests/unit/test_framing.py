"""Bytes to frames: by line and by length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tramdo.errors import BadFrame, NoReply
from tramdo.framing import Cut, by_length, by_line
from tramdo_driver_kit import Script


def test_a_line_keeps_its_end_and_leaves_what_follows() -> None:
    assert by_line()(b"one\r\ntwo") == Cut(b"one\r\n", 5)


@pytest.mark.parametrize("part", [b"", b"o", b"one", b"one\r", b"one\n"])
def test_a_line_needs_its_whole_end(part: bytes) -> None:
    assert by_line()(part) is None


def test_another_end_mark() -> None:
    assert by_line(b"\x03")(b"\x02one\x03\x02") == Cut(b"\x02one\x03", 5)


def test_a_line_without_end_is_given_up_at_its_limit() -> None:
    assert by_line(limit=8)(b"12345678") is None
    with pytest.raises(BadFrame, match="at most 8 bytes ending in 0d 0a"):
        by_line(limit=8)(b"123456789")


def test_a_length_is_cut_from_its_start() -> None:
    assert by_length(4, b"\x02")(b"xx\x02abcd") == Cut(b"\x02abc", 6, 2)


@pytest.mark.parametrize("part", [b"", b"\x02", b"xx\x02ab", b"xxxxxxxx"])
def test_a_length_needs_start_and_all_its_bytes(part: bytes) -> None:
    assert by_length(4, b"\x02")(part) is None


def test_a_length_without_start_mark() -> None:
    assert by_length(3)(b"abcd") == Cut(b"abc", 3)


@given(before=st.binary(max_size=20), frame=st.binary(min_size=3, max_size=3))
def test_used_counts_the_stray_bytes_before_the_frame(before: bytes, frame: bytes) -> None:
    buffer = before.replace(b"\x02", b"") + b"\x02" + frame
    cut = by_length(4, b"\x02")(buffer)
    assert cut is not None
    assert cut.used == len(buffer)
    assert buffer[cut.stray : cut.used] == cut.frame == b"\x02" + frame


@given(
    lines=st.lists(st.binary(max_size=20).map(lambda one: one.replace(b"\r\n", b"")), max_size=5)
)
def test_lines_are_cut_one_after_the_other(lines: list[bytes]) -> None:
    buffer, found = b"".join(one + b"\r\n" for one in lines), []
    whole = buffer
    while cut := by_line()(buffer):
        found.append(cut.frame)
        buffer = buffer[cut.used :]
    assert b"".join(found) == whole
    assert not buffer


async def test_the_scripted_peer_fails_like_a_line() -> None:
    with Script((b"a", b""), (b"b", b"half"), (b"", b"one\r\ntwo\r\n")) as port:
        with pytest.raises(NoReply):
            await port.exchange(b"a", by_line())
        with pytest.raises(BadFrame):
            await port.exchange(b"b", by_line())
        assert await port.listen(by_line()) == b"one\r\n"
        assert await port.listen(by_line()) == b"two\r\n"


async def test_the_scripted_peer_minds_what_is_sent_and_what_is_left() -> None:
    with pytest.raises(AssertionError, match="expected 61"):
        await Script((b"a", b"one\r\n")).exchange(b"b", by_line())
    with pytest.raises(AssertionError, match="left over"), Script((b"a", b"1\r\n2\r\n")) as port:
        await port.exchange(b"a", by_line())
    with pytest.raises(AssertionError, match="never asked"), Script((b"a", b"1\r\n")):
        pass
