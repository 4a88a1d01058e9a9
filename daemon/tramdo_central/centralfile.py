"""The file of a central server: TOML text to a `Central`, or every problem at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from tramdo.errors import Problem, SettingsError
from tramdo.settings.faults import faults
from tramdo.settings.page import Page, Row, shown
from tramdo.settings.station import keys
from tramdo.settings.text import parse
from tramdo.stationfile import in_order
from tramdo.tomlplaces import KeyPath, places
from tramdo_central.settings import TABLES, Central

_POSTGRES = ("postgresql", "postgres")
_SCHEMES = ("sqlite", *_POSTGRES)
_NEEDED = {"webhook": "url", "command": "command"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A file of a central server without problems, and the folder that its paths start at."""

    central: Central
    folder: Path


def read(path: Path) -> Loaded:
    """Return what a file says; raises `SettingsError` with every problem in it."""
    text = _open(path)
    page = Page(file=str(path), raw=parse(str(path), text), places=places(text))
    central, problems = _central(page)
    problems += [*_misfits(page)]
    if problems or central is None:
        raise SettingsError(in_order(problems))
    return Loaded(central=central, folder=path.resolve().parent)


def is_postgres(url: str) -> bool:
    """Tell whether an address is one of PostgreSQL and not a file."""
    return url.split(":", 1)[0] in _POSTGRES and "://" in url


def _open(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        why = f"the byte {error.object[error.start]:02x} is not UTF-8; allowed: text saved as UTF-8"
    raise SettingsError([Problem(str(path), 1, "the file", why)])


def _central(page: Page) -> tuple[Central | None, list[Problem]]:
    try:
        return Central.model_validate(page.raw), []
    except ValidationError as error:
        return None, faults(page, error, _keys, _place)


def _keys(table: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    heading, model = TABLES[table]
    return heading, {key: field.description or "" for key, field in keys(model).items()}


def _place(loc: KeyPath) -> KeyPath:
    return loc


def _misfits(page: Page) -> Iterator[Problem]:
    """Yield what does not fit together; a value that is wrong in itself is passed over."""
    for row in page.rows("forward"):
        yield from _forward(page, row)
    for table in ("mqtt", "ledger"):
        values = page.raw.get(table)
        if isinstance(values, dict):
            row = Row((table,), values)
            yield from _ledger(page, row) if table == "ledger" else _mqtt(page, row)


def _forward(page: Page, row: Row) -> Iterator[Problem]:
    kind = row.text("kind")
    if kind not in ("stdout", *_NEEDED):
        return
    needed = _NEEDED.get(kind)
    if needed is not None and needed not in row.values:
        line = page.line(row.path)
        yield page.problem(
            (*row.path, needed),
            f"is missing in the [[forward]] of kind {shown(kind)} (begins in line {line})",
        )
    for other in {"url", "command"} & row.values.keys() - {needed}:
        yield page.problem((*row.path, other), f"is nothing for kind {shown(kind)}; allowed: none")
    url = row.text("url")
    if kind == "webhook" and url is not None and not _is_web(url):
        yield page.problem((*row.path, "url"), f"{shown(url)}; allowed: http://... or https://...")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _ledger(page: Page, row: Row) -> Iterator[Problem]:
    url = row.text("url") or ""
    path = (*row.path, "url")
    scheme = url.split("://", 1)[0] if "://" in url else "sqlite"
    if scheme not in _SCHEMES:
        yield page.problem(
            path, f"{shown(url)}; allowed: a file, sqlite:///... or postgresql://..."
        )
    elif is_postgres(url) and _has_password(url):
        # The text is not shown: a message of ours must not carry a secret further.
        yield page.problem(path, "holds a password; allowed: password_file, and none in the url")
    elif not is_postgres(url) and "password_file" in row.values:
        yield page.problem(
            (*row.path, "password_file"),
            "is nothing for SQLite; allowed: none, or postgresql://...",
        )


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None or "password=" in urlsplit(url).query
    except ValueError:
        return False


def _mqtt(page: Page, row: Row) -> Iterator[Problem]:
    if "password_file" in row.values and "user" not in row.values:
        yield page.problem(
            (*row.path, "password_file"), "stands without user; allowed: both, or neither"
        )
    stations = row.values.get("stations")
    names = stations if isinstance(stations, list) else []
    for number, name in enumerate(names):
        if name in names[:number]:
            yield page.problem((*row.path, "stations", number), f"{shown(name)} stands here twice")
