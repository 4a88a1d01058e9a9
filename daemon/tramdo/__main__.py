"""`tramdo`: the command line. Commands of other packages join by `tramdo.commands`."""

import sys
from importlib.metadata import EntryPoint, entry_points

import typer

from tramdo import __version__
from tramdo.cli.check import check
from tramdo.cli.check_instrument import adjusted, check_instrument
from tramdo.cli.compare import compare
from tramdo.cli.drivers import drivers
from tramdo.cli.export import export, key
from tramdo.cli.history import history
from tramdo.cli.live import live, retry
from tramdo.cli.ports import ports
from tramdo.cli.read import read
from tramdo.cli.run import run
from tramdo.cli.standards import import_standards, standards

GROUP = "tramdo.commands"

app = typer.Typer(
    help="A measuring station: reads scales and fuel dispensers, checks them, finds drift.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    run,
    check,
    read,
    live,
    retry,
    check_instrument,
    adjusted,
    history,
    compare,
    export,
    key,
    standards,
    import_standards,
    drivers,
    ports,
):
    app.command()(command)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _add_others(wanted: list[str]) -> None:
    """Add the commands of other packages, loading only what this call can need."""
    asked = wanted[0] if wanted and not wanted[0].startswith("-") else None
    ours = {one.callback.__name__ for one in app.registered_commands if one.callback}
    for point in entry_points(group=GROUP):
        if point.name in ours:
            continue
        if asked in (None, point.name):
            _add(point)


def _add(point: EntryPoint) -> None:
    try:
        command = point.load()
    except Exception as error:  # noqa: BLE001  somebody else's package must not take ours down
        typer.secho(f"warning: command {point.name} cannot be loaded: {error}", err=True)
    else:
        app.command(point.name)(command)


def main() -> None:
    """Run one command."""
    _add_others(sys.argv[1:])
    app()


if __name__ == "__main__":
    main()
