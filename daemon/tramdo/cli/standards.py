"""`tramdo standards`, `tramdo import-standards`: the register of check standards."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tramdo import clock, limits
from tramdo.cli.check import StationFile, load
from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.errors import TramdoError
from tramdo.settings.instruments import Reference
from tramdo.standards import dcc, table
from tramdo.standards.choice import Wish, reference_of
from tramdo.standards.register import standing
from tramdo.standards.source import Imported, Source, StandardsError
from tramdo.standards.tomltext import written
from tramdo.standards.uses import Use, uses

_DAY = ["%Y-%m-%d"]
# From here on kind and nominal value have room beside certificate, last day and standing.
WIDE = 110
On = Annotated[
    datetime | None,
    typer.Option(formats=_DAY, metavar="DATE", help="The day to judge on (default: today, here)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...", help="Certificates (.xml, DCC 3.x) or tables (.csv, see the columns)."
    ),
]
Id = Annotated[str | None, typer.Option("--id", help="The id it gets in the station file.")]
Until = Annotated[
    datetime | None,
    typer.Option("--valid-until", formats=_DAY, metavar="DATE", help="The last good day."),
]
Number = Annotated[
    int | None, typer.Option("--result", metavar="N", help="Which value of the certificate.")
]
Kind = Annotated[str | None, typer.Option(help="What it is: weight, proving_can or master_meter.")]


def standards(file: StationFile, on: On = None, as_json: Json = False) -> None:
    """List the check standards of a station: certificate, standing, and what each is good for."""
    loaded = load(file)
    today = on.date() if on else clock.local_day(clock.now().at)
    found = uses(loaded.station, lambda name: limits.load(name, [loaded.folder / "limits"]), today)
    rows = [
        (one, [use for use in found if one.id in use.standards])
        for one in loaded.station.references
    ]
    if as_json:
        typer.echo(json.dumps([_plain(*row, today) for row in rows], ensure_ascii=False, indent=2))
    else:
        console = Console()
        console.print(_table(loaded.station.references, today, console.width))
        typer.echo("\n".join(map(str, found)) or "No check uses a check standard.")


def import_standards(
    sources: Sources,
    name: Id = None,
    valid_until: Until = None,
    result: Number = None,
    kind: Kind = None,
) -> None:
    r"""Print certificates and tables as \[\[reference]] tables, ready for: >> station.toml.

    Columns of a table: id, kind, nominal, value, unit, expanded_uncertainty, certificate,
    valid_until, traceability. Where anything is refused nothing is printed.
    """
    until = valid_until.date() if valid_until else None
    wish = Wish(id=name, kind=kind, result=result, valid_until=until)
    _fitting(sources, wish)
    found: list[Imported] = []
    problems: list[str] = []
    for path in sources:
        try:
            found += _read(path, wish)
        except StandardsError as error:
            problems += [_said(path, error, line) for line in str(error).split("\n")]
    if problems:
        leave("\n".join(problems), FAILED)
    typer.echo("".join(map(written, found)), nl=False)


def _table(references: Iterable[Reference], on: date, width: int) -> Table:
    """Return the register; on a narrow terminal without what the station file says anyway."""
    wide = width >= WIDE
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for head in _columns(wide=wide):
        made.add_column(head, overflow="fold")
    for one in references:
        cells = {
            "id": one.id,
            "kind": one.kind,
            "nominal": "" if one.nominal is None else f"{one.nominal:f} {one.unit}",
            "certified": f"{one.value:f} {one.unit}",
            "U": f"{one.expanded_uncertainty:f} {one.unit}",
            "certificate": escape(one.certificate),
            "until": one.valid_until.isoformat(),
            "standing": str(standing(one.valid_until, on)),
        }
        made.add_row(*(cells[head] for head in _columns(wide=wide)))
    return made


def _columns(*, wide: bool) -> list[str]:
    heads = ("id", "kind", "nominal", "certified", "U", "certificate", "until", "standing")
    return [head for head in heads if wide or head not in ("kind", "nominal")]


def _plain(one: Reference, uses: list[Use], on: date) -> dict[str, Any]:
    now = standing(one.valid_until, on)
    return one.model_dump(mode="json") | {
        "standing": {"state": now.state, "days": now.days, "within": now.within},
        "uses": [
            {
                "check": use.check,
                "instrument": use.instrument,
                "standards": use.standards,
                "mpe": None if use.mpe is None else f"{use.mpe:f}",
                "unit": use.unit,
                "suitable": use.why is None,
                "why": use.why,
            }
            for use in uses
        ],
    }


def _fitting(sources: list[Path], wish: Wish) -> None:
    """Refuse options that could be meant for more than one file, or for a table."""
    single = {"--id": wish.id, "--kind": wish.kind, "--result": wish.result}
    given = [option for option, value in single.items() if value is not None]
    if given and len(sources) > 1:
        leave(f"{', '.join(given)}: {len(sources)} files; allowed: one certificate", WRONG_SETTINGS)
    given += ["--valid-until"] if wish.valid_until else []
    if given and any(path.suffix.lower() == ".csv" for path in sources):
        leave(f"{', '.join(given)}: a table says it itself; allowed: .xml only", WRONG_SETTINGS)


def _read(path: Path, wish: Wish) -> tuple[Imported, ...]:
    suffix = path.suffix.lower()
    if suffix not in (".xml", ".csv"):
        raise StandardsError(f"is {suffix or 'without an ending'}; allowed: .xml (DCC) and .csv")
    try:
        source = Source(name=path.name, content=path.read_bytes())
    except OSError as error:
        raise StandardsError(f"cannot be read: {error.strerror}") from None
    if suffix == ".csv":
        return table.read(source)
    return (reference_of(dcc.parse(source.content), wish, source),)


def _said(path: Path, error: TramdoError, line: str) -> str:
    lined = isinstance(error, StandardsError) and error.problems
    return line if lined or line.startswith(" ") else f"{path}: {line}"
