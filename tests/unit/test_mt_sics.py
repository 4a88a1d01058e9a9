"""MT-SICS: the frame table, the dialogue, and what a bad line makes of it."""

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supported import frames

from tramdo import errors, stationfile
from tramdo.driver import Polled, Resyncing
from tramdo.errors import BadFrame, InstrumentError, NoReply, OutOfRange
from tramdo.reading import Quantity, Unit
from tramdo_driver_kit import Frame, Script
from tramdo_drivers.mt_sics import (
    MOST_LATE_LINES,
    MtSics,
    by_serial_number,
    parse_tare,
    parse_weight,
)
from tramdo_drivers.mt_sics_signals import by_whole_answer, parse_temperature

TABLE = [one for one in frames("mt-sics") if not one.sent]
SIGNALS = [one for one in TABLE if "signals" in one.settings]
PLAIN = [one for one in TABLE if not one.settings]
WEIGHTS = [one for one in PLAIN if one.indications]
REFUSED = [one for one in PLAIN if one.error]
GOOD = b"S S     100.00 g\r\n"
STATION = """\
[station]
id = "here"
place = "Here"

[[port]]
name = "line"
kind = "tcp"
host = "192.0.2.1"
tcp_port = 4001

[[instrument]]
id = "one"
driver = "mt-sics"
port = "line"
kind = "scale"
unit = "g"
settings = { signals = ["SIH", "TA"], pause = 0.1 }
"""
SERIAL = b'I4 A "1126493049"\r\n'


def by_id(one: Frame) -> str:
    return one.id


@pytest.mark.parametrize("frame", WEIGHTS, ids=by_id)
def test_weights(frame: Frame) -> None:
    found = parse_weight(frame.bytes)
    assert (found,) == frame.indications
    assert str(found.value) == str(frame.indications[0].value)


def test_a_tare_is_no_weight() -> None:
    frame = b"TA A     250.00 g\r\n"
    found = parse_tare(frame)
    assert (found.value, found.unit) == (Decimal("250.00"), Unit.G)
    assert found.quantity == Quantity.TARE
    with pytest.raises(BadFrame):
        parse_weight(frame)
    with pytest.raises(BadFrame):
        parse_tare(GOOD)


@pytest.mark.parametrize("frame", REFUSED, ids=by_id)
def test_what_is_no_weight(frame: Frame) -> None:
    with pytest.raises(getattr(errors, frame.error)) as caught:
        parse_weight(frame.bytes)
    assert frame.state in ("", caught.value.state)
    assert frame.text in str(caught.value)
    if frame.error != "NoReply":
        assert caught.value.frame == frame.bytes


@pytest.mark.parametrize("frame", [*WEIGHTS, *REFUSED], ids=by_id)
async def test_the_same_one_byte_at_a_time(frame: Frame) -> None:
    with Script((b"SI\r\n", frame.bytes)) as port:
        if frame.error:
            with pytest.raises(getattr(errors, frame.error)):
                await MtSics().read(port)
        else:
            assert tuple(await MtSics().read(port)) == frame.indications


@pytest.mark.parametrize("frame", SIGNALS, ids=by_id)
async def test_signals_after_the_weight(frame: Frame) -> None:
    (signal,) = frame.settings["signals"]
    question = f"{signal}\r\n".encode()
    with Script((b"SI\r\n", frame.before[0]), (question, frame.bytes)) as port:
        if frame.error:
            with pytest.raises(getattr(errors, frame.error)):
                await MtSics(**frame.settings).read(port)
        else:
            assert tuple(await MtSics(**frame.settings).read(port)) == frame.indications


@pytest.mark.parametrize(
    ("frame", "celsius"),
    [
        # an MT-SICS simulator in public code: PyLabRobot/pylabrobot
        (b"M28 A 1 22.5\r\n", "22.5"),
        # several lines: general knowledge, not confirmed
        (b"M28 B 1 -2.25\r\nM28 A 2 23.0\r\n", "-2.25"),
    ],
)
async def test_the_first_temperature(frame: bytes, celsius: str) -> None:
    with Script((b"SI\r\n", GOOD), (b"M28\r\n", frame)) as port:
        _, found = await MtSics(signals=("M28",)).read(port)
    assert (found.value, found.unit) == (Decimal(celsius), Unit.CELSIUS)
    assert found.quantity == Quantity.TEMPERATURE


@pytest.mark.parametrize("frame", [b"M28 A 2 23.0\r\n", b"M28 A 1 225\r\n", b"M27 A 1 22.5\r\n"])
def test_no_temperature(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        parse_temperature(frame)


async def test_all_signals_in_the_order_given_with_rests_between() -> None:
    script = [
        (b"SI\r\n", GOOD),
        (b"TA\r\n", b"TA A      10.00 g\r\n"),
        (b"C0\r\n", b'C0 A 2 0 ""\r\n'),
        (b"M28\r\n", b"ES\r\n"),
        (b"SIH\r\n", b"S HS  100.00012 g\r\n"),
    ]
    with Script(*script) as port:
        driver = MtSics(signals=("TA", "C0", "M28", "SIH"), pause=0.1)
        weight, tare, fine = await driver.read(port)
    assert (weight.value, weight.flags) == (Decimal("100.00"), ("adjustment_due",))
    assert (tare.quantity, tare.value) == (Quantity.TARE, Decimal("10.00"))
    assert (fine.value, fine.flags) == (Decimal("100.00012"), ("high_resolution",))
    assert port.pauses == [0.1] * 5


async def test_no_signal_is_asked_where_there_is_no_weight() -> None:
    with Script((b"SI\r\n", b"S +\r\n")) as port, pytest.raises(OutOfRange):
        await MtSics(signals=("SIH",)).read(port)


async def test_a_signal_that_stays_away_is_a_missed_answer() -> None:
    """Its late answer could be taken for the next weight: the read fails, a resync follows."""
    with Script((b"SI\r\n", GOOD), (b"SIH\r\n", b"")) as port, pytest.raises(NoReply):
        await MtSics(signals=("SIH",)).read(port)


def test_an_answer_of_many_lines_ends() -> None:
    assert by_whole_answer(b"M28 B 1 22.5\r\n") is None
    with pytest.raises(BadFrame, match="at most 512 bytes"):
        by_whole_answer(b"M28 B 1 22.5\r\n" * 40)


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="signals: 'C3' is not one of SIH, M28, C0, TA"):
        MtSics(signals=("SIH", "C3"))
    with pytest.raises(ValueError, match="pause: -1 is outside 0 to 10 seconds"):
        MtSics(pause=-1)


