"""From settings to parts: which opener, gap, patience, reference and chart each thing gets."""

import asyncio
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from math import sqrt
from pathlib import Path

import pytest
from conftest import Pty, free_port
from waiting import until

from tramdo import build, stationfile
from tramdo.board import Board
from tramdo.build.parts import PortSettings
from tramdo.capture import Delivery, Plateau
from tramdo.checking import Checker
from tramdo.clock import now
from tramdo.commands import Commands
from tramdo.errors import PortLost, SettingsError
from tramdo.limits import Stage
from tramdo.reading import Quantity, Unit
from tramdo.settings.station import Rfc2217Port, SerialPort, TcpPort
from tramdo.stationfile import Loaded


async def _obeyed(*_: object, **__: object) -> dict[str, object]:
    return {}


IDLE = Commands(_obeyed, lambda *_: None)

STATION = """
[station]
id = "here"
place = "Here"
[[port]]
name = "line"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[port]]
name = "spare"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 10
[[port]]
name = "talk"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 11
[[instrument]]
id = "talker"
driver = "st-gs"
port = "talk"
kind = "scale"
unit = "kg"
silence_s = 7
record = "every"
[[instrument]]
id = "scale"
driver = "mt-sics"
port = "line"
kind = "scale"
unit = "kg"
accuracy_class = "III"
e = 0.05
period_s = 2
timeout_s = 0.3
backoff_max_s = 40
record_every_s = 15
rules = "oiml-r76-2006"
"""
WEIGHT = """
[[reference]]
id = "w20"
kind = "weight"
nominal = 20000
value = 20000.2
unit = "g"
expanded_uncertainty = 0.3
certificate = "TN-1"
valid_until = 2099-12-31
"""
SPAN = WEIGHT + '[[check]]\nid = "span"\ninstrument = "scale"\nhow = "span"\nreference = "w20"\n'
ZERO = '[[check]]\nid = "zero"\ninstrument = "scale"\nhow = "zero"\nwindow = 0.1\n'


def serial(path: str = "/dev/ttyS9", **more: object) -> SerialPort:
    return SerialPort.model_validate({"name": "p", "kind": "serial", "path": path, **more})


def tcp(port: int = 9, **more: object) -> TcpPort:
    words = {"name": "p", "kind": "tcp", "host": "127.0.0.1", "tcp_port": port}
    return TcpPort.model_validate({**words, **more})


def rfc2217(port: int = 9, **more: object) -> Rfc2217Port:
    words = {"name": "p", "kind": "rfc2217", "host": "127.0.0.1", "tcp_port": port}
    return Rfc2217Port.model_validate({**words, **more})


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return load(tmp_path, SPAN + "window = 500\n" + ZERO)


def load(folder: Path, more: str = "", d: str = "") -> Loaded:
    file = folder / "station.toml"
    file.write_text(STATION + d + more)
    return stationfile.read(file)


@pytest.mark.parametrize(
    ("port", "gap"),
    [
        (serial(), 3.5 * 10 / 9600),
        (serial(format="8E1"), 3.5 * 11 / 9600),
        (serial(baud=1200), 3.5 * 10 / 1200),
        (serial(baud=19200), 3.5 * 10 / 19200),
        (serial(baud=38400), 0.00175),
        (serial(gap_ms=20), 0.02),
        (serial(gap_ms=0), 0.0),
        (rfc2217(), 3.5 * 10 / 9600),
        (rfc2217(baud=115200), 0.00175),
        (rfc2217(gap_ms=20), 0.02),
        (tcp(), 0.0),
        (tcp(gap_ms=20), 0.02),
    ],
)
def test_the_gap_is_what_is_set_or_three_and_a_half_characters(
    port: PortSettings, gap: float
) -> None:
    assert build.line_of(port).gap == pytest.approx(gap)


def test_a_line_has_the_ports_name_and_settling_time() -> None:
    one = build.line_of(tcp(settle_ms=120))
    assert (one.name, one.settle, one.is_open) == ("p", 0.12, False)
    assert build.line_of(serial()).settle == 0.05


async def test_a_serial_port_is_opened_as_a_serial_port(pty: Pty) -> None:
    one = build.line_of(serial(str(pty.link)))
    await one.open()
    await one.send(b"SI\r\n")
    assert pty.heard() == b"SI\r\n"
    await one.close()


async def test_serial_settings_reach_the_port(pty: Pty) -> None:
    one = build.line_of(serial(str(pty.link), baud=1200, format="8N2", xonxoff=True))
    await one.open()
    flags, _, control, _, speed, *_ = termios.tcgetattr(pty.near)
    assert speed == termios.B1200
    assert control & termios.CSTOPB
    assert flags & termios.IXON
    await one.close()


@asynccontextmanager
async def listener(port: int) -> AsyncIterator[bytearray]:
    """Take what is sent first, then hang up."""
    heard = bytearray()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(64))
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", port):
        yield heard


async def test_a_tcp_port_sends_nothing_of_its_own() -> None:
    port = free_port()
    async with listener(port) as heard:
        one = build.line_of(tcp(port))
        await one.open()
        await one.send(b"SI\r\n")
        await until(lambda: heard)
        await one.close()
    assert heard == b"SI\r\n"


@pytest.mark.parametrize(
    ("kind", "why"),
    [(tcp, "connection refused"), (rfc2217, "Could not open port")],
    ids=["tcp", "rfc2217"],
)
async def test_each_network_port_is_opened_in_its_own_way(
    kind: Callable[[int], PortSettings], why: str
) -> None:
    nowhere = free_port()
    with pytest.raises(PortLost, match=f"127.0.0.1:{nowhere}: .*{why}"):
        await build.line_of(kind(nowhere)).open()


