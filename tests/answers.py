"""Worked examples with known answers: `tests/vectors/metrology.json`, each with its source."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "vectors" / "metrology.json"


@cache
def _all() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads(FILE.read_text("utf-8"))}


def vector(name: str) -> dict[str, Any]:
    """Return a worked example by its name: inputs, expected, tolerance, source."""
    return _all()[name]


def cases(name: str, key: str = "cases") -> list[dict[str, Any]]:
    """Return the cases of a worked example that has several, for `pytest.mark.parametrize`."""
    found: list[dict[str, Any]] = vector(name)["expected"][key]
    return found


def names() -> set[str]:
    """Return the name of every worked example: a test asks that each is used."""
    return set(_all())
