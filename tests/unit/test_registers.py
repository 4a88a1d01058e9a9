"""What registers mean: numbers, and the status bits that stand beside them."""

import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registermaps import made

from tramdo.errors import BadFrame, InstrumentError, OutOfRange, Refused
from tramdo.reading import Unit
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.registers.decoding import decoder
from tramdo_drivers.registers.model import RegisterMap
from tramdo_drivers.registers.numerals import ordered
from tramdo_drivers.registers.tables import WordOrder


def read(found: RegisterMap, *words: int) -> Any:
    spans = (Span(3, 0, len(words)),)
    return decoder(found, spans).decode(words, b"evidence")


def packed(code: str, value: float) -> tuple[int, ...]:
    raw = struct.pack(code, value)
    return struct.unpack(f">{len(raw) // 2}H", raw)


# --- numbers


@pytest.mark.parametrize(
    ("kind", "words", "text"),
    [
        ("u16", (0xFFFE,), "65534"),
        ("i16", (0xFFFE,), "-2"),
        ("u32", (1, 0x86A0), "100000"),
        ("i32", (0xFFFF, 0xFFFE), "-2"),
        ("u64", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF), "18446744073709551615"),
        ("i64", (0x8000, 0, 0, 0), "-9223372036854775808"),
        ("bcd16", (0x1234,), "1234"),
        ("bcd32", (0x0012, 0x3456), "123456"),
        ("f32", packed(">f", 0.1), "0.1"),
        ("f32", packed(">f", 16777216.0), "16777216"),
        ("f32", packed(">f", 1.5e10), "15000000000"),
        ("f32", packed(">f", 1e-6), "0.000001"),
        ("f32", packed(">f", -832.1), "-832.1"),
        ("f64", packed(">d", 0.1), "0.1"),
        ("f64", packed(">d", 123456.789012), "123456.789012"),
    ],
)
def test_types(kind: str, words: tuple[int, ...], text: str) -> None:
    (found,) = read(made({"type": kind}), *words)
    assert str(found.value) == text


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", (0x4248, 0x1000)),
        ("CDAB", (0x1000, 0x4248)),
        ("BADC", (0x4842, 0x0010)),
        ("DCBA", (0x0010, 0x4842)),
    ],
)
def test_word_orders(order: WordOrder, words: tuple[int, ...]) -> None:
    (found,) = read(made({"type": "f32"}, word_order=order), *words)
    assert found.value == Decimal("50.015625")
    (found,) = read(made({"type": "f32", "word_order": order}, word_order="ABCD"), *words)
    assert found.value == Decimal("50.015625")


def test_word_orders_of_four_words() -> None:
    words = (0x0102, 0x0304, 0x0506, 0x0708)
    assert ordered(words, "ABCD") == bytes.fromhex("01 02 03 04 05 06 07 08")
    assert ordered(words, "CDAB") == bytes.fromhex("07 08 05 06 03 04 01 02")
    assert ordered(words, "BADC") == bytes.fromhex("02 01 04 03 06 05 08 07")
    assert ordered(words, "DCBA") == bytes.fromhex("08 07 06 05 04 03 02 01")


def test_a_single_register_has_no_word_order() -> None:
    (found,) = read(made({"type": "u16"}, word_order="DCBA"), 0x0102)
    assert found.value == 0x0102


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"decimals": 2}, "120.00"),
        ({"scale": "0.5"}, "6000.0"),
        ({"scale": "5", "decimals": 3}, "60.000"),
        ({"scale": "10"}, "120000"),
    ],
)
def test_scale_and_decimals_keep_the_digits(value: dict[str, Any], text: str) -> None:
    (found,) = read(made(value), 12000)
    assert str(found.value) == text


@pytest.mark.parametrize(
    ("resolution", "text"), [("0.01", "12.35"), ("0.005", "12.345"), ("0.5", "12.5"), ("5", "10")]
)
def test_floats_are_printed_to_their_resolution(resolution: str, text: str) -> None:
    (found,) = read(made({"type": "f32", "resolution": resolution}), *packed(">f", 12.3456))
    assert str(found.value) == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("kind", "code"), [("f32", ">f"), ("f64", ">d")])
def test_no_number(kind: str, code: str, number: float) -> None:
    with pytest.raises(OutOfRange, match="fault") as caught:
        read(made({"type": kind}), *packed(code, number))
    assert caught.value.frame == b"evidence"


@pytest.mark.parametrize("number", [1e16, -1e30, 1e-40])
def test_absurd_floats(number: float) -> None:
    with pytest.raises(BadFrame, match="word_order"):
        read(made({"type": "f32"}), *packed(">f", number))


def test_bounds() -> None:
    bounded = made({"decimals": 1, "min": -1, "max": 100})
    assert read(bounded, 1000)[0].value == 100
    with pytest.raises(BadFrame, match=r"weight from -1 to 100, not 100\.1; got 65 76"):
        read(bounded, 1001)


