"""Recordings: a text that comes back as it was, whatever happened to its end; and their bound."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tramdo.__main__ import application
from tramdo.aside import Aside
from tramdo.build.evidence import Recorder
from tramdo.replayed import replayed
from tramdo.settings.links import broken_links
from tramdo.settings.page import Page
from tramdo.wirefile import (
    Chunk,
    Damaged,
    Recorded,
    Session,
    WireFile,
    chunk_line,
    head_line,
    parse,
    printable,
)
from tramdo_drivers.mt_sics import MtSics

START = datetime(2026, 11, 23, 1, 9, 47, 123456, tzinfo=UTC)
HEAD = head_line("packing", "9600 8N1", START)
TEXT = (
    HEAD
    + "0.104211 < 53 54 2c 47 53 0d 0a  ST,GS..\n"
    + "1.000350 > 53 49 0d 0a  SI..\n"
    + "1.020000 < 20 20  \x20\x20\n"
)
CHUNKS = (
    Chunk(0.104211, False, b"ST,GS\r\n"),
    Chunk(1.00035, True, b"SI\r\n"),
    Chunk(1.02, False, b"  "),
)


def writer(path: Path, told: list[str], most: int = 1_000_000, origin: float = 100.0) -> WireFile:
    return WireFile(
        path,
        port="packing",
        line="9600 8N1",
        start=START,
        origin=origin,
        most=most,
        tell=told.append,
    )


def test_a_recording_reads_as_it_was_written(tmp_path: Path) -> None:
    told: list[str] = []
    file = writer(tmp_path / "new" / "x.wire", told)
    for at, sent, octets in CHUNKS:
        file.note(100.0 + at, sent, octets)
        assert (tmp_path / "new" / "x.wire").read_text().endswith(f"  {printable(octets)}\n")
    file.close()
    assert (tmp_path / "new" / "x.wire").read_text() == TEXT
    found = parse(TEXT)
    assert found.chunks == CHUNKS
    assert (found.port, found.line, found.start) == ("packing", "9600 8N1", START)
    assert (found.cut, told) == (False, [])


def chunks(spare: float = 1e6) -> st.SearchStrategy[list[Chunk]]:
    at = st.floats(0, spare).map(lambda one: round(one, 6))
    octets = st.binary(min_size=1, max_size=40)
    return st.lists(st.builds(Chunk, at, st.booleans(), octets), max_size=6)


@given(st.text(max_size=20), st.text(max_size=10), chunks(), st.data())
def test_any_recording_survives_and_a_cut_takes_one_line_at_most(
    port: str, line: str, said: list[Chunk], data: st.DataObject
) -> None:
    text = head_line(port, line, START) + "".join(map(chunk_line, said))
    found = parse(text)
    assert (found.port, found.line, list(found.chunks), found.cut) == (port, line, said, False)
    cut = text[: data.draw(st.integers(len(head_line(port, line, START)), len(text)))]
    short = parse(cut).chunks
    assert list(short) == said[: len(short)]
    assert len(short) >= cut.count("\n") - 1


@pytest.mark.parametrize("mailed", [TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT, f"{TEXT}\n\n"])
def test_mail_does_no_harm(mailed: str) -> None:
    assert parse(mailed).chunks == CHUNKS
    assert parse("\n".join(line.rstrip() for line in mailed.split("\n"))).chunks == CHUNKS


def test_what_people_write_into_it_is_passed_over() -> None:
    assert parse(TEXT.replace("1.000350", "# the scale was lifted here\n1.000350")).chunks == CHUNKS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 1),
        ("hello\n", 1),
        (TEXT.replace("tramdo-wire 1", "tramdo-wire 2"), 1),
        (TEXT.replace("2026-11-23", "2026-13-23"), 1),
        (TEXT.removeprefix(HEAD), 1),
        (TEXT.replace("53 54", "53 5"), 2),
        (TEXT.replace(" > ", " = "), 3),
        (TEXT.replace("1.020000", "later"), 4),
    ],
)
def test_a_damaged_line_is_named(text: str, number: int) -> None:
    with pytest.raises(Damaged, match=f"^line {number}: .*; allowed: ") as raised:
        parse(text)
    assert raised.value.number == number


@pytest.mark.parametrize("end", ["2.0", "2.000000 < 53 5", "2.000000 < 53 54", "\0" * 30])
def test_a_cut_end_is_left_out_and_said(end: str) -> None:
    later = head_line("packing", "9600 8N1", START + timedelta(seconds=60))
    for text in (TEXT + end, f"{TEXT}{end}\n{later}"):
        found = parse(text)
        assert (found.chunks, found.cut) == (CHUNKS, True)


def test_it_goes_on_after_a_crash_with_its_own_times(tmp_path: Path) -> None:
    path, told = tmp_path / "x.wire", list[str]()
    path.write_text(TEXT + "2.000000 < 53 5")
    file = WireFile(
        path,
        port="packing",
        line="9600 8N1",
        start=START + timedelta(seconds=60),
        origin=7.0,
        most=10_000,
        tell=told.append,
    )
    file.note(8.5, False, b"x")
    file.close()
    found = parse(path.read_text())
    assert found.chunks == (*CHUNKS, Chunk(61.5, False, b"x"))
    assert [one.at for one in found.sessions] == [0.0, 60.0]
    assert (found.cut, told) == (True, [])


def test_a_clock_put_back_does_not_turn_the_order() -> None:
    before = head_line("packing", "9600 8N1", START - timedelta(days=1))
    assert parse(TEXT + before + "0.500000 < 78  x\n").chunks[-1].at == pytest.approx(1.52)


def both(path: Path) -> Recorded:
    return parse("".join(one.read_text() for one in (path.with_name("x.wire.1"), path)))


def test_when_full_the_newest_is_kept(tmp_path: Path) -> None:
    path, told = tmp_path / "x.wire", list[str]()
    file = writer(path, told, most=4000)
    for n in range(500):
        file.note(100.0 + n, False, b"%03d" % n)
        size = sum(one.stat().st_size for one in tmp_path.iterdir())
        assert size <= 4000
    file.close()
    assert {one.name for one in tmp_path.iterdir()} == {"x.wire", "x.wire.1"}
    kept = both(path)
    numbers = [int(one.octets) for one in kept.chunks]
    assert numbers == list(range(numbers[0], 500))
    assert len(numbers) > 2000 / 40
    last = (kept.start - START).total_seconds() + kept.chunks[-1].at
    assert last == pytest.approx(499.0, abs=1e-3)
    assert told == []


@pytest.mark.parametrize("name", ["x.wire", "x.wire.1"])
def test_a_file_of_others_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SQLite format 3")
    told: list[str] = []
    file = writer(tmp_path / "x.wire", told)
    file.note(101.0, False, b"x")
    file.note(102.0, False, b"y")
    assert file.stopped
    assert (tmp_path / name).read_text() == "SQLite format 3"
    assert told == [
        f"{tmp_path / name}: is no recording of tramdo and is left alone; recording has ended"
    ]


def _a_folder(path: Path) -> None:
    path.mkdir()


def _a_file_as_folder(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize("spoil", [_a_folder, _a_file_as_folder])
def test_what_cannot_be_written_is_told_once(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path, told = tmp_path / "into" / "x.wire", list[str]()
    path.parent.mkdir()
    spoil(path)
    file = writer(path, told)
    file.begin()
    file.note(101.0, False, b"x")
    assert (file.stopped, len(told)) == (True, 1)


FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tramdo.wirefile import WireFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
file = WireFile(Path(sys.argv[1]), port="p", line="l", start=datetime.now(UTC), origin=0.0,
                most=10_000, tell=print)
for n in range(50):
    file.note(float(n), False, b"0123456789")
"""


