"""`tramdo-central check`: everything wrong in the file, at once."""

from collections.abc import Iterator
from ipaddress import ip_address

import typer

from tramdo_central.cli.files import CentralFile, load
from tramdo_central.settings import Mqtt

EXAMPLE = "broker.example.vn"


def check(file: CentralFile) -> None:
    """Check the file: all problems at once, with line, value and what is allowed."""
    central = load(file).central
    whose, count = ", ".join(central.mqtt.stations) or "all stations", len(central.forwards)
    targets = f"{count} target{'' if count == 1 else 's'}"
    typer.echo(f"{file}: good. Receives {whose}, forwards to {targets}.")
    for doubt in doubts(central.mqtt):
        typer.echo(f"warning: {doubt}", err=True)


def doubts(mqtt: Mqtt) -> Iterator[str]:
    """Yield what is allowed and probably not meant."""
    if mqtt.host == EXAMPLE:
        yield f'[mqtt] host = "{EXAMPLE}" is the one of the example; name your broker'
    if mqtt.tls is None and not _is_here(mqtt.host):
        yield f"[mqtt] {mqtt.host} is reached unencrypted; see [mqtt.tls]"


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
