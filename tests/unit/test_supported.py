"""The list of supported instruments and the tables behind it."""

from pathlib import Path
from typing import get_args

import pytest
from supported import FRAMES, MAKERS, SUPPORTED, frames, frames_of, page

from tramdo import errors
from tramdo.driver import installed, load
from tramdo.settings.ports import Format
from tramdo_driver_kit.frames import PROVENANCE
from tramdo_drivers.mapfiles import MAPS, load_map

PROTOCOLS = sorted(path.name for path in FRAMES.iterdir() if path.name != "unknown")


def test_the_committed_list_is_in_step() -> None:
    assert SUPPORTED.read_text(encoding="utf-8") == page(), (
        "run: python tests/supported.py > drivers/SUPPORTED.md"
    )


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.toml")), ids=lambda path: path.stem)
def test_each_map_has_frames(path: Path) -> None:
    told = frames_of(path.stem)
    assert any(one.indications for one in told)
    assert any(one.error for one in told) or not load_map(path.stem).status


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_frame_says_what_it_means_and_whence_it_comes(protocol: str) -> None:
    rows = frames(protocol)
    assert len({one.id for one in rows}) == len(rows)
    for one in rows:
        assert one.bytes, one.id
        assert one.means, one.id
        assert one.source, one.id
        assert one.provenance in PROVENANCE, one.id
        assert sum((bool(one.indications), bool(one.error), one.sent)) == 1, one.id
        if one.error:
            assert issubclass(getattr(errors, one.error), errors.InstrumentError)


def test_each_table_speaks_for_a_driver_or_a_map() -> None:
    names = {*(one for one in installed()), *(path.stem for path in MAPS.glob("*.toml"))}
    told = {one.id for name in names for one in frames_of(name)}
    assert told >= {one.id for protocol in PROTOCOLS for one in frames(protocol)}


@pytest.mark.parametrize("name", sorted(installed()))
def test_each_driver_says_whose_instruments_it_reads(name: str) -> None:
    assert MAKERS[name]


@pytest.mark.parametrize("name", sorted(installed()))
def test_a_station_file_may_have_each_line_setting_that_a_driver_names(name: str) -> None:
    for line in load(name).about.lines:
        assert line.split(" ")[1] in get_args(Format), line
