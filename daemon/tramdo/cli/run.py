"""`tramdo run`: the daemon in the foreground."""

import asyncio
import gc
import signal
from typing import Annotated

import structlog
import typer

from tramdo.cli import logs
from tramdo.cli.check import StationFile, load
from tramdo.cli.exits import FAILED, leave
from tramdo.errors import TramdoError
from tramdo.station import Station
from tramdo.stationfile import Loaded


async def _until_told_to_stop(loaded: Loaded) -> None:
    station = Station(loaded)
    task = asyncio.create_task(station.run(), name="station")
    # A second signal changes nothing: it must not cut off the last commit.
    told = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    # What stands now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    structlog.get_logger().info("running", station=station.board.station, config=loaded.hash[:12])
    stop = asyncio.create_task(told.wait(), name="stop")
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    await asyncio.wait([task])
    stop.cancel()
    if not task.cancelled() and (error := task.exception()):
        raise error


def run(
    file: StationFile,
    *,
    wire: Annotated[bool, typer.Option("--wire", help="Log every byte on every line.")] = False,
) -> None:
    """Run the station until Ctrl-C or SIGTERM."""
    loaded = load(file)
    logs.set_up(wire=wire)
    try:
        asyncio.run(_until_told_to_stop(loaded))
    except TramdoError as error:
        leave(str(error), FAILED)
