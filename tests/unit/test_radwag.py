"""Radwag: the line that accepts a question, and what ends a resync."""

import pytest

from tramdo.errors import BadFrame, NoReply
from tramdo_driver_kit import Script
from tramdo_drivers.radwag import MOST_BYTES, Radwag, by_mass, by_serial_number, parse_weight

MASS = b"SUI? -   58.237 kg \r\n"
SERIAL = b'NB A "123456"\r\n'


@pytest.mark.parametrize("accepted", [b"S A\r\n", b"SI A\r\n", b"SU A\r\n", b"SUI A\r\n"])
async def test_the_mass_follows_the_line_that_accepts(accepted: bytes) -> None:
    with Script((b"SUI\r\n", accepted + MASS)) as port:
        assert await Radwag().read(port) == (parse_weight(MASS),)
    assert port.stray == 0


def test_the_evidence_is_both_lines() -> None:
    cut = by_mass(b"S A\r\n" + MASS)
    assert cut is not None
    assert cut.frame == b"S A\r\n" + MASS


@pytest.mark.parametrize("second", [b"S A\r\n", b"SUI D\r\n", b"NB A\r\n"])
async def test_at_most_two_lines_are_read(second: bytes) -> None:
    with Script((b"SUI\r\n", b"S A\r\n" + second)) as port, pytest.raises(BadFrame):
        await Radwag().read(port)


async def test_accepted_and_then_not_now() -> None:
    with Script((b"SUI\r\n", b"S A\r\nSUI I\r\n")) as port, pytest.raises(NoReply, match="busy"):
        await Radwag().read(port)


async def test_a_late_mass_is_thrown_away() -> None:
    with Script((b"NB\r\n", MASS + SERIAL)) as port:
        await Radwag().resync(port)
    assert port.stray == len(MASS)


async def test_one_refusal_ends_no_resync_and_two_in_a_row_do() -> None:
    with Script((b"NB\r\n", b"ES\r\n"), (b"NB\r\n", SERIAL)) as port:
        await Radwag().resync(port)
    with Script((b"NB\r\n", b"ES\r\n"), (b"NB\r\n", b"ES\r\n")) as port:
        await Radwag().resync(port)
    with Script((b"NB\r\n", b"ES\r\n"), (b"NB\r\n", b"")) as port, pytest.raises(NoReply):
        await Radwag().resync(port)


def test_a_resync_gives_up_on_a_stream() -> None:
    assert by_serial_number(MASS) is None
    with pytest.raises(BadFrame, match="within 256 bytes"):
        by_serial_number(MASS * (MOST_BYTES // len(MASS) + 1))


def test_a_question_that_is_none() -> None:
    with pytest.raises(ValueError, match="question: 'C1' is not one of SUI, SI"):
        Radwag(question="C1")
