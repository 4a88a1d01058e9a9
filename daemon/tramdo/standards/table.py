"""A table of check standards: CSV to `[[reference]]` tables, or every wrong cell at once. No I/O.

The first line names the columns. Cells are separated by commas, or by semicolons as spreadsheets
do where numbers have a decimal comma.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tramdo.errors import Problem
from tramdo.reading import Unit
from tramdo.settings.instruments import Reference
from tramdo.settings.page import listed, meant_name, shown
from tramdo.settings.values import NAME
from tramdo.standards.source import UNITS_OF, Imported, Source, StandardsError, bounded, day, number

COLUMNS = tuple(Reference.model_fields)
OPTIONAL = tuple(name for name, field in Reference.model_fields.items() if not field.is_required())
NUMBERS = ("nominal", "value", "expanded_uncertainty")

_TURNED = re.compile(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4})", re.ASCII)
Cell = str | Decimal | date | None


class _Wrong(Exception):
    """A cell is wrong: what is said about it after the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row as it stands: the line it begins in, its cells by column, those beyond the last."""

    line: int
    cells: Mapping[str, str]
    beyond: int = 0


class _Style(NamedTuple):
    """How a file is written: what stands between cells, and in numbers."""

    separator: str
    decimal_comma: bool = False


def read(source: Source) -> tuple[Imported, ...]:
    """Return the check standards of a table; raises `StandardsError` with every problem."""
    text = _text(source)
    style = _Style(";" if ";" in text.split("\n", 1)[0] else ",")
    rows = list(_rows(source, text, style))
    commas = any("," in row.cells.get(name, "") for row in rows for name in NUMBERS)
    style = style._replace(decimal_comma=commas and style.separator == ";")
    problems, found, seen = [], [], dict[str, int]()
    for row in rows:
        wrong = [*_faults(source, row, style), *_twice(source, row, seen)]
        problems += wrong
        if not wrong:
            found.append(_imported(source, row, style))
    if problems or not found:
        raise _refused(problems or [_at(source, 1, "the file", "has no row below its heading")])
    return tuple(found)


def _text(source: Source) -> str:
    content = bounded(source.content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"the byte {content[error.start]:02x} is not UTF-8; allowed: CSV saved as UTF-8"
        raise _refused([_at(source, line, "the file", message)]) from None


def _rows(source: Source, text: str, style: _Style) -> Iterator[_Row]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=style.separator, strict=True)
    heading, line = list[str](), 1
    try:
        for cells in reader:
            row, begun, line = [one.strip() for one in cells], line, reader.line_num + 1
            if not any(row):
                continue
            if not heading:
                heading = _heading(source, row, begun)
                continue
            named = dict(zip(heading, row, strict=False))
            yield _Row(line=begun, cells=named, beyond=max(0, len(row) - len(heading)))
    except csv.Error as error:
        message = f"is no CSV ({error}); allowed: cells with {style.separator} between them"
        raise _refused([_at(source, line, "the file", message)]) from None


def _heading(source: Source, row: list[str], line: int) -> list[str]:
    names = [one.lower() for one in row]
    problems = [
        _at(
            source,
            line,
            name or "a column",
            f"is no column; {_allowed()}{meant_name(name, COLUMNS)}",
        )
        for name in names
        if name not in COLUMNS
    ]
    problems += [
        _at(source, line, name, "the column stands here twice; allowed: once")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    problems += [
        _at(source, line, name, f"the column is missing; {_allowed()}")
        for name in COLUMNS
        if name not in names and name not in OPTIONAL
    ]
    if problems:
        raise _refused(problems)
    return names


def _allowed() -> str:
    return f"allowed: {', '.join(COLUMNS)} ({' and '.join(OPTIONAL)} may be left out)"


def _faults(source: Source, row: _Row, style: _Style) -> Iterator[Problem]:
    if row.beyond:
        # Its cells stand in other columns than they were meant for: nothing can be said of them.
        yield _at(source, row.line, "the row", _beyond(row, style))
        return
    for name in COLUMNS:
        text = row.cells.get(name, "")
        try:
            _cell(name, text, row, style)
        except _Wrong as wrong:
            yield _at(source, row.line, name, f"{shown(text) if text else 'is empty'}{wrong}")


def _beyond(row: _Row, style: _Style) -> str:
    comma = (
        "; a decimal comma is allowed only in files separated by semicolons"
        if style.separator == ","
        else ""
    )
    return f"has {row.beyond} more cells than the heading; allowed: as many as columns{comma}"


def _twice(source: Source, row: _Row, seen: dict[str, int]) -> Iterator[Problem]:
    name = row.cells.get("id", "")
    if name in seen:
        message = f"{shown(name)} stands in line {seen[name]} already; allowed: each id once"
        yield _at(source, row.line, "id", message)
    seen.setdefault(name, row.line)


def _cell(name: str, text: str, row: _Row, style: _Style) -> Cell:
    """Return a cell's value; raises `_Wrong`."""
    if not text:
        if name in OPTIONAL:
            return None
        raise _Wrong(f"; wanted: {_wanted(name, row)}")
    if name in NUMBERS:
        return _number(name, text, style)
    if name == "valid_until":
        return _day(text)
    good = {
        "id": re.fullmatch(NAME, text) is not None,
        "kind": text in UNITS_OF,
        "unit": text in UNITS_OF.get(row.cells.get("kind", ""), tuple(Unit)),
    }
    if not good.get(name, True):
        guess = meant_name(text, UNITS_OF) if name == "kind" else ""
        raise _Wrong(f" is not allowed; allowed: {_wanted(name, row)}{guess}")
    return text


