"""The command line as a user meets it: what it prints and how it ends."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from conftest import free_port
from typer.testing import CliRunner, Result

from tramdo import __version__
from tramdo.__main__ import application

FILES = Path(__file__).parents[1] / "station_files"
ROOT = Path(__file__).parents[2]
COMMANDS = (
    *(
        "run",
        "check",
        "read",
        "live",
        "retry",
        "check-instrument",
        "adjusted",
        "history",
        "compare",
    ),
    *("standards", "import-standards", "drivers", "ports", "version"),
    *("record", "replay", "decode", "new-driver"),
)
WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture(autouse=True)
def _log_settings_of_other_tests_are_kept() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def tramdo(*words: str) -> Result:
    return CliRunner().invoke(application([]), words, env=WIDE)


def apart(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run it as a program, with a folder of more installed packages."""
    more = {"PYTHONPATH": str(path)} if path else {}
    return subprocess.run(
        [sys.executable, "-m", "tramdo", *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **WIDE, **more},
    )


def package(folder: Path, group: str, point: str) -> Path:
    """Put an installed package there that declares one entry point, without its code."""
    info = folder / "thirdparty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{point}\n")
    return folder


def test_a_good_file_is_counted_up() -> None:
    file = ROOT / "config" / "station.toml"
    done = tramdo("check", str(file))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (
        f"{file}: good. Station can-tho-07: 2 ports, 2 instruments, 2 references, 5 checks.\n"
    )


def test_a_wrong_file_says_everything_that_is_wrong_in_it() -> None:
    file = FILES / "everything.toml"
    expected = (FILES / "everything.txt").read_text(encoding="utf-8").splitlines()
    done = tramdo("check", str(file))
    assert done.exit_code == 2
    said = [line.removeprefix(f"{FILES}/") for line in done.stderr.splitlines()]
    assert said == [*expected, f"{len(expected)} problems in {file}"]
    assert done.stdout == ""


def test_one_problem_is_one_problem() -> None:
    done = tramdo("check", str(FILES / "key-typo.toml"))
    assert done.exit_code == 2
    assert re.search(r"^\d+ problems? in ", done.stderr, re.MULTILINE)
    single = tramdo("check", str(FILES / "brackets.toml"))
    assert single.stderr.splitlines()[-1] == f"1 problem in {FILES / 'brackets.toml'}"


@pytest.mark.parametrize("command", [("check",), ("run",), ("read", "scale-01")])
def test_a_missing_file_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "no-such.toml"
    done = tramdo(command[0], str(file), *command[1:])
    assert done.exit_code == 2
    assert f"{file}:1: the file: cannot be read: No such file or directory" in done.stderr


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    done = tramdo("check", str(tmp_path))
    assert (done.exit_code, "Is a directory" in done.stderr) == (2, True)


def test_warnings_do_not_fail_a_file(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text('[station]\nid = "here"\nplace = "Here"\n')
    done = tramdo("check", str(file))
    assert done.exit_code == 0
    assert "warning:" in done.stderr
    assert "no [[instrument]]" in done.stderr


def test_a_wrong_file_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text((FILES / "everything.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert tramdo("run", str(file)).exit_code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["station.toml"]


def test_the_shipped_drivers_are_listed_with_their_proof() -> None:
    done = tramdo("drivers")
    assert done.exit_code == 0
    for name in ("modbus-map", "mt-sics", "st-gs"):
        assert re.search(rf"{name}\b", done.stdout)
    assert "listens" in done.stdout
    assert "asks" in done.stdout
    assert re.search(r"\b(device|capture|manual|code|unverified)\b", done.stdout)


def test_the_list_of_drivers_fits_a_terminal() -> None:
    lines = tramdo("drivers").stdout.splitlines()
    assert max(map(len, lines)) <= 80


def test_one_driver_is_told_with_its_lines_and_settings() -> None:
    done = tramdo("drivers", "st-gs")
    assert "9600 8N1" in done.stdout
    assert "length: bytes in every line" in done.stdout
    assert tramdo("drivers", "nobody").exit_code == 2
    (told,) = json.loads(tramdo("drivers", "st-gs", "--json").stdout)
    assert (told["driver"], told["way"]) == ("st-gs", "listens")


def test_ports_runs_where_there_is_none_and_where_there_are_some() -> None:
    done = tramdo("ports")
    assert done.exit_code == 0
    assert "No serial port found" in done.stdout or "write this" in done.stdout


def test_the_version_is_the_packages() -> None:
    assert tramdo("version").stdout == f"{__version__}\n"


def test_help_names_every_command() -> None:
    done = tramdo("--help")
    assert done.exit_code == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", done.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = tramdo(command, "--help")
    assert done.exit_code == 0
    assert f"Usage: tramdo {command}" in done.stdout.replace("root", "tramdo")
    assert len(done.stdout.splitlines()) > 3


def test_an_unknown_command_is_refused() -> None:
    assert tramdo("calibrate").exit_code == 2


def test_an_unknown_instrument_is_told_with_those_there_are() -> None:
    file = ROOT / "config" / "station.toml"
    done = tramdo("read", str(file), "scale-99")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        f"no instrument 'scale-99' in {file}; has scale-01, pump-02"
    )


@pytest.mark.parametrize("words", [("live", "--once"), ("live", "--json"), ("retry", "scale-1")])
def test_without_a_daemon_it_says_how_to_start_one(words: tuple[str, ...]) -> None:
    at = f"127.0.0.1:{free_port()}"
    done = tramdo(*words, "--at", at)
    assert done.exit_code == 3
    assert f"no tramdo answers at {at}" in done.stderr
    assert "tramdo run FILE" in done.stderr


def test_a_wrong_address_is_told() -> None:
    done = tramdo("live", "--once", "--at", "localhost")
    assert isinstance(done.exception, SystemExit)


def test_a_broken_third_party_command_leaves_the_others_alone(tmp_path: Path) -> None:
    more = package(tmp_path, "tramdo.commands", "broken = thirdparty_is_not_here:command")
    done = apart("version", path=more)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_third_party_command_leaves_help_alone(tmp_path: Path) -> None:
    more = package(tmp_path, "tramdo.commands", "broken = thirdparty_is_not_here:command")
    done = apart("--help", path=more)
    assert done.returncode == 0
    assert "drivers" in done.stdout
    assert "warning: command broken cannot be loaded: No module named" in done.stderr


def test_a_broken_third_party_driver_leaves_the_list_alone(tmp_path: Path) -> None:
    more = package(tmp_path, "tramdo.drivers", "broken = thirdparty_is_not_here:Driver")
    done = apart("drivers", path=more)
    assert done.returncode == 0
    assert "mt-sics" in done.stdout


def test_a_third_party_command_cannot_take_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "thirdparty.py").write_text("def run():\n    print('theirs')\n")
    done = apart("run", "--help", path=package(tmp_path, "tramdo.commands", "run = thirdparty:run"))
    assert "FILE" in done.stdout
