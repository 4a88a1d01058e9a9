"""`tramdo decode`: what a driver makes of frames in hex."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tramdo.cli.by_driver import DriverName, DriverSettings, driver_of, lines_of
from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.driver import Driver
from tramdo.events import indication_body
from tramdo.offline import Decoded
from tramdo.offline import decode as decoded
from tramdo.port import Exchange

_BYTE = re.compile(r"[0-9a-fA-F]{2}")


def decode(
    frames: Annotated[
        list[str],
        typer.Argument(
            metavar="HEX...",
            help="One frame each, such as '53 54 2c', or - for one in each line of the input. "
            "A comma parts the answers of one reading.",
        ),
    ],
    *,
    driver: DriverName,
    settings: DriverSettings = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each reading.")
    ] = False,
) -> None:
    """Decode frames given in hex. Ends with 0 if there is at least one value."""
    made = driver_of(driver, settings)
    values = readings = 0
    for frame in _frames(frames):
        for one in _decoded(made, [_bytes(part) for part in frame.split(",")]):
            values, readings = values + len(one.indications), readings + 1
            for line in [json.dumps(_body(one), ensure_ascii=False)] if as_json else lines_of(one):
                typer.echo(line)
    if not readings:
        leave("there was no frame to decode: bytes in hex, or - and lines of the input", FAILED)
    if not values:
        raise typer.Exit(FAILED)


def _frames(words: list[str]) -> Iterator[str]:
    if words == ["-"]:
        yield from (line.strip() for line in sys.stdin if line.strip() and line[0] != "#")
    elif len(words) > 1 and all(map(_BYTE.fullmatch, words)):
        yield " ".join(words)  # one frame whose quotes were left out
    else:
        yield from words


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError:
        allowed = "pairs of hex digits, such as 53 54 2c 0d 0a (as `tramdo record` writes them)"
        leave(f"{text!r} is no frame in hex; allowed: {allowed}", WRONG_SETTINGS)


def _decoded(driver: Driver, answers: list[bytes]) -> list[Decoded]:
    if hasattr(driver, "listen"):
        return decoded(driver, b"".join(answers))
    return decoded(driver, [Exchange(0.0, b"", answer, "") for answer in answers])


def _body(one: Decoded) -> dict[str, Any]:
    body: dict[str, Any] = {"frames": [frame.hex(" ") for frame in one.frames]}
    if one.error is not None:
        return body | {"error": {"state": one.error.state, "text": str(one.error)}}
    return body | {"values": [indication_body(each) for each in one.indications]}
