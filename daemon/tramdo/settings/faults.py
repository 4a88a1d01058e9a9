"""What pydantic found wrong, said so that a technician can mend it. No I/O."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tramdo.errors import Problem
from tramdo.settings.page import Page, as_number, meant, nearest, shown
from tramdo.settings.station import TABLES, keys
from tramdo.settings.values import NAME
from tramdo.tomlplaces import KeyPath

Known = Callable[[tuple[str, ...]], tuple[str, Mapping[str, str]]]
"""Gives a table's heading and the descriptions of its keys, by the table's path."""

Place = Callable[[KeyPath], KeyPath]
"""Gives the user's path for one of pydantic's."""

_WHOLE, _NUMBER, _RANGE = "is not a whole number", "is not a number", "is out of range"
_DURATION = "is no length of time"
_CHOICE = "is not valid"
_FAULTS = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "string_type": "is not text in quotes",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "is not of the allowed form",
    "date_type": "is not a date",
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "union_tag_invalid": _CHOICE,
    "greater_than": _RANGE,
    "greater_than_equal": _RANGE,
    "less_than": _RANGE,
    "less_than_equal": _RANGE,
    "duration": _DURATION,
    "dict_type": "is not a table",
    "tuple_type": "is not a list of tables",
    "model_type": "is not a table",
    "model_attributes_type": "is not a table",
}
_WRONG_BRACKETS = {"tuple_type": "[[{0}]]", "model_type": "[{0}]"}


def faults(page: Page, error: ValidationError, known: Known, place: Place) -> list[Problem]:
    """Return a problem for each error.

    A key that is missing only because it is misspelt is one problem, the misspelt one.
    """
    found = [_Fault(page, item, known, place) for item in error.errors(include_url=False)]
    respelt = {(*one.path[:-1], one.guess()) for one in found if one.sort == "extra_forbidden"}
    return [one.problem() for one in found if one.sort != "missing" or one.path not in respelt]


def station_keys(table: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    """Return the heading and the descriptions of one of the station file's own tables."""
    heading, model = TABLES[table]
    return heading, {key: field.description or "" for key, field in keys(model).items()}


def station_place(loc: KeyPath) -> KeyPath:
    """Return the user's path for one of pydantic's, which names the port's kind in between."""
    return loc[:2] + loc[3:] if loc[0] == "port" else loc


class _Fault:
    """One pydantic error and where it stands."""

    def __init__(self, page: Page, item: ErrorDetails, known: Known, place: Place) -> None:
        self.page, self.item, self.sort = page, item, item["type"]
        loc = item["loc"]
        if self.sort.startswith("union_tag"):
            loc = (*loc, "serial", "kind")
        names = tuple(step for step in loc if isinstance(step, str))
        self.heading, self.known = known(names[:-1])
        self.path = place(loc)
        self.name = next(step for step in reversed(self.path) if isinstance(step, str))

    def problem(self) -> Problem:
        """Return it as a problem at the user's key."""
        return self.page.problem(self.path, self.message())

    def message(self) -> str:
        """Return what stands there, what is allowed, what may be meant."""
        allowed = lowered(self.known.get(self.name, ""))
        if self.sort in {"missing", "union_tag_not_found"}:
            begins = f"(begins in line {self.page.line(self.path[:-1])})"
            return f"is missing in {self.heading} {begins}; wanted: {allowed}"
        if self.sort == "extra_forbidden":
            names = ", ".join(self.known)
            return f"unknown key in {self.heading}; allowed: {names}{meant(self.guess())}"
        if self.sort in _WRONG_BRACKETS and self.page.raw.get(self.name) is self.item["input"]:
            return f"wrong brackets; allowed: {_WRONG_BRACKETS[self.sort].format(self.name)}"
        fault = _FAULTS.get(self.sort) or self.item["msg"]
        # What stands in place of a secret's file may be the secret.
        there = "what stands there" if self.name == "password_file" else shown(self.value())
        return f"{there} {fault}; allowed: {allowed}{meant(self.guess())}"

    def value(self) -> Any:
        """Return what stands there."""
        value = self.item["input"]
        return value.get("kind") if self.sort == "union_tag_invalid" else value

    def guess(self) -> str | None:
        """Return what may be meant, as it would stand in TOML."""
        if self.sort == "extra_forbidden":
            return nearest(self.name, self.known)
        context = self.item.get("ctx", {})
        choices = re.findall(
            r"'([^']*)'", context.get("expected", context.get("expected_tags", ""))
        )
        if choices:
            near = nearest(str(self.value()), choices)
            return shown(near) if near else None
        if context.get("pattern", NAME) != NAME:
            return None
        guess = _GUESSES.get(_FAULTS.get(self.sort, ""))
        return guess(self.value()) if guess else None


def lowered(text: str) -> str:
    """Return a description as the end of a sentence."""
    text = text.removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _number(value: object) -> str | None:
    """Guess the number in "96OO", "0,5" or "5 kg"."""
    text = str(value).translate(str.maketrans("OolI,", "0011."))
    digits = re.match(r"[+-]?\d+(?:\.\d+)?", text.strip())
    return str(as_number(digits.group())) if digits else None


def _whole(value: object) -> str | None:
    number = _number(value)
    return str(int(Decimal(number))) if number and Decimal(number) % 1 == 0 else None


def _flag(value: object) -> str | None:
    word = str(value).lower()
    return {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false"}.get(word)


def _date(value: object) -> str | None:
    found = re.search(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)[/.-](\d\d)[/.-](\d{4})", str(value))
    year, month, day, *turned = found.groups() if found else (None,) * 6
    if turned and turned[0]:
        day, month, year = turned
    try:
        return str(date(int(year or 0), int(month or 0), int(day or 0)))
    except ValueError:
        return None


def _quoted(value: object) -> str | None:
    return shown(str(value)) if isinstance(value, int | Decimal) else None


def _slug(value: object) -> str | None:
    """Guess the name in "Can 02"."""
    slug = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")[:32]
    return shown(slug) if slug else None


def _duration(value: object) -> str | None:
    """Guess the duration in "7 days"."""
    found = re.match(r"(\d+(?:\.\d+)?)\s*(s|m(?=$|in)|h|d)", str(value).lower())
    return shown(f"{found[1]} {'min' if found[2] == 'm' else found[2]}") if found else None


_GUESSES: dict[str, Callable[[object], str | None]] = {
    _WHOLE: _whole,
    _NUMBER: _number,
    _DURATION: _duration,
    "is neither true nor false": _flag,
    "is not a date": _date,
    "is not text in quotes": _quoted,
    "is not of the allowed form": _slug,
}