def test_digits_that_are_none() -> None:
    with pytest.raises(BadFrame, match="BCD"):
        read(made({"type": "bcd16"}), 0x12A4)


@given(st.binary(min_size=4, max_size=4))
def test_the_text_of_a_float_gives_its_bytes_again(raw: bytes) -> None:
    words = struct.unpack(">2H", raw)
    try:
        (found,) = read(made({"type": "f32"}), *words)
    except InstrumentError:
        return
    assert struct.pack(">f", float(found.value)) == raw


@given(
    kind=st.sampled_from(["u16", "i32", "u64", "f32", "f64", "bcd32"]),
    words=st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4),
)
def test_any_registers_give_a_value_or_an_error_of_ours(kind: str, words: list[int]) -> None:
    odd = [{"register": 3, "bit": 0, "means": "overload"}]
    try:
        (found,) = read(made({"type": kind}, status=odd), *words)
    except InstrumentError:
        return
    assert found.value.is_finite()


# --- status bits


def bit(number: int, means: str, **more: Any) -> dict[str, Any]:
    return {"register": 1, "bit": number, "means": means, **more}


@pytest.mark.parametrize(
    ("status", "word", "stable"),
    [
        ([], 0, None),
        ([bit(0, "stable")], 1, True),
        ([bit(0, "stable")], 0, False),
        ([bit(0, "stable", invert=True)], 1, False),
        ([bit(0, "unstable")], 1, False),
        ([bit(0, "unstable")], 0, True),
        ([bit(0, "stable"), bit(1, "unstable")], 3, False),
        ([bit(0, "stable"), bit(1, "unstable")], 0, False),
        ([bit(0, "stable"), bit(1, "unstable")], 1, True),
    ],
)
def test_stable_has_three_values(
    status: list[dict[str, Any]], word: int, stable: bool | None
) -> None:
    assert read(made({}, status=status), 5, word)[0].stable is stable


@pytest.mark.parametrize("state", ["overload", "underload", "motion", "not_zeroed", "fault"])
def test_states_without_a_value(state: str) -> None:
    found = made({}, status=[bit(4, state)])
    assert read(found, 5, 0)
    with pytest.raises(OutOfRange) as caught:
        read(found, 5, 0x10)
    assert (caught.value.state, caught.value.frame) == (state, b"evidence")


def test_faults_come_first_and_are_all_named() -> None:
    found = made(
        {}, status=[bit(0, "fault:load cell"), bit(1, "fault:converter"), bit(2, "overload")]
    )
    with pytest.raises(Refused, match="converter, load cell") as caught:
        read(found, 5, 7)
    assert caught.value.frame == b"evidence"


def test_sign_zero_and_flags() -> None:
    status = [bit(0, "mark:minus"), bit(1, "zero"), bit(2, "flag:second range")]
    (found,) = read(made({"sign": "mark:minus", "unit": "kg"}, status=status), 5, 7)
    assert (found.value, found.flags) == (-5, ("second range", "zero"))
    (found,) = read(made({"sign": "mark:minus"}, status=status), 5, 0)
    assert (found.value, found.flags, found.unit) == (5, (), None)


def test_what_is_shown() -> None:
    status = [bit(0, "net")]
    found = made({"only_if": "net", "decimals": 1}, {"only_if": "not net"}, status=status)
    assert [(str(one.value), one.basis) for one in read(found, 5, 1)] == [("0.5", "net")]
    assert [(str(one.value), one.basis) for one in read(found, 5, 0)] == [("5", "gross")]
    with pytest.raises(BadFrame, match="shows one of the map's values"):
        read(made({"only_if": "net"}, status=status), 5, 0)


def test_a_bare_fault_gives_way_to_what_says_more() -> None:
    found = made({}, status=[bit(0, "fault", invert=True), bit(1, "overload")])
    with pytest.raises(OutOfRange, match="overload"):
        read(found, 5, 2)
    with pytest.raises(OutOfRange, match="fault"):
        read(found, 5, 0)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", (0x8000, 0x0004)),
        ("CDAB", (0x0004, 0x8000)),
        ("BADC", (0x0080, 0x0400)),
        ("DCBA", (0x0400, 0x0080)),
    ],
)
def test_bits_of_two_registers(order: WordOrder, words: tuple[int, ...]) -> None:
    means = {2: "flag:low", 18: "flag:other", 31: "flag:high", 15: "flag:middle"}
    status = [bit(number, word, type="u32") for number, word in means.items()]
    (found,) = read(made({}, status=status, word_order=order), 5, *words)
    assert found.flags == ("high", "low")
    one = [bit(0, "flag:one", type="u32", invert=True)]
    assert read(made({}, status=one, word_order=order), 5, *words)[0].flags == ("one",)


# --- codes


def code(tells: str, **more: Any) -> dict[str, Any]:
    return {"tells": tells, "register": 1, **more}


