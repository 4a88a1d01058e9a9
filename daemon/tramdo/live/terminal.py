"""The board in a terminal: a picture in, a table out. No I/O."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
# A word and a sign for every state, because colour alone says nothing in the sun.
STATES = {"ok": ("●", "green"), "starting": ("○", "dim")}
CONFORMITY = {
    "within": ("✔ within", "green"),
    "exceeds": ("✖ EXCEEDS", "bold red"),
    # Guarded by U: "by less than U" is a question to a better check.
    "pass": ("✔ pass", "green"),
    "conditional_pass": ("✔ pass?", "yellow"),
    "conditional_fail": ("✖ fail?", "bold yellow"),
    "fail": ("✖ FAIL", "bold red"),
    "undecided": ("? undecided", "yellow"),
}
# 80 columns hold what a technician must see; from here on there is room for more.
WIDE = 120
BARS_SHOWN, BARS_SHOWN_WIDE = 8, 12
LABEL_SHOWN = 22
NAME_SHOWN = 13
HEADS = ("id", "shows", "state", "error / MPE", "limits", "errors", "chart", "checked")
NUMBERS = ("shows", "error / MPE")
Cells = dict[str, Text]
CONTROL = {
    "learning": ("… learning", "dim"),
    "in_control": ("✔ in control", "green"),
    "warning": ("! warning", "yellow"),
    "out_of_control": ("✖ drifting?", "bold red"),
}
# Where the last check was made before the instrument was adjusted.
ADJUSTED = Text("↻ adjusted", style="yellow")
MAIN_QUANTITIES = ("weight", "volume", "volume_total", "mass_total")


def age(since: str, now: datetime) -> str:
    """Return how long ago an ISO instant was, in the largest unit that says enough."""
    seconds = max(0, round((now - datetime.fromisoformat(since)).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def spark(ratios: list[float]) -> str:
    """Draw errors as shares of the MPE, -1 at the bottom and +1 at the top."""
    top = len(BARS) - 1
    return "".join(BARS[round((max(-1.0, min(1.0, one)) + 1) / 2 * top)] for one in ratios)


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters, its end marked where it was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"


def value(row: dict[str, Any]) -> Text:
    """Return what it shows; an old value is in brackets and struck out, a moving one has a ~."""
    values = row.get("values") or row.get("last_values") or []
    ranked = [one for name in MAIN_QUANTITIES for one in values if one["quantity"] == name]
    ranked = ranked or values
    if not ranked:
        return Text("–")
    one = ranked[0]
    moving = " ~" if one.get("stable") is False else ""
    text = f"{one['value']} {one['unit'] or '?'}{moving}"
    return Text(text, style="bold") if "values" in row else Text(f"({text})", style="dim strike")


def state(row: dict[str, Any], now: datetime) -> Text:
    """Return the named state with its sign and since when."""
    sign, style = STATES.get(row["state"], ("✖", "bold red"))
    return Text(f"{sign} {row['state'].replace('_', ' ')} {age(row['since'], now)}", style=style)


def _digits(number: str, mpe: str | None) -> str:
    """Return a number without zeros at its end, to three digits of the MPE where there is one."""
    value = Decimal(number)
    finest = Decimal(mpe or 0).adjusted() - 2
    if mpe and finest < 0:
        value = round(value, -finest)
    return f"{value.normalize() + 0:f}"


def _error(check: dict[str, Any]) -> Text:
    mpe = check["mpe"]
    error = _digits(check["error"], mpe)
    sign = "" if error.startswith("-") else "+"
    limit = _digits(mpe, mpe) if mpe else "?"
    return Text(f"{sign}{error} / ±{limit}")


def _control(check: dict[str, Any]) -> Text:
    return Text(*CONTROL[check["control"]])


def _check_cells(check: dict[str, Any], now: datetime, *, wide: bool) -> Cells:
    shown = BARS_SHOWN_WIDE if wide else BARS_SHOWN
    return {
        "error / MPE": _error(check),
        "limits": Text(*CONFORMITY[check["conformity"]]),
        "errors": Text(spark(check["history"][-shown:]), style="cyan"),
        "chart": ADJUSTED.copy() if check.get("before_adjustment") else _control(check),
        "checked": Text(f"{age(check['at'], now)} ago", style="dim"),
    }


def _rows(row: dict[str, Any], now: datetime, *, wide: bool) -> list[Cells]:
    name = Text(row["instrument"], style="bold")
    if wide and row["label"]:
        name.append(f"  {shorten(row['label'], LABEL_SHOWN)}", style="dim not bold")
    head = {"id": name, "shows": value(row), "state": state(row, now)}
    if not row["checks"]:
        return [{**head, "error / MPE": Text("no check yet", style="dim")}]
    found = [_check_cells(one, now, wide=wide) for one in row["checks"].values()]
    if len(found) == 1:
        return [{**head, **found[0]}]
    names = [one if wide else shorten(one, NAME_SHOWN) for one in _names(row)]
    return [
        head,
        *({"id": Text(f" {one}"), **cells} for one, cells in zip(names, found, strict=True)),
    ]


def _names(row: dict[str, Any]) -> list[str]:
    """Return what tells the points of one instrument apart, as short as that can be said."""
    points = [one.removeprefix(f"{row['instrument']}-") for one in row["checks"]]
    short = [one.rsplit("/", 1)[-1] for one in points]
    return [
        last if short.count(last) == 1 else full for last, full in zip(short, points, strict=True)
    ]


def notes(row: dict[str, Any], now: datetime) -> list[Text]:
    """Return what stands below the table: a cause, guided runs, dates and standing signals."""
    name = row["instrument"]
    found = [Text(f"{name}: {row['cause']}", style="red")] if row.get("cause") else []
    for run in row.get("guided", ()):
        done = f"{run['done']} of {run['of']} steps"
        who = f"{run['check']}, {done}, by {run['operator']}"
        found.append(Text(f"{name}: guided check under way: {who}", style="bold cyan"))
    found += [
        Text(f"{point}: {_ahead(check['dates'], now)}", style="yellow")
        for point, check in row["checks"].items()
        if check.get("dates")
    ]
    if signals := row.get("signals", {}).get("signals"):
        told = ", ".join(signals).replace("_", " ")
        found.append(Text(f"{name}: between checks: {told}", style="yellow"))
    return found


def _ahead(dates: dict[str, Any], now: datetime) -> str:
    """Return the dates on which the trend reaches the MPE; days, here."""
    days = [
        datetime.fromisoformat(at).astimezone(now.tzinfo).date().isoformat() if at else "far off"
        for at in (dates[key] for key in ("expected", "act_by", "latest"))
    ]
    return "trend reaches the MPE about {}, act by {}, at the latest {}".format(*days)


def title(board: dict[str, Any]) -> Text:
    """Return the lines above the table: station and way to the broker; the record."""
    parts = [("tramdo ", "bold"), (board["station"], "bold cyan")]
    if broker := board.get("broker"):
        style = "green" if broker["state"] == "online" else "bold red"
        parts.append((f"  MQTT {broker['state']}", style))
        parts.append((f", {broker['waiting']} waiting for {_whose_word(broker)}", "dim"))
    parts.append((f"  clock {board.get('clock', 'unknown')}", "dim"))
    if journal := board.get("journal"):
        parts += [("\n", ""), *_record(journal)]
    return Text.assemble(*parts)


def _whose_word(broker: dict[str, Any]) -> str:
    """Return who says that an event is delivered: a broker's word is the weaker one."""
    return "the central" if broker.get("promise") == "central" else "the broker"


