"""Bytes heard at another line setting than they were sent at; a pty that has a setting."""

import asyncio
from random import Random

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from tramdo.errors import InstrumentError, PortLost
from tramdo.framing import by_line
from tramdo.port import Dialogue, Line
from tramdo.transport import serial_opener
from tramdo_simulators.line import LineSettings, Pty
from tramdo_simulators.modbus import Modbus, Rtu, Unit, registers_pdu, rtu_frame
from tramdo_simulators.mt_sics import MtSics
from tramdo_simulators.scale import Scale
from tramdo_simulators.uart import Setting, heard

ALL = bytes(range(256))
SETTINGS = tuple(
    Setting(baud=baud, bits=bits, parity=parity, stop=stop)
    for baud in (1200, 9600, 115200)
    for bits in (7, 8)
    for parity in "NEO"
    for stop in (1, 2)
)


def at(sent: str, listened: str, octets: bytes = ALL, seed: int = 0) -> bytes:
    return heard(octets, Setting.parse(sent), Setting.parse(listened), Random(seed))


def even(octet: int) -> int:
    return octet | (octet.bit_count() & 1) << 7


@given(st.binary(max_size=60), st.sampled_from(SETTINGS), st.randoms(use_true_random=False))
def test_equal_settings_change_nothing(octets: bytes, setting: Setting, chance: Random) -> None:
    wanted = octets if setting.bits == 8 else bytes(octet & 0x7F for octet in octets)
    assert heard(octets, setting, setting, chance) == wanted


@pytest.mark.parametrize("written", ["9600 8N1", "1200 7E1", "19200 8O2"])
def test_a_setting_reads_back_as_it_is_written(written: str) -> None:
    assert str(Setting.parse(written)) == written


@pytest.mark.parametrize("written", ["", "9600", "9600 9N1", "9600 8N3", "9600 8n1", "0 8N1"])
def test_what_is_no_setting_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"setting: .* is not baud"):
        Setting.parse(written)


def test_eight_bits_hear_the_parity_of_seven_in_the_high_bit() -> None:
    seven = ALL[:128]
    assert at("9600 7E1", "9600 8N1", seven) == bytes(map(even, seven))
    assert at("9600 7O1", "9600 8N1", seven) == bytes(even(octet) ^ 0x80 for octet in seven)


def test_one_stop_bit_or_two_is_the_same_to_who_hears_two() -> None:
    assert at("9600 8N2", "9600 8N1") == ALL


def test_a_wrong_parity_passes() -> None:
    assert at("9600 8E1", "9600 8O1") == ALL
    assert at("9600 7E1", "9600 7O1") == ALL[:128] * 2


def test_who_expects_no_parity_hears_eight_bits_with_parity_unchanged() -> None:
    assert at("9600 8E1", "9600 8N1") == ALL


def test_who_expects_parity_takes_a_start_bit_for_the_stop_bit() -> None:
    octets = b"S S      20.00 kg\r\n"
    garbled = at("9600 8N1", "9600 8E1", octets)
    assert garbled[:1] == b"S"
    assert garbled != octets
    assert len(garbled) < len(octets)


def test_a_slow_receiver_hears_few_bytes_and_a_fast_one_many() -> None:
    octets = b"S S      20.00 kg\r\n"
    assert len(at("9600 8N1", "1200 8N1", octets)) < len(octets) / 4
    assert len(at("1200 8N1", "9600 8N1", octets)) > len(octets)
    assert at("9600 8N1", "4800 8N1", octets) != octets


def test_a_break_is_a_nought() -> None:
    assert at("300 8N1", "9600 8N1", b"\x00") == b"\x00"


@pytest.mark.parametrize("baud", [9400, 9800])
def test_two_per_cent_of_baud_are_borne(baud: int) -> None:
    assert at(f"{baud} 8N1", "9600 8N1") == ALL


def test_a_ten_percent_wrong_baud_is_not_borne() -> None:
    assert at("10600 8N1", "9600 8N1") != ALL


