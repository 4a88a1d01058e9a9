"""`tramdo replay`: a recording through a driver, without an instrument."""

from pathlib import Path
from typing import Annotated

import typer

from tramdo.cli.by_driver import DriverName, DriverSettings, driver_of, lines_of
from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.history.words import printable
from tramdo.offline import Unlike
from tramdo.replayed import replayed
from tramdo.wirefile import Damaged, Recorded, parse

MOST_SHOWN = 160


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of `tramdo record`.")],
    *,
    driver: DriverName,
    settings: DriverSettings = None,
) -> None:
    """Feed a recording to a driver and print what it reads, with seconds since the start.

    Ends with 0 if there is at least one value.

    Exchanges of Modbus TCP do not replay yet: each request has a number of its own.
    """
    made, recorded = driver_of(driver, settings), _recorded(file)
    named = printable(f"{recorded.port}, {recorded.line}, since {recorded.start.isoformat()}")
    typer.echo(f"{file}: {named}")
    values = errors = 0
    told: set[Unlike] = set()
    for one in replayed(made, recorded):
        values, errors = values + len(one.indications), errors + (one.error is not None)
        for line in lines_of(one):
            typer.echo(f"{one.at or 0.0:12.3f}  {_shortened(line)}")
        _tell_unlike(set(one.unlike) - told)
        told.update(one.unlike)
    typer.echo(f"{values} values, {errors} errors, {sum(map(len, _heard(recorded)))} bytes heard")
    if not values and errors:
        _tell_doubt(driver, recorded)
    if not values:
        raise typer.Exit(FAILED)


def _recorded(file: Path) -> Recorded:
    try:
        recorded = parse(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        leave(f"{file}: {error.strerror}", WRONG_SETTINGS)
    except Damaged as error:
        leave(f"{file}: {error}", WRONG_SETTINGS)
    if recorded.cut:
        typer.secho(f"warning: {file}: a line that was cut off is left out", err=True, fg="yellow")
    return recorded


def _shortened(line: str) -> str:
    """Return a line that fits beside others; a frame may be long, `decode` shows all of it."""
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]} ..."


def _tell_doubt(driver: str, recorded: Recorded) -> None:
    typer.secho(
        f"nothing here is {driver}: either another protocol, or recorded at another line setting "
        f"than the instrument's (this was {printable(recorded.line)}); `tramdo probe` tries both",
        err=True,
        fg="yellow",
    )


def _tell_unlike(unlike: set[Unlike]) -> None:
    for recorded, asked in sorted(unlike):
        typer.secho(
            f"warning: the driver asks {asked.hex(' ')}, which was never sent in this recording; "
            f"here it got the answer to {recorded.hex(' ')}",
            err=True,
            fg="yellow",
        )


def _heard(recorded: Recorded) -> list[bytes]:
    return [chunk.octets for chunk in recorded.chunks if not chunk.sent]
