"""`tramdo-central`: the command line of the receiver at the other end."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from tramdo import __version__

COMMANDS = {
    "run": "tramdo_central.cli.run:run",
    "check": "tramdo_central.cli.check:check",
    "enrol": "tramdo_central.cli.enrol:enrol",
    "stations": "tramdo_central.cli.lists:stations",
    "gaps": "tramdo_central.cli.lists:gaps",
    "findings": "tramdo_central.cli.lists:findings",
    "verify": "tramdo_central.verify_command:verify",
    "import": "tramdo_central.cli.sticks:bring",
    "export": "tramdo_central.cli.sticks:export",
    "trial-keys": "tramdo_central.trial:trial_keys",
}


def application(wanted: list[str]) -> typer.Typer:
    """Return the commands that this call can need: the one that is named, else all of them."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(about)
    app.command()(version)
    asked = wanted[0] if wanted and wanted[0] in {*COMMANDS, "version"} else None
    for name, place in COMMANDS.items():
        if asked in (None, name):
            module, _, function = place.partition(":")
            app.command(name)(getattr(import_module(module), function))
    return app


def _told(shown: bool) -> None:
    if shown:
        version()
        raise typer.Exit


def about(
    *,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_told, help="Print the version.")
    ] = False,
) -> None:
    """The other end: takes what stations send, proves it, keeps it once, passes alerts on."""  # noqa: D401  it is what --help shows


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run one command."""
    application(sys.argv[1:])()


if __name__ == "__main__":
    main()
