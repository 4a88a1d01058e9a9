"""The driver kit can fail: each wrong driver and each wrong table fails just what it should."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from kit.acme import ANSWERS, TALKS, Hears, Lines, Right, RightStream
from kit.wrong_drivers import BAD_LINE, UNREADABLE, WRONG, WRONG_TABLES

from tramdo.driver import Driver
from tramdo_driver_kit import DriverContract

TABLE = Path(__file__).parent / "frames" / "acme.toml"
TESTS = {name for name in dir(DriverContract) if name.startswith("test_")}


def contract(made: type[Any], folder: Path, old: str = "\n", new: str = "\n") -> DriverContract:
    """Return the kit's tests of a driver that is not installed, its table in that folder."""
    hears = issubclass(made, Hears)
    text = TABLE.read_text().replace(old, new)
    (folder / "acme.toml").write_text(text.replace("asks =", "# ") if hears else text)

    class Contract(DriverContract):
        driver = "acme"
        frames = folder
        simulated = {"usual": TALKS if hears else ANSWERS}  # noqa: RUF012
        examples = 5

        def make(self, settings: Mapping[str, Any]) -> Driver:
            driver: Driver = made(**settings)
            return driver

    return Contract()


def run(tests: DriverContract, name: str, folder: Path) -> None:
    """Run a test of the kit as pytest would, over all frames where it takes one."""
    method = getattr(tests, name)
    wants = inspect.signature(method).parameters
    if "frame" in wants:
        for table in tests.tables():
            for frame in table.values + table.refused:
                method(table, frame)
    else:
        method(**({"tmp_path": folder} if "tmp_path" in wants else {}))


def failing(tests: DriverContract, names: set[str], folder: Path) -> set[str]:
    """Return the names of the tests that fail."""
    failed = set()
    for name in names:
        try:
            run(tests, name, folder)
        except Exception:  # noqa: BLE001
            failed.add(name)
    return failed


@pytest.mark.parametrize("right", [Right, RightStream])
@pytest.mark.parametrize("name", sorted(TESTS))
def test_a_right_driver_passes(right: type[Lines], name: str, tmp_path: Path) -> None:
    run(contract(right, tmp_path), name, tmp_path)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one.__name__)
def test_a_wrong_driver_fails_what_it_should(wrong: type[Lines], tmp_path: Path) -> None:
    names = TESTS - {BAD_LINE} | set(WRONG[wrong])
    assert failing(contract(wrong, tmp_path), names, tmp_path) == set(WRONG[wrong])


@pytest.mark.parametrize("change", WRONG_TABLES)
def test_a_wrong_table_fails_what_it_should(change: str, tmp_path: Path) -> None:
    old, new, wanted = WRONG_TABLES[change]
    tests = contract(Right, tmp_path, old, new)
    assert failing(tests, TESTS - {BAD_LINE}, tmp_path) == set(wanted)


@pytest.mark.parametrize("word", UNREADABLE)
def test_a_table_that_cannot_be_read_is_named(word: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"acme.toml: .*{word}"):
        contract(Right, tmp_path, *UNREADABLE[word]).tables()


def test_each_test_of_the_kit_has_failed_once() -> None:
    named = {*sum(WRONG.values(), ()), *(one for row in WRONG_TABLES.values() for one in row[2])}
    assert named == TESTS