def test_the_same_chance_gives_the_same_bytes() -> None:
    assert at("2400 8N1", "9600 7E1", seed=3) == at("2400 8N1", "9600 7E1", seed=3)


@given(st.binary(max_size=40), st.sampled_from(SETTINGS), st.sampled_from(SETTINGS))
def test_any_two_settings_end(octets: bytes, sent: Setting, listened: Setting) -> None:
    most = len(octets) * (2 + 12 * listened.baud // sent.baud)
    assert len(heard(octets, sent, listened, Random(1))) <= most


# ---------------------------------------------------------------- a pty with a setting


async def ask_scale(line: Pty, baud: int, form: str) -> bytes:
    client = Line(name="client", opener=serial_opener(line.path, baud, form))
    clock = asyncio.get_running_loop().time
    await client.open()
    try:
        return await Dialogue(line=client, timeout=0.2, clock=clock).exchange(b"SI\r\n", by_line())
    finally:
        await client.close()


async def test_a_client_of_the_same_setting_is_answered() -> None:
    async with Pty(MtSics(Scale()), settings=LineSettings(setting="4800 8N1")) as line:
        assert (await ask_scale(line, 4800, "8N1")).startswith(b"S ")


@pytest.mark.parametrize(("baud", "form"), [(9600, "8N1"), (2400, "8N1"), (4800, "8O1")])
async def test_a_client_of_another_setting_gets_no_answer(baud: int, form: str) -> None:
    async with Pty(MtSics(Scale()), settings=LineSettings(setting="4800 8N1")) as line:
        with pytest.raises(InstrumentError) as failed:
            await ask_scale(line, baud, form)
    assert not isinstance(failed.value, PortLost)


async def test_an_instrument_hears_a_client_of_another_setting_garbled() -> None:
    peer = MtSics(Scale())
    async with Pty(peer, settings=LineSettings(setting="4800 8N1")) as line:
        with pytest.raises(InstrumentError):
            await ask_scale(line, 9600, "8N1")
    assert peer.witness.values == 0


async def test_without_a_setting_every_client_is_answered() -> None:
    async with Pty(MtSics(Scale())) as line:
        assert (await ask_scale(line, 300, "7O1")).startswith(b"S ")


async def test_what_a_pty_hides_is_taken_to_be_as_the_instruments() -> None:
    async with Pty(MtSics(Scale()), settings=LineSettings(setting="1200 7E1")) as line:
        assert (await ask_scale(line, 1200, "7E1")).startswith(b"S ")


async def test_a_client_with_parity_can_open_the_line_again_and_again() -> None:
    async with Pty(MtSics(Scale()), settings=LineSettings(setting="9600 7E1")) as line:
        for _ in range(3):
            assert (await ask_scale(line, 9600, "7E1")).startswith(b"S ")


async def test_what_a_pty_hides_can_be_told() -> None:
    async with Pty(MtSics(Scale()), settings=LineSettings(setting="1200 7E1")) as line:
        line.client = Setting.parse("1200 8N1")
        with serial.Serial(line.path, 1200, timeout=0) as client:
            client.write(bytes(map(even, b"SI\r\n")))
            answer = b""
            async with asyncio.timeout(5):
                while not answer.endswith(bytes([even(0x0A)])):
                    answer += client.read(100)
                    await asyncio.sleep(0.005)
    assert bytes(octet & 0x7F for octet in answer).startswith(b"S ")
    assert answer == bytes(even(octet & 0x7F) for octet in answer)


async def test_the_line_can_be_pulled_and_plugged_in_again() -> None:
    unit = Modbus({1: Unit(lambda _address, _at: 7)})
    async with Pty(Rtu(unit), settings=LineSettings(setting="9600 8E1")) as line:
        line.replug()
        with serial.Serial(line.path, 9600, parity="E", timeout=0) as client:
            client.write(rtu_frame(1, bytes.fromhex("0300000001")))
            answer = b""
            async with asyncio.timeout(5):
                while len(answer) < 7:
                    answer += client.read(100)
                    await asyncio.sleep(0.005)
    assert answer == rtu_frame(1, registers_pdu([7]))
