"""Modbus RTU frames: cut from whatever stands around them, with pymodbus as the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.exceptionresponse import ExceptionResponse
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse
from supported import frames

from tramdo import errors
from tramdo.errors import BadFrame, NoReply, Refused
from tramdo.framing import Cut
from tramdo_driver_kit import Frame
from tramdo_drivers.modbus.pdu import parse_reply, read_request, reply_length
from tramdo_drivers.modbus.rtu import MOST_STRAY, by_rtu_reply, crc16, rtu_pdu, rtu_request

CLIENT = FramerRTU(DecodePDU(False))
SERVER = FramerRTU(DecodePDU(True))
REQUEST = bytes.fromhex("01 03 00 06 00 05 65 c8")
REPLY = bytes.fromhex("01 03 0a 08 00 00 00 30 39 00 00 2e e0 20 81")
EXCEPTION = bytes.fromhex("01 83 02 c0 f1")
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


def framed(unit: int, registers: list[int]) -> bytes:
    """Return what pymodbus sends as that unit's reply."""
    return CLIENT.buildFrame(ReadHoldingRegistersResponse(dev_id=unit, registers=registers))


def bytewise(buffer: bytes, unit: int = 1, function: int = 3, length: int = 10) -> Cut | None:
    """Return the first cut while the bytes come one by one."""
    cut = by_rtu_reply(unit, function, length)
    parts = (cut(buffer[:end]) for end in range(len(buffer) + 1))
    return next((one for one in parts if one is not None), None)


@pytest.mark.parametrize("frame", frames("modbus-rtu"), ids=lambda one: one.id)
def test_table(frame: Frame) -> None:
    assert crc16(frame.bytes) == 0
    unit, function = frame.more["unit_id"], frame.more["function"]
    if frame.sent:
        pdu = read_request(function, frame.more["address"], frame.more["count"])
        assert rtu_request(unit, pdu) == frame.bytes
        return
    cut = bytewise(frame.bytes, unit, function, 4)
    assert cut == Cut(frame.bytes, len(frame.bytes))
    with pytest.raises(getattr(errors, frame.error)) as caught:
        parse_reply(rtu_pdu(cut.frame))
    assert str(caught.value) == frame.text


@pytest.mark.parametrize(
    "before",
    [
        b"\x00",
        b"\x00\xff",
        REQUEST,
        b"\xff" + REQUEST,
        framed(2, [1, 2, 3, 4, 5]),
        framed(1, [7, 8]),
        framed(1, [7]) * 3,
        REPLY[:-1],
        REPLY[:5] + b"\x55" + REPLY[6:],
        bytes.fromhex("01 03 0a 00 00 05 87 d1"),
        bytes.fromhex("01 04 0a 08 00 00 00 30 39 00 00 2e e0"),
    ],
    ids=[
        "stray 00",
        "stray 00 ff",
        "echo",
        "ff and echo",
        "another unit",
        "late, other count",
        "three late, other count",
        "one byte lost",
        "garbled",
        "echo that begins like the reply",
        "another function",
    ],
)
def test_the_reply_is_found_behind(before: bytes) -> None:
    assert bytewise(before + REPLY) == Cut(REPLY, len(before) + len(REPLY), len(before))
    assert by_rtu_reply(1, 3, 10)(before + REPLY + b"\x01") == bytewise(before + REPLY)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        REQUEST,
        REPLY[:-1],
        REPLY[1:],
        REPLY[:-1] + b"\x00",
        framed(2, [1, 2, 3, 4, 5]),
        framed(1, [1, 2, 3, 4]),
        framed(1, [1, 2, 3, 4, 5, 6]),
        bytes.fromhex("01 84 02 c2 c1"),
        EXCEPTION[:-1] + b"\x00",
    ],
    ids=[
        "nothing",
        "only an echo",
        "cut short",
        "start lost",
        "wrong CRC",
        "another unit",
        "fewer registers",
        "more registers",
        "exception of another function",
        "exception with a wrong CRC",
    ],
)
def test_nothing_is_cut_from(wrong: bytes) -> None:
    assert bytewise(wrong) is None


