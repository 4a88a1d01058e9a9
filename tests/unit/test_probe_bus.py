"""The pure parts of the Modbus bus doctor: answers judged, words side by side, maps, sections."""

import asyncio
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tramdo.errors import PortLost
from tramdo.settings.ports import Format
from tramdo.stationfile import read as read_station
from tramdo_drivers.mapfiles import load_map
from tramdo_drivers.modbus.mbap import mbap_request
from tramdo_drivers.modbus.pdu import Span, read_request
from tramdo_drivers.modbus.rtu import rtu_request
from tramdo_drivers.modbus_map import ModbusMap
from tramdo_drivers.registers.tables import WordOrder
from tramdo_probe import bus, bus_command, bus_report
from tramdo_probe.bus_asking import Way, ask
from tramdo_probe.bus_found import Found, Tried, chosen, measured, summed
from tramdo_probe.bus_judging import Answer, Ended, Question, judged
from tramdo_probe.bus_look import Looked
from tramdo_probe.bus_maps import shipped, weighed
from tramdo_probe.bus_section import drafted
from tramdo_probe.lines import ALLOWED, SETTING
from tramdo_probe.places import Place, place
from tramdo_probe.words_side_by_side import ORDERS, mark, pairs, read
from tramdo_simulators.banks import f32, u32
from tramdo_simulators.modbus import registers_pdu, rtu_frame

SPAN = Span(3, 0, 1)
ASKED = Question(wire="rtu", unit=3, span=SPAN, request=rtu_request(3, read_request(*SPAN)))
TOLD = rtu_frame(3, registers_pdu([7]))
REFUSED = rtu_frame(3, b"\x83\x02")
ON_TCP = Question(
    wire="tcp",
    unit=3,
    span=SPAN,
    request=mbap_request(5, 3, read_request(*SPAN)),
    transaction=5,
)


def bad(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])


@pytest.mark.parametrize(
    ("received", "ended", "echo", "stray", "other"),
    [
        (b"", Ended.TIMEOUT, False, 0, None),
        (TOLD, Ended.VALUE, False, 0, None),
        (REFUSED, Ended.EXCEPTION, False, 0, None),
        (ASKED.request, Ended.TIMEOUT, True, 0, None),
        (ASKED.request + TOLD, Ended.VALUE, True, 0, None),
        (ASKED.request + REFUSED, Ended.EXCEPTION, True, 0, None),
        (b"\x00\xff" + TOLD, Ended.VALUE, False, 2, None),
        (bad(TOLD), Ended.CRC, False, 7, None),
        (TOLD[:-1], Ended.CRC, False, 6, None),
        (bad(REFUSED), Ended.CRC, False, 5, None),
        (rtu_frame(4, registers_pdu([7])), Ended.WRONG_UNIT, False, 0, 4),
        (rtu_frame(9, b"\x83\x02"), Ended.WRONG_UNIT, False, 0, 9),
        (b"S S      20.00 kg\r\n", Ended.STRAY, False, 19, None),
        (bytes(2000), Ended.STRAY, False, 2000, None),
    ],
)
def test_what_came_says_how_a_question_ended(
    received: bytes, ended: Ended, echo: bool, stray: int, other: int | None
) -> None:
    told = judged(ASKED, received)
    assert (told.ended, told.echo, told.stray, told.other) == (ended, echo, stray, other)
    assert told.received == received


def test_an_answer_has_its_words_or_its_exception() -> None:
    assert judged(ASKED, TOLD).words == (7,)
    assert judged(ASKED, REFUSED).kind == "exception 2"
    bits = Span(1, 0, 3)
    asked = Question(wire="rtu", unit=3, span=bits, request=rtu_request(3, read_request(*bits)))
    assert judged(asked, rtu_frame(3, b"\x01\x01\x05")).words == (1, 0, 1)


@pytest.mark.parametrize(
    ("body", "transaction", "ended", "alive"),
    [
        (b"\x03\x03\x02\x00\x07", 5, Ended.VALUE, True),
        (b"\x03\x83\x02", 5, Ended.EXCEPTION, True),
        (b"\x03\x83\x0b", 5, Ended.EXCEPTION, False),
        (b"\x04\x03\x02\x00\x07", 5, Ended.WRONG_UNIT, False),
        (b"\x03\x03\x02\x00\x07", 4, Ended.STRAY, False),
    ],
)
def test_modbus_tcp_answers(body: bytes, transaction: int, ended: Ended, alive: bool) -> None:
    frame = transaction.to_bytes(2, "big") + b"\x00\x00" + len(body).to_bytes(2, "big") + body
    told = judged(ON_TCP, frame)
    assert (told.ended, told.alive) == (ended, alive)