@pytest.mark.parametrize(
    ("more", "word", "text"),
    [
        ({}, 2, "50.00"),
        ({}, 0, "5000"),
        ({"bits": [4, 6]}, 0xFF8F | 3 << 4, "5.000"),
        ({"codes": {"1": "4", "2": "3"}}, 2, "5.000"),
    ],
)
def test_decimals_that_the_instrument_tells(more: dict[str, Any], word: int, text: str) -> None:
    (found,) = read(made({}, code=[code("decimals", **more)]), 5000, word)
    assert str(found.value) == text


def test_decimals_of_the_map_and_floats_are_not_touched_by_those_told() -> None:
    values = ({"decimals": 0, "register": 2}, {"type": "f32", "register": 2}, {"register": 2})
    found = read(made(*values, code=[code("decimals")]), 0, 2, *packed(">f", 1.5))
    assert [str(one.value) for one in found] == ["16320", "1.5", "163.20"]


@pytest.mark.parametrize(
    ("more", "word", "allowed"),
    [
        ({}, 10, "0 to 9, not 10"),
        ({"codes": {"1": "4", "2": "3"}}, 3, "1, 2, not 3"),
        ({"type": "u32"}, 1, r"0 to 9, not 65536 \(is word_order right"),
    ],
)
def test_a_code_that_is_not_listed(more: dict[str, Any], word: int, allowed: str) -> None:
    with pytest.raises(BadFrame, match=f"decimals among {allowed}") as caught:
        read(made({}, code=[code("decimals", **more)]), 5000, word, 0)
    assert caught.value.frame == b"evidence"


def test_the_unit_told_stands_where_the_map_has_none() -> None:
    found = made({}, {"unit": "L"}, code=[code("unit", bits=[7, 8], codes={"1": "g", "2": "t"})])
    assert [one.unit for one in read(found, 5, 2 << 7)] == [Unit.T, Unit.L]
    with pytest.raises(BadFrame, match="unit among 1, 2, not 0"):
        read(found, 5, 0)


def test_a_code_can_tell_a_status() -> None:
    codes = {"0": "mark:well", "1": "overload", "2": "fault:supply", "3": "net", "4": "unstable"}
    found = made({}, code=[code("status", bits=[13, 15], codes=codes)])
    assert [read(found, 5, number << 13)[0].basis for number in (0, 3)] == ["gross", "net"]
    assert [read(found, 5, number << 13)[0].stable for number in (0, 4)] == [True, False]
    with pytest.raises(OutOfRange, match="overload"):
        read(found, 5, 1 << 13)
    with pytest.raises(Refused, match="supply"):
        read(found, 5, 2 << 13)
    with pytest.raises(BadFrame, match="status among 0, 1, 2, 3, 4, not 5"):
        read(found, 5, 5 << 13)


def test_any_other_number_can_be_told_too() -> None:
    codes = {"codes": {"0": "mark:well"}, "otherwise": "fault:error"}
    found = made({}, code=[code("status", **codes)])
    assert read(found, 5, 0)
    with pytest.raises(Refused, match="error"):
        read(found, 5, 9)


def test_a_fault_comes_before_a_code_that_is_not_listed() -> None:
    found = made({}, status=[bit(15, "fault:supply")], code=[code("decimals", bits=[0, 3])])
    with pytest.raises(Refused, match="supply"):
        read(found, 5, 0x800F)


def test_a_flag_of_its_own_stands_last() -> None:
    values: tuple[dict[str, Any], ...]
    values = ({"flag": "cell 1"}, {"flag": "cell 2", "unit_assumed": True, "unit": "kg"}, {})
    found = read(made(*values, status=[bit(0, "zero")]), 5, 1)
    assert [one.flags for one in found] == [
        ("zero", "cell 1"),
        ("zero", "cell 2", "unit_assumed"),
        ("zero",),
    ]


def test_the_unit_and_decimals_told_are_those_of_the_display() -> None:
    codes = [code("decimals"), code("unit", codes={"2": "t"})]
    values: tuple[dict[str, Any], ...] = ({}, {"quantity": "temperature"}, {"raw": True})
    found = read(made(*values, code=codes), 251, 2)
    assert [(str(one.value), one.unit) for one in found] == [
        ("2.51", Unit.T),
        ("251", None),
        ("251", None),
    ]


def test_a_float_of_many_digits_is_rounded_or_refused() -> None:
    value = {"type": "f64", "scale": "1000000", "resolution": "0.000000001"}
    words = packed(">d", 1.5e14)
    (found,) = read(made(value), *words)
    assert str(found.value) == "150000000000000000000.000000000"
    for more in ({"resolution": "1E-60"}, {"scale": "1E+999999", "max": "9E+999999"}):
        with pytest.raises(BadFrame, match="weight of at most 64 digits"):
            read(made(value | more), *words)