def test_an_exception_ends_the_wait() -> None:
    assert bytewise(REQUEST + EXCEPTION) == Cut(EXCEPTION, 13, 8)
    with pytest.raises(Refused, match="exception 2: illegal data address") as caught:
        parse_reply(rtu_pdu(EXCEPTION))
    assert caught.value.frame == EXCEPTION[1:-2]


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (1, Refused, "exception 1: illegal function"),
        (3, Refused, "exception 3: illegal data value"),
        (4, Refused, "exception 4: server device failure"),
        (5, NoReply, "busy"),
        (6, NoReply, "busy"),
        (7, Refused, "exception 7: negative acknowledge"),
        (8, Refused, "exception 8: memory parity error"),
        (9, Refused, "exception 9: unknown"),
        (10, Refused, "exception 10: gateway path unavailable"),
        (11, NoReply, "exception 11: gateway target device failed to respond"),
        (255, Refused, "exception 255: unknown"),
    ],
)
def test_exceptions_by_name(code: int, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        parse_reply(bytes((0x83, code)))
    assert str(caught.value) == text


def test_a_babbling_line_is_given_up() -> None:
    assert by_rtu_reply(1, 3, 10)(bytes(MOST_STRAY)) is None
    with pytest.raises(BadFrame, match="within 1024 bytes"):
        by_rtu_reply(1, 3, 10)(bytes(MOST_STRAY + 1))


@given(unit=st.integers(1, 247), registers=WORDS, before=st.binary(max_size=12))
def test_frames_of_pymodbus_are_cut_and_read(
    unit: int, registers: list[int], before: bytes
) -> None:
    frame = framed(unit, registers)
    cut = by_rtu_reply(unit, 3, reply_length(3, len(registers)))(before + frame)
    assert cut == Cut(frame, len(before) + len(frame), len(before))
    assert parse_reply(rtu_pdu(cut.frame)) == tuple(registers)


@given(
    unit=st.integers(1, 247),
    function=st.integers(1, 4),
    address=st.integers(0, 0xFFFF),
    count=st.integers(1, 125),
)
def test_pymodbus_understands_our_requests(
    unit: int, function: int, address: int, count: int
) -> None:
    frame = rtu_request(unit, read_request(function, address, count))
    used, pdu = SERVER.handleFrame(frame, 0, 0)
    assert used == len(frame)
    assert pdu is not None
    assert (pdu.dev_id, pdu.function_code) == (unit, function)
    assert (pdu.address, pdu.count) == (address, count)


@pytest.mark.parametrize("kind", [ReadCoilsResponse, ReadDiscreteInputsResponse])
def test_bits(kind: type[ReadCoilsResponse]) -> None:
    sent = [True, False, True, True, False, False, False, False, True]
    frame = CLIENT.buildFrame(kind(dev_id=1, bits=sent))
    cut = bytewise(b"\x00" + frame, 1, kind.function_code, reply_length(kind.function_code, 9))
    assert cut is not None
    assert parse_reply(rtu_pdu(cut.frame))[:9] == tuple(map(int, sent))


@given(code=st.integers(1, 255))
def test_exceptions_of_pymodbus_are_cut(code: int) -> None:
    response = ExceptionResponse(3, code)
    response.dev_id = 1
    frame = CLIENT.buildFrame(response)
    assert bytewise(frame) == Cut(frame, 5)


@given(at=st.integers(0, len(REPLY) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_is_always_seen(at: int, byte: int) -> None:
    wrong = REPLY[:at] + bytes((byte,)) + REPLY[at + 1 :]
    assert (bytewise(wrong) is None) is (wrong != REPLY)


@given(st.binary(max_size=64))
def test_any_bytes_give_a_right_frame_or_none(buffer: bytes) -> None:
    cut = by_rtu_reply(1, 3, 2)(buffer)
    if cut is not None:
        assert crc16(cut.frame) == 0
        assert buffer[cut.stray : cut.used] == cut.frame
