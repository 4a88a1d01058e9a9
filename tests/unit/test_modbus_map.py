"""The generic driver: its settings, the dialogue, the resync."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tramdo.driver import Kind, Polled, Proof, Resyncing, load
from tramdo.errors import BadFrame, NoReply, Refused, SettingsError
from tramdo.framing import Framing
from tramdo.reading import Quantity, Unit
from tramdo_driver_kit import Script
from tramdo_drivers.modbus.mbap import mbap_request
from tramdo_drivers.modbus.pdu import Span, read_request
from tramdo_drivers.modbus.rtu import rtu_request
from tramdo_drivers.modbus_map import ModbusMap
from tramdo_drivers.registers.reads import unmistakable

REQUEST = bytes.fromhex("01 03 00 06 00 05 65 c8")
REPLY = bytes.fromhex("01 03 0a 08 00 00 00 30 39 00 00 2e e0 20 81")
ONE_REGISTER = rtu_request(1, read_request(3, 6, 1))
STATUS_ONLY = rtu_request(1, bytes.fromhex("03 02 08 00"))


@pytest.mark.parametrize(
    "before",
    [b"\x00\xff", REQUEST, STATUS_ONLY, b"\x02" + REPLY[1:]],
    ids=["stray", "echo", "late resync", "another unit"],
)
async def test_what_stands_before_the_reply_is_passed_over(before: bytes) -> None:
    with Script((REQUEST, before + REPLY)) as port:
        found = await ModbusMap(map="laumas-tlb", decimals=1, unit=Unit.KG).read(port)
    assert str(found[0].value) == "1234.5"
    assert found[0].unit is Unit.KG
    assert port.stray == len(before)


async def test_a_late_reply_never_answers_the_next_question() -> None:
    old, new = REPLY, rtu_request(1, bytes.fromhex("03 0a 08 00 00 00 00 05 00 00 00 05"))
    driver = ModbusMap(map="laumas-tlb")
    script = Script((REQUEST, b""), (ONE_REGISTER, old + STATUS_ONLY), (REQUEST, new))
    with script as port:
        with pytest.raises(NoReply):
            await driver.read(port)
        await driver.resync(port)
        found = await driver.read(port)
    assert [one.value for one in found] == [5, 5]


async def test_an_old_reply_alone_does_not_resync() -> None:
    with Script((ONE_REGISTER, REPLY)) as port, pytest.raises(BadFrame):
        await ModbusMap(map="laumas-tlb").resync(port)


async def test_an_exception_resyncs_but_busy_does_not() -> None:
    with Script((ONE_REGISTER, bytes.fromhex("01 83 02 c0 f1"))) as port:
        await ModbusMap(map="laumas-tlb").resync(port)
    with Script((ONE_REGISTER, bytes.fromhex("01 83 06 c1 32"))) as port, pytest.raises(NoReply):
        await ModbusMap(map="laumas-tlb").resync(port)


@pytest.mark.parametrize(
    ("spans", "asked"),
    [
        ([Span(3, 6, 5)], Span(3, 6, 1)),
        ([Span(3, 6, 1)], Span(3, 6, 2)),
        ([Span(3, 0, 1), Span(3, 10, 4)], Span(3, 10, 2)),
        ([Span(3, 0, 1), Span(3, 10, 2), Span(3, 20, 3)], Span(3, 20, 4)),
        ([Span(1, 0, 1), Span(3, 9, 2)], Span(3, 9, 1)),
        ([Span(1, 0, 3)], Span(1, 0, 9)),
    ],
)
def test_a_resync_asks_what_no_reading_asks(spans: list[Span], asked: Span) -> None:
    assert unmistakable(spans) == asked


async def test_tcp_tells_replies_apart_by_transaction() -> None:
    driver = ModbusMap(map="laumas-tlb", wire="tcp", address=255)
    port = Echoless()
    first = await driver.read(port)
    second = await driver.read(port)
    assert [one.value for one in first] == [one.value for one in second] == [12345, 12000]
    assert port.transactions[0] != port.transactions[1]
    await driver.resync(port)
    assert len(port.transactions) == 2


class Echoless:
    """A Modbus TCP server that answers each request, after a late reply to an older one."""

    def __init__(self) -> None:
        self.transactions: list[int] = []

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        transaction = int.from_bytes(request[:2], "big")
        self.transactions.append(transaction)
        assert request[2:] == bytes.fromhex("00 00 00 06 ff 03 00 06 00 05")
        late = mbap_request(transaction - 1 & 0xFFFF, 255, bytes.fromhex("03 0a") + b"\x07" * 10)
        assert pause == 0.0
        cut = until(late + mbap_request(transaction, 255, REPLY[1:-2]))
        assert cut is not None
        assert cut.stray == len(late)
        return cut.frame

    async def listen(self, until: Framing) -> bytes:
        raise AssertionError(f"a polled driver listened with {until}")


async def test_several_spans_with_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TWO_SPANS, encoding="utf-8")
    driver = ModbusMap(map=str(path), address=3)
    script = Script(
        (rtu_request(3, read_request(2, 4, 1)), rtu_request(3, bytes.fromhex("02 01 01"))),
        (rtu_request(3, read_request(4, 0, 1)), rtu_request(3, bytes.fromhex("04 02 ff fe"))),
        (rtu_request(3, read_request(4, 50, 2)), rtu_request(3, bytes.fromhex("04 04 12345678"))),
    )
    with script as port:
        weight, density = await driver.read(port)
    assert (str(weight.value), weight.stable) == ("-0.02", True)
    assert (str(density.value), density.quantity) == ("12345.678", Quantity.DENSITY)
    assert port.pauses == [0.05] * 3


TWO_SPANS = """
name = "two"
maker = "nobody"
models = ["none"]
kind = "scale"
source = "this test"
proof = "unverified"
function = 4
address_base = 30001
workarounds = { pause_ms = 50 }
value = [
  { quantity = "weight", register = 30001, type = "i16", decimals = 2, unit = "kg" },
  { quantity = "density", register = 30051, type = "bcd32", decimals = 3, unit = "kg/m3" },
]
status = [{ discrete_input = 4, means = "stable" }]
"""


async def test_a_read_ends_at_the_first_missed_answer(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TWO_SPANS, encoding="utf-8")
    with Script((rtu_request(1, read_request(2, 4, 1)), b"")) as port, pytest.raises(NoReply):
        await ModbusMap(map=str(path)).read(port)


async def test_weights_beyond_the_capacity_are_refused() -> None:
    with Script((REQUEST, REPLY), (REQUEST, REPLY)) as port:
        assert await ModbusMap(map="laumas-tlb", capacity=Decimal(12000)).read(port)
        with pytest.raises(BadFrame, match=r"weight from -11000\.0 to 11000\.0, not 12345"):
            await ModbusMap(map="laumas-tlb", capacity=Decimal(10000)).read(port)


async def test_pulses_without_a_scale_are_no_litres() -> None:
    asked = rtu_request(1, read_request(3, 8, 4))
    reply = rtu_request(1, bytes.fromhex("03 08 00 00 00 00 00 01 86 a0"))
    with Script((asked, reply)) as port:
        found = await ModbusMap(map="pulse-counter").read(port)
    assert {one.quantity for one in found} == {Quantity.COUNT}
    assert [one.value for one in found] == [100000, 0]


async def test_the_word_order_of_the_site_takes_the_place_of_the_maps() -> None:
    swapped = rtu_request(1, bytes.fromhex("03 0a 08 00 30 39 00 00 2e e0 00 00"))
    with Script((REQUEST, swapped)) as port:
        found = await ModbusMap(map="laumas-tlb", word_order="CDAB").read(port)
    assert [one.value for one in found] == [12345, 12000]


def test_it_declares_itself() -> None:
    driver = ModbusMap(map="pulse-counter")
    assert load("modbus-map") is ModbusMap
    assert isinstance(driver, Polled)
    assert isinstance(driver, Resyncing)
    assert ModbusMap.about.proof is Proof.UNVERIFIED
    assert (driver.about.proof, driver.about.kinds) == (Proof.CODE, (Kind.METER,))
    (field,) = (one for one in dataclasses.fields(driver) if one.name == "map")
    assert field.metadata["relative_to_station"] is True


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"address": 0}, "address: 0 is outside 1 to 247"),
        ({"address": 256, "wire": "tcp"}, "address: 256 is outside 0 to 255"),
        ({"wire": "ascii"}, "wire: 'ascii' is not rtu or tcp"),
        ({"word_order": "AB"}, "word_order: 'AB' is not one of ABCD, CDAB, BADC, DCBA"),
        ({"channel": 2}, "channel: 2 is outside 1 to 1"),
        ({"channel": 0}, "channel: 0 is outside 1 to 1"),
        ({"decimals": -1}, "decimals: -1 is outside 0 to 9"),
        ({"scale": Decimal(0)}, "scale: 0 is not above 0"),
        ({"capacity": Decimal(-5)}, "capacity: -5 is not above 0"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModbusMap(map="laumas-tlb", **settings)


def test_an_unknown_map_suggests_the_near_miss() -> None:
    with pytest.raises(SettingsError, match="did you mean 'laumas-tlb'") as caught:
        ModbusMap(map="lamas-tlb")
    assert "hx711-board, laumas-tlb, mettler-ind570" in str(caught.value)
    assert caught.value.problems[0].key == "map"


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        ModbusMap(map="/nowhere.toml")


async def test_a_refusal_names_the_exception() -> None:
    refused = pytest.raises(Refused, match="exception 2: illegal data address")
    with Script((REQUEST, bytes.fromhex("01 83 02 c0 f1"))) as port, refused:
        await ModbusMap(map="laumas-tlb").read(port)


def test_the_example_in_the_readme_is_a_map(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "drivers" / "README.md"
    (example,) = readme.read_text(encoding="utf-8").split("```toml map\n")[1:]
    path = tmp_path / "example.toml"
    path.write_text(example.split("```")[0], encoding="utf-8")
    assert ModbusMap(map=str(path)).spans == (Span(3, 0, 4),)