def test_a_full_disk_keeps_what_is_there_and_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "x.wire"
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.endswith("; recording has ended\n")
    found = parse(path.read_text())
    assert [one.at for one in found.chunks] == [float(n) for n in range(len(found.chunks))]
    assert len(found.chunks) > 3


def test_what_hangs_is_not_waited_for() -> None:
    aside, gate = Aside(most=2), Event()
    started: list[int] = []

    def hang() -> None:
        started.append(1)
        gate.wait(20)

    assert [aside.put(hang), aside.put(hang), aside.put(hang)] == [True, True, False]
    gate.set()
    aside.finish()
    assert len(started) == 2
    assert aside.put(hang) is False


def hang(gate: Event) -> None:
    gate.wait(20)


def test_what_waits_is_bounded_by_bytes_and_a_hole_begins_a_new_session(tmp_path: Path) -> None:
    aside, gate, told = Aside(most_bytes=4), Event(), list[str]()
    aside.put(partial(hang, gate))
    file = writer(tmp_path / "x", told)
    recorder = Recorder(begin=lambda _: file, aside=aside, tell=told.append)
    for n in range(4):
        recorder.hear(100.0 + n, False, b"abc")
    gate.set()
    done = Event()
    aside.put(done.set)
    assert done.wait(20)
    recorder.hear(105.0, False, b"def")
    recorder.hear(106.0, False, b"")
    aside.finish()
    file.close()
    found = parse((tmp_path / "x").read_text()).sessions
    assert [one.chunks for one in found] == [
        (Chunk(0.0, False, b"abc"),),
        (Chunk(5.0, False, b"def"),),
    ]
    assert len(told) == 1


