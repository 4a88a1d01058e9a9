"""`tramdo compare`: all instruments of a journal side by side, without the daemon."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave

if TYPE_CHECKING:
    from tramdo.history.compare import Comparison
    from tramdo.history.words import Words

# The chance below which a lean towards the station is called one.
SIGNIFICANT = 0.05
_Journal = Annotated[Path, typer.Argument(metavar="JOURNAL", help="A journal, or a copy of one.")]
_Language = Annotated[str, typer.Option("--language", help="vi or en.")]


def compare(
    journal: _Journal = Path("tramdo.db"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    language: _Language = "vi",
) -> None:
    """Compare the latest errors: whom they favour, and who agrees with whom. It reads only."""
    from tramdo.errors import JournalError  # noqa: PLC0415
    from tramdo.history.compare import compare as compared  # noqa: PLC0415
    from tramdo.history.records import KINDS  # noqa: PLC0415
    from tramdo.history.words import LANGUAGES, words  # noqa: PLC0415
    from tramdo.journal.readonly import events_of  # noqa: PLC0415

    if language not in LANGUAGES:
        leave(f"--language {language}: allowed: {', '.join(LANGUAGES)}", WRONG_SETTINGS)
    try:
        found = compared(json.loads(row.message) for row in events_of(journal, KINDS, None))
    except (JournalError, ValueError) as error:
        leave(str(error), FAILED)
    if as_json:
        typer.echo(json.dumps(_body(found), ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(found, words(language))))


def _lines(found: "Comparison", say: "Words") -> list[str]:
    lines = [say("compare_title"), ""]
    heads = [say(name) for name in ("instrument", "date", "error", "mpe", "uncertainty", "share")]
    rows = [heads, *(_row(one) for one in _table(found))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    if found.favour is not None:
        on_side, count, p = found.favour.on_side, found.favour.count, f"{found.favour.p:.3g}"
        lines += ["", say("favour", on_side=on_side, count=count, p=p)]
        lines += [say("favour_bad")] if found.favour.p < SIGNIFICANT else []
    lines += [""] if found.agreements else []
    for one in found.agreements:
        verdict = say("agrees" if one.agrees else "disagrees")
        facts = {"first": one.first, "second": one.second, "reference": one.reference}
        lines.append(say("agree", en=f"{one.en:+.2f}", verdict=verdict, **facts))
    return lines


def _table(found: "Comparison") -> list[dict[str, Any]]:
    return [
        {
            "instrument": one.instrument,
            "point": one.entry.point,
            "at": one.entry.at.isoformat(),
            "error": f"{one.entry.error:f}",
            "mpe": None if one.entry.mpe is None else f"{one.entry.mpe:f}",
            "uncertainty": None if one.entry.uncertainty is None else f"{one.entry.uncertainty:f}",
            "unit": str(one.entry.unit),
            "share": None if one.entry.ratio is None else round(float(one.entry.ratio), 3),
        }
        for one in found.latest
    ]


def _row(one: dict[str, Any]) -> list[str]:
    share = "?" if one["share"] is None else f"{one['share']:+.0%}"
    error = f"{'' if one['error'].startswith('-') else '+'}{one['error']} {one['unit']}"
    figures = [error, one["mpe"] or "?", one["uncertainty"] or "?", share]
    return [one["point"], one["at"][:10], *figures]


def _body(found: "Comparison") -> dict[str, Any]:
    favour = found.favour
    return {
        "latest": _table(found),
        "favour": favour and {"on_side": favour.on_side, "count": favour.count, "p": favour.p},
        "agreements": [
            {
                "first": one.first,
                "second": one.second,
                "reference": one.reference,
                "en": round(one.en, 3),
                "agrees": one.agrees,
            }
            for one in found.agreements
        ],
    }
