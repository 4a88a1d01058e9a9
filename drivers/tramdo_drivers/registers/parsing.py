"""A map's TOML text to a `RegisterMap`, or to every problem in it. No I/O."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from tramdo.errors import Problem, SettingsError
from tramdo.tomlplaces import KeyPath, nearest_line, places
from tramdo_drivers.registers.model import Item, RegisterMap
from tramdo_drivers.registers.tables import Code, Status, Value, Workarounds

_TABLES: dict[str | int, type[BaseModel]] = {
    "value": Value,
    "status": Status,
    "code": Code,
    "workarounds": Workarounds,
}


def parse_map(text: str, file: str = "register map") -> RegisterMap:
    """Return the map in a TOML text; raises `SettingsError` with every problem found."""
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
        found = RegisterMap.model_validate(tables)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line[1]) if line else 0
        raise SettingsError([Problem(file, number, "TOML", str(error))]) from error
    except ValidationError as error:
        raise SettingsError(_problems(error, text, file)) from error
    faults = (*_unknown_words(found), *_too_wide(found), *_outside(found))
    if faults:
        raise SettingsError([_at(place, why, text, file) for place, why in faults])
    return found


def _unknown_words(found: RegisterMap) -> Iterator[tuple[KeyPath, str]]:
    means = sorted(found.means)
    allowed = ", ".join(means) or "none: the map has no status"
    for number, value in enumerate(found.value):
        for key, word in (("sign", value.sign), ("only_if", value.only_if)):
            if word is not None and word.removeprefix("not ") not in means:
                yield ("value", number, key), f"{word!r} is no status of this map; {allowed}"


def _too_wide(found: RegisterMap) -> Iterator[tuple[KeyPath, str]]:
    for number, value in enumerate(found.value):
        if value.width > found.max_registers:
            yield ("value", number, "type"), f"{value.type} needs more than max_registers"


def _outside(found: RegisterMap) -> Iterator[tuple[KeyPath, str]]:
    base = found.address_base
    tables: dict[str, tuple[Item, ...]]
    tables = {"value": found.value, "status": found.status, "code": found.code}
    for table, items in tables.items():
        for number, item in enumerate(items):
            span = found.span(item)
            if not 0 <= span.address <= 65536 - span.size:
                why = f"{item.at} is outside {base} to {base + 65535} (address_base)"
                yield (table, number, "register"), why


def _problems(error: ValidationError, text: str, file: str) -> list[Problem]:
    found: dict[KeyPath, list[str]] = {}
    for one in error.errors():
        # pydantic leaves wrong items out and then finds the table too short.
        if one["type"] == "too_short" and one["input"]:
            continue
        found.setdefault(tuple(one["loc"])[:3], []).append(_why(one))
    return [_at(place, ", or ".join(why), text, file) for place, why in found.items()]


def _at(place: KeyPath, why: str, text: str, file: str) -> Problem:
    where = "".join(f"[{one + 1}]" if isinstance(one, int) else f".{one}" for one in place)
    return Problem(file, nearest_line(places(text), place), where.lstrip("."), why)


def _why(error: Any) -> str:
    place, why = tuple(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return _no_such_key(place)
    if error["type"] == "missing" or isinstance(error["input"], dict):
        return why
    return f"{error['input']!r}: {why}"


def _no_such_key(place: KeyPath) -> str:
    table = _TABLES.get(place[0], RegisterMap) if len(place) > 1 else RegisterMap
    allowed = sorted(one.alias or name for name, one in table.model_fields.items())
    near = difflib.get_close_matches(str(place[-1]), allowed, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"no such key; {hint}allowed: {', '.join(allowed)}"
