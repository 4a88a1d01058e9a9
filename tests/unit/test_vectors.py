"""Every worked example with a known answer is used by a test."""

from pathlib import Path

import pytest
from answers import FILE, names

UNIT = Path(__file__).parent
TESTS = {path.name: path.read_text("utf-8") for path in UNIT.glob("test_*.py")}


@pytest.mark.parametrize("name", sorted(names()))
def test_each_example_is_used(name: str) -> None:
    users = [file for file, text in TESTS.items() if f'"{name}"' in text]
    assert users, f"{FILE.name}: no test uses {name}"


def test_there_are_examples() -> None:
    assert len(names()) == 48
