"""The rules of the house, held: who may import whom, sizes, names, no mocks, no hidden I/O."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tramdo.driver import installed

ROOT = Path(__file__).parents[2]
CODE = ("daemon", "drivers", "simulators")
LINT = Path(sys.executable).with_name("lint-imports")
MOST_IN_A_DRIVER = 150
MOST_IN_A_FUNCTION = 50
MOST_IN_A_FILE = 400
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IO = {"asyncio", "socket", "sqlite3", "serial"}
NO_IO = re.compile(r"\b(no|without) I/O", re.IGNORECASE)
SAY_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?)($|_)")
MOCKING = re.compile(r"\b(?:Mock|AsyncMock|MagicMock|patch|patch\.object|spy)\(")
MOCKERS = {"mock", "unittest.mock", "pytest_mock"}

PLANTED = {
    "by entry point only": ("daemon/tramdo/board.py", "import tramdo_drivers.st_gs"),
    "A driver imports the contract": ("drivers/tramdo_drivers/st_gs.py", "import tramdo.journal"),
    "it imports no driver": ("simulators/tramdo_simulators/scale.py", "import tramdo_drivers"),
    "do no I/O": ("daemon/tramdo/limits/plate.py", "import asyncio"),
}


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield each Python file under these folders: its path in the repository, its text."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def imported(tree: ast.AST) -> set[str]:
    """Return the modules that a file names in its import statements."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(tree / folder) for folder in CODE)
    return subprocess.run(
        [LINT, "--no-cache", "--config", tree / "pyproject.toml"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a copy of the code and of its import rules."""
    for folder in CODE:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.endswith("BROKEN")]


def test_every_import_rule_is_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("rule", PLANTED)
def test_a_wrong_import_breaks_its_rule(rule: str, copied: Path) -> None:
    file, line = PLANTED[rule]
    with (copied / file).open("a") as open_file:
        open_file.write(f"\n{line}\n")
    done = lint_imports(copied)
    assert done.returncode == 1
    assert any(rule in line for line in broken(done.stdout)), done.stdout


def test_a_module_that_says_no_io_does_none() -> None:
    trees = {path: ast.parse(text) for path, text in sources(*CODE)}
    pure = {path: one for path, one in trees.items() if NO_IO.search(ast.get_docstring(one) or "")}
    assert len(pure) >= 10
    found = {
        path: {one.split(".")[0] for one in imported(tree)} & IO for path, tree in pure.items()
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_no_test_mocks_or_patches() -> None:
    found = [
        path
        for path, text in sources("tests")
        if MOCKING.search(text)
        or imported(ast.parse(text)) & MOCKERS
        or "monkeypatch" in names(text)
    ]
    assert found == []


def names(text: str) -> set[str]:
    """Return the arguments and names in a file, without what stands in texts."""
    nodes = list(ast.walk(ast.parse(text)))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments | {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_no_function_is_too_long(folder: str) -> None:
    found = [
        f"{path}:{node.lineno} {node.name} {length}"
        for path, text in sources(folder)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, FUNCTIONS)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_IN_A_FUNCTION
    ]
    assert found == []


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_no_file_is_too_long(folder: str) -> None:
    lengths = {path: text.count("\n") for path, text in sources(folder)}
    assert {path: n for path, n in lengths.items() if n > MOST_IN_A_FILE} == {}


def test_a_driver_is_short() -> None:
    drivers = {point.module for point in installed().values()}
    ours = {
        path: text.count("\n")
        for path, text in sources("drivers")
        if f"tramdo_drivers.{Path(path).stem}" in drivers
    }
    assert len(ours) == len(drivers)
    assert {path: n for path, n in ours.items() if n >= MOST_IN_A_DRIVER} == {}


def test_modules_are_named_by_what_is_in_them() -> None:
    found = [path for path, _ in sources(*CODE, "tests") if SAY_NOTHING.search(Path(path).stem)]
    assert found == []
