"""What a probe makes of bytes: parity, candidates and their scores, the station-file section."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tramdo.__main__ import application
from tramdo.driver import make
from tramdo.errors import NoReply, PortLost
from tramdo.offline import Decoded
from tramdo.reading import Indication, Unit
from tramdo.stationfile import read as read_station
from tramdo.transport import Hear, Lost, Opener, Transport, serial_opener
from tramdo_probe.asking import ask, questions
from tramdo_probe.candidates import Candidate, judge, strictness, told
from tramdo_probe.lines import Heard, readings, seven_bits, wanted_first
from tramdo_probe.listening import overhear
from tramdo_probe.places import Place, place
from tramdo_probe.section import section
from tramdo_simulators.line import LineSettings, Pty
from tramdo_simulators.modbus import Modbus, Rtu
from tramdo_simulators.modbus import Unit as ModbusUnit
from tramdo_simulators.protocols import PROTOCOLS
from tramdo_simulators.scale import Scale
from tramdo_simulators.scale_banks import SCALE_BANKS
from tramdo_simulators.uart import Setting

TF0 = b"\x02+001560019\x03"
ST_GS = b"ST,GS,   245.6 g\r\n"


def even(octets: bytes) -> bytes:
    return bytes(one | 0x80 if one.bit_count() % 2 else one for one in octets)


def odd(octets: bytes) -> bytes:
    return bytes(one if one.bit_count() % 2 else one | 0x80 for one in octets)


def test_the_high_bit_tells_the_parity() -> None:
    assert seven_bits(even(ST_GS)) == "7E1"
    assert seven_bits(odd(ST_GS)) == "7O1"
    assert seven_bits(bytes(one | 0x80 for one in ST_GS)) == "7N2"
    assert seven_bits(ST_GS) == ""
    assert seven_bits(even(ST_GS)[:-1] + b"\x8a") == ""


def test_seven_bits_are_tried_first() -> None:
    found = list(readings("2400 8N1", even(ST_GS)))
    assert found == [Heard("2400 7E1", ST_GS), Heard("2400 8N1", even(ST_GS))]
    assert [one.setting for one in readings("2400 8E1", even(ST_GS))] == ["2400 8E1"]


def test_usual_settings_come_first() -> None:
    asked = ["300 7O2", "2400 8N1", "9600 8N1", "2400 8N1"]
    assert wanted_first(asked) == ["9600 8N1", "2400 8N1", "300 7O2"]


def test_a_stream_joined_in_the_middle_is_known() -> None:
    (best, *_) = judge(Heard("1200 8N1", TF0[5:] + TF0 * 6 + TF0[:7]))
    assert (best.driver, best.understood, best.coverage) == ("yaohua-tf0", 5, 1.0)
    assert best.certain
    assert {told(one) for one in best.samples} == {"1560 (no unit)"}


def test_garbage_is_nobody_s() -> None:
    assert judge(Heard("9600 8N1", bytes(range(256)) * 2)) == []
    assert judge(Heard("9600 8N1", b"")) == []


def test_a_few_frames_in_much_noise_prove_little() -> None:
    clean = judge(Heard("9600 8N1", ST_GS * 6))[0]
    noisy = judge(Heard("9600 8N1", (b"hello, world\r\n" + ST_GS) * 6))[0]
    assert clean.driver == noisy.driver == "st-gs"
    assert noisy.score < clean.score
    assert not noisy.certain


def test_strict_is_who_refuses_what_was_changed() -> None:
    assert strictness(lambda octets: octets == ST_GS, [ST_GS]) == 1.0
    assert strictness(lambda _: True, [ST_GS]) == 0.0
    assert strictness(lambda _: False, []) == 0.0


def test_what_is_sent_can_be_said_before() -> None:
    asked = questions(["mt-sics", "cas-ecr", "st-gs", "nobody"])
    assert asked == {"mt-sics": [b"SI\r\n"], "cas-ecr": [b"\x05"]}


def test_a_sample_without_value_says_why() -> None:
    assert told(Decoded(error=NoReply("busy"))) == "busy"
    shown = Indication(value=Decimal("1.50"), unit=Unit.KG, stable=False, basis="net")
    assert told(Decoded(indications=(shown,))) == "1.50 kg net moving"


def test_a_place_is_a_path_or_a_host() -> None:
    assert place("/dev/ttyUSB0") == Place(path="/dev/ttyUSB0")
    assert place("tcp://10.0.0.7:4001") == Place(kind="tcp", host="10.0.0.7", tcp_port=4001)
    assert place("rfc2217://[::1]:5000").host == "::1"
    with pytest.raises(ValueError, match="is no path"):
        place("http://10.0.0.7")


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_the_section_is_a_part_of_a_station_file(name: str, tmp_path: Path) -> None:
    dialect = next(iter(PROTOCOLS[name].values()))
    candidate = Candidate(
        driver=name,
        settings=make(name, {}).about.dialects[-1],
        setting=dialect.lines[0],
        score=1.0,
        understood=3,
        coverage=1.0,
        strictness=1.0,
        samples=(Decoded(indications=(Indication(value=Decimal(1), unit=Unit.KG),)),),
    )
    for where in (Place(path="/dev/ttyUSB0"), Place(kind="tcp", host="a", tcp_port=1)):
        file = tmp_path / "station.toml"
        head = '[station]\nid = "a"\nplace = "b"\n\n'
        file.write_text(head + section(candidate, where, "scale-1"))
        loaded = read_station(file)
        assert loaded.station.instruments[0].driver == name
        assert loaded.drivers["scale-1"] == make(name, candidate.settings)


async def test_the_command_listens_and_writes_the_section(tmp_path: Path) -> None:
    scale = Scale()
    scale.load(12.5, -100.0)
    file = tmp_path / "found.toml"
    async with Pty(PROTOCOLS["yaohua-tf0"]["letters"].make(scale), tmp_path / "scale") as pty:
        done = await _run("probe", pty.path, "--write", str(file), "--name", "bridge")
        assert pty.witness.writes == 0
    assert "yaohua-tf0" in done.stdout
    assert "12.50 (no unit)" in done.stdout
    assert 'driver = "yaohua-tf0"' in file.read_text()


async def test_the_command_sends_nothing_unless_allowed(tmp_path: Path) -> None:
    async with Pty(PROTOCOLS["mt-sics"]["levels-0-and-1"].make(Scale()), tmp_path / "scale") as pty:
        silent = await _run("probe", pty.path)
        assert pty.witness.requests == 0
        allowed = await _run("probe", pty.path, "--ask", "mt-sics", "--json")
    assert silent.returncode == 1
    assert "--ask" in silent.stdout
    assert '"driver": "mt-sics"' in allowed.stdout
    assert "53 49 0d 0a" in allowed.stderr


async def test_each_question_is_said_before_it_is_sent(tmp_path: Path) -> None:
    async with Pty(PROTOCOLS["cas-ecr"]["zeros"].make(Scale()), tmp_path / "scale") as pty:
        done = await _run("probe", pty.path, "--ask", "cas-ecr", "--line", "9600 8N1")
        sent = {one.request for one in pty.witness.log}
    assert sent == {b"\x05", b"\x11"}
    assert "cas-ecr: 05" in done.stderr
    assert "cas-ecr, further: 11" in done.stderr


async def test_a_line_that_is_lost_while_asking_is_no_silence(tmp_path: Path) -> None:
    pty = Pty(PROTOCOLS["mt-sics"]["levels-0-and-1"].make(Scale()), tmp_path / "scale")
    async with pty:

        def unplugged(sentence: str) -> None:
            if "asked" in sentence:
                raise AssertionError(sentence)

        def opener_for(setting: str) -> Opener:
            return _losing(serial_opener(pty.path, int(setting.split(maxsplit=1)[0]), "8N1"), pty)

        with pytest.raises(PortLost):
            await ask(opener_for, ["mt-sics"], ["9600 8N1"], unplugged)


def _losing(opener: Opener, pty: Pty) -> Opener:
    """Open the line, and pull the cable a moment later."""

    async def opened(hear: Hear, lost: Lost) -> Transport:
        transport = await opener(hear, lost)
        asyncio.get_running_loop().call_soon(pty.unplug)
        return transport

    return opened


async def test_the_bus_doctor_drafts_a_section_and_only_reads(tmp_path: Path) -> None:
    scale, file = Scale(), tmp_path / "found.toml"
    scale.load(20.0, -100.0)
    bank = SCALE_BANKS["flintec-ft112"](scale)
    async with Pty(Rtu(Modbus({3: ModbusUnit(bank)})), tmp_path / "line") as pty:
        line = ("--line", "9600 8N1", "--unit", "3")
        done = await _run("probe", pty.path, "--modbus", *line, "--write", str(file))
        assert pty.witness.writes == 0
    assert done.returncode == 0, done.stderr
    for said in ("unit 3 answers", "2000 ***", "CDAB", "flintec-ft112", "weight 20.00"):
        assert said in done.stdout
    assert "address = 3" in file.read_text()


async def _run(*words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tramdo", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**os.environ, "COLUMNS": "200"},
    )


def test_wrong_words_are_named() -> None:
    for words, said in (
        (["/dev/x", "--ask", "st-gs"], "'st-gs' asks nothing; allowed: and, cas-command"),
        (["/dev/x", "--line", "9600"], "'9600' is not a setting such as '9600 8N1'"),
        (["/dev/nobody-there"], "is not there"),
        (["http://x"], "is no path"),
        (["tcp://127.0.0.1:70000"], "is no path"),
        (["ttyUSB0"], "is no path"),
        (["/dev/x", "--unit", "3"], "add --modbus"),
        (["/dev/x", "--modbus", "--ask", "and"], "without --ask"),
        (["/dev/x", "--name", "Cân 1"], "--name: 'Cân 1'; allowed: small letters"),
    ):
        done = CliRunner().invoke(application(["probe", *words]), ["probe", *words])
        assert done.exit_code != 0
        assert said in done.output


def _refusing(path: str, refused: Sequence[str]) -> Callable[[str], Opener]:
    """Return what opens a port that refuses some settings, as some adapters do."""

    async def refuse(_hear: object, _lost: object) -> Transport:
        raise PortLost("22, Invalid argument")

    def opener_for(setting: str) -> Opener:
        return refuse if setting in refused else serial_opener(path, 9600, "8N1")

    return opener_for


async def test_a_setting_that_the_adapter_refuses_is_passed_over(tmp_path: Path) -> None:
    said: list[str] = []
    settings = ["9600 8N1", "9600 7E1", "2400 8N1"]
    stream = PROTOCOLS["cas-22"]["ci-600d"].make(Scale())
    line = LineSettings(setting="2400 8N1")
    async with Pty(stream, tmp_path / "scale", settings=line) as pty:
        opener_for = _refusing(pty.path, ["9600 7E1"])
        pty.client = Setting.parse("9600 8N1")
        heard = await overhear(opener_for, settings, said.append)
        with pytest.raises(PortLost):
            await overhear(_refusing(pty.path, settings[1:]), settings, said.append)
    assert heard.octets
    assert said[1] == "9600 7E1: not tried, 22, Invalid argument"
    assert said[2].startswith("2400 8N1: ")


async def test_a_question_is_asked_at_the_settings_that_are_left(tmp_path: Path) -> None:
    answering = PROTOCOLS["mt-sics"]["levels-0-and-1"].make(Scale())
    settings = ["9600 7E1", "9600 8N1"]
    said: list[str] = []
    async with Pty(answering, tmp_path / "scale") as pty:
        opener_for = _refusing(pty.path, settings[:1])
        (found,) = await ask(opener_for, ["mt-sics"], settings, said.append)
        with pytest.raises(PortLost):
            await ask(opener_for, ["mt-sics"], settings[:1], said.append)
    assert found.driver == "mt-sics"
    assert said[0] == "9600 7E1: not asked, 22, Invalid argument"