@given(st.binary(max_size=40))
def test_no_bytes_upset_the_judge(received: bytes) -> None:
    for question in (ASKED, ON_TCP):
        assert judged(question, received).unit == 3


def test_a_value_is_never_made_of_one_wrong_bit() -> None:
    for bit in range(len(TOLD) * 8):
        wrong = (int.from_bytes(TOLD, "big") ^ 1 << bit).to_bytes(len(TOLD), "big")
        assert not judged(ASKED, wrong).alive


@pytest.mark.parametrize("function", [5, 6, 15, 16, 22, 23, 0, 8])
async def test_what_does_not_read_is_never_asked(function: int) -> None:
    with pytest.raises(ValueError, match="not one that reads"):
        bus.Wanted(function=function)
    with pytest.raises(ValueError, match="not one that reads"):
        await ask(None, Way(), 1, Span(function, 0, 1))  # type: ignore[arg-type]


def test_the_default_survey_of_a_dead_line_takes_less_than_a_minute() -> None:
    wanted = bus.Wanted()
    assert 30 < wanted.dead_line_seconds() < wanted.at_most
    longest_question = max(wanted.way(one).longest(wanted.span) for one in wanted.settings)
    assert wanted.at_most + longest_question + 1.1 < 60


@pytest.mark.parametrize("unit", [0, 248, 255])
async def test_unit_ids_that_only_modbus_tcp_has(
    unit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = bus_command.Look(unit=unit)
    with pytest.raises(typer.Exit):
        await bus_command.examine(place("/dev/nowhere"), [], asked, print)
    why = f"--unit: {unit} is outside 1 to 247 (Modbus RTU; 0 is a broadcast)"
    assert why in capsys.readouterr().err
    assert bus.Wanted(wire="tcp", first=(unit,)).first == (unit,)
    with pytest.raises(ValueError, match="unit: 256 is outside 0 to 255"):
        bus.Wanted(wire="tcp", first=(256,))


async def test_modbus_tcp_is_asked_for_unit_255_early() -> None:
    told: list[str] = []
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PortLost):
            await bus_command.examine(
                place(f"tcp://127.0.0.1:{port}"), [], bus_command.Look(), told.append
            )
    assert told == ["Modbus TCP: asking unit 1 to 10, 255"]


def test_a_line_setting_is_one_that_a_station_file_takes() -> None:
    forms = [f"{bits}{parity}{stop}" for bits in "78" for parity in "NEO" for stop in "12"]
    taken = [one for one in forms if SETTING.fullmatch(f"9600 {one}")]
    assert set(taken) == set(get_args(Format))
    assert all(one in ALLOWED for one in taken)
    assert not SETTING.fullmatch("9600 7N1")


def answer(unit: int, ended: Ended = Ended.VALUE, **more: object) -> Answer:
    return Answer(unit=unit, ended=ended, **more)  # type: ignore[arg-type]


def test_answers_are_summed_up_and_a_late_unit_has_answered() -> None:
    told = summed(
        "9600 8N1",
        [
            answer(1, Ended.TIMEOUT),
            answer(2, Ended.WRONG_UNIT, other=1),
            answer(3, stray=2),
            answer(4, Ended.CRC, echo=True, stray=7),
        ],
    )
    assert told.units == (1, 3)
    assert told.errors == {
        "timeout": 1,
        "wrong unit": 1,
        "wrong crc": 1,
        "stray bytes before it": 2,
    }
    assert (told.echo, told.noise) == (True, 1)


def test_the_setting_with_most_units_is_chosen_then_the_cleanest_then_the_first() -> None:
    one = Tried(setting="a", units=(1,), errors={"wrong crc": 2})
    clean, later = Tried(setting="b", units=(1,)), Tried(setting="c", units=(1,))
    two = Tried(setting="d", units=(1, 2))
    assert chosen([Tried(setting="x")]) is None
    assert chosen([one, clean, later]) == clean
    assert chosen([one, clean, later, two]) == two


