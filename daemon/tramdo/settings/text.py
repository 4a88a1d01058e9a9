"""TOML text to values, and what a technician did when that fails. No I/O."""

import re
import tomllib
from decimal import Decimal
from typing import Any, NamedTuple

from tramdo.errors import Problem, SettingsError

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HEADING = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)")
_PAIR = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=")


class _Slip(NamedTuple):
    """A wrong line: how it looks, what it is called, what is allowed, what may be meant."""

    looks: str
    called: str
    allowed: str
    meant: str = ""


# What stands after such a key is repeated in no message: messages end in logs.
_SECRET = re.compile(r"\s*([\w-]*(?:pass|pwd|secret|pin|token|key)[\w-]*)\s*[=:]", re.IGNORECASE)
_TEXT = 'text in straight quotes, "..."'
_DATE = "year-month-day without quotes, such as 2026-12-31"
_VALUE = r"^[^=#]*=\s*"
_SLIPS = (
    _Slip(_VALUE + '[“”„«]([^“”„«»"]*)[“”»"]', "typographic quotes", _TEXT, r'"\1"'),
    _Slip(_VALUE + r'"([^"]*)[“”»]', "typographic quotes", _TEXT, r'"\1"'),
    _Slip(_VALUE + r"[‘’]([^‘’']*)[‘’']", "typographic quotes", _TEXT, r'"\1"'),
    _Slip(_VALUE + r"([+-]?\d+),(\d+)", "a decimal comma", "a decimal point", r"\1.\2"),
    _Slip(
        _VALUE + r"(\d{4})-(1[3-9]|2\d|3[01])-(0[1-9]|1[0-2])\b", "no such date", _DATE, r"\1-\3-\2"
    ),
    _Slip(_VALUE + r"\d{4}-\d\d?-\d\d?\b", "no such date", _DATE),
    _Slip(_VALUE + r"(\d\d)[/.-](\d\d)[/.-](\d{4})\b", "a date the other way", _DATE, r"\3-\2-\1"),
    _Slip(_VALUE + r"(?:True|TRUE|[Yy]es|YES|[Oo]n|ON)\b", "no flag", "true or false", "true"),
    _Slip(_VALUE + r"(?:False|FALSE|[Nn]o|NO|[Oo]ff|OFF)\b", "no flag", "true or false", "false"),
    _Slip(_VALUE + r'"([^"]*)$', "text that does not end", _TEXT, r'"\1"'),
    _Slip(_VALUE + r"'([^']*)$", "text that does not end", _TEXT, r"'\1'"),
    _Slip(
        _VALUE + r"[+-]?(\d[\d.]*)\s*([A-Za-z%]+)",
        "a number and a unit without quotes",
        "the number alone, or both in quotes where the key wants a unit",
        r'\1 or "\1 \2"',
    ),
    _Slip(_VALUE + r"([A-Za-z/][^#\"]*?)\s*(?:#.*)?$", "text without quotes", _TEXT, r'"\1"'),
    _Slip(_VALUE + r"(?:#.*)?$", "no value", "a value after the ="),
    _Slip(r"^\s*([\w-]+)\s*:\s*(.*)$", "a colon", "key = value", r"\1 = \2"),
    _Slip(r"^\s*\[", "a wrong heading", "[mqtt] or [[port]], alone in its line"),
    _Slip(_VALUE + r'".*\\', "a backslash in text", r"two of them: \\"),
)


def parse(file: str, text: str) -> dict[str, Any]:
    """Return the values of a TOML text, numbers with their digits; raises SettingsError."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_problem(file, text, str(error))]) from None


def _problem(file: str, text: str, error: str) -> Problem:
    lines = text.rstrip().split("\n")
    at = _AT.search(error)
    line = min(int(at[1]) if at and at[1] else len(lines), len(lines))
    reason = _AT.sub("", error)
    return Problem(file, line, _key(lines[:line]), _explain(lines[line - 1].strip(), reason))


def _explain(line: str, reason: str) -> str:
    if found := _SECRET.match(line):
        return f"{found[1]} = ...: no TOML; allowed: {_TEXT}; it may be secret and is not shown"
    if reason.startswith("Cannot "):
        return f"{line}: stands here twice, or as a value and as a table; allowed: once"
    for slip in _SLIPS:
        if found := re.search(slip.looks, line):
            guess = f"; did you mean {found.expand(slip.meant)}?" if slip.meant else ""
            return f"{line}: {slip.called}; allowed: {slip.allowed}{guess}"
    return f"{line}: no TOML ({reason}); allowed: key = value, [table], [[table]] or # comment"


def _key(lines: list[str]) -> str:
    """Return the key in the last line as the user knows it, as far as it can be told."""
    headings = [found.groups() for line in lines if (found := _HEADING.match(line))]
    bracket, table = headings[-1] if headings else ("", "")
    where = f"{table}[{headings.count((bracket, table))}]" if bracket == "[[" else table
    pair = _PAIR.match(lines[-1])
    return ".".join(filter(None, (where, pair and pair[1]))) or "the file"
