"""`tramdo probe --modbus`: who answers on a Modbus line, how, and what the registers may mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from rich.console import Console, RenderableType

from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.line import silence_seconds
from tramdo.port import Line
from tramdo_drivers.mapfiles import load_map
from tramdo_drivers.modbus.pdu import Span
from tramdo_probe.bus import TCP_FIRST, LineFor, Tell, Wanted, survey
from tramdo_probe.bus_asking import Way
from tramdo_probe.bus_found import Found, UnitFound
from tramdo_probe.bus_look import look
from tramdo_probe.bus_maps import Fit, fitting, shipped
from tramdo_probe.bus_report import (
    fits_table,
    pairs_table,
    sentences,
    settings_table,
    units_table,
)
from tramdo_probe.bus_section import drafted
from tramdo_probe.places import Place

SETTLE = 0.05
PLAUSIBLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which registers are laid side by side: `count` from `start` (counted from 0)."""

    function: int = 3
    start: int = 0
    count: int = 16
    unit: int | None = None


async def examine(where: Place, settings: list[str], asked: Look, tell: Tell) -> str | None:
    """Survey a line, print what was found, and return a station-file section, None if nobody.

    Only read questions are sent. Raises `PortLost`.
    """
    try:
        wanted = _wanted(where, settings, asked)
    except ValueError as error:
        leave(f"--{error}", WRONG_SETTINGS)
    found = await survey(_opened(where), wanted, tell)
    _print(settings_table(found.tried), *sentences(found))
    if found.setting is None or not found.units:
        return None
    _print(units_table(found.units))
    return await _examined(where, found, _chosen(found, asked), asked, tell)


def _wanted(where: Place, settings: list[str], asked: Look) -> Wanted:
    wanted = Wanted(function=asked.function)
    if not where.has_settings:
        wanted = replace(wanted, wire="tcp", first=TCP_FIRST)
    if asked.unit is not None:
        wanted = replace(wanted, first=(asked.unit,), rest=())
    return replace(wanted, settings=tuple(settings)) if settings else wanted


def _chosen(found: Found, asked: Look) -> UnitFound:
    return next((one for one in found.units if one.unit == asked.unit), found.units[0])


async def _examined(where: Place, found: Found, unit: UnitFound, asked: Look, tell: Tell) -> str:
    setting = found.setting or ""
    way = Way(wire=found.wire, setting=setting, patience=0.5)
    async with _opened(where)(setting) as line:
        span = Span(asked.function, asked.start, asked.count)
        looked = await look(line, way, unit.unit, span, tell)
        fits = await fitting(line, way, unit.unit, shipped(), tell)
    _print(
        f"Unit {unit.unit}, registers from {asked.start} as each type in each word order; more "
        "stars, more plausible:",
        pairs_table(looked, PLAUSIBLE),
        fits_table([one for one in fits if one.fits] or fits[:3]),
        "A number that looks right may still be another one: compare with the display under load.",
    )
    return _section(where, unit, setting, fits)


def _section(where: Place, unit: UnitFound, setting: str, fits: tuple[Fit, ...]) -> str:
    best = next((one for one in fits if one.fits), None)
    return drafted(where, setting, unit.unit, load_map(best.map) if best else None, unit.worst)


def _opened(where: Place) -> LineFor:
    @asynccontextmanager
    async def opened(setting: str) -> AsyncIterator[Line]:
        gap = 0.0
        if where.has_settings:
            speed, _, form = setting.partition(" ")
            gap = silence_seconds(int(speed), form)
        line = Line(name="probe", opener=where.opener(setting), gap=gap, settle=SETTLE)
        await line.open()
        try:
            yield line
        finally:
            await line.close()

    return opened


def _print(*parts: RenderableType) -> None:
    console = Console()
    for part in parts:
        console.print(part)
