"""Yaohua reversed frames: what no frame table can say. The rest is its contract test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tramdo.errors import BadFrame, NoReply
from tramdo_driver_kit import Script
from tramdo_drivers.yaohua_reversed import YaohuaReversed
from tramdo_simulators.memory_port import at_once

FRAME = b"=51.0700"


@given(at=st.integers(1, 7), garbage=st.binary(max_size=30).map(lambda b: b.replace(b"=", b"")))
def test_joined_anywhere_the_next_two_frames_are_read(at: int, garbage: bytes) -> None:
    port = Script((b"", garbage + FRAME[at:] + FRAME * 2))
    with port:
        (one,) = at_once(YaohuaReversed().listen(port))
    assert str(one.value) == "70.15"
    assert port.stray == len(garbage) + len(FRAME) - at


@pytest.mark.parametrize("width", [7, 8])
@pytest.mark.parametrize("other", [b"=51.070", b"=51.07000", b"=51.0700"])
def test_frames_of_another_width_give_nothing(width: int, other: bytes) -> None:
    if len(other) == width + 1:
        return
    with pytest.raises(BadFrame):
        at_once(YaohuaReversed(width=width).listen(Script((b"", other * 20))))


def test_two_frames_that_differ_are_a_weight_that_moves() -> None:
    with Script((b"", b"=51.0700=61.0700")) as port, pytest.raises(NoReply, match=r"70\.15 and 70"):
        at_once(YaohuaReversed().listen(port))


def test_its_settings_are_refused_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="width: 6 is not one of 7, 8"):
        YaohuaReversed(width=6)
    with pytest.raises(ValueError, match="dialect: 'plus' is not one of minus, zero-one"):
        YaohuaReversed(dialect="plus")
