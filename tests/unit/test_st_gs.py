"""ST,GS lines: the frame table, the stream, and what a bad line makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supported import frames

from tramdo import errors
from tramdo.driver import Listening, Polled
from tramdo.errors import BadFrame, InstrumentError, NoReply
from tramdo_driver_kit import Frame, Script
from tramdo_drivers.st_gs import StGs, parse_weight

TABLE = frames("st-gs")
WEIGHTS = [one for one in TABLE if one.indications]
REFUSED = [one for one in TABLE if one.error]


def by_id(one: Frame) -> str:
    return one.id


@pytest.mark.parametrize("frame", WEIGHTS, ids=by_id)
def test_weights(frame: Frame) -> None:
    found = parse_weight(frame.bytes)
    assert (found,) == frame.indications
    assert str(found.value) == str(frame.indications[0].value)


@pytest.mark.parametrize("frame", REFUSED, ids=by_id)
def test_what_is_no_weight(frame: Frame) -> None:
    with pytest.raises(getattr(errors, frame.error)) as caught:
        parse_weight(frame.bytes)
    assert frame.state in ("", caught.value.state)
    assert caught.value.frame == frame.bytes


@pytest.mark.parametrize("frame", TABLE, ids=by_id)
async def test_the_same_one_byte_at_a_time(frame: Frame) -> None:
    with Script((b"", frame.bytes)) as port:
        if frame.error:
            with pytest.raises(getattr(errors, frame.error)):
                await StGs().listen(port)
        else:
            assert tuple(await StGs().listen(port)) == frame.indications
    assert port.sent == []


async def test_a_stream_is_heard_line_by_line() -> None:
    stream = b"".join(one.bytes for one in WEIGHTS)
    with Script((b"", stream)) as port:
        heard = [tuple(await StGs().listen(port)) for _ in WEIGHTS]
    assert heard == [one.indications for one in WEIGHTS]


async def test_silence() -> None:
    with Script((b"", b"")) as port, pytest.raises(NoReply):
        await StGs().listen(port)


def test_it_listens_and_cannot_be_polled() -> None:
    assert isinstance(StGs(), Listening)
    assert not isinstance(StGs(), Polled)


@given(st.binary(max_size=40))
def test_any_bytes_give_a_value_or_an_error_of_ours(line: bytes) -> None:
    try:
        found = parse_weight(line)
    except InstrumentError:
        return
    assert found.value.is_finite()
    assert line.lstrip(b"\x00\xff").startswith((b"ST", b"US"))


@given(text=st.text(alphabet="STUGNRP,+- 0123456789.kgKG\r\n", max_size=24))
def test_text_like_a_line_is_a_line_or_refused(text: str) -> None:
    try:
        found = parse_weight(text.encode())
    except InstrumentError:
        return
    assert text.endswith("\r\n")
    assert sum(map(str.isdigit, text)) == len(found.value.as_tuple().digits) + _leading(text)


def _leading(text: str) -> int:
    """Return how many zeros stand before the digits that a Decimal keeps."""
    digits = "".join(one for one in text if one.isdigit())
    return len(digits) - len(digits.lstrip("0") or "0")


PLAIN = [one for one in WEIGHTS if one.id != "own-line-turning"]


@given(frame=st.sampled_from(PLAIN), at=st.integers(0))
def test_a_lost_character_is_seen_where_the_length_is_known(frame: Frame, at: int) -> None:
    at %= len(frame.bytes)
    with pytest.raises(BadFrame):
        parse_weight(frame.bytes[:at] + frame.bytes[at + 1 :], len(frame.bytes))


@pytest.mark.parametrize("frame", PLAIN, ids=by_id)
async def test_a_line_of_the_known_length_is_read(frame: Frame) -> None:
    with Script((b"", frame.bytes)) as port:
        assert await StGs(length=len(frame.bytes)).listen(port)


@given(frame=st.sampled_from(PLAIN), cut=st.integers(1))
def test_part_of_a_line_is_no_weight(frame: Frame, cut: int) -> None:
    cut = 1 + cut % (len(frame.bytes) - 1)
    for part in (frame.bytes[:cut], frame.bytes[cut:]):
        with pytest.raises(BadFrame):
            parse_weight(part)
