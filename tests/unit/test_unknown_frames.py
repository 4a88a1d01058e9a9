"""Frames that nobody understands yet: no driver may take them for a weight."""

import pytest
from supported import FRAMES

from tramdo.driver import Listening, installed, load, make
from tramdo.reading import Unit
from tramdo_driver_kit.frames import Frame, tables
from tramdo_driver_kit.reading import stream, values

UNKNOWN = [one for table in tables(FRAMES / "unknown") for one in table.frames]
LISTENING = sorted(name for name in installed() if hasattr(load(name), "listen"))


@pytest.mark.parametrize("frame", UNKNOWN, ids=lambda one: one.id)
@pytest.mark.parametrize("name", LISTENING)
def test_no_driver_makes_a_number_of_it(name: str, frame: Frame) -> None:
    driver = make(name, {})
    assert isinstance(driver, Listening)
    found = values(stream(driver, frame.bytes * 3))
    assert found == [] or frame.more.get("driver") == name


@pytest.mark.parametrize("frame", UNKNOWN, ids=lambda one: one.id)
def test_a_row_says_that_it_is_not_understood(frame: Frame) -> None:
    assert frame.means == "not understood"
    assert frame.source
    assert frame.note
    assert not frame.indications
    assert not frame.error


def test_a_number_would_be_seen() -> None:
    heard = stream(make("st-gs", {}), b"ST,GS,   245.6 g\r\n" * 2)
    assert [unit for _, unit, _ in values(heard)] == [Unit.G, Unit.G]
