"""The shipped register maps: each frame of their tables, and each against its simulated bank."""

import struct
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tramdo import errors
from tramdo.driver import Kind, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import Framing
from tramdo.reading import Indication, Quantity, Unit
from tramdo_driver_kit.frames import Frame, Table, tables
from tramdo_drivers.mapfiles import MAPS, load_map
from tramdo_drivers.modbus.mbap import mbap_request
from tramdo_drivers.modbus.pdu import read_request
from tramdo_drivers.modbus.rtu import crc16, rtu_request
from tramdo_drivers.modbus_map import ModbusMap
from tramdo_drivers.registers.model import RegisterMap
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.scale_banks import COILS, SCALE_BANKS

FRAMES = Path(__file__).parents[1] / "frames"
FOLDERS = [one for one in sorted(FRAMES.glob("modbus-*")) if one.name != "modbus-rtu"]
TABLES: list[Table] = [table for folder in FOLDERS for table in tables(folder)]
ROWS = [one for table in TABLES for one in table.frames]
RECEIVED = [one for one in ROWS if not one.sent]
SHIPPED = sorted(path.stem for path in MAPS.glob("*.toml"))
# Command registers and coils of the instruments, on the wire: never to be read, let alone written.
COMMANDS = {
    "baykon-mx08": {8, 9},
    "dingsong": {212},
    "dini-dgt4x": {0, 1, 2},
    "flintec-ft112": {24, 25},
    "laumas-tlb": {5},
    "mettler-ind570": {19, 21, 22, 23, 24, 25},
    "pavone-jbx8": {500, 501, 502},
}


def name(one: Frame) -> str:
    return f"{one.more['map']}-{one.id}"


def driver_for(map_: str, given: Mapping[str, Any]) -> ModbusMap:
    exact = {key: Decimal(given[key]) for key in ("scale", "capacity") if key in given}
    return ModbusMap(map=map_, **{**given, **exact})


def of(one: Frame) -> ModbusMap:
    return driver_for(one.more["map"], one.settings)


class Answers:
    """A port that plays a row's answers, each to the request that the map's next span makes."""

    def __init__(self, driver: ModbusMap, *answers: bytes) -> None:
        self.driver = driver
        self.coming = list(answers)
        self.spans = list(driver.spans)

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        assert pause == 0.0
        answer, pdu = self.coming.pop(0), read_request(*self.spans.pop(0))
        if self.driver.wire == "rtu":
            assert request == rtu_request(self.driver.address, pdu)
        else:
            transaction = int.from_bytes(request[:2], "big")
            assert request == mbap_request(transaction, self.driver.address, pdu)
            answer = request[:2] + answer[2:]
        cut = until(answer)
        assert cut is not None, answer.hex(" ")
        assert (cut.used, cut.stray) == (len(answer), 0)
        return cut.frame

    async def listen(self, until: Framing) -> bytes:
        raise AssertionError(f"a polled driver listened with {until}")


def port_of(one: Frame, driver: ModbusMap) -> Answers:
    after = map(bytes.fromhex, one.more.get("after", ()))
    return Answers(driver, *one.before, one.bytes, *after)


@pytest.mark.parametrize("one", [one for one in ROWS if one.sent], ids=name)
def test_what_is_asked_first(one: Frame) -> None:
    driver = of(one)
    if driver.wire == "rtu":
        assert rtu_request(driver.address, read_request(*driver.spans[0])) == one.bytes
        assert crc16(one.bytes) == 0
    else:
        assert mbap_request(1, driver.address, read_request(*driver.spans[0])) == one.bytes


@pytest.mark.parametrize("one", [one for one in RECEIVED if one.indications], ids=name)
async def test_what_is_read(one: Frame) -> None:
    driver = of(one)
    port = port_of(one, driver)
    found = tuple(await driver.read(port))
    assert found == one.indications
    assert [str(shown.value) for shown in found] == [str(shown.value) for shown in one.indications]
    assert port.coming == []
    assert port.spans == []


@pytest.mark.parametrize("one", [one for one in RECEIVED if one.error], ids=name)
async def test_what_is_refused(one: Frame) -> None:
    driver = of(one)
    with pytest.raises(getattr(errors, one.error)) as caught:
        await driver.read(port_of(one, driver))
    assert one.state in ("", caught.value.state)
    assert one.text in str(caught.value)
    body = one.bytes[1:-2] if driver.wire == "rtu" else one.bytes[7:]
    assert body in caught.value.frame


@pytest.mark.parametrize("map_", SHIPPED)
def test_each_map_has_a_good_and_a_bad_row_and_a_request(map_: str) -> None:
    rows = [one for one in ROWS if one.more["map"] == map_]
    assert any(one.indications for one in rows)
    assert any(one.error for one in rows) or map_ == "pulse-counter"
    assert any(one.sent for one in rows) or map_ == "coriolis-tactical"


def test_a_row_has_an_id_of_its_own() -> None:
    assert len({(one.protocol, one.id) for one in ROWS}) == len(ROWS)


# --- the maps themselves


@pytest.mark.parametrize("map_", SHIPPED)
def test_a_map_says_what_is_not_sure(map_: str) -> None:
    found = load_map(map_)
    assert found.name == map_
    assert found.proof in (Proof.MANUAL, Proof.CODE, Proof.UNVERIFIED)
    assert any("ever read from a real" in note for note in found.notes)


