"""`tramdo probe`: what hangs on a port."""

import asyncio
import json
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.driver import installed
from tramdo.errors import PortLost
from tramdo.settings.values import NAME
from tramdo_probe.asking import ask, questions
from tramdo_probe.candidates import Candidate
from tramdo_probe.lines import ALLOWED, SETTING
from tramdo_probe.listening import Overheard, overhear
from tramdo_probe.places import Place, place
from tramdo_probe.report import body, glimpse, table
from tramdo_probe.section import section

_Port = Annotated[str, typer.Argument(help="Path, tcp://host:port or rfc2217://host:port.")]
_Ask = Annotated[
    list[str] | None,
    typer.Option(
        "--ask", metavar="DRIVER", help="Allow the read question of this driver (repeatable)."
    ),
]
_Line = Annotated[
    list[str] | None, typer.Option("--line", help='Only this line setting, such as "9600 8N1".')
]
_Write = Annotated[Path | None, typer.Option("--write", help="Add the section to this file.")]
_Name = Annotated[str, typer.Option("--name", help="What the section calls the instrument.")]
_Modbus = Annotated[bool, typer.Option("--modbus", help="Ask as a Modbus client; only reads.")]
_Unit = Annotated[int | None, typer.Option(min=0, max=255, help="Modbus: only this unit id.")]
_Start = Annotated[int, typer.Option(min=0, max=65535, help="Modbus: first register, from 0.")]
_Count = Annotated[int, typer.Option(min=2, max=512, help="Modbus: how many registers.")]
_Function = Annotated[int, typer.Option(min=3, max=4, help="Modbus: 3 holding, 4 input.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_UNKNOWN = """\
If they look like text, that is the speed, and the protocol is new here. If not, the speed or the
format may be an unusual one: look it up in the instrument's menu and give it with --line.
Keep bytes while a load is put on and taken off, for whoever writes the driver:
  tramdo record {port} unknown.txt --line '{line}'"""
_NOBODY = """\
Nothing came and nobody answered. Is it switched on, is this its port, are the wires right (RS-232:
2 and 3; RS-485: exchange A and B), does it have an address or a speed of its own in its menu?"""
_SILENT = """\
Nothing came. Either the wires are wrong (RS-232: exchange 2 and 3; RS-485: exchange A and B), or
it speaks only when asked. Nothing was sent; allow the question of what it may be:
  --ask one of {asking}
  --modbus for an instrument with Modbus"""


def probe(  # noqa: PLR0913  its parameters are the command's options
    port: _Port,
    *,
    asks: _Ask = None,
    lines: _Line = None,
    write: _Write = None,
    name: _Name = "scale-1",
    as_json: _Json = False,
    modbus: _Modbus = False,
    unit: _Unit = None,
    start: _Start = 0,
    count: _Count = 16,
    function: _Function = 3,
) -> None:
    """Find out what hangs on a port: listen first, and ask only what --ask allows.

    Without --ask nothing is sent. A question that only reads on one instrument may act on
    another: allow those of the instruments that it can be. The daemon must not hold the port.
    """
    where, allowed, settings = _place(port), _allowed(asks or []), _settings(lines or [])
    _fit_together(name, modbus=modbus, alone=bool(asks) or as_json, bus=unit is not None or start)
    if modbus:
        _bus(where, settings, (function, start, count, unit), write)
        return
    try:
        heard, found = asyncio.run(_probe(where, allowed, settings))
    except PortLost as lost:
        leave(_with_advice(lost), FAILED)
    if as_json:
        typer.echo(json.dumps(body(found), ensure_ascii=False, indent=1))
    else:
        _show(heard, found, allowed, port)
    if not found:
        raise typer.Exit(FAILED)
    _hand_over(section(found[0], where, name), write, quiet=as_json)


def _bus(
    where: Place, settings: list[str], asked: tuple[int, int, int, int | None], write: Path | None
) -> None:
    # Loaded here: whoever only listens need not wait for the register maps.
    from tramdo_probe.bus_command import Look, examine  # noqa: PLC0415

    function, start, count, unit = asked
    look = Look(function=function, start=start, count=count, unit=unit)
    try:
        text = asyncio.run(examine(where, settings, look, _tell))
    except PortLost as lost:
        leave(_with_advice(lost), FAILED)
    if text is None:
        raise typer.Exit(FAILED)
    _hand_over(text, write, quiet=False)


def _with_advice(lost: PortLost) -> str:
    advice = "; end that program first (the daemon: systemctl stop tramdo)"
    return f"{lost}{advice if 'in use' in str(lost) else ''}"


def _fit_together(name: str, *, modbus: bool, alone: bool, bus: object) -> None:
    if not re.fullmatch(NAME, name):
        allowed = "small letters, digits and hyphens, 1 to 32 of them"
        leave(f"--name: {name!r}; allowed: {allowed}", WRONG_SETTINGS)
    if modbus and alone:
        leave("--modbus asks by itself and prints tables: without --ask and --json", WRONG_SETTINGS)
    if bus and not modbus:
        leave("--unit and --start are for Modbus: add --modbus", WRONG_SETTINGS)


def _settings(lines: list[str]) -> list[str]:
    for one in lines:
        if not SETTING.fullmatch(one):
            said = f"--line: {one!r} is not a setting such as '9600 8N1'; allowed: {ALLOWED}"
            leave(said, WRONG_SETTINGS)
    return lines


def _place(port: str) -> Place:
    try:
        return place(port)
    except ValueError as error:
        leave(str(error), WRONG_SETTINGS)


def _asking() -> list[str]:
    return sorted(questions(list(installed())))


def _allowed(names: list[str]) -> list[str]:
    asking = _asking() if names else []
    for name in names:
        if name not in asking:
            leave(f"--ask: {name!r} asks nothing; allowed: {', '.join(asking)}", WRONG_SETTINGS)
    return list(dict.fromkeys(names))


async def _probe(
    where: Place, allowed: list[str], lines: list[str]
) -> tuple[Overheard, list[Candidate]]:
    settings = lines if where.has_settings else ["9600 8N1"]
    heard = await overhear(where.opener, settings or None, _tell)
    if heard.octets or not allowed:
        return heard, list(heard.candidates)
    _tell("nothing says anything by itself; asking what was allowed:")
    for name, requests in questions(allowed).items():
        _tell(f"  {name}: " + " or ".join(one.hex(" ") for one in requests))
    return heard, await ask(where.opener, allowed, settings, _tell)


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _show(heard: Overheard, found: list[Candidate], allowed: list[str], port: str) -> None:
    if found:
        Console().print(table(found))
    elif heard.octets:
        typer.echo(f"Bytes come, but no driver understands them. At {heard.setting}:")
        typer.echo(glimpse(heard.octets))
        typer.echo(_UNKNOWN.format(port=port, line=heard.setting))
    elif allowed:
        typer.echo(_NOBODY)
    else:
        typer.echo(_SILENT.format(asking=", ".join(_asking())))


def _hand_over(text: str, file: Path | None, *, quiet: bool) -> None:
    if file is not None:
        try:
            with file.open("a", encoding="utf-8") as station:
                station.write(f"\n{text}")
        except OSError as error:
            typer.echo(f"For the station file:\n\n{text}")
            leave(f"--write: {file}: {error.strerror}; nothing was written", FAILED)
        _tell(f"added to {file}; look it over with: tramdo check {file}")
    elif not quiet:
        typer.echo(f"For the station file:\n\n{text}")
