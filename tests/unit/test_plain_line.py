"""Lines of value and unit: no dialect takes another's, nor another protocol's, for its own."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tramdo.errors import BadFrame, InstrumentError
from tramdo.reading import Indication
from tramdo_driver_kit.frames import tables
from tramdo_drivers import adam, and_standard, ohaus, plain_line, radwag, sbi, st_gs
from tramdo_drivers.plain_line import MOST_BYTES, PlainLine, by_stx

Parser = Callable[[bytes], Indication]
FRAMES = Path(__file__).parents[1] / "frames"
PARSERS: dict[str, Parser] = {
    "adam": adam.parse_weight,
    "and-stream": and_standard.parse_weight,
    "ohaus-stream": ohaus.parse_weight,
    "radwag-stream": radwag.parse_weight,
    "st-gs": st_gs.parse_weight,
    **{one: partial(sbi.parse_weight, dialect=one) for one in sbi.DIALECTS},
    **{one: partial(plain_line.parse_weight, dialect=one) for one in plain_line.DIALECTS},
}


def weights(folder: str, usual: str) -> Iterator[tuple[str, bytes]]:
    """Yield each frame that is a weight, with the name of the parser that it is for."""
    for table in tables(FRAMES / folder):
        for one in table.values:
            yield one.settings.get("dialect", usual), one.bytes


SHOWN = [
    *weights("adam", "adam"),
    *weights("and-stream", "and-stream"),
    *weights("ohaus-stream", "ohaus-stream"),
    *weights("radwag-stream", "radwag-stream"),
    *weights("sbi-stream", "sbi22"),
    *weights("plain-line", "kern"),
    *weights("st-gs", "st-gs"),
]


@pytest.mark.parametrize("name", PARSERS)
def test_each_takes_its_own_lines_only(name: str) -> None:
    takes = set()
    for owner, frame in SHOWN:
        try:
            PARSERS[name](frame)
        except InstrumentError:
            continue
        takes.add(owner)
    assert takes == {name}


def test_a_line_with_stx_is_found_after_garbage_and_half_a_line() -> None:
    line = b"\x02A   0.165\r\x03"
    cut = by_stx(b"\x00\x02A   0.1" + line + b"\x02A")
    assert cut == (line, 9 + len(line), 9)
    assert by_stx(line[:-1]) is None


def test_a_line_that_never_ends() -> None:
    with pytest.raises(BadFrame, match="at most 64 bytes"):
        by_stx(b"\x02" * (MOST_BYTES + 1))


def test_a_dialect_that_is_none() -> None:
    with pytest.raises(ValueError, match="dialect: 'cern' is not one of kern, g-and-g, us-solid"):
        PlainLine(dialect="cern")