def test_a_chunk_larger_than_the_bound_keeps_to_it(tmp_path: Path) -> None:
    told: list[str] = []
    file = writer(tmp_path / "x.wire", told, most=10_000)
    sent = bytes(range(256)) * 400
    file.note(101.0, False, sent)
    file.close()
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) <= 10_000
    kept = b"".join(one.octets for one in both(tmp_path / "x.wire").chunks)
    assert len(kept) > 1000
    assert sent.endswith(kept)
    assert told == []


@pytest.mark.parametrize(("name", "port"), [("x", "p\udcff"), ("x\0", "p")])
def test_a_name_that_cannot_be_written_is_told(tmp_path: Path, name: str, port: str) -> None:
    told: list[str] = []
    path = tmp_path / name
    file = WireFile(
        path, port=port, line="l", start=START, origin=0.0, most=10_000, tell=told.append
    )
    file.begin()
    assert (file.stopped, len(told)) == (True, 1)


@pytest.mark.parametrize(
    "head",
    [
        'port="p" line="l" start=0001-01-01T00:00:00+14:00',
        'port="p" line="l" start=9999-12-31T23:59:59-14:00',
        'port="\\ud800" line="l" start=2026-01-01T00:00:00Z',
    ],
)
def test_a_hostile_first_line_is_damage(head: str) -> None:
    with pytest.raises(Damaged, match="line 1"):
        parse(f"tramdo-wire 1 {head}\n")


def test_a_port_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(head_line("c\u00e2n\x1b[2J", "l\x1b", START))
    words = ["replay", str(tmp_path / "x"), "--driver", "st-gs"]
    said = CliRunner().invoke(application(["replay"]), words, color=True)
    assert "c\u00e2n [2J, l , since 2026" in said.stdout
    assert "\x1b" not in said.output


def test_an_answer_in_very_many_chunks_is_put_together() -> None:
    chunks = (Chunk(0.0, True, b"SI\r\n"), *[Chunk(1.0, False, b"x" * 20)] * 60_000)
    session = Session(at=0.0, chunks=chunks)
    recorded = Recorded(port="p", line="l", start=START, sessions=(session,))
    began = time.process_time()
    assert len(list(replayed(MtSics(), recorded))) >= 1
    assert time.process_time() - began < 2


@pytest.mark.parametrize("name", ["none", "true", "false"])
def test_a_driver_named_like_a_word_of_python_is_refused(tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(application(["new-driver"]), ["new-driver", name, str(tmp_path)])
    assert (done.exit_code, "a word of Python" in done.stderr) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("x.txt", "y.txt", 0),
        ("x.txt", "./x.txt", 1),
        ("x.txt", "a/../x.txt", 1),
        ("x.txt", "x.txt.1", 1),
        ("x.txt.1", "x.txt", 1),
        ("x.txt", "./unknown/scale-1.txt", 1),
        ("x.txt", "unknown", 1),
    ],
)
def test_recordings_do_not_share_a_file(one: str, other: str, count: int) -> None:
    rows = [{"name": name, "record": file} for name, file in (("a", one), ("b", other))]
    problems = list(broken_links(Page(file="s", raw={"port": rows}, places={})))
    assert [problem.key for problem in problems] == ['port "b".record'] * count
