"""An instrument's history for a terminal of 80 columns. No I/O.

Every state has a sign and a word: nothing depends on colour.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Literal

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tramdo.history.plot import plot
from tramdo.history.records import Adjustment, Entry, Run
from tramdo.history.sentences import after
from tramdo.history.series import History, Mark, Segment, Series
from tramdo.history.words import Words, minute, printable, words, zone_name

LAST = 20
SIGNS = {
    "within": ("✔", "green"),
    "pass": ("✔", "green"),
    "conditional_pass": ("✔", "yellow"),
    "conditional_fail": ("!", "yellow"),
    "exceeds": ("✖", "bold red"),
    "fail": ("✖", "bold red"),
    "undecided": ("?", "yellow"),
    "learning": ("…", "dim"),
    "in_control": ("✔", "green"),
    "warning": ("!", "yellow"),
    "out_of_control": ("✖", "bold red"),
}
COLUMNS = ("date", "error", "mpe", "uncertainty", "share", "verdict", "chart")
NUMBERS = ("error", "mpe", "uncertainty", "share")


def page(
    found: History,
    *,
    language: str = "vi",
    last: int = LAST,
    width: int = 80,
    zone: tzinfo | None = UTC,
) -> RenderableType:
    """Return a history as text; `last` results per point, times in `zone` (None: local)."""
    say = words(language)
    parts: list[RenderableType] = [Text(say("title", instrument=found.instrument), style="bold")]
    if not found.series:
        parts.append(Text(say("nothing")))
    for series in found.series:
        parts += [Text(""), *_series(series, say, last, width, zone)]
    parts += [*_runs(found, say, zone), *_alerts(found, say, last, zone)]
    if not found.series:
        parts += [Text(_adjusted(one, say, zone)) for one in found.adjustments]
    return Group(*parts)


def _series(
    series: Series, say: Words, last: int, width: int, zone: tzinfo | None
) -> Iterator[RenderableType]:
    entry = series.entries[-1]
    yield Text(say("point", point=series.point), style="bold")
    known = "d_known" if series.d_known else "d_inferred"
    yield Text(
        say(
            "about",
            reference=entry.reference,
            value=entry.reference_value,
            reference_unit=entry.reference_unit,
            rules=entry.rules,
            unit=series.unit,
            zone=zone_name(entry.at, zone),
        )
    )
    yield Text(say(known, d=f"{series.d:f}", unit=series.unit))
    shown = series.marks[-last:]
    if older := len(series.marks) - len(shown):
        yield Text(say("more", count=older), style="dim")
    yield from _tables(series, {one.entry.seq for one in shown}, say, zone)
    if len(shown) > 1:
        yield Text("")
        yield Group(*(Text(line, no_wrap=True) for line in plot(series, shown, width)))
        yield Text(_ends(shown, zone, width), style="dim")
        yield Text(say("plot_key"), style="dim")
    yield from map(Text, after(series, say, zone))


def _ends(marks: Sequence[Mark], zone: tzinfo | None, width: int) -> str:
    times = [one.entry.at for one in marks]
    first, end = minute(min(times), zone)[:10], minute(max(times), zone)[:10]
    return f"{'':10}{first}{end:>{width - 10 - len(first)}}"


def _tables(
    series: Series, shown: set[int], say: Words, zone: tzinfo | None
) -> Iterator[RenderableType]:
    """Yield the results as one table, cut where a segment begins."""
    cells = {
        one.entry.seq: _cells(one, say, zone) for one in series.marks if one.entry.seq in shown
    }
    heads = [Text(say(name)) for name in COLUMNS]
    widths = [
        max(one.cell_len for one in column) for column in zip(heads, *cells.values(), strict=True)
    ]
    yield _table(widths, heads, [])
    left = len(series.marks)
    for number, segment in enumerate(series.segments):
        rows = [cells[one.entry.seq] for one in segment.marks if one.entry.seq in cells]
        # A segment that began among results which are not listed has its line not listed either.
        if (number or segment.adjustment) and left <= len(cells):
            yield Text(_broken(segment, say, zone), style="bold")
        left -= len(segment.marks)
        if rows:
            yield _table(widths, None, rows)


def _table(
    widths: Sequence[int], heads: Sequence[Text] | None, rows: Iterable[Sequence[Text]]
) -> Table:
    grid = Table(
        box=box.SIMPLE_HEAD,
        show_header=heads is not None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for n, (name, width) in enumerate(zip(COLUMNS, widths, strict=True)):
        side: Literal["left", "right"] = "right" if name in NUMBERS else "left"
        head = heads[n] if heads else ""
        grid.add_column(head, justify=side, no_wrap=True, width=width, header_style="dim")
    for row in rows:
        grid.add_row(*row)
    return grid


def _broken(segment: Segment, say: Words, zone: tzinfo | None) -> str:
    if segment.adjustment is None:
        return f"┊ {say('other_series')}"
    return f"│ {_adjusted(segment.adjustment, say, zone)}"


def _adjusted(one: Adjustment, say: Words, zone: tzinfo | None) -> str:
    return say(
        "adjustment",
        at=minute(one.at, zone),
        by=one.by or "–",
        why=one.why or "–",
        seal_before=one.seal_before or "–",
        seal_after=one.seal_after or "–",
    )


def _cells(mark: Mark, say: Words, zone: tzinfo | None) -> list[Text]:
    entry = mark.entry
    return [
        Text(minute(entry.at, zone)),
        Text(f"{entry.error:+f}"),
        Text("–" if entry.mpe is None else f"{entry.mpe.normalize():f}"),
        Text("–" if entry.uncertainty is None else f"{entry.uncertainty:f}"),
        Text("–" if entry.ratio is None else f"{float(entry.ratio):+.0%}"),
        _state(entry.conformity, say),
        _chart(entry, say),
    ]


def _state(state: str, say: Words) -> Text:
    sign, style = SIGNS.get(state, ("?", ""))
    return Text(f"{sign} {say.of(state)}", style=style)


def _chart(entry: Entry, say: Words) -> Text:
    if not entry.counted:
        return Text(f"○ {say('not_counted')}", style="bold")
    if not entry.charted:
        return Text(f"○ {say('not_charted')}", style="dim")
    return _state(entry.figures.control, say)


def _runs(found: History, say: Words, zone: tzinfo | None) -> Iterator[RenderableType]:
    if found.runs:
        yield Text("")
        yield Text(say("runs"), style="bold")
    for run in found.runs:
        yield Text(_run(run, found, say, zone))


def _run(run: Run, found: History, say: Words, zone: tzinfo | None) -> str:
    count = sum(one.run == run.id for series in found.series for one in series.entries)
    text = say(
        "run",
        at=minute(run.begun, zone) if run.begun else "–",
        check=run.check or "–",
        operator=run.operator or "–",
        how=say.of(run.how),
        count=count,
    )
    return "; ".join(filter(None, (text, printable(run.why))))


def _alerts(found: History, say: Words, last: int, zone: tzinfo | None) -> Iterator[RenderableType]:
    if found.alerts:
        yield Text("")
        yield Text(say("alerts"), style="bold")
    for one in found.alerts[-last:]:
        told = printable(f"{one.about}: {say.of(one.alert)}; {one.why}")
        yield Text(f"{minute(one.at, zone)}  {told}")