def _record(journal: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return whether events are recorded, how much room they have, what the card endures."""
    if journal["failing"]:
        yield f"NOT RECORDING: {journal['failing']}", "bold red"
        return
    if journal.get("state") == "evidence_only":
        yield "DISK FULL: checks and alerts only  ", "bold red"
    yield f"{journal['events']} events recorded", "dim"
    if (hours := journal.get("hours_left")) is not None:
        yield f", room for {_span(hours)} of outage", "dim"
    if (many := journal.get("bytes_written_per_day")) is not None:
        yield f", {many / 1e6:.0f} MB written a day", "dim"


def _span(hours: float) -> str:
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"


def table(board: dict[str, Any], now: datetime | None = None, width: int = 80) -> RenderableType:
    """Return the board drawn for a terminal of that width; 80 columns are enough."""
    now = now or datetime.now(UTC)
    wide = width >= WIDE
    rows = [one for row in board["instruments"] for one in _rows(row, now, wide=wide)]
    heads = _that_fit(rows, width)
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    for head in heads:
        # A number that is cut reads as another number: these columns keep their width.
        least = _natural(rows, head) if head in NUMBERS else None
        grid.add_column(head, no_wrap=True, min_width=least, header_style="dim")
    for cells in rows:
        grid.add_row(*(cells.get(head, "") for head in heads))
    below = [one for row in board["instruments"] for one in notes(row, now)]
    return Group(title(board), Text(""), grid, *below)


def _natural(rows: list[Cells], head: str) -> int:
    return max([cell_len(head), *(one[head].cell_len for one in rows if head in one)])


def _that_fit(rows: list[Cells], width: int) -> list[str]:
    """Return the columns for this width; when it is too small, the pictures go first."""
    heads = list(HEADS)
    for least in ("checked", "errors", "chart"):
        if sum(_natural(rows, head) + 1 for head in heads) <= width:
            break
        heads.remove(least)
    return heads
