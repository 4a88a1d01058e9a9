"""`tramdo record`, `replay` and `decode` as a user meets them; frames that nobody understood."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Pty, free_port
from memory import Peer
from typer.testing import CliRunner, Result
from waiting import until

from tramdo.__main__ import application
from tramdo.aside import Aside
from tramdo.cli.record import Recording
from tramdo.errors import BadFrame, NoReply
from tramdo.framing import by_line
from tramdo.port import Dialogue, Line
from tramdo.reading import Reading
from tramdo.replayed import replayed
from tramdo.unknown import Source, Unknown, shape_of
from tramdo.wirefile import Chunk, chunk_line, head_line, parse
from tramdo_drivers.mt_sics import MtSics
from tramdo_drivers.st_gs import StGs
from tramdo_simulators.line import Pty as SimulatedPty
from tramdo_simulators.scale import Loading, Scale
from tramdo_simulators.st_gs import StGs as Indicator

START = datetime(2026, 11, 23, 1, 9, 47, tzinfo=UTC)
LINE = "53 54 2c 47 53 2c 20 20 20 32 34 35 2e 36 20 67 0d 0a"
WEIGHT = "53 20 53 20 20 20 20 20 31 30 30 2e 30 30 20 67 0d 0a"


def tramdo(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(application([words[0]]), words, input=typed, env={"NO_COLOR": "1"})


async def apart(*words: str) -> tuple[int, str, str]:
    """Run it as a program: its exit code, what it printed, what it said on standard error."""
    command = [sys.executable, "-m", "tramdo", *words]
    pipe = asyncio.subprocess.PIPE
    one = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    said = await asyncio.wait_for(one.communicate(), 30)
    return one.returncode or 0, said[0].decode(), said[1].decode()


def write(path: Path, *chunks: tuple[float, bool, bytes]) -> str:
    lines = [chunk_line(Chunk(*one)) for one in chunks]
    path.write_text(head_line("/dev/x", "9600 8N1", START) + "".join(lines))
    return str(path)


async def test_what_is_recorded_replays_to_the_same_values(tmp_path: Path) -> None:
    rising = Scale(programme=lambda at: Loading(5.0 * at))
    peer, file = Indicator(rising, period=0.02), str(tmp_path / "x.wire")
    async with SimulatedPty(peer, tmp_path / "scale") as pty:
        code, out, err = await apart("record", pty.path, file, "--seconds", "0.6")
        code_again, *_ = await apart("record", pty.path, file, "--seconds", "0.2")
    assert (code, code_again, err) == (0, 0, "")
    assert f"bytes/s, in {file}\nlast line: " in out
    assert peer.witness.writes == 0
    served = b"".join(one.answer for one in peer.witness.log)
    recorded = parse(Path(file).read_text())
    for session in recorded.sessions:
        assert b"".join(one.octets for one in session.chunks) in served
    said = tramdo("replay", file, "--driver", "st-gs")
    shown = [line.split()[2] for line in said.stdout.splitlines() if "weight" in line]
    frames = [line.decode() for line in served.split(b"\r\n") if line]
    sent = [frame.split(",")[2].split()[0] for frame in frames]
    assert set(shown) <= set(sent)
    assert sorted(shown, key=Decimal) == shown
    assert len(set(shown)) > 15
    assert said.exit_code == 0
    assert f"{len(shown)} values, 0 errors" in said.stdout


async def test_a_port_in_use_is_told_with_who_uses_it(pty: Pty, tmp_path: Path) -> None:
    script = "import serial, sys; p = serial.Serial(sys.argv[1], exclusive=True); print(1, flush=1)"
    script += "; sys.stdin.read()"
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(pty.link), stdin=pipe, stdout=pipe
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    code, _, said = await apart("record", str(pty.link), str(tmp_path / "x.wire"))
    await holder.communicate(b"")
    assert code == 1
    assert f"{pty.link} is in use by pid " in said
    assert f"pid {holder.pid} ({sys.executable}" in said
    assert "let the daemon record" in said
    assert not (tmp_path / "x.wire").exists()


async def test_silence_is_told_and_ctrl_c_ends_it(pty: Pty, tmp_path: Path) -> None:
    file = tmp_path / "x.wire"
    code, _, said = await apart("record", str(pty.link), str(file), "--seconds", "0.2")
    assert (code, "nothing was heard" in said) == (1, True)
    command = [sys.executable, "-m", "tramdo", "record", str(pty.link), str(file)]
    one = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await until(lambda: file.read_text().count("tramdo-wire") == 2, "the recording")
    os.write(pty.far, b"hello\r\n")
    await until(lambda: "hello" in file.read_text(), "the bytes")
    one.terminate()
    out, _ = await asyncio.wait_for(one.communicate(), 20)
    assert (one.returncode, b"last line: hello" in out) == (0, True)
    assert pty.heard() == b""


async def test_a_line_that_ends_and_a_file_of_others_end_it(pty: Pty, tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("SQLite")
    code, _, said = await apart("record", str(pty.link), str(tmp_path / "journal"))
    assert (code, "is no recording of tramdo" in said) == (1, True)

    async def end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n")
        await writer.drain()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(end, "127.0.0.1", port):
        file = tmp_path / "x.wire"
        code, out, said = await apart("record", f"tcp://127.0.0.1:{port}", str(file))
    assert (code, "connection ended" in said, "last line: hello" in out) == (1, True, True)
    assert parse(file.read_text()).line == "tcp"


async def test_a_connection_that_we_close_is_no_failure(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    address = f"tcp://127.0.0.1:{(port := free_port())}"
    async with await asyncio.start_server(talk, "127.0.0.1", port):
        code, out, said = await apart("record", address, str(tmp_path / "x"), "--seconds", "0.3")
    assert (code, said, "last line: hello" in out) == (0, "", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scale", "x"), "'scale' is no port; allowed: a path"),
        (("tcp://host:70000", "x"), "is no port; allowed: a path"),
        (("udp://host:7", "x"), "is no port; allowed: a path"),
        (("/dev/x", "x", "--line", "9600 8N9"), "--line '9600 8N9'; allowed: a speed in baud"),
        (("/dev/x", "x", "--line", "fast"), "--line 'fast'; allowed: a speed in baud"),
    ],
)
def test_a_wrong_port_is_told_with_what_is_allowed(words: tuple[str, ...], said: str) -> None:
    done = tramdo("record", *words)
    assert (done.exit_code, said in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("tail", "shown"),
    [(b"", ""), (b"one\r\ntwo\r\nthr", "two"), (b"\x02one\x03\x02", "one"), (b"ab\x00", "ab.")],
)
def test_the_last_line_is_a_whole_one_where_there_is_one(tail: bytes, shown: str) -> None:
    assert Recording(path=Path(), port="", line="", most=1, tail=tail).last_line == shown


async def test_a_tap_gets_every_byte_in_its_order() -> None:
    taken: list[tuple[bool, bytes]] = []
    peer = Peer(lambda _: [(0.0, b"an"), (0.001, b"swer\r\n")])
    line = Line(
        name="x", opener=peer.open, tap=lambda _, sent, octets: taken.append((sent, octets))
    )
    await line.open()
    dialogue = Dialogue(line=line, timeout=5, clock=asyncio.get_running_loop().time)
    await dialogue.exchange(b"?\r\n", by_line())
    peer.say(b"unasked")
    assert taken == [(True, b"?\r\n"), (False, b"an"), (False, b"swer\r\n"), (False, b"unasked")]


def test_a_polled_driver_gets_what_came_after_its_question(tmp_path: Path) -> None:
    answer = bytes.fromhex(WEIGHT)
    file = write(
        tmp_path / "x.wire",
        (0.5, False, b"late\r\n"),
        (1.0, True, b"SI\r\n"),
        (1.1, False, answer[:9]),
        (1.2, False, answer[9:]),
        (2.0, True, b"SI\r\n"),
        (3.0, True, b"SI\r\n"),
        (3.1, False, b"S +\r\n"),
    )
    said = tramdo("replay", file, "--driver", "mt-sics")
    assert said.exit_code == 0
    _, first, second, third, total = said.stdout.splitlines()
    assert first.split() == ["1.200", "weight", "100.00", "g,", "stable"]
    assert second.split()[:2] == ["2.000", "no_reply:"]
    assert third.split()[:2] == ["3.100", "overload:"]
    assert total == "1 values, 2 errors, 29 bytes heard"
    assert "never sent" not in said.stderr


def test_another_question_than_the_recorded_one_is_told_once(tmp_path: Path) -> None:
    answer = bytes.fromhex(WEIGHT)
    asked = [
        (1.0, True, b"S\r\n"),
        (1.1, False, answer),
        (2.0, True, b"S\r\n"),
        (2.1, False, answer),
    ]
    said = tramdo("replay", write(tmp_path / "x.wire", *asked), "--driver", "mt-sics")
    assert said.stdout.count("100.00 g") == 2
    assert said.stderr.count("the driver asks 53 49 0d 0a, which was never sent") == 1


def test_answers_without_questions_are_given_one_after_the_other(tmp_path: Path) -> None:
    answer = bytes.fromhex(WEIGHT)
    chunks = (1.0, False, answer + answer[:4]), (2.5, False, answer[4:])
    recorded = parse(Path(write(tmp_path / "x.wire", *chunks)).read_text())
    assert [one.at for one in replayed(MtSics(), recorded)] == [1.0, 2.5]


@pytest.mark.parametrize(("first", "count"), [(0.0, 1), (0.5, 2)])
def test_the_first_frame_counts_after_a_silence_only(
    tmp_path: Path, first: float, count: int
) -> None:
    line = bytes.fromhex(LINE)
    file = write(tmp_path / "x.wire", (first, False, line[:3]), (first, False, line[3:] + line))
    assert len(list(replayed(StGs(), parse(Path(file).read_text())))) == count


def test_a_recording_without_a_value_or_with_damage_fails(tmp_path: Path) -> None:
    file = write(tmp_path / "x.wire", (1.0, False, b"nothing\r\n"))
    assert tramdo("replay", file, "--driver", "st-gs").exit_code == 1
    Path(file).write_text(Path(file).read_text() + "broken\n" * 2)
    said = tramdo("replay", file, "--driver", "st-gs")
    assert (said.exit_code, f"{file}: line 3: 'broken'; allowed:" in said.stderr) == (2, True)
    said = tramdo("replay", str(tmp_path / "no"), "--driver", "st-gs")
    assert (said.exit_code, "No such file" in said.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((LINE, "--driver", "st-gs"), "weight 245.6 g gross, stable"),
        ((LINE.replace(" ", ""), "--driver", "st-gs"), "weight 245.6 g gross, stable"),
        ((LINE.replace(" ", ":"), "--driver", "st-gs"), "weight 245.6 g gross, stable"),
        ((*LINE.split(), "--driver", "st-gs"), "weight 245.6 g gross, stable"),
        ((LINE, LINE, "--driver", "st-gs"), "245.6 g gross, stable\nweight 245.6 g"),
        ((WEIGHT, "--driver", "mt-sics"), "weight 100.00 g, stable"),
        ((LINE, "--driver", "st-gs", "--set", "length=18"), "weight 245.6 g gross, stable"),
    ],
)
def test_frames_are_decoded(words: tuple[str, ...], said: str) -> None:
    done = tramdo("decode", *words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert said in done.stdout


def test_lines_of_the_input_become_lines_of_json() -> None:
    typed = f"{LINE}\n\n# a banner\n48 69 0d 0a\n"
    done = tramdo("decode", "-", "--driver", "st-gs", "--json", typed=typed)
    good, bad = map(json.loads, done.stdout.splitlines())
    assert good["values"][0]["value"] == "245.6"
    assert good["frames"] == [LINE]
    assert bad["error"]["state"] == "bad_frame"
    assert done.exit_code == 0


def test_a_comma_parts_the_answers_of_one_reading() -> None:
    done = tramdo("decode", f"{WEIGHT[:20]},{WEIGHT}", "--driver", "mt-sics")
    first, second = done.stdout.splitlines()
    assert first.startswith("bad_frame: a whole frame; got 53 20 53")
    assert second == "weight 100.00 g, stable"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("5g", "--driver", "st-gs"), "'5g' is no frame in hex; allowed: pairs of hex digits"),
        (("00", "--driver", "st-g"), 'did you mean "st-gs"?'),
        (("00", "--driver", "st-gs", "--set", "lenght=1"), "lenght: unknown key in the settings"),
        (("00", "--driver", "st-gs", "--set", "length=x"), 'length: "x" is not a whole number'),
        (("00", "--driver", "st-gs", "--set", "length"), "--set length: no value"),
        (("00", "--driver", "st-gs", "--set", "address=1"), "means nothing to driver"),
        (("00", "--driver", "modbus-map", "--set", "address=1e40"), "1e40: no address"),
    ],
)
def test_a_wrong_word_is_told_with_what_is_allowed(words: tuple[str, ...], said: str) -> None:
    done = tramdo("decode", *words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


# --- frames that nobody understood ------------------------------------------------------------


@pytest.fixture
def told() -> list[str]:
    return []


def keeper(folder: Path, told: list[str], most: int = 3) -> Unknown:
    return Unknown(
        folder=folder / "unknown",
        most=most,
        sources={"scale-1": Source(driver="st-gs", port="packing", line="9600 8N1")},
        aside=Aside(),
        tell=told.append,
    )


def bad(frame: bytes, seconds: float = 0.0, instrument: str = "scale-1") -> Reading:
    return Reading(
        instrument=instrument,
        sequence=1,
        at=START + timedelta(seconds=seconds),
        monotonic=0.0,
        error=BadFrame("a weight", frame),
    )


def finish(unknown: Unknown) -> Path:
    unknown.aside.finish()
    return unknown.folder / "scale-1.txt"


def frames(path: Path) -> list[bytes]:
    return [one.octets for one in parse(path.read_text()).chunks]


def test_each_shape_is_kept_once_and_no_more_than_allowed(tmp_path: Path, told: list[str]) -> None:
    unknown = keeper(tmp_path, told)
    for n, frame in enumerate([b"+1.25", b"+9.99", b"-1.25", b"+1.255", b"other", b"more"]):
        unknown.take(bad(frame, n))
    path = finish(unknown)
    assert frames(path) == [b"+1.25", b"-1.25", b"+1.255"]
    assert "# 2026-11-23T01:09:47.000Z scale-1, st-gs: expected a weight\n" in path.read_text()
    again = keeper(tmp_path, told, most=4)
    for frame in (b"+3.33", b"x", b"y"):
        again.take(bad(frame))
    assert frames(finish(again)) == [b"+1.25", b"-1.25", b"+1.255", b"x"]
    assert told == []


def test_only_bad_frames_of_known_instruments_are_kept(tmp_path: Path, told: list[str]) -> None:
    unknown = keeper(tmp_path, told)
    unknown.take(replace(bad(b"x"), error=NoReply("silence")))
    unknown.take(replace(bad(b"x"), error=None))
    unknown.take(bad(b""))
    unknown.take(bad(b"x", instrument="../etc"))
    finish(unknown)
    assert not unknown.folder.exists()
    assert shape_of(b"12 kg\x01") == b"00 kg\x01"


def test_a_kept_frame_can_be_replayed(tmp_path: Path, told: list[str]) -> None:
    unknown = keeper(tmp_path, told)
    unknown.take(bad(bytes.fromhex(LINE)))
    unknown.take(bad(b"\x00" * 5000, 2))
    path = finish(unknown)
    assert "these are the first 1024 of 5000 bytes" in path.read_text()
    assert "245.6 g" in tramdo("replay", str(path), "--driver", "st-gs").stdout


def _damaged(folder: Path) -> None:
    (folder / "unknown").mkdir()
    (folder / "unknown" / "scale-1.txt").write_text("something else\n")


def _no_folder(folder: Path) -> None:
    (folder / "unknown").write_text("a file")


@pytest.mark.parametrize("spoil", [_damaged, _no_folder])
def test_a_folder_that_cannot_be_used_is_told_once(
    tmp_path: Path, told: list[str], spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path)
    unknown = keeper(tmp_path, told)
    unknown.take(bad(b"a"))
    unknown.take(bad(b"b"))
    finish(unknown)
    assert len(told) == 1
    assert "unknown frames of scale-1 are no longer kept" in told[0]
