"""SMA: what its frame table cannot say: settings, high resolution, finding back after a miss."""

from decimal import Decimal

import pytest

from tramdo.errors import BadFrame
from tramdo.reading import Quantity
from tramdo_driver_kit import Script
from tramdo_drivers.sma import Sma
from tramdo_simulators.memory_port import MemoryPort, at_once
from tramdo_simulators.scale import Scale
from tramdo_simulators.sma import Sma as Peer

LATE = b"\n 1G       1.250kg \r"
ABOUT = b"\nSMA:2/1.0\r"


def port(gross: float = 12.344, tare: float = 2.0) -> MemoryPort:
    scale = Scale()
    scale.load(tare, -200.0)
    scale.tare(-150.0)
    scale.load(gross, -100.0)
    return MemoryPort(Peer(scale))


def test_high_resolution_and_tare() -> None:
    (fine,) = at_once(Sma(high_resolution=True).read(port()))
    assert (str(fine.value), fine.basis) == ("10.344", "net")
    (tare,) = at_once(Sma(ask="tare").read(port()))
    assert (tare.value, tare.quantity) == (Decimal("2.00"), Quantity.TARE)


@pytest.mark.parametrize("settings", [{"ask": "zero"}, {"ask": "tare", "high_resolution": True}])
def test_settings_that_cannot_be(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"ask: 'zero' is not one of|high_resolution: "):
        Sma(**settings)  # type: ignore[arg-type]


async def test_late_weights_are_passed_over() -> None:
    with Script((b"\nA\r", LATE * 2 + ABOUT)) as script:
        await Sma().resync(script)
    assert script.stray == 2 * len(LATE)


async def test_a_refusal_may_be_an_older_answer() -> None:
    with Script((b"\nA\r", b"\n?\r"), (b"\nA\r", LATE + ABOUT)) as script:
        await Sma().resync(script)


async def test_weights_without_end_are_no_line_about_the_scale() -> None:
    with Script((b"\nA\r", LATE * 30)) as script, pytest.raises(BadFrame):
        await Sma().resync(script)


def test_the_peer_that_it_asks_changes_nothing() -> None:
    line = port()
    at_once(Sma().resync(line))
    assert isinstance(line._asked, Peer)
    assert line._asked.witness.writes == 0
    line._asked.answer(b"\nZ\r", 0.0)
    assert line._asked.witness.writes == 1