async def test_a_serial_port_that_is_not_there_is_named() -> None:
    with pytest.raises(PortLost, match="/dev/no-such-port is not there"):
        await build.line_of(serial("/dev/no-such-port")).open()


def test_only_lines_with_instruments_are_polled(loaded: Loaded) -> None:
    made = build.pollers(loaded, lambda _: None, lambda: 5.0)
    assert [one.line.name for one in made] == ["line", "talk"]
    assert {one.origin for one in made} == {5.0}


def test_who_is_asked_waits_for_an_answer_and_who_talks_for_silence(loaded: Loaded) -> None:
    made = build.pollers(loaded, lambda _: None, lambda: 0.0)
    seats = {seat.instrument: seat for one in made for seat in one.seats}
    assert seats["scale"].dialogue.timeout == 0.3
    assert seats["talker"].dialogue.timeout == 7
    assert seats["scale"].period == 2
    back_off = seats["scale"].back_off
    assert (back_off.first, back_off.limit, back_off.failures) == (2, 40, 0)


def test_rows_keep_the_files_order_and_say_how_each_driver_was_proven(loaded: Loaded) -> None:
    found = build.rows(loaded, build.pollers(loaded, lambda _: None, lambda: 0.0))
    assert list(found) == ["talker", "scale"]
    assert (found["scale"].driver, found["scale"].port) == ("mt-sics", "line")
    assert found["scale"].proof == loaded.drivers["scale"].about.proof
    details = found["scale"].details()
    assert (details["state"], details["exchanges"]) == ("starting", [])
    assert (details["schedule"]["period_s"], details["schedule"]["failures"]) == (2, 0)


def test_recorders_follow_the_file(loaded: Loaded) -> None:
    found = build.recorders(loaded)
    assert (found["talker"].record, found["scale"].record) == ("every", "change")
    assert (found["talker"].at_least_every, found["scale"].at_least_every) == (60, 15)


def test_the_journal_lies_beside_the_station_file(loaded: Loaded, tmp_path: Path) -> None:
    one = build.journal(loaded)
    assert (one.path, one.station) == (tmp_path / "tramdo.db", "here")
    elsewhere = load(tmp_path, '[journal]\npath = "/elsewhere/j.db"\n')
    assert build.journal(elsewhere).path == Path("/elsewhere/j.db")


def test_without_a_broker_there_is_no_publisher(loaded: Loaded, tmp_path: Path) -> None:
    board = Board("here", now().at)
    assert build.publisher(loaded, build.journal(loaded), board, dict, IDLE) is None
    connected = load(tmp_path, '[mqtt]\nhost = "localhost"\n')
    assert build.publisher(connected, build.journal(connected), board, dict, IDLE) is not None


def checker(loaded: Loaded, check: str = "span") -> Checker:
    (found,) = [one for one in build.checkers(loaded)["scale"] if one.plan.id == check]
    return found


@pytest.mark.parametrize(
    ("d", "floor"), [("d = 0.01\n", 0.01 / sqrt(12)), ("", 0.05 / sqrt(12))], ids=["d", "e"]
)
def test_the_chart_believes_no_spread_below_the_scale_interval(
    tmp_path: Path, d: str, floor: float
) -> None:
    found = checker(load(tmp_path, SPAN + "window = 500\n", d))
    assert found.series.chart.floor == pytest.approx(floor)
    assert found.series.chart.count == 0


def test_a_span_check_is_against_the_certified_value(loaded: Loaded) -> None:
    plan = checker(loaded).plan
    assert (plan.instrument, plan.subject.rules.id, plan.every) == ("scale", "oiml-r76-2006", None)
    assert plan.subject.stage is Stage.IN_SERVICE
    reference = plan.reference
    assert (reference.value, reference.nominal) == (Decimal("20000.2"), Decimal(20000))
    assert (reference.unit, reference.quantity) == (Unit.G, Quantity.WEIGHT)
    capture = checker(loaded).capture
    assert isinstance(capture, Plateau)
    assert (capture.reference, capture.window, capture.count) == (reference, Decimal(500), 5)


def test_a_zero_check_needs_no_standard(loaded: Loaded) -> None:
    found = checker(loaded, "zero")
    assert (found.plan.reference.value, found.plan.reference.unit) == (Decimal(0), Unit.KG)
    assert found.plan.reference.expanded_uncertainty == 0
    assert isinstance(found.capture, Plateau)
    assert found.capture.window == Decimal("0.1")


def test_a_delivery_check_watches_a_volume() -> None:
    found = stationfile.read(Path(__file__).parents[2] / "config" / "station.toml")
    (one,) = build.checkers(found)["pump-02"]
    assert isinstance(one.capture, Delivery)
    assert (one.plan.reference.quantity, one.plan.every) == (Quantity.VOLUME, 30 * 86400)
    assert one.plan.subject.characteristics.mmq == 2


def test_the_spread_allowed_is_in_the_references_unit(tmp_path: Path) -> None:
    capture = checker(load(tmp_path, SPAN + "window = 500\n", "d = 0.02\n")).capture
    assert isinstance(capture, Plateau)
    assert capture.d == 20


def test_a_reference_in_a_unit_that_cannot_be_converted_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    text = STATION + SPAN + "window = 500\n"
    head, _, tail = text.rpartition('unit = "kg"')
    file.write_text(f'{head}unit = "lb"{tail}')
    with pytest.raises(SettingsError):
        stationfile.read(file)
