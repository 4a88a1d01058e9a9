"""Yaohua command mode: what no frame table can say. The rest is its contract test."""

import pytest

from tramdo.errors import BadFrame
from tramdo_driver_kit import Script
from tramdo_drivers.yaohua_command import YaohuaCommand

ASK = b"\x02AB03\x03"
SHAKE = b"\x02AA00\x03"
WEIGHT = b"\x02AB+00123421E\x03"


async def test_an_echo_before_the_answer_is_passed_over() -> None:
    with Script((ASK, ASK + WEIGHT)) as port:
        (one,) = await YaohuaCommand().read(port)
    assert str(one.value) == "12.34"
    assert port.stray == len(ASK)


async def test_a_late_weight_is_thrown_away_by_the_handshake() -> None:
    with Script((SHAKE, WEIGHT + SHAKE)) as port:
        await YaohuaCommand().resync(port)
    assert port.stray == len(WEIGHT)


async def test_another_address_shakes_no_hands() -> None:
    with Script((SHAKE, b"\x02BA03\x03")) as port, pytest.raises(BadFrame, match="handshake"):
        await YaohuaCommand().resync(port)


async def test_a_weight_is_no_handshake() -> None:
    with Script((SHAKE, WEIGHT)) as port, pytest.raises(BadFrame):
        await YaohuaCommand().resync(port)


@pytest.mark.parametrize("address", [0, 27, -1])
def test_an_address_is_one_of_26(address: int) -> None:
    with pytest.raises(ValueError, match=f"address: {address} is not one of 1 to 26"):
        YaohuaCommand(address=address)


def test_only_weights_can_be_asked_for() -> None:
    with pytest.raises(ValueError, match="ask: 'zero' is not one of gross, net, tare"):
        YaohuaCommand(ask="zero")
