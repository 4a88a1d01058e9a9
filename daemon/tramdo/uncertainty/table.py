"""A recorded budget as a table for people: Vietnamese first, English second; names.toml."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["vi", "en"]

_FILE = Path(__file__).with_name("names.toml")
_GAP = "  "


def printed(body: dict[str, Any], language: Language = "vi") -> list[str]:
    """Return the lines of a budget's body, columns aligned; a * marks what was assumed."""
    columns = ("component", "value", "distribution", "divisor", "sensitivity", "u")
    unit = body["unit"]
    heads = [say(one, language) for one in columns]
    heads[-1] += f" ({unit})"
    guessed = any(one.get("assumed") for one in body["components"])
    rows = [_row(one, language) for one in body["components"]]
    return [
        f"{say(body['title'], language)} ({unit})",
        *_aligned([heads, *rows]),
        f"{say('combined', language)}: {body['combined']} {unit}",
        f"{say('expanded', language)} (k = {body['k']}): {body['expanded']} {unit}",
        *_corrections(body["corrections"], language),
        *([f"* {say('assumed', language)}"] if guessed else []),
    ]


def say(key: str, language: Language) -> str:
    """Return a key's words in a language; a key without words stands for itself."""
    words: str = _names().get(key, {}).get(language, key)
    return words


def _row(one: dict[str, Any], language: Language) -> list[str]:
    mark = " *" if one.get("assumed") else ""
    return [
        say(one["name"], language) + mark,
        f"{one['value']} {one['unit']}",
        say(one["distribution"], language),
        one["divisor"],
        one["sensitivity"],
        one["u"],
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell.ljust(w) for cell, w in zip(row, widths, strict=True)] for row in rows)
    return [_GAP.join(row).rstrip() for row in padded]


def _corrections(parts: Sequence[dict[str, str]], language: Language) -> list[str]:
    lines = []
    for one in parts:
        sign = "" if one["effect"].startswith("-") else "+"
        change = f"{one['from']} → {one['to']} {one['unit']} ({sign}{one['effect']})"
        lines.append(f"{_GAP}{say(one['name'], language)}: {change}")
    return [f"{say('corrections', language)}:", *lines] if lines else []


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