@pytest.mark.parametrize("map_", SHIPPED)
def test_no_map_reads_a_command(map_: str) -> None:
    found = load_map(map_)
    for channel in range(1, found.channels + 1):
        driver = driver_for(map_, {"raw": True, "channel": channel, "scale": "1"})
        for span in driver.spans:
            words = set(range(span.address, span.address + span.size))
            assert span.function in (1, 2, 3, 4)
            assert not words & COMMANDS.get(map_, set())


# --- against simulated banks


class Server:
    """A Modbus RTU server of one unit over a bank: functions 1, 3 and 4."""

    def __init__(self, bank: Any, at: float) -> None:
        self.bank = bank
        self.at = at

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        assert pause == 0.0
        unit, function, first, count = struct.unpack(">BBHH", request[:-2])
        base = COILS if function == 1 else 0
        words = [self.bank(base + first + index, self.at) for index in range(count)]
        if None in words:
            reply = bytes((function | 0x80, 2))
        elif function == 1:
            bits = sum(word << index for index, word in enumerate(words))
            reply = bytes((function, (count + 7) // 8)) + bits.to_bytes((count + 7) // 8, "little")
        else:
            reply = struct.pack(f">BB{count}H", function, 2 * count, *words)
        cut = until(rtu_request(unit, reply))
        assert cut is not None
        return cut.frame

    async def listen(self, until: Framing) -> bytes:
        raise AssertionError(f"a polled driver listened with {until}")


def scale(**settings: Any) -> Scale:
    return Scale(ScaleSettings(capacity=Decimal(60), interval=Decimal("0.01"), **settings))


def simulated(map_: str, thing: Scale, **more: Any) -> tuple[ModbusMap, Any]:
    found = load_map(map_)
    given: dict[str, Any] = {"capacity": "60", "unit": Unit.KG, **more}
    given |= {} if map_ == "hx711-board" else {"decimals": 2}
    given |= {"scale": "0.01"} if map_ == "hx711-board" else {}
    assert found.kind is Kind.SCALE
    return driver_for(map_, given), SCALE_BANKS[map_](thing)


def weights(shown: Any) -> list[Indication]:
    return [one for one in shown if one.quantity is Quantity.WEIGHT]


def known(map_: str) -> RegisterMap:
    return load_map(map_)


SIMULATED = sorted(SCALE_BANKS)


def test_each_shipped_scale_has_a_bank() -> None:
    scales = {one for one in SHIPPED if load_map(one).kind is Kind.SCALE}
    assert scales == set(SCALE_BANKS) | {"laumas-tlb"}


@pytest.mark.parametrize("map_", SIMULATED)
@pytest.mark.parametrize("mass", [20.0, 0.0, -0.15, 59.99])
async def test_a_weight_comes_through_whole(map_: str, mass: float) -> None:
    thing = scale()
    thing.load(mass, 0.0)
    driver, bank = simulated(map_, thing, raw=True)
    shown = weights(await driver.read(Server(bank, 10.0)))
    # A magnitude keeps the sign of zero.
    assert abs(shown[0].value - Decimal(f"{mass:.2f}")) == 0
    assert str(shown[0].value).lstrip("-") == f"{abs(mass):.2f}"
    assert shown[0].unit is Unit.KG
    tells = {"stable", "unstable"} & known(map_).means
    assert shown[0].stable is (True if tells else None)
    assert ("zero" in shown[0].flags) is (mass == 0 and "zero" in known(map_).means)


@pytest.mark.parametrize("map_", SIMULATED)
async def test_net_and_moving(map_: str) -> None:
    thing = scale(settling=100.0)
    thing.load(5.0, 0.0)
    thing.tare(200.0)
    thing.put(20.0, 300.0)
    driver, bank = simulated(map_, thing)
    moving = weights(await driver.read(Server(bank, 390.0)))
    found = known(map_)
    if {"stable", "unstable"} & found.means:
        assert moving[0].stable is False
    still = weights(await driver.read(Server(bank, 500.0)))
    by_basis = {one.basis: str(one.value) for one in still}
    if "net" in found.means:
        assert by_basis == {"net": "20.00", "gross": "25.00"}
        assert still[0].basis == "net"
    else:
        assert str(still[0].value) == "25.00"
        assert by_basis.get("net", "20.00") == "20.00"


@pytest.mark.parametrize("map_", SIMULATED)
@pytest.mark.parametrize(("mass", "state"), [(61.0, "overload"), (-1.0, "underload")])
async def test_no_value_out_of_range(map_: str, mass: float, state: str) -> None:
    thing = scale()
    thing.load(mass, 0.0)
    driver, bank = simulated(map_, thing)
    if state in known(map_).means:
        with pytest.raises(OutOfRange) as caught:
            await driver.read(Server(bank, 10.0))
        assert caught.value.state == state
    else:
        with pytest.raises(Refused, match="exception 2"):
            await driver.read(Server(bank, 10.0))


@pytest.mark.parametrize("map_", SIMULATED)
async def test_no_value_without_a_load_cell(map_: str) -> None:
    thing = scale()
    thing.load(20.0, 0.0)
    thing.broken = True
    driver, bank = simulated(map_, thing)
    with pytest.raises((Refused, OutOfRange)):
        await driver.read(Server(bank, 10.0))


@pytest.mark.parametrize("map_", ["hbk-wtx", "excell-ex2005", "gm8802f", "dingsong"])
async def test_a_wrong_word_order_is_refused_by_the_capacity(map_: str) -> None:
    thing = scale()
    thing.load(20.0, 0.0)
    driver, bank = simulated(map_, thing, word_order="CDAB")
    with pytest.raises((BadFrame, Refused)):
        await driver.read(Server(bank, 10.0))
