"""`tramdo new-driver`: a working driver in a package of its own, to be made yours."""

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.driver import installed

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ASKED = {
    "drawing": "    R CR LF             the question\n"
    "    S:    12.50 kg      stable; D: moving; O:, U:, E: overload, underload, fault",
    "does": "answers `R`",
    "verb": "read",
    "when": "shown now",
    "ask": 'exchange(b"R\\r\\n", by_line())',
    "asks": '\nasks = ["52 0d 0a"]',
}
_HEARD = {
    "drawing": "    S:    12.50 kg      stable; D: moving; O:, U:, E: overload, underload, fault",
    "does": "sends line after line",
    "verb": "listen",
    "when": "in the next line heard",
    "ask": "listen(by_line())",
    "asks": "",
}


def skeleton(name: str, *, listens: bool) -> dict[str, str]:
    """Return the files of a driver package by their path in it."""
    klass = _class_of(name)
    if re.search(rf"\b{klass}\b", _text("driver.py")):  # such as Port, which it imports
        klass += "Driver"
    words = {
        "name": name,
        "package": f"tramdo-driver-{name}",
        "module": f"tramdo_driver_{name.replace('-', '_')}",
        "klass": klass,
        "peer": _text("peer_heard" if listens else "peer_asked").rstrip(),
        **(_HEARD if listens else _ASKED),
    }
    places = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        f"{words['module']}/__init__.py": "driver.py",
        f"tests/frames/{name}.toml": "frames.toml",
        "tests/simulated.py": "simulated.py",
        "tests/test_driver.py": "test_driver.py",
    }
    made = {path: Template(_text(source)).substitute(words) for path, source in places.items()}
    return {**made, f"{words['module']}/py.typed": ""}


def _class_of(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _text(name: str) -> str:
    return (files("tramdo") / "skeleton" / f"{name}.txt").read_text(encoding="utf-8")


def new_driver(
    name: Annotated[str, typer.Argument(help="The driver's name, such as acme-bench.")],
    folder: Annotated[Path, typer.Argument(help="Where the package's folder is made.")] = Path(),
    *,
    listens: Annotated[bool, typer.Option("--listens", help="It talks by itself.")] = False,
) -> None:
    """Write a working driver package with tests, simulator and entry point."""
    if not _NAME.fullmatch(name):
        leave(f"name: {name!r}; allowed: small letters, digits and hyphens", WRONG_SETTINGS)
    if keyword.iskeyword(_class_of(name)):
        why = f"would make a class {_class_of(name)}, a word of Python; allowed: another name"
        leave(f"name: {name!r} {why}", WRONG_SETTINGS)
    if name in installed():
        leave(f"name: a driver {name!r} is installed; allowed: another name", WRONG_SETTINGS)
    place = folder / f"tramdo-driver-{name}"
    if place.exists():
        leave(f"{place} is there already; nothing was written", WRONG_SETTINGS)
    for path, text in skeleton(name, listens=listens).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    typer.echo(f"{place} is ready; now:")
    typer.echo(f"  cd {place} && pip install -e '.[test]' && pytest")
