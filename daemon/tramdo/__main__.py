"""`tramdo`: the command line. Commands of other packages join by `tramdo.commands`."""

import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import typer

from tramdo import __version__

GROUP = "tramdo.commands"
# Loaded when it is asked for: pages, plots and certificates are no burden of the daemon.
OURS = {
    "run": "run",
    "check": "check",
    "read": "read",
    "live": "live",
    "retry": "live",
    "check_instrument": "check_instrument",
    "adjusted": "check_instrument",
    "history": "history",
    "compare": "compare",
    "export": "export",
    "key": "export",
    "standards": "standards",
    "import_standards": "standards",
    "drivers": "drivers",
    "ports": "ports",
    "record": "record",
    "replay": "replay",
    "decode": "decode",
    "new_driver": "new_driver",
}


def application(wanted: list[str]) -> typer.Typer:
    """Return the commands that this call can need: the one that is named, else all of them."""
    app = typer.Typer(
        help="A measuring station: reads scales and fuel dispensers, checks them, finds drift.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    asked = wanted[0].replace("-", "_") if wanted else ""
    for name in [asked] if asked in OURS else OURS:
        app.command()(getattr(import_module(f"tramdo.cli.{OURS[name]}"), name))
    app.command()(version)
    if asked not in OURS:
        _add_others(app, wanted)
    return app


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _add_others(app: typer.Typer, wanted: list[str]) -> None:
    """Add the commands of other packages, loading only what this call can need."""
    asked = wanted[0] if wanted and not wanted[0].startswith("-") else None
    for point in entry_points(group=GROUP):
        if point.name not in OURS and asked in (None, point.name):
            _add(app, point)


def _add(app: typer.Typer, point: EntryPoint) -> None:
    try:
        command = point.load()
    except Exception as error:  # noqa: BLE001  somebody else's package must not take ours down
        typer.secho(f"warning: command {point.name} cannot be loaded: {error}", err=True)
    else:
        app.command(point.name)(command)


def main() -> None:
    """Run one command."""
    application(sys.argv[1:])()


if __name__ == "__main__":
    main()
