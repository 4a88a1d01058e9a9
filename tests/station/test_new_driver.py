"""What `tramdo new-driver` writes: installed beside us, it passes its own tests and ours."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Made:
    """A package that was written, and the folder it was installed in."""

    source: Path
    installed: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"PYTHONPATH": str(self.installed), "COLUMNS": "200"}
        return run(*words, cwd=self.source, env=env)


def run(
    *words: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a module of Python and return what it said."""
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=100, check=False
    )


def install(source: Path, target: Path) -> None:
    """Install a package from nothing but its source, with our uv or with pip."""
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    installer = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    if uv:
        installer = [uv, "pip", "install", "--offline", "--no-cache", "--python", sys.executable]
    alone = ["--no-build-isolation", "--no-deps", "--no-index", "--target", str(target)]
    done = subprocess.run(
        [*installer, *alone, str(source)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((), id="asks", marks=pytest.mark.xdist_group("new-driver-asks")),
        pytest.param(("--listens",), id="listens", marks=pytest.mark.xdist_group("new-driver")),
    ],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Write the package as a user would, and install a copy of it."""
    place = tmp_path_factory.mktemp("new-driver")
    done = run("tramdo", "new-driver", "acme-bench", str(place), *request.param)
    assert done.returncode == 0, done.stderr
    package = Made(place / "tramdo-driver-acme-bench", place / "installed")
    install(shutil.copytree(package.source, place / "copy"), package.installed)
    return package


def test_its_own_tests_pass(made: Made) -> None:
    done = made.run("pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "17 passed" in done.stdout


def test_its_types_are_right(made: Made, tmp_path: Path) -> None:
    done = made.run(
        *("mypy", "--strict", "--cache-dir", str(tmp_path)),
        *("tramdo_driver_acme_bench", "tests/simulated.py", "tests/test_driver.py"),
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("rule", [["check", "--no-cache"], ["format", "--no-cache", "--diff"]])
def test_its_style_is_kept(made: Made, rule: list[str]) -> None:
    done = made.run("ruff", *rule, ".")
    assert done.returncode == 0, done.stdout


def test_it_keeps_our_rules_too(made: Made) -> None:
    ours = Path(__file__).parents[2] / "pyproject.toml"
    done = made.run(
        "ruff", "check", "--no-cache", "--config", str(ours), "tramdo_driver_acme_bench"
    )
    assert done.returncode == 0, done.stdout


def test_it_is_listed(made: Made) -> None:
    (row,) = (one for one in made.run("tramdo", "drivers").stdout.splitlines() if "acme" in one)
    assert "unverified" in row