def test_turn_around_times_are_of_answers_alone() -> None:
    found = measured(
        1,
        [*(answer(1, seconds=one) for one in (0.02, 0.05, 0.03)), answer(1, Ended.TIMEOUT)],
        {4: answer(1, Ended.EXCEPTION, exception=2)},
    )
    assert (found.usual, found.worst, found.answered, found.asked) == (0.03, 0.05, 3, 4)
    assert (found.errors, found.functions) == ({"timeout": 1}, {4: "exception 2"})


# ---------------------------------------------------------------- words side by side

Turn = Callable[[int, int], tuple[int, int]]
ORDERED: dict[WordOrder, Turn] = {
    "ABCD": lambda high, low: (high, low),
    "CDAB": lambda high, low: (low, high),
    "BADC": lambda high, low: (swapped(high), swapped(low)),
    "DCBA": lambda high, low: (swapped(low), swapped(high)),
}


def swapped(word: int) -> int:
    return word >> 8 | (word & 0xFF) << 8


@pytest.mark.parametrize("order", ORDERS)
def test_two_words_are_read_in_each_order(order: WordOrder) -> None:
    assert read(ORDERED[order](*f32(12.75)), "f32", order) == Decimal("12.75")
    assert read(ORDERED[order](*u32(70000)), "u32", order) == 70000


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("value", [12.75, 20.0, -3.5, 832.4, 101.325, 0.82])
def test_a_usual_float_has_the_highest_mark_in_its_order_alone(
    order: WordOrder, value: float
) -> None:
    first = dict(enumerate(ORDERED[order](*f32(value))))
    (pair,) = pairs(first, first)
    full = [(one.kind, one.order) for one in pair.candidates if one.mark == 3]
    assert ("f32", order) in full
    assert [one for one in full if one[0] == "f32"] == [("f32", order)]


@pytest.mark.parametrize("order", ORDERS)
def test_a_count_in_its_order_is_marked_highest(order: WordOrder) -> None:
    first = dict(enumerate(ORDERED[order](*u32(2000))))
    (pair,) = pairs(first, first)
    assert [one.order for one in pair.candidates if one.mark == 3 and one.kind == "u32"] == [order]


@pytest.mark.parametrize(
    ("kind", "value", "again", "wanted"),
    [
        ("f32", None, None, 0),
        ("f32", Decimal("1e-9"), Decimal("1e-9"), 0),
        ("f32", Decimal("1e9"), Decimal("1e9"), 0),
        ("f32", Decimal(0), Decimal(0), 1),
        ("i32", Decimal(-1), Decimal(-1), 1),
        ("u32", Decimal(1101004800), Decimal(1101004800), 0),
        ("u32", Decimal(2000), None, 2),
        ("u32", Decimal(2000), Decimal(2001), 3),
        ("u32", Decimal(1234567), Decimal(1234570), 2),
        ("f32", Decimal("83.472"), Decimal("12.1"), 2),
        ("f32", Decimal("83.472011"), Decimal("12.1"), 1),
    ],
)
def test_marks(kind: str, value: Decimal | None, again: Decimal | None, wanted: int) -> None:
    assert mark(kind, value, again) == wanted


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_any_two_words_have_a_mark(high: int, low: int) -> None:
    (pair,) = pairs({5: high, 6: low}, {})
    assert pair.address == 5
    assert all(0 <= one.mark <= 2 for one in pair.candidates)


def test_a_hole_makes_no_pair() -> None:
    assert [pair.address for pair in pairs({0: 1, 1: 2, 3: 4, 4: 5}, {})] == [0, 3]


# ---------------------------------------------------------------- maps

WEIGHT = [0, *u32(2000), *u32(1500)]


def laumas_fit(words: list[int]) -> tuple[bool, int, str]:
    driver = ModbusMap(map="laumas-tlb")
    room = sum(span.size for span in driver.spans) - len(words)
    fit = weighed("laumas-tlb", driver.decoder, words + [0] * room, words + [0] * room)
    return fit.fits, fit.score, fit.why


def test_a_map_whose_values_are_likely_fits_well() -> None:
    fits, score, why = laumas_fit(WEIGHT)
    assert (fits, why) == (True, "")
    assert score > 50


