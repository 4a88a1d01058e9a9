"""`tramdo-central enrol`: a station's public key is let in, after a person has compared it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tramdo.cli.exits import FAILED, leave
from tramdo.errors import TramdoError
from tramdo_central import keyring
from tramdo_central.cli.files import CentralFile, Json, load

_Name = Annotated[str, typer.Argument(metavar="STATION", help="The station's id.")]
_Key = Annotated[
    Path, typer.Argument(metavar="KEY.pub", help="Its public key in PEM, as the station made it.")
]
_Label = Annotated[
    str | None,
    typer.Option("--label", help="A name for a further key of the station, such as 2027."),
]


def enrol(
    file: CentralFile, station: _Name, key: _Key, label: _Label = None, *, as_json: Json = False
) -> None:
    """Enrol a station's public key; compare the fingerprint with what the station shows."""
    loaded = load(file)
    folder = loaded.folder / loaded.central.keys.folder
    try:
        path, shown = keyring.enrol(folder, station, key.read_bytes(), label)
    except OSError as error:
        leave(f"{key}: cannot be read: {error.strerror}", FAILED)
    except TramdoError as error:
        leave(f"{key}: {error}", FAILED)
    if as_json:
        body = {"station": station, "fingerprint": shown, "file": str(path)}
        typer.echo(json.dumps(body, ensure_ascii=False))
    else:
        typer.echo(f"{station}: {shown}  in {path}")
        typer.echo(f"Compare it with what the station shows; if it differs, delete {path}.")
