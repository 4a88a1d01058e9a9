"""What a budget assumes where nobody says better: assumed.toml, with reasons and certainty."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from tramdo.corrections import Number

_FILE = Path(__file__).with_name("assumed.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A named value in `unit`, why it was chosen and how sure that is."""

    name: str
    value: float
    unit: str
    certainty: Literal["certain", "likely", "unsure"]
    why: str


_READER = TypeAdapter(Assumption)


def assumption(name: str) -> Assumption:
    """Return the assumption of this name; raises `KeyError` for a name that is in no budget."""
    return _READER.validate_python(_table()[name] | {"name": name})


def taken(given: Number | None, name: str, scale: float = 1) -> tuple[float, bool]:
    """Return the given value or the assumption times `scale`, and whether it is assumed."""
    if given is not None:
        return float(given), False
    return assumption(name).value * scale, True


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
