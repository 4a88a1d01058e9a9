"""`tramdo simulate-history`: months of simulated checks for `tramdo history` to show."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from tramdo import limits, stationfile
from tramdo.errors import TramdoError
from tramdo.settings.values import seconds
from tramdo.stationfile import Loaded
from tramdo_simulators.fast_forward import Life, Outcome
from tramdo_simulators.history import StampOf, Told, history, summary, write
from tramdo_simulators.peers import MONTH_DAYS, Ageing
from tramdo_simulators.scale import DAY

MONTH = MONTH_DAYS * DAY
CHECKED_AT = time(1, tzinfo=UTC)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The station file (TOML).")]
_Months = Annotated[float, typer.Option(min=0.1, help="How long, in months of 30 days.")]
_Every = Annotated[str, typer.Option(metavar="TIME", help='How often it is checked: "7 d".')]
_Drift = Annotated[
    list[str] | None,
    typer.Option(metavar="ID=E", help="Drift in e a month at the reference (repeatable)."),
]
_Adjust = Annotated[
    list[str] | None,
    typer.Option(metavar="ID=MONTH", help="Adjusted after so many months (repeatable)."),
]
_Noise = Annotated[float, typer.Option(min=0, help="Noise, standard deviation in e.")]
_Seed = Annotated[int, typer.Option(help="Seed: equal seeds give equal histories.")]
_Begin = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="First day (default: so that it ends today)."),
]
_Journal = Annotated[
    Path | None, typer.Option(help="The journal to write (default: that of the station file).")
]


def simulate_history(  # noqa: PLR0913 - its parameters are the command's options
    file: _File,
    *,
    months: _Months = 18.0,
    every: _Every = "7 d",
    drift: _Drift = None,
    adjust: _Adjust = None,
    noise: _Noise = 0.15,
    seed: _Seed = 0,
    begin: _Begin = None,
    journal: _Journal = None,
) -> None:
    """Write a journal with months of simulated checks, at full speed, for `tramdo history`.

    Try: tramdo simulate-history station.toml --months 18 --drift scale-a=0.1 --adjust scale-a=12
    """
    try:
        loaded = stationfile.read(file, known_rules=limits.available([file.parent / "limits"]))
        period = seconds(every)
    except TramdoError as error:
        raise typer.BadParameter(str(error)) from error
    except PydanticCustomError as error:
        raise typer.BadParameter(f'--every: {every!r}; allowed: such as "7 d", "12 h"') from error
    upto = months * MONTH
    day = begin.date() if begin else datetime.now(UTC).date() - timedelta(seconds=upto)
    first = _first(day)
    rates, adjusted = _pairs(loaded, "--drift", drift), _pairs(loaded, "--adjust", adjust)
    tolds = list(_lives(loaded, rates, adjusted, Ageing(noise=noise, seed=seed), first))
    where = journal or loaded.beside(loaded.station.journal.path)
    events = history(loaded, tolds, StampOf(first), upto=upto, every=period)
    try:
        count = write(where, loaded.station.station.id, events)
    except (TramdoError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(f"{where}: {count} events, {day} to {day + timedelta(seconds=upto)}, simulated.")
    for told in tolds:
        typer.echo(summary(Outcome(instrument=told.life.instrument, done=tuple(told.done))))


def _first(day: date) -> datetime:
    return datetime.combine(day, CHECKED_AT)


def _pairs(loaded: Loaded, option: str, texts: list[str] | None) -> dict[str, float]:
    """Return what "scale-a=0.1" and the like say."""
    known = [one.id for one in loaded.station.instruments]
    found = {}
    for text in texts or ():
        name, _, number = text.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            name = ""
        if name not in known:
            raise typer.BadParameter(
                f"{option}: {text!r}; allowed: an instrument ({', '.join(known)}), =, a number"
            )
    return found


def _lives(
    loaded: Loaded,
    rates: dict[str, float],
    adjusted: dict[str, float],
    common: Ageing,
    begin: datetime,
) -> Iterator[Told]:
    checked = {one.instrument for one in loaded.station.checks}
    names = [one.id for one in loaded.station.instruments if one.id in checked]
    for turn, name in enumerate(names):
        ageing = Ageing(
            drift=rates.get(name, 0.0), noise=common.noise, seed=common.seed * 1000 + turn
        )
        try:
            life = Life(loaded, name, ageing, begin=begin)
        except ValueError as error:
            typer.secho(f"left out: {error}", err=True, fg="yellow")
            continue
        month = adjusted.get(name)
        yield Told(life, None if month is None else month * MONTH)
