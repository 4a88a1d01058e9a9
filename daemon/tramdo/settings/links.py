"""Names, lines and addresses in a station file: each once, each link leading somewhere. No I/O."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from posixpath import normpath

from tramdo.errors import Problem
from tramdo.settings.page import Page, Row, listed, meant_name, shown

# The daemon's own folder for frames that nobody understood, beside the recordings.
_UNKNOWN = "unknown"
_NAMED = {"port": "name", "instrument": "id", "reference": "id", "check": "id"}
_LINKS = (
    ("instrument", "port", "port"),
    ("check", "instrument", "instrument"),
    ("check", "reference", "reference"),
)


def broken_links(page: Page) -> Iterator[Problem]:
    """Yield names used twice, names that nothing has, lines and recordings used twice."""
    yield from _doubles(page)
    yield from _unknown_names(page)
    yield from _shared_lines(page)
    yield from _shared_recordings(page)


def shared_ports(page: Page, listeners: Sequence[Row]) -> Iterator[Problem]:
    """Yield instruments that cannot share their port; `listeners` only listen."""
    ports: dict[str, list[Row]] = defaultdict(list)
    for row in page.rows("instrument"):
        if port := row.text("port"):
            ports[port].append(row)
    for port, rows in ports.items():
        talking = [row for row in rows if row in listeners]
        if len(rows) > 1 and talking:
            yield from _crowded(page, port, len(rows), talking)
        elif len(rows) > 1:
            yield from _shared_addresses(page, port, rows)


def by_name(page: Page, table: str) -> dict[str, Row]:
    """Return the tables of an array by their id or name."""
    rows = page.rows(table)
    return {name: row for row in rows if (name := row.text(_NAMED[table])) is not None}


def _doubles(page: Page) -> Iterator[Problem]:
    for table, key in _NAMED.items():
        first: dict[str, Row] = {}
        for row in page.rows(table):
            name = row.text(key)
            if name in first:
                line = page.line((*first[name].path, key))
                yield page.problem(
                    (*row.path, key),
                    f"{shown(name)} is taken by the [[{table}]] in line {line}; "
                    f"allowed: a {key} of its own",
                )
            elif name is not None:
                first[name] = row


def _unknown_names(page: Page) -> Iterator[Problem]:
    for table, key, target in _LINKS:
        known = by_name(page, target)
        for row in page.rows(table) if _all_named(page, target) else ():
            name = row.text(key)
            if name is not None and name not in known:
                yield _unknown(page, row, key, target, name)
    known = by_name(page, "reference")
    for row in page.rows("check") if _all_named(page, "reference") else ():
        for name in loads_of(row):
            if name not in known:
                yield _unknown(page, row, "loads", "reference", name)


def _unknown(page: Page, row: Row, key: str, target: str, name: str) -> Problem:
    known = by_name(page, target)
    return page.problem(
        (*row.path, key),
        f"{shown(name)} is no [[{target}]]; allowed: {listed(known)}{meant_name(name, known)}",
    )


def loads_of(row: Row) -> list[str]:
    """Return the names in a check's loads, as far as they are names."""
    loads = row.values.get("loads")
    return [
        name
        for load in (loads if isinstance(loads, list) else ())
        for name in (load if isinstance(load, list) else ())
        if isinstance(name, str)
    ]


def _all_named(page: Page, table: str) -> bool:
    """Tell whether a name that is not found can only be wrong where it is used."""
    rows = page.rows(table)
    return all(row.text(_NAMED[table]) for row in rows) and bool(rows or table not in page.raw)


def _shared_lines(page: Page) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in page.rows("port"):
        key, path = _way(row)
        if path is not None and first.setdefault(path, row) is not row:
            yield page.problem(
                (*row.path, key),
                f"{shown(path)} is the [[port]] in line {page.line(first[path].path)} already; "
                "allowed: one [[port]] for each line",
            )


def _shared_recordings(page: Page) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in page.rows("port"):
        if file := row.text("record"):
            path = normpath(file)
            if why := _taken(page, path, first):
                message = f"{shown(file)} {why}; allowed: a file of its own"
                yield page.problem((*row.path, "record"), message)
            first.setdefault(path, row)


def _taken(page: Page, path: str, first: dict[str, Row]) -> str:
    """Return whose a recording's path is already; a recording's older half ends in ".1"."""
    if path.partition("/")[0] == _UNKNOWN:
        return f"is in the folder {_UNKNOWN}/ of frames nobody understood"
    for other, row in first.items():
        line = page.line((*row.path, "record"))
        if path == other:
            return f"is the recording of the [[port]] in line {line} already"
        if path == f"{other}.1" or other == f"{path}.1":
            return f"shares {max(path, other)} with the recording of the [[port]] in line {line}"
    return ""


def _way(row: Row) -> tuple[str, str | None]:
    """Return what tells a port's line from others, and its key; None where it is not said."""
    host, number = row.text("host"), row.number("tcp_port")
    if host is not None and number is not None:
        return "host", f"{host}:{number}"
    return "path", row.text("path")


def _shared_addresses(page: Page, port: str, rows: list[Row]) -> Iterator[Problem]:
    taken: dict[tuple[Decimal, object], Row] = {}
    for row in rows:
        path, address = (*row.path, "address"), row.number("address")
        channel = row.values.get("settings", {}).get("channel")
        if "address" not in row.values:
            message = f"is missing, and {len(rows)} instruments share port {shown(port)}"
        elif address is not None and taken.setdefault((address, channel), row) is not row:
            line = page.line((*taken[address, channel].path, "address"))
            message = f"{address} is taken on port {shown(port)} in line {line}"
        else:
            continue
        allowed = "allowed: 0 to 255, another for each instrument of a port, or another channel"
        yield page.problem(path, f"{message}; {allowed}")


def _crowded(page: Page, port: str, count: int, listeners: list[Row]) -> Iterator[Problem]:
    for row in listeners:
        yield page.problem(
            (*row.path, "port"),
            f"{shown(port)} is shared by {count} instruments, and driver "
            f"{shown(row.text('driver'))} only listens; allowed: a port of its own",
        )