def test_a_list_in_the_station_file_becomes_a_tuple(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_text(STATION, encoding="utf-8")
    loaded = stationfile.read(path, loaders={"mt-sics": lambda: MtSics})
    assert loaded.drivers == {"one": MtSics(signals=("SIH", "TA"), pause=0.1)}


def test_it_is_polled_and_resyncs() -> None:
    assert isinstance(MtSics(), Polled)
    assert isinstance(MtSics(), Resyncing)


async def test_silence_and_half_a_line() -> None:
    with Script((b"SI\r\n", b""), (b"SI\r\n", GOOD[:-1])) as port:
        with pytest.raises(NoReply):
            await MtSics().read(port)
        with pytest.raises(BadFrame):
            await MtSics().read(port)


async def test_a_late_weight_is_thrown_away() -> None:
    late, now = b"S S     999.99 g\r\n", GOOD
    with Script((b"SI\r\n", b""), (b"I4\r\n", late + SERIAL), (b"SI\r\n", now)) as port:
        with pytest.raises(NoReply):
            await MtSics().read(port)
        await MtSics().resync(port)
        (found,) = await MtSics().read(port)
    assert found.value == Decimal("100.00")
    assert port.stray == len(late)


@pytest.mark.parametrize("late", [b"S I\r\n", b'I40 A "x"\r\n', b'I2 A "I4 A"\r\n'])
async def test_only_the_serial_number_ends_a_resync(late: bytes) -> None:
    with Script((b"I4\r\n", late)) as port, pytest.raises(BadFrame):
        await MtSics().resync(port)
    with Script((b"I4\r\n", late + SERIAL)) as port:
        await MtSics().resync(port)


async def test_one_refusal_ends_no_resync_and_two_in_a_row_do() -> None:
    """One may come of noise while a late weight is still to come; two are the scale's answer."""
    with Script((b"I4\r\n", b"ES\r\n"), (b"I4\r\n", SERIAL)) as port:
        await MtSics().resync(port)
    with Script((b"I4\r\n", b"ES\r\n"), (b"I4\r\n", b"EL\r\n")) as port:
        await MtSics().resync(port)
    with Script((b"I4\r\n", b"ES\r\n"), (b"I4\r\n", b"")) as port, pytest.raises(NoReply):
        await MtSics().resync(port)


def test_a_resync_gives_up_on_a_stream() -> None:
    assert by_serial_number(GOOD * (MOST_LATE_LINES - 1)) is None
    with pytest.raises(BadFrame, match="within 20 lines"):
        by_serial_number(GOOD * MOST_LATE_LINES)
    with pytest.raises(BadFrame, match="within 20 lines"):
        by_serial_number(b"x" * 2000)


async def test_an_instrument_with_a_narrow_field() -> None:
    with Script((b"SI\r\n", b"S S 5.0 kg\r\n")) as port:
        (found,) = await MtSics(width=0).read(port)
    assert (found.value, found.unit) == (Decimal("5.0"), Unit.KG)


async def test_pounds_without_padding_need_a_width() -> None:
    frame = b"S D 2:08.00 lb:oz\r\n"
    with Script((b"SI\r\n", frame)) as port, pytest.raises(BadFrame, match="8 characters"):
        await MtSics().read(port)
    with Script((b"SI\r\n", frame)) as port:
        (found,) = await MtSics(width=7).read(port)
    assert (found.value, found.unit) == (Decimal("2.5"), Unit.LB)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        MtSics().width = 3  # type: ignore[misc]


@given(st.binary(max_size=40))
def test_any_bytes_give_a_value_or_an_error_of_ours(frame: bytes) -> None:
    try:
        found = parse_weight(frame)
    except InstrumentError:
        return
    assert frame.startswith((b"S S ", b"S D "))
    assert frame.endswith(b"\r\n")
    assert found.value.is_finite()


@given(
    frame=st.sampled_from([one for one in WEIGHTS if one.id in ("F052", "F056")]), at=st.integers(0)
)
def test_a_lost_character_never_gives_another_value(frame: Frame, at: int) -> None:
    # The last characters are the unit: "kg" that lost its k cannot be told from "g".
    at %= len(frame.bytes) - len(b" g\r\n")
    with pytest.raises(BadFrame):
        parse_weight(frame.bytes[:at] + frame.bytes[at + 1 :])


@given(frame=st.sampled_from(WEIGHTS), cut=st.integers(1))
def test_part_of_a_line_is_no_weight(frame: Frame, cut: int) -> None:
    cut = 1 + cut % (len(frame.bytes) - 1)
    for part in (frame.bytes[:cut], frame.bytes[cut:]):
        if part != frame.bytes:
            with pytest.raises(BadFrame):
                parse_weight(part)
