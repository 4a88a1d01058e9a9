"""Toledo 8217: the rest between two questions, and bit 6 of the status, which tells nothing."""

import pytest

from tramdo.errors import InstrumentError, NoReply, OutOfRange
from tramdo_driver_kit import Script
from tramdo_drivers.toledo_8217 import Toledo8217, parse_weight
from tramdo_simulators.scale import Scale
from tramdo_simulators.toledo_8217 import Toledo8217 as Peer


async def test_it_leaves_the_scale_a_rest() -> None:
    with Script((b"W", b"\x0201.250\r")) as port:
        await Toledo8217().read(port)
    assert port.pauses == [0.2]


@pytest.mark.parametrize("status", range(64))
def test_bit_6_changes_nothing(status: int) -> None:
    told = []
    for octet in (status, status | 64):
        with pytest.raises(InstrumentError) as caught:
            parse_weight(bytes((2, ord("?"), octet, 13)))
        told.append((type(caught.value), caught.value.state))
    assert told[0] == told[1]
    assert told[0][0] is (OutOfRange if status & 0b1111 else NoReply)


def test_a_moving_scale_has_no_weight() -> None:
    scale = Scale()
    scale.load(5.0, 0.0)
    with pytest.raises(OutOfRange, match="motion"):
        parse_weight(Peer(scale).answer(b"W", 0.1))
    assert str(parse_weight(Peer(scale).answer(b"W", 9.0)).value) == "5.00"


def test_the_peer_counts_what_would_act() -> None:
    peer = Peer(Scale())
    for octet in b"WEZTCFWZTC":
        peer.answer(bytes([octet]), 0.0)
    assert peer.witness.writes == 3
