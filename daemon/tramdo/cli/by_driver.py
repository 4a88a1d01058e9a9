"""A driver named on the command line, and what it says in words."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.driver import Driver, installed
from tramdo.errors import SettingsError
from tramdo.offline import Decoded
from tramdo.reading import Indication
from tramdo.settings.drivers import make_drivers
from tramdo.settings.page import Page, as_number

DriverName = Annotated[str, typer.Option("--driver", help="`tramdo drivers` prints the names.")]
DriverSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the driver; may be repeated."),
]
_LONG = 100_000
_STABLE = {True: "stable", False: "moving", None: "stability not in the protocol"}


def driver_of(name: str, settings: list[str] | None) -> Driver:
    """Return a driver with its settings, or end the program with what is wrong with them."""
    page = Page(file="", raw={"instrument": [_row(name, settings or [])]}, places={})
    try:
        loaders = {known: point.load for known, point in installed().items()}
        drivers, problems = make_drivers(page, Path.cwd(), loaders)
    except SettingsError as error:
        drivers, problems = {}, error.problems
    if problems:
        said = [f"{one.key.rpartition('.')[2]}: {_here(one.message)}" for one in problems]
        leave("\n".join(said), WRONG_SETTINGS)
    return drivers[""]


def _here(message: str) -> str:
    """Return a message about a station file, for somebody who has none."""
    message = message.replace(" (begins in line 1)", "")
    return f"{message}none" if message.endswith("allowed: ") else message


def _row(name: str, settings: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"driver": name, "settings": {}}
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals:
            leave(f"--set {word}: no value; allowed: {key}=VALUE", WRONG_SETTINGS)
        if key == "address":
            row["address"] = _address(word, value)
        else:
            row["settings"][key] = value
    return row


def _address(word: str, value: str) -> int:
    number = as_number(value)
    if number is None or not -_LONG < number < _LONG or number != int(number):
        leave(f"--set {word}: no address; allowed: a whole number, 0 to 255", WRONG_SETTINGS)
    return int(number)


def words_of(one: Indication) -> str:
    """Return an indication as a line for people, its digits kept."""
    words = [one.quantity, f"{one.value:f}", one.unit or "(no unit)", one.basis or "", *one.flags]
    return f"{' '.join(filter(None, words))}, {_STABLE[one.stable]}"


def lines_of(one: Decoded) -> list[str]:
    """Return what a reading says, a line for each indication, or its error."""
    if one.error is not None:
        return [f"{one.error.state}: {one.error}"]
    return [words_of(each) for each in one.indications]
