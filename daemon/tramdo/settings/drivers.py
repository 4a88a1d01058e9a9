"""Drivers made from `[[instrument]]` tables, their settings checked like any other key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from tramdo.driver import Driver, Kind
from tramdo.errors import Problem, SettingsError
from tramdo.settings.faults import faults
from tramdo.settings.links import shared_ports
from tramdo.settings.page import Page, Row, listed, meant_name, shown
from tramdo.tomlplaces import KeyPath

Loaders = Mapping[str, Callable[[], type[Any]]]
"""How each driver's class is got, by the driver's name."""

_Fields = Mapping[str, Field[Any]]
_SORTS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    bool: "true or false",
    str: "text in quotes",
}
_MODEL = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())


def make_drivers(
    page: Page, folder: Path, loaders: Loaders
) -> tuple[dict[str, Driver], list[Problem]]:
    """Return the driver of each instrument by the instrument's id, and what is wrong.

    A driver's setting whose dataclass field has the metadata `relative_to_station` and whose
    value ends in ".toml" starts at `folder`; the metadata `description` is what messages quote.
    A driver that refuses a setting itself says so in a ValueError "name: what and why".
    """
    drivers: dict[str, Driver] = {}
    problems: list[Problem] = []
    listeners: list[Row] = []
    for row in page.rows("instrument"):
        try:
            driver = _load(page, row, loaders)
            if driver is not None:
                listeners += [row] if _only_listens(driver) else []
                problems += _kind(page, row, driver)
                drivers[row.text("id") or ""] = _make(page, row, driver, folder)
        except SettingsError as error:
            problems += error.problems
    return drivers, [*problems, *shared_ports(page, listeners)]


def _load(page: Page, row: Row, loaders: Loaders) -> type[Any] | None:
    name, path = row.text("driver"), (*row.path, "driver")
    if name is None:
        return None
    if name not in loaders:
        message = f"{shown(name)} is not installed; allowed: {listed(sorted(loaders))}"
        raise SettingsError([page.problem(path, message + meant_name(name, loaders))])
    try:
        return loaders[name]()
    except (ImportError, AttributeError) as error:
        message = f"{shown(name)} cannot be loaded: {error}"
        raise SettingsError([page.problem(path, message)]) from None


def _make(page: Page, row: Row, driver: type[Any], folder: Path) -> Driver:
    own = {field.name: field for field in fields(driver) if field.init}
    values = _validated(page, row, driver, own)
    try:
        made: Driver = driver(**{name: _placed(own[name], values[name], folder) for name in values})
    except SettingsError as error:
        raise SettingsError([_at_home(page, row, one) for one in error.problems]) from None
    except (TypeError, ValueError) as error:
        name, _, reason = str(error).partition(": ")
        path = _place(row, (name,)) if name in own else (*row.path, "settings")
        message = reason if name in own else str(error)
        raise SettingsError([page.problem(path, message)]) from None
    return made


def _at_home(page: Page, row: Row, one: Problem) -> Problem:
    """Return a driver's own problem, one in line 0 (no file could be read) at the setting."""
    return one if one.line else page.problem(_place(row, (one.key,)), one.message)


def _validated(page: Page, row: Row, driver: type[Any], own: _Fields) -> dict[str, Any]:
    shape, known = _shape(driver)  # type: ignore[arg-type]
    given = _given(page, row, own)
    try:
        model = shape.model_validate(given)
    except ValidationError as error:
        heading = f"the settings of driver {shown(row.text('driver'))}"
        found = faults(page, error, lambda _: (heading, known), lambda loc: _place(row, loc))
        raise SettingsError(found) from None
    return {name: getattr(model, name) for name in given}


@cache
def _shape(driver: type[Any]) -> tuple[type[BaseModel], dict[str, str]]:
    """Return the model of a driver's settings and what each may be; made once for each driver."""
    own = {field.name: field for field in fields(driver) if field.init}
    hints = get_type_hints(driver, include_extras=True)
    shapes: dict[str, Any] = {
        name: (hints[name], ... if _required(field) else None) for name, field in own.items()
    }
    known = {name: _describe(field, hints[name]) for name, field in own.items()}
    if "address" in known:
        known["address"] = "a whole number, in [[instrument]] itself"
    return create_model("Settings", __config__=_MODEL, **shapes), known


def _given(page: Page, row: Row, own: _Fields) -> dict[str, Any]:
    """Return what the user set, the address among it; raises SettingsError if it is misplaced."""
    settings, address = row.values.get("settings"), row.values.get("address")
    given = dict(settings) if isinstance(settings, dict) else {}
    if "address" in given:
        message = "stands in the wrong table; allowed: in [[instrument]] itself"
        raise SettingsError([page.problem((*row.path, "settings", "address"), message)])
    if address is None:
        return given
    if "address" not in own:
        name = shown(row.text("driver"))
        message = f"{shown(address)} means nothing to driver {name}; allowed: no address"
        raise SettingsError([page.problem((*row.path, "address"), message)])
    if not isinstance(address, int):
        raise SettingsError([])  # the station's own model has said it
    return {**given, "address": address}


def _place(row: Row, loc: KeyPath) -> KeyPath:
    return (*row.path, "address") if loc[0] == "address" else (*row.path, "settings", loc[0])


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _describe(field: Field[Any], hint: Any) -> str:
    text = str(field.metadata.get("description", _sort(hint)))
    return text if field.default in (MISSING, None) else f"{text} (default {field.default})"


def _sort(hint: Any) -> str:
    """Return in words what values a type hint allows."""
    if get_origin(hint) is Literal:
        return " or ".join(map(shown, get_args(hint)))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_sort(one) for one in get_args(hint) if one is not NoneType)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(one.value for one in hint)
    return _SORTS.get(hint, str(hint))


def _placed(field: Field[Any], value: Any, folder: Path) -> Any:
    beside = field.metadata.get("relative_to_station") and str(value).endswith(".toml")
    return type(value)(folder / value) if beside else value


def _kind(page: Page, row: Row, driver: type[Any]) -> Iterator[Problem]:
    kind, kinds = row.text("kind"), driver.about.kinds
    if kind in set(Kind) and kind not in kinds:
        yield page.problem(
            (*row.path, "kind"),
            f"{shown(kind)} is not served by driver {shown(row.text('driver'))}; "
            f"allowed: {listed(kinds)}",
        )


def _only_listens(driver: type[Any]) -> bool:
    """Tell whether a driver listens, as the poller decides it: one with both listens."""
    return hasattr(driver, "listen")
