"""The bus doctor on real pseudo-terminals and sockets, against the simulators."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tramdo.errors import PortLost
from tramdo.line import silence_seconds
from tramdo.port import Line
from tramdo.transport import serial_opener, tcp_opener
from tramdo_drivers.modbus.pdu import Span
from tramdo_probe.bus import Wanted, survey
from tramdo_probe.bus_asking import Way
from tramdo_probe.bus_look import look
from tramdo_probe.bus_maps import fitting, shipped
from tramdo_simulators.banks import bank, coriolis, f32, laumas
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.faults import Echo, Flipped, Silent, Stray
from tramdo_simulators.line import LineSettings, Pty, TcpPort
from tramdo_simulators.modbus import Modbus, Rtu, Tcp, Unit
from tramdo_simulators.scale import Scale
from tramdo_simulators.st_gs import StGs
from tramdo_simulators.uart import Setting

LineFor = Callable[[str], AbstractAsyncContextManager[Line]]
QUICK = {"timeout": 0.2, "rounds": 4, "first": (1, 2), "rest": (7,)}
ONE = ("115200 8N1",)


def quick(**more: object) -> Wanted:
    return Wanted(**(QUICK | {"settings": ONE} | more))  # type: ignore[arg-type]


def scale() -> Scale:
    loaded = Scale()
    loaded.load(20.0, -100.0)
    return loaded


def two_units() -> Modbus:
    return Modbus({2: Unit(laumas(scale())), 7: Unit(laumas(scale()), delay=0.02)})


def only_exceptions() -> Modbus:
    return Modbus({2: Unit(laumas(scale()), exception=1)})


def serial(pty: Pty) -> LineFor:
    """Open the pty at a setting, and say so: a pty keeps neither parity nor data bits."""

    @asynccontextmanager
    async def opened(setting: str) -> AsyncIterator[Line]:
        baud, form = setting.split()
        pty.client = Setting.parse(setting)
        opener = serial_opener(pty.path, int(baud), form)
        line = Line(name="probe", opener=opener, gap=silence_seconds(int(baud), form), settle=0.005)
        await line.open()
        try:
            yield line
        finally:
            await line.close()

    return opened


def tcp(port: TcpPort) -> LineFor:
    @asynccontextmanager
    async def opened(_: str) -> AsyncIterator[Line]:
        line = Line(name="probe", opener=tcp_opener(port.host, port.port))
        await line.open()
        try:
            yield line
        finally:
            await line.close()

    return opened


@pytest.mark.parametrize("setting", ["9600 8N1", "19200 8E1", "4800 8O1"])
async def test_the_setting_and_the_units_are_found(setting: str) -> None:
    modbus, said = two_units(), list[str]()
    settings = ("9600 8N1", "19200 8E1", "4800 8O1")
    async with Pty(Rtu(modbus), settings=LineSettings(setting=setting)) as pty:
        found = await survey(serial(pty), quick(settings=settings), said.append)
    assert found.setting == setting
    assert [one.unit for one in found.units] == [2, 7]
    assert found.asked == (1, 2, 7)
    assert not found.echo
    assert not found.cut_short
    assert modbus.witness.writes == 0
    assert f"{setting}: unit 2 answers" in said


async def test_seven_bits_carry_no_rtu() -> None:
    settings = ("9600 8N1", "9600 7E1")
    async with Pty(Rtu(two_units()), settings=LineSettings(setting="9600 7E1")) as pty:
        found = await survey(serial(pty), quick(settings=settings))
    assert (found.setting, found.units) == (None, ())


async def test_one_stop_bit_or_two_both_answer_and_the_first_is_taken() -> None:
    settings = ("9600 8N1", "9600 8N2")
    async with Pty(Rtu(two_units()), settings=LineSettings(setting="9600 8N1")) as pty:
        found = await survey(serial(pty), quick(settings=settings))
    assert found.setting == "9600 8N1"
    assert [one.units for one in found.tried] == [(2,), (2,), (7,)]


async def test_a_thorough_survey_asks_every_first_unit_at_every_setting() -> None:
    settings = ("9600 8N1", "9600 8N2")
    async with Pty(Rtu(two_units())) as pty:
        found = await survey(serial(pty), quick(settings=settings, rest=(), thorough=True))
        short = await survey(serial(pty), quick(settings=settings, rest=()))
    assert [one.asked for one in found.tried[:2]] == [(1, 2), (1, 2)]
    assert [one.asked for one in short.tried[:2]] == [(1, 2), (2,)]


async def test_turn_around_times_and_functions_of_each_unit() -> None:
    async with Pty(Rtu(two_units())) as pty:
        found = await survey(serial(pty), quick(bits=True))
    quick_one, slow = found.units
    assert quick_one.usual is not None
    assert slow.usual is not None
    assert slow.worst is not None
    # The simulator sends a frame at once, and the 1.3 ms that it takes on a wire are taken off.
    assert quick_one.usual < 0.018 < slow.usual <= slow.worst
    assert (slow.answered, slow.asked, slow.errors) == (4, 4, {})
    assert list(slow.functions) == [1, 2, 3, 4]
    assert (slow.functions[3], slow.functions[4]) == ("value", "value")
    assert slow.functions[1].startswith("exception ")


async def test_an_adapter_that_hears_itself() -> None:
    async with Pty(Rtu(two_units())) as pty:
        pty.faults = [Echo()]
        found = await survey(serial(pty), quick())
    assert found.echo
    assert [one.unit for one in found.units] == [2, 7]


async def test_an_echo_is_no_sign_of_life() -> None:
    async with Pty(Rtu(Modbus({}))) as pty:
        pty.faults = [Echo()]
        found = await survey(serial(pty), quick())
    assert (found.echo, found.setting) == (True, None)
    assert found.tried[0].errors == {"timeout": 2}


async def test_a_unit_that_answers_with_exceptions_is_alive() -> None:
    async with Pty(Rtu(only_exceptions())) as pty:
        found = await survey(serial(pty), quick())
    (unit,) = found.units
    assert (unit.unit, unit.answered) == (2, 4)
    assert unit.errors == {"exception 1": 4}
    assert unit.functions == {3: "exception 1", 4: "exception 1"}


async def test_a_unit_that_is_slower_than_the_timeout_is_heard_in_anothers_turn() -> None:
    modbus = Modbus({2: Unit(laumas(scale()), delay=0.3)})
    async with Pty(Rtu(modbus)) as pty:
        found = await survey(serial(pty), quick(first=(2, 3)))
    (unit,) = found.units
    assert unit.unit == 2
    assert unit.answered > 0
    assert unit.usual is not None
    assert unit.usual > 0.28


async def test_answers_with_wrong_crc_are_signs_of_life_but_of_nobody() -> None:
    async with Pty(Rtu(two_units())) as pty:
        pty.faults = [Flipped(share=1.0)]
        found = await survey(serial(pty), quick())
    assert found.setting is None
    assert found.tried[0].noise == 1
    assert found.tried[0].errors["timeout"] == 1


async def test_stray_bytes_before_answers_are_counted() -> None:
    async with Pty(Rtu(two_units())) as pty:
        pty.faults = [Stray(b"\x00\xff")]
        found = await survey(serial(pty), quick())
    assert [one.errors for one in found.units] == [{"stray bytes before it": 8}] * 2


async def test_a_line_on_which_something_talks_is_noisy() -> None:
    async with Pty(StGs(scale(), period=0.01)) as pty:
        found = await survey(serial(pty), quick())
    assert found.setting is None
    assert found.tried[0].noise > 0


async def test_a_line_that_never_falls_silent_is_given_up() -> None:
    async with Pty(StGs(scale(), period=0.01)) as pty:
        plain = serial(pty)

        @asynccontextmanager
        async def patient(setting: str) -> AsyncIterator[Line]:
            async with plain(setting) as line:
                line.gap = 0.3
                yield line

        found = await survey(patient, quick(first=tuple(range(1, 50))))
    assert found.tried[0].errors == {"line not silent": 3}
    assert found.tried[0].noise == 3


async def test_a_dead_line_is_given_up_in_time() -> None:
    async with Pty(Rtu(two_units())) as pty:
        pty.faults = [Silent()]
        wanted = quick(first=tuple(range(1, 200)), at_most=0.3)
        found = await asyncio.wait_for(survey(serial(pty), wanted), 5)
    assert (found.setting, found.cut_short) == (None, True)
    assert found.seconds < 1
    assert 0 < len(found.tried[0].asked) < 30


async def test_a_setting_that_the_port_refuses_is_told_and_passed_over() -> None:
    async with Pty(Rtu(two_units())) as pty:
        good = serial(pty)

        @asynccontextmanager
        async def picky(setting: str) -> AsyncIterator[Line]:
            if setting.startswith("921600"):
                raise PortLost("no such baud")
            async with good(setting) as line:
                yield line

        found = await survey(picky, quick(settings=("921600 8N1", *ONE)))
        with pytest.raises(PortLost, match="no such baud"):
            await survey(picky, quick(settings=("921600 8N1",)))
    assert found.tried[0].refused == "no such baud"
    assert found.setting == "115200 8N1"


async def test_modbus_tcp_counts_no_unit_that_the_gateway_does_not_reach() -> None:
    modbus = two_units()
    async with TcpPort(Tcp(modbus)) as port:
        found = await survey(tcp(port), quick(wire="tcp"))
    assert found.setting == ""
    assert [one.unit for one in found.units] == [2, 7]
    assert found.tried[0].errors == {"exception 11": 1}
    assert modbus.witness.writes == 0


# ---------------------------------------------------------------- registers and maps

HERE = Way(setting="115200 8N1", patience=0.2)


async def test_registers_are_looked_at_twice_and_holes_named() -> None:
    counted = iter(range(100))
    registers = bank(
        {
            0: (2, lambda _: f32(12.75)),
            5: (1, lambda _: (next(counted),)),
            40: (1, lambda _: (9,)),
        }
    )
    modbus = Modbus({1: Unit(registers)})
    async with Pty(Rtu(modbus)) as pty, serial(pty)(*ONE) as line:
        looked = await look(line, HERE, 1, Span(3, 0, 42))
    assert looked.first == {0: 0x414C, 1: 0, 5: looked.first[5], 40: 9}
    assert looked.again == {**looked.first, 5: looked.first[5] + 1}
    assert looked.pairs[0].find("f32", "ABCD").mark == 3
    assert sorted(span.address for span in looked.holes) == [
        *(2, 3, 4),
        *range(6, 40),
        41,
    ]
    assert set(looked.holes.values()) == {"exception 2"}
    assert len(modbus.witness.log) <= 2 * 42 + 5


async def test_a_unit_that_says_nothing_is_looked_at_no_longer() -> None:
    modbus = Modbus({})
    async with Pty(Rtu(modbus)) as pty, serial(pty)(*ONE) as line:
        looked = await look(line, Way(patience=0.02), 1, Span(3, 0, 500))
    assert (looked.first, looked.cut_short, len(looked.holes)) == ({}, True, 3)


@pytest.mark.parametrize("wanted", [Span(1, 0, 1), Span(3, 0, 0), Span(3, 65535, 2)])
async def test_what_cannot_be_looked_at_is_refused(wanted: Span) -> None:
    async with Pty(Rtu(two_units())) as pty, serial(pty)(*ONE) as line:
        with pytest.raises(ValueError, match=r"is (not|outside)"):
            await look(line, HERE, 1, wanted)


@pytest.mark.parametrize(("unit", "best"), [(1, "laumas-tlb"), (2, "coriolis-tactical"), (3, None)])
async def test_the_map_of_the_instrument_fits_best(unit: int, best: str | None) -> None:
    dispenser = Dispenser(MeterSettings(total=1000.0))
    modbus = Modbus(
        {
            1: Unit(laumas(scale()), most=32),
            2: Unit(coriolis(dispenser)),
            3: Unit(laumas(scale()), exception=2),
        }
    )
    async with Pty(Rtu(modbus)) as pty, serial(pty)(*ONE) as line:
        fits = await fitting(line, HERE, unit, shipped())
    assert [one.map for one in fits if one.fits][:1] == ([] if best is None else [best])
    assert len(fits) == len(shipped())
    assert all(one.why for one in fits if not one.fits)
    assert modbus.witness.writes == 0


async def test_a_map_that_does_not_exist_is_told() -> None:
    async with Pty(Rtu(two_units())) as pty, serial(pty)(*ONE) as line:
        (fit,) = await fitting(line, HERE, 2, ["no-such-map"])
    assert not fit.fits
    assert "no-such-map" in fit.why
