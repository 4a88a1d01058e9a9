"""Cubic thermal expansion of measures and products: expansion.toml, with its certainty."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from tramdo.errors import TramdoError

_FILE = Path(__file__).with_name("expansion.toml")

Certainty = Literal["certain", "likely", "unsure"]


class UnknownCoefficient(TramdoError):
    """No material or product of this name is known; the text lists the names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A cubic expansion per °C, and the half-width of the limits it is expected within."""

    name: str
    per_degree: float
    half_width: float
    certainty: Certainty
    source: str


_READER = TypeAdapter(Coefficient)


def material(name: str) -> Coefficient:
    """Return the expansion of a measure's material; raises `UnknownCoefficient`."""
    return _named("materials", name)


def product(name: str) -> Coefficient:
    """Return the expansion of a product; raises `UnknownCoefficient`."""
    return _named("products", name)


def _named(group: str, name: str) -> Coefficient:
    known: dict[str, Any] = _tables()[group]
    if name not in known:
        raise UnknownCoefficient(f"{group}: {name!r} is not known; allowed: {', '.join(known)}")
    return _READER.validate_python(known[name] | {"name": name})


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
