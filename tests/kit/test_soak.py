"""The long runs: every dialect of every driver on bad lines, every parser under atheris."""

import os
import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tramdo.driver import installed
from tramdo_driver_kit import DriverContract
from tramdo_simulators.protocols import PROTOCOLS

pytestmark = pytest.mark.soak
HAS_WHEEL = platform.machine() == "x86_64" and sys.version_info < (3, 14)
WHY_NOT = "the fuzzer atheris has wheels for x86_64 and Python up to 3.13 only"
fuzzing = pytest.mark.skipif(not find_spec("atheris"), reason=WHY_NOT)
FUZZ = Path(__file__).with_name("fuzz.py")
FRAMES = Path(__file__).parents[1] / "frames"
SECONDS = int(os.environ.get("TRAMDO_FUZZ_SECONDS", "3600"))
MODULES = {
    point.module: name
    for name, point in sorted(installed().items(), reverse=True)
    if point.module.startswith("tramdo_drivers.") and name != "modbus-map"
}
FAMILIES = sorted(MODULES.values())
DIALECTS = [(name, dialect) for name in sorted(PROTOCOLS) for dialect in PROTOCOLS[name]]


@pytest.mark.parametrize(("name", "dialect"), DIALECTS)
def test_every_dialect_on_a_bad_line(name: str, dialect: str, tmp_path: Path) -> None:
    class Contract(DriverContract):
        driver = name
        frames = FRAMES / name
        simulated = {dialect: PROTOCOLS[name][dialect]}  # noqa: RUF012

    Contract().test_no_wrong_number_on_a_bad_line(tmp_path)


@pytest.mark.skipif(not HAS_WHEEL, reason=WHY_NOT)
def test_atheris_is_installed() -> None:
    assert find_spec("atheris"), "run: make -B .venv/.ready-dev"


@fuzzing
@pytest.mark.parametrize(
    ("klass", "code", "said"),
    [
        ("kit.acme:Right", 0, "Done"),
        ("kit.wrong_drivers:FailsOnGarbage", 77, "UnicodeDecodeError"),
        ("kit.wrong_drivers:GivesNotANumber", 77, "Decimal('NaN')"),
    ],
)
def test_the_fuzzer_finds_what_is_planted(klass: str, code: int, said: str, tmp_path: Path) -> None:
    known = tmp_path / "planted-1.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1\n")
    (known / "entry_points.txt").write_text(f"[tramdo.drivers]\nplanted = {klass}\n")
    env = os.environ | {
        "PYTHONPATH": f"{tmp_path}:{FUZZ.parents[1]}",
        "TRAMDO_FUZZ_SECONDS": "5",
        "TRAMDO_FUZZ_FOUND": str(tmp_path),
    }
    command = [sys.executable, str(FUZZ), "planted", str(FUZZ.parent / "frames")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr[-3000:]
    assert said in done.stdout + done.stderr


@fuzzing
@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_found_by_fuzzing(name: str, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "TRAMDO_FUZZ_SECONDS": str(SECONDS),
        "TRAMDO_FUZZ_FOUND": str(tmp_path),
    }
    with (tmp_path / "said.txt").open("w+") as said:
        done = subprocess.run(
            [sys.executable, str(FUZZ), name], stdout=said, stderr=said, env=env, check=False
        )
        assert done.returncode == 0, (tmp_path / "said.txt").read_text()[-3000:]
