"""The package that `tramdo new-driver` writes, as text; and when it writes nothing."""

import ast
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tramdo.__main__ import application
from tramdo.cli.new_driver import skeleton

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def tramdo(*words: str) -> Result:
    return CliRunner().invoke(application([]), words, env=WIDE)


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("listens", [False, True])
def test_its_files_are_whole(listens: bool) -> None:
    made = skeleton("acme-bench", listens=listens)
    assert sorted(made) == [
        "README.md",
        "pyproject.toml",
        "tests/frames/acme-bench.toml",
        "tests/simulated.py",
        "tests/test_driver.py",
        "tramdo_driver_acme_bench/__init__.py",
        "tramdo_driver_acme_bench/py.typed",
    ]
    for path, text in made.items():
        assert "$" not in text, path
        assert "\n\n\n\n" not in text, path
        assert max(map(len, text.splitlines()), default=0) <= 100, path
        if path.endswith(".py"):
            ast.parse(text)
        if path.endswith(".toml"):
            tomllib.loads(text)


def test_its_entry_point_names_its_class() -> None:
    made = skeleton("acme-bench", listens=False)
    project = tomllib.loads(made["pyproject.toml"])["project"]
    assert project["name"] == "tramdo-driver-acme-bench"
    point = {"acme-bench": "tramdo_driver_acme_bench:AcmeBench"}
    assert project["entry-points"]["tramdo.drivers"] == point
    assert "class AcmeBench:" in made["tramdo_driver_acme_bench/__init__.py"]


@pytest.mark.parametrize(("listens", "verb"), [(False, "read"), (True, "listen")])
def test_it_asks_or_listens(listens: bool, verb: str) -> None:
    made = skeleton("acme", listens=listens)
    tree = ast.parse(made["tramdo_driver_acme/__init__.py"])
    asynchronous = [one.name for one in ast.walk(tree) if isinstance(one, ast.AsyncFunctionDef)]
    assert asynchronous == [verb]
    assert ("asks" in tomllib.loads(made["tests/frames/acme.toml"])) is not listens


def test_its_class_hides_nothing_that_it_imports() -> None:
    text = skeleton("port", listens=False)["tramdo_driver_port/__init__.py"]
    assert "class PortDriver:" in text
    assert "port: Port" in text


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    done = tramdo("new-driver", "acme-bench", str(tmp_path / "deep"))
    assert done.exit_code == 0, done.output
    place = tmp_path / "deep" / "tramdo-driver-acme-bench"
    assert written(place) == set(skeleton("acme-bench", listens=False))
    assert f"cd {place} && pip install -e '.[test]' && pytest" in done.output


@pytest.mark.parametrize("name", ["Acme", "acme_bench", "1acme", "acme-", "../acme", "", "thép"])
def test_a_wrong_name_is_refused(name: str, tmp_path: Path) -> None:
    done = tramdo("new-driver", name, str(tmp_path))
    assert done.exit_code == 2
    assert f"name: {name!r}; allowed: small letters, digits and hyphens" in done.output
    assert written(tmp_path) == set()


def test_a_driver_s_name_is_refused(tmp_path: Path) -> None:
    done = tramdo("new-driver", "mt-sics", str(tmp_path))
    assert done.exit_code == 2
    assert "a driver 'mt-sics' is installed; allowed: another name" in done.output
    assert written(tmp_path) == set()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert tramdo("new-driver", "acme", str(tmp_path)).exit_code == 0
    mine = tmp_path / "tramdo-driver-acme" / "README.md"
    mine.write_text("mine")
    done = tramdo("new-driver", "acme", str(tmp_path), "--listens")
    assert done.exit_code == 2
    assert f"{mine.parent} is there already; nothing was written" in done.output
    assert mine.read_text() == "mine"
