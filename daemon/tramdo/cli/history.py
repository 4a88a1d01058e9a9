"""`tramdo history`: what the journal says of one instrument, without the daemon."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave

if TYPE_CHECKING:
    from tramdo.drift import ChartSettings
    from tramdo.history.series import History, ScaleInterval
    from tramdo.settings.instruments import CheckSettings, InstrumentSettings

STATION_FILE = Path("station.toml")


class _Source(NamedTuple):
    """Where the journal is, and what the station file says beside it."""

    journal: Path
    d: "ScaleInterval | None" = None
    settings: "Mapping[str, ChartSettings] | None" = None
    language: str = "vi"


def history(  # noqa: PLR0913  the options of a command
    instrument: Annotated[str, typer.Argument(help="Instrument id.")],
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="The station file (default ./station.toml).")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option("--journal", help="A journal, or a copy of one.")
    ] = None,
    point: Annotated[str | None, typer.Option("--point", help="Only this reference point.")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="How many results to list.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a row a result.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw into this .svg file or folder.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="vi or en (default: the station file's).")
    ] = None,
) -> None:
    """Show an instrument's checks, charts and dates. It reads only; the daemon may be running."""
    source = _source(instrument, file, journal)
    say = language or source.language
    if say not in ("vi", "en"):
        leave(f"--language {say}: allowed: vi, en", WRONG_SETTINGS)
    found = _only(_found(instrument, source), point)
    if svg is not None:
        _draw(found, svg, say)
    if as_csv or as_json:
        from tramdo.history import tables  # noqa: PLC0415  other commands start without it

        typer.echo(tables.csv_text(found) if as_csv else tables.json_text(found), nl=as_json)
    elif svg is None:
        _print(found, say, last)


def _source(instrument: str, file: Path | None, journal: Path | None) -> _Source:
    if file is None and journal is not None:
        return _Source(journal)
    from tramdo.cli.check import load  # noqa: PLC0415

    loaded = load(file or STATION_FILE)
    station = loaded.station
    return _Source(
        journal or loaded.beside(station.journal.path),
        _scale_interval(instrument, station.instruments),
        {one.id: _settings(one) for one in station.checks},
        station.station.language,
    )


def _scale_interval(
    instrument: str, plates: "Iterable[InstrumentSettings]"
) -> "ScaleInterval | None":
    from tramdo.build.checks import FINEST  # noqa: PLC0415
    from tramdo.history.series import ScaleInterval  # noqa: PLC0415

    found = (one for one in plates if one.id == instrument)
    return next((ScaleInterval(one.d or one.e or FINEST, one.unit) for one in found), None)


def _settings(check: "CheckSettings") -> "ChartSettings":
    from tramdo.drift import ChartSettings  # noqa: PLC0415

    return ChartSettings(decides=check.chart)


def _found(instrument: str, source: _Source) -> "History":
    from tramdo.errors import JournalError  # noqa: PLC0415
    from tramdo.history.records import KINDS  # noqa: PLC0415
    from tramdo.history.series import history as made  # noqa: PLC0415
    from tramdo.journal.readonly import events_of  # noqa: PLC0415

    try:
        rows = events_of(source.journal, KINDS, instrument)
        if not rows:
            known = sorted({row.instrument for row in events_of(source.journal, KINDS, None)})
            has = ", ".join(known) or "no checks at all"
            leave(f"no instrument {instrument!r} in {source.journal}; has {has}", WRONG_SETTINGS)
        return made(map(json.loads, (row.message for row in rows)), instrument, *source[1:3])
    except (JournalError, ValueError) as error:
        leave(str(error), FAILED)


def _only(found: "History", point: str | None) -> "History":
    if point is None:
        return found
    series = tuple(one for one in found.series if one.point == point)
    if not series:
        points = ", ".join(dict.fromkeys(one.point for one in found.series)) or "none"
        leave(f"{found.instrument} has no point {point!r}; has {points}", WRONG_SETTINGS)
    return replace(found, series=series)


def _draw(found: "History", place: Path, language: str) -> None:
    from tramdo.history.picture import file_name, picture  # noqa: PLC0415

    to_file = place.suffix == ".svg" and not place.is_dir()
    if to_file and len(found.series) != 1:
        points = ", ".join(one.point for one in found.series) or "none"
        leave(f"{place}: one file holds one point; give a folder, or --point: {points}", FAILED)
    try:
        if not to_file:
            place.mkdir(parents=True, exist_ok=True)
        for one in found.series:
            path = place if to_file else place / file_name(one, found.instrument)
            drawn = picture(one, found.instrument, language=language, zone=None)
            path.write_text(drawn, encoding="utf-8")
            typer.echo(f"{path}", err=True)
    except OSError as error:
        leave(f"{place}: {error.strerror}", FAILED)


def _print(found: "History", language: str, last: int) -> None:
    from rich.console import Console  # noqa: PLC0415

    from tramdo.history.text import page  # noqa: PLC0415

    console = Console(highlight=False)
    width = max(80, console.width)
    console.print(page(found, language=language, last=last, width=width, zone=None))
