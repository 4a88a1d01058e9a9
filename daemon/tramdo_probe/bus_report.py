"""What was found on a Modbus line, for a terminal: sentences and tables. No I/O."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from tramdo_probe.bus_found import Found, Tried, UnitFound
from tramdo_probe.bus_judging import Ended
from tramdo_probe.bus_look import Looked
from tramdo_probe.bus_maps import Fit
from tramdo_probe.words_side_by_side import KINDS, ORDERS, Candidate, Pair

_STYLES = ("dim", "", "cyan", "bold green")


def sentences(found: Found) -> Iterator[str]:
    """Yield what was found and what to do about it, one sentence each."""
    if found.setting is None:
        yield from _nothing(found)
    else:
        where = found.setting or "Modbus TCP"
        yield f"{where}: {_list([one.unit for one in found.units])}."
        yield from _equal_settings(found)
        if found.wire == "tcp" and len(found.units) == len(found.asked) > 1:
            yield "Every unit id is answered: the server does not look at it."
    if found.echo:
        yield "The adapter hears its own questions; tramdo passes over them, nothing is to be done."
    if found.cut_short:
        yield f"The time was up after {found.seconds:.0f} s: not everything was asked."


def _list(units: Sequence[int]) -> str:
    if len(units) == 1:
        return f"unit {units[0]} answers"
    return f"units {', '.join(map(str, units))} answer"


def _nothing(found: Found) -> Iterator[str]:
    asked = sorted({unit for one in found.tried for unit in one.asked})
    ids = f"unit ids {asked[0]} to {asked[-1]}" if asked else "no unit id"
    tried = len([one for one in found.tried if not one.refused])
    settings = "1 setting" if tried == 1 else f"{tried} settings"
    yield f"Nothing answered: {ids} asked at {settings} in {found.seconds:.0f} s."
    if noisy := [one.setting for one in found.tried if one.noise and one.setting]:
        yield f"Bytes that are no answer came at {', '.join(noisy)}: something talks on this line."
    elif found.wire == "rtu":
        yield "Check that the instrument has power and speaks Modbus, and exchange A and B."


def _equal_settings(found: Found) -> Iterator[str]:
    others = {one.setting for one in found.tried if one.units} - {found.setting}
    if others:
        yield f"It also answers at {', '.join(sorted(others))}; take what the instrument is set to."


def settings_table(tried: Sequence[Tried]) -> Table:
    """Return a row for each setting: who answered, and how the other questions ended."""
    table = Table("setting", "asked", "units", "ended otherwise", "echo")
    for one in tried:
        units = ", ".join(map(str, one.units)) or "-"
        ended = Text(one.refused or _counts(one.errors))
        table.add_row(
            one.setting or "Modbus TCP",
            str(len(one.asked)),
            units,
            ended,
            "yes" if one.echo else "",
            style="green" if one.units else "",
        )
    return table


def units_table(units: Sequence[UnitFound]) -> Table:
    """Return a row for each unit: turn-around times, answers, errors, functions."""
    table = Table("unit", "usual ms", "worst ms", "answered", "errors", "functions")
    for one in units:
        functions = (f"{number}: {kind}" for number, kind in sorted(one.functions.items()))
        table.add_row(
            str(one.unit),
            _milliseconds(one.usual),
            _milliseconds(one.worst),
            f"{one.answered} of {one.asked}",
            _counts(one.errors),
            ", ".join(functions),
        )
    return table


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f}"


def _counts(errors: Mapping[str, int]) -> str:
    silent = {str(Ended.TIMEOUT): "no answer"}
    return ", ".join(f"{count} {silent.get(kind, kind)}" for kind, count in errors.items())


def pairs_table(looked: Looked, least: int = 0) -> Table:
    """Return two neighbouring registers a row, as each type in each word order.

    Only pairs with a candidate of the mark `least` are shown; stars are the marks.
    """
    table = Table("address", "words", "u16", "type", *ORDERS)
    for pair in looked.pairs:
        if pair.mark >= least:
            _add(table, pair)
    return table


def _add(table: Table, pair: Pair) -> None:
    head = (str(pair.address), "{:04X} {:04X}".format(*pair.words), str(pair.words[0]))
    for kind in KINDS:
        row = [pair.find(kind, order) for order in ORDERS]
        unsigned = [pair.find("u32", order).value for order in ORDERS]
        if kind == "i32" and [one.value for one in row] == unsigned:
            continue
        table.add_row(*head, kind, *map(_cell, row), end_section=kind == KINDS[-1])
        head = ("", "", "")


def _cell(one: Candidate) -> Text:
    if one.value is None:
        return Text("-", style="dim")
    shown = f"{one.value:f}" if abs(one.value) < 10**10 else f"{one.value:.3e}"
    return Text(f"{shown} {'*' * one.mark}".rstrip(), style=_STYLES[one.mark])


def fits_table(fits: Sequence[Fit]) -> Table:
    """Return a row for each map that was tried: its score, what it shows or why not."""
    table = Table("map", "score", "would show")
    for one in fits:
        style = "" if one.fits else "dim"
        table.add_row(one.map, str(one.score), Text("; ".join(one.shown) or one.why), style=style)
    return table