def test_a_map_whose_values_are_out_of_bounds_does_not_fit() -> None:
    fits, score, why = laumas_fit([0, 0x41A0, 0, 0x41A0, 0])
    assert (fits, score) == (False, 0)
    assert "999999" in why


def test_a_map_whose_status_says_fault_fits_a_little() -> None:
    fits, score, why = laumas_fit([1, *WEIGHT[1:]])
    assert fits
    assert 0 < score < laumas_fit(WEIGHT)[1]
    assert "status" in why


# ---------------------------------------------------------------- section and report


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize(
    "where",
    [
        Place(path="/dev/serial/by-id/usb-1"),
        Place(kind="tcp", host="10.0.0.7", tcp_port=502),
        Place(kind="rfc2217", host="10.0.0.7", tcp_port=4001),
    ],
)
def test_a_drafted_section_is_a_station_file(name: str, where: Place, tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    drafts = drafted(where, "19200 8E1", 7, load_map(name), worst=0.4)
    file.write_text(f'[station]\nid = "here"\nplace = "Here"\n\n{drafts}', encoding="utf-8")
    station = read_station(file).station
    (instrument,) = station.instruments
    assert (instrument.address, instrument.timeout_s) == (7, 0.8)
    assert instrument.kind == load_map(name).kind
    assert station.ports[0].kind == where.kind


def test_without_a_map_the_section_names_the_file_to_be_written() -> None:
    text = drafted(Place(path='/dev/"x"'), "9600 8N1", 3, None, worst=None)
    assert 'map = "unit.toml"' in text
    assert 'path = "/dev/\\"x\\""' in text
    assert "timeout_s" not in text


def printed(*things: object) -> str:
    console = Console(file=io.StringIO(), width=160)
    for one in things:
        console.print(one)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def dead(**more: object) -> Found:
    told: dict[str, object] = {
        "wire": "rtu",
        "setting": None,
        "units": (),
        "asked": (),
        "echo": False,
    }
    told |= {"seconds": 41.0, "cut_short": False, "tried": ()}
    return Found(**(told | more))  # type: ignore[arg-type]


def test_what_was_found_is_said_in_sentences() -> None:
    tried = Tried(setting="9600 8N1", asked=(1, 2, 10), errors={"timeout": 3})
    said = " ".join(bus_report.sentences(dead(tried=(tried,))))
    assert "unit ids 1 to 10 asked at 1 setting in 41 s" in said
    assert "exchange A and B" in said
    noisy = Tried(setting="4800 8N1", asked=(1,), errors={"stray bytes": 3})
    said = " ".join(bus_report.sentences(dead(tried=(tried, noisy), echo=True, cut_short=True)))
    assert "came at 4800 8N1" in said
    assert "hears its own questions" in said
    assert "time was up" in said
    twin = Tried(setting="9600 8N2", asked=(1,), units=(1,))
    one = measured(1, [answer(1, seconds=0.01)], {3: answer(1)})
    found = dead(tried=(twin,), setting="9600 8N1", units=(one,))
    said = " ".join(bus_report.sentences(found))
    assert "9600 8N1: unit 1 answers." in said
    assert "also answers at 9600 8N2" in said


def test_tables_show_settings_units_words_and_maps() -> None:
    tried = Tried(setting="9600 8N1", asked=(1,), units=(1,), errors={"timeout": 3})
    refused = Tried(setting="921600 8N1", refused="[no such] baud")
    one = measured(1, [answer(1, seconds=0.0123)], {3: answer(1)})
    words = dict(enumerate((*f32(12.75), *u32(2000))))
    looked = Looked(unit=1, first=words, again=words, holes={})
    driver = ModbusMap(map="pulse-counter")
    room = [5] * sum(span.size for span in driver.spans)
    fit = weighed("pulse-counter", driver.decoder, room, room)
    text = printed(
        bus_report.settings_table([tried, refused]),
        bus_report.units_table([one]),
        bus_report.pairs_table(looked),
        bus_report.fits_table([fit]),
    )
    for part in ("3 no answer", "[no such] baud", "12.3", "12.75 ***", "2000 ***", "pulse-counter"):
        assert part in text
    few = printed(bus_report.pairs_table(looked, least=3))
    assert len(few.splitlines()) < len(printed(bus_report.pairs_table(looked)).splitlines())
