"""`tramdo read`: one reading, without the daemon."""

import asyncio
import json
from typing import Annotated

import typer

from tramdo import build
from tramdo.cli.check import StationFile, load
from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.driver import Listening
from tramdo.errors import InstrumentError
from tramdo.events import reading_body
from tramdo.port import Dialogue
from tramdo.reading import Reading, in_unit
from tramdo.stationfile import Loaded


async def _read(loaded: Loaded, instrument: str) -> tuple[Reading, Dialogue]:
    """Open the line, take one reading, give the line back."""
    kept: list[Reading] = []
    done = asyncio.Event()

    def keep(reading: Reading) -> None:
        kept.append(reading)
        done.set()

    loop = asyncio.get_running_loop()
    poller = next(
        one
        for one in build.pollers(loaded, keep, loop.time, evidence=False)
        if any(seat.instrument == instrument for seat in one.seats)
    )
    poller.seats = [seat for seat in poller.seats if seat.instrument == instrument]
    task = asyncio.create_task(poller.run())
    first = asyncio.create_task(done.wait())
    await asyncio.wait([first, task], return_when=asyncio.FIRST_COMPLETED)
    if not kept:
        await task  # raises what ended it
    task.cancel()
    await asyncio.wait([task])
    return kept[0], poller.seats[0].dialogue


def _print_raw(dialogue: Dialogue) -> None:
    for one in dialogue.exchanges:
        typer.echo(f"  > {one.sent.hex(' ')}") if one.sent else None
        typer.echo(f"  < {one.received.hex(' ')}   {one.received!r}   {one.outcome}")


def read(
    file: StationFile,
    instrument: Annotated[str, typer.Argument(help="Instrument id in that file.")],
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Show the bytes sent and received.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read one instrument once. The daemon must not hold the port at the same time."""
    loaded = load(file)
    settings = {one.id: one for one in loaded.station.instruments}
    if instrument not in settings:
        leave(f"no instrument {instrument!r} in {file}; has {', '.join(settings)}", WRONG_SETTINGS)
    if not as_json and isinstance(loaded.drivers[instrument], Listening):
        typer.echo(f"listening for {settings[instrument].silence_s:g} s at most ...", err=True)
    reading, dialogue = asyncio.run(_read(loaded, instrument))
    reading = in_unit(reading, settings[instrument].unit)
    if raw:
        _print_raw(dialogue)
    if as_json:
        typer.echo(json.dumps(reading_body(reading), ensure_ascii=False))
    else:
        _print(reading)
    if isinstance(reading.error, InstrumentError):
        raise typer.Exit(FAILED)


def _print(reading: Reading) -> None:
    if reading.error is not None:
        typer.secho(f"{reading.instrument}: {reading.error.state}: {reading.error}", fg="red")
    for one in reading.indications:
        words = [str(one.value), one.unit or "(no unit)", one.basis or "", *one.flags]
        stable = {True: "stable", False: "moving", None: "stability not in the protocol"}
        text = " ".join(filter(None, words))
        typer.echo(f"{reading.instrument}: {one.quantity} {text}, {stable[one.stable]}")
