"""`tramdo-central check`: everything wrong in the file, at once."""

import typer

from tramdo_central.cli.files import CentralFile, load


def check(file: CentralFile) -> None:
    """Check the file: all problems at once, with line, value and what is allowed."""
    central = load(file).central
    whose = ", ".join(central.mqtt.stations) or "all stations"
    typer.echo(f"{file}: good. Receives {whose}, forwards to {len(central.forwards)} targets.")
