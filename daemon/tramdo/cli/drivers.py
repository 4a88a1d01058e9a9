"""`tramdo drivers`: what is installed and how each was proven."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from tramdo import driver
from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.driver import About

WAYS = {"listens": "talks by itself; the driver listens", "asks": "answers; the driver asks"}


def drivers(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Only this one, with its settings.")
    ] = "",
    *,
    long: Annotated[bool, typer.Option("--long", help="With lines, source and settings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the installed drivers, their protocol and what it is known from."""
    known = driver.installed()
    if name and name not in known:
        leave(
            f"no driver is called {name!r}; installed: {', '.join(sorted(known))}", WRONG_SETTINGS
        )
    told, broken = _told([name] if name else sorted(known))
    if as_json:
        typer.echo(json.dumps(list(told.values()), ensure_ascii=False, indent=1))
    elif name or long:
        typer.echo("\n\n".join("\n".join(_at_length(one)) for one in told.values()))
    else:
        typer.echo("\n".join(_in_short(list(told.values()))))
    for one, error in broken.items():
        typer.secho(f"{one} cannot be loaded: {error}", err=True, fg="red")


def _told(names: list[str]) -> tuple[dict[str, dict[str, Any]], dict[str, Exception]]:
    """Return what each driver says of itself, and why others cannot be loaded."""
    told, broken = {}, {}
    for name in names:
        try:
            told[name] = _body(name, driver.load(name))
        except Exception as error:  # noqa: BLE001  somebody else's package
            broken[name] = error
    return told, broken


def _body(name: str, loaded: type[Any]) -> dict[str, Any]:
    about: About = loaded.about
    return {
        "driver": name,
        "protocol": about.protocol,
        "kinds": [str(kind) for kind in about.kinds],
        "way": "listens" if hasattr(loaded, "listen") else "asks",
        "proof": str(about.proof),
        "source": about.source,
        "lines": list(about.lines),
        "settings": {
            one.name: one.metadata.get("description", "") for one in dataclasses.fields(loaded)
        },
    }


def _in_short(told: list[dict[str, Any]]) -> Iterator[str]:
    for way, words in WAYS.items():
        yield f"{way}: {words}"
        for one in told:
            if one["way"] == way:
                yield f"  {one['driver']:<18} {one['protocol'][:44]:<44}  {one['proof']}"
        yield ""
    yield "Last: what it is known from (device, capture, manual, code, unverified)."
    yield "`tramdo drivers NAME` tells its source, its lines and its settings."


def _at_length(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['driver']}: {one['protocol']}"
    yield f"  for       {', '.join(one['kinds'])}"
    yield f"  way       {one['way']}: {WAYS[one['way']]}"
    yield f"  lines     {', '.join(one['lines'])}"
    yield f"  known by  {one['proof']}: {one['source']}"
    for number, (key, words) in enumerate(one["settings"].items()):
        yield f"  {'' if number else 'settings':<8}  {key}: {words}"
