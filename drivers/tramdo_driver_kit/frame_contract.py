"""What every driver must make of frames, whole and broken: the tests of its tables."""

import dataclasses
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings

from tramdo import errors
from tramdo.driver import About, Driver, Listening, Polled
from tramdo.errors import BadFrame, InstrumentError, NoReply
from tramdo.reading import Indication
from tramdo_driver_kit.breaking import (
    all_shown,
    broken,
    ends,
    parts,
    shows,
    with_a_bit_turned,
    with_a_strange_byte,
    without_a_byte,
)
from tramdo_driver_kit.frames import PROVENANCE, Frame, Table, tables
from tramdo_driver_kit.named import Named
from tramdo_driver_kit.reading import Outcome, asked, read, reads, stream, values

STEPS = (1, 7, 1000)
EXAMPLES = 60
GARBAGE = (b"\x00\xff\r\n" * 3,)
LINE = re.compile(r"[1-9]\d+ [78][NEO][12]")


class FrameContract(Named):
    """The tests of a driver by its frame tables."""

    frames: ClassVar[Path]
    examples: ClassVar[int] = EXAMPLES

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each test that takes a frame every frame, by its id."""
        if "frame" in metafunc.fixturenames:
            rows = [(table, one) for table in self.tables() for one in table.frames]
            told = [one for one in rows if not one[1].sent]
            names = [f"{table.protocol}-{one.id}" for table, one in told]
            metafunc.parametrize(("table", "frame"), told, ids=names)

    def tables(self) -> list[Table]:
        """Return its frame tables."""
        return tables(self.frames)

    def each(self) -> Iterator[tuple[Table, Frame, Driver]]:
        """Yield each frame that gives a value, with the driver that is to read it."""
        for table in self.tables():
            for one in table.values:
                yield table, one, self.make(one.settings)

    def dialects(self) -> list[list[Frame]]:
        """Return the frames of each combination of settings in the tables."""
        found: dict[str, list[Frame]] = {}
        for table in self.tables():
            for one in table.frames:
                if not one.sent:
                    found.setdefault(repr(one.settings), []).append(one)
        return list(found.values())

    def test_it_declares_itself(self) -> None:
        """It says what it speaks, is polled or listens, and its settings are frozen and told."""
        driver = self.make({})
        about: About = driver.about
        assert about.protocol
        assert about.source
        assert about.kinds
        assert isinstance(driver, Polled) != isinstance(driver, Listening), "one of the two"
        for line in about.lines:
            assert LINE.fullmatch(line), f"{line!r} is no line setting such as '9600 8N1'"
        for settings_ in about.dialects:
            self.make(settings_)
        assert dataclasses.is_dataclass(driver)
        assert type(driver).__dataclass_params__.frozen
        for one in dataclasses.fields(driver):
            assert one.metadata.get("description"), f"setting {one.name} has no description"

    def test_its_tables_say_whence_each_frame_comes(self) -> None:
        """Each row has an id of its own, a meaning, a source, and one kind of outcome."""
        found = self.tables()
        assert any(table.values for table in found), f"no frame with a value in {self.frames}"
        assert any(table.refused for table in found), f"no frame to refuse in {self.frames}"
        for table in found:
            ids = [one.id for one in table.frames]
            assert len(set(ids)) == len(ids), f"two frames of one id in {table.protocol}"
            assert table.check or table.weakness, f"{table.protocol}: a check or a weakness"
            for one in table.frames:
                assert one.bytes, one.id
                assert one.means, one.id
                assert one.source, one.id
                assert one.provenance in PROVENANCE, one.id
                assert sum((bool(one.indications), bool(one.error), one.sent)) == 1, one.id

    def test_a_frame_is_read_exactly(self, table: Table, frame: Frame) -> None:
        """Digits, unit, stability and basis, or the error; in one piece and byte by byte."""
        del table
        driver = self.make(frame.settings)
        for step in STEPS:
            found = read(driver, *frame.before, frame.bytes, step=step)
            if frame.indications:
                assert found == frame.indications
                texts = [str(one.value) for one in frame.indications]
                assert [str(one.value) for one in found] == texts
            else:
                self._is_refused(found, frame)

    def _is_refused(self, found: Outcome, frame: Frame) -> None:
        assert isinstance(found, getattr(errors, frame.error)), f"{frame.id}: {found!r}"
        assert frame.state in ("", found.state)
        assert frame.text in str(found)
        if isinstance(found, BadFrame):
            assert found.frame, "the evidence is missing: raise BadFrame(expected, frame)"

    def test_it_asks_only_what_its_table_says(self) -> None:
        """A read sends exactly the requests of the table, once each; a listening one nothing."""
        for table, one, driver in self.each():
            sent = asked(driver, *one.before, one.bytes)
            assert asked(driver) == sent[:1], "silence is an error; asking again is not its task"
            assert isinstance(read(driver), NoReply)
            if not one.settings:
                assert tuple(sent) == table.asks
            for row in table.requests:
                if row.never:
                    assert row.bytes not in sent, row.id
                elif row.settings == one.settings:
                    assert row.bytes in sent, row.id

    def test_it_remembers_nothing(self) -> None:
        """After other frames, good and bad, each gives what it gives to a driver just made."""
        for rows in self.dialects():
            driver = self.make(rows[0].settings)
            unused: Any = self.make(rows[0].settings)
            heard = [GARBAGE, *((*one.before, one.bytes) for one in rows), GARBAGE]
            for octets in (*heard, *reversed(heard)):
                alone = read(dataclasses.replace(unused), *octets, step=1000)
                assert repr(read(driver, *octets, step=1000)) == repr(alone)
            assert driver == unused

    def test_part_of_a_frame_gives_no_value(self) -> None:
        """Neither the beginning nor the end of a frame is one; stray bytes before it may lack."""
        for _, one, driver in self.each():
            for part, step in product(parts(one.bytes), (1, 1000)):
                found = read(driver, *one.before, part, step=step)
                if not isinstance(found, InstrumentError):
                    assert _same(found, one.indications), f"{one.id}: {part!r} gave {found}"

    def test_a_lost_byte_is_seen(self) -> None:
        """A frame that lost a byte gives no other value; if it may, the table says so."""
        for table, one, driver in self.each():
            for lacking in without_a_byte(one.bytes):
                found = read(driver, *one.before, lacking)
                if isinstance(found, InstrumentError) or _same(found, one.indications):
                    continue
                assert table.weakness, f"{one.id}: {lacking!r} gave {found}"
                heard = b"".join((*one.before, lacking))
                assert all(shows(heard, value) for value in found)

    def test_a_turned_bit_is_seen_by_the_check_sum(self) -> None:
        """Where the table says that a check sum covers the frame, no turned bit passes."""
        for table, one, driver in self.each():
            if not table.check:
                continue
            for turned in with_a_bit_turned(one.bytes):
                found = read(driver, *one.before, turned)
                assert isinstance(found, InstrumentError), f"{one.id}: {turned!r} gave {found}"

    def test_a_stream_is_read_frame_by_frame(self) -> None:
        """Frames that came in one piece, garbage before them and a half one: each is found."""
        for _, one, driver in self.each():
            if not isinstance(driver, Listening) or set(one.before) - {one.bytes}:
                continue
            wanted, whole = values([one.indications]), b"".join((*one.before, one.bytes))
            many = whole * 6
            for step in STEPS:
                assert values(stream(driver, many, step=step)) == wanted * 6, f"{one.id} by {step}"
            for at in range(len(whole)):
                joined = stream(driver, whole[at:] + many)[1 if at else 0 :]
                assert values(joined)[-len(wanted) :] == wanted, f"{one.id} joined at {at}"
                assert set(values(joined)) <= set(wanted), f"{one.id} joined at {at}: {joined}"

    def test_any_bytes_give_a_value_or_an_error_of_ours(self) -> None:
        """Whatever comes: a finite value whose digits stand there, or an `InstrumentError`."""
        rows = [one for _, one, _ in self.each()]
        drivers, plain = [self.make(some[0].settings) for some in self.dialects()], all_shown(rows)
        for driver, some in zip(drivers, self.dialects(), strict=True):
            for one in some:
                for octets in (one.bytes, *with_a_strange_byte(one.bytes), *ends(one.bytes)):
                    _demand_truth(driver, (*one.before, octets), plain=plain)

        @settings(max_examples=self.examples, deadline=None, database=None)
        @given(octets=broken([one.bytes for one in rows]))
        def fuzz(octets: bytes) -> None:
            for driver in drivers:
                _demand_truth(driver, (octets, octets), plain=plain)

        fuzz()


def _demand_truth(driver: Driver, answers: tuple[bytes, ...], *, plain: bool) -> None:
    for found, heard in reads(driver, *answers, step=1000):
        for one in found if isinstance(found, tuple) else ():
            assert one.value.is_finite()
            assert not plain or shows(b"".join(heard), one), f"{heard} gave {one}"


def _same(found: tuple[Indication, ...], wanted: tuple[Indication, ...]) -> bool:
    return [(one.value, one.unit) for one in found] == [(one.value, one.unit) for one in wanted]