def _number(name: str, text: str, style: _Style) -> Decimal:
    if "," in text and style.separator != ";":
        raise _Wrong(
            " has a decimal comma, allowed only in files separated by semicolons; allowed here: "
            f"{text.replace(',', '.')}"
        )
    # "1.000" beside "20,5" may well be a thousand: a wrong value is worse than none.
    if style.decimal_comma and "." in text:
        raise _Wrong(
            " has a point, where other numbers of this file have a decimal comma; allowed: one of "
            "the two in the whole file, and no separator of thousands"
        )
    value = number(text.replace(",", ".", 1))
    least = value is not None and (value >= 0 if name == "expanded_uncertainty" else value > 0)
    if value is None or not least:
        above = "0 or more" if name == "expanded_uncertainty" else "above 0"
        raise _Wrong(f" is not allowed; allowed: a number {above} without its unit")
    return value


def _day(text: str) -> date:
    found = day(text)
    if found is None:
        turned = _TURNED.fullmatch(text)
        guess = f"{turned[3]}-{turned[2]:0>2}-{turned[1]:0>2}" if turned else ""
        maybe = f"; did you mean {guess}?" if day(guess) else ""
        raise _Wrong(f" is no day; allowed: year-month-day, such as 2026-12-31{maybe}")
    return found


def _wanted(name: str, row: _Row) -> str:
    if name == "kind":
        return listed(UNITS_OF)
    if name == "unit":
        return listed(UNITS_OF.get(row.cells.get("kind", ""), tuple(Unit)))
    said = Reference.model_fields[name].description or ""
    return (said[:1].lower() + said[1:]).removesuffix(".")


def _imported(source: Source, row: _Row, style: _Style) -> Imported:
    cells = {name: _cell(name, row.cells.get(name, ""), row, style) for name in COLUMNS}
    values = {name: value for name, value in cells.items() if value is not None}
    remarks = [f"from line {row.line} of {source.name}, SHA-256 {source.sha256}"]
    if missing := [name for name in COLUMNS if name not in values]:
        remarks.append(f"missing: {', '.join(missing)}")
    return Imported(reference=Reference.model_validate(values), remarks=tuple(remarks))


def _at(source: Source, line: int, column: str, message: str) -> Problem:
    return Problem(source.name, line, column, message)


def _refused(problems: list[Problem]) -> StandardsError:
    return StandardsError("\n".join(map(str, problems)), problems)
