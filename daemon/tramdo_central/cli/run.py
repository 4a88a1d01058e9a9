"""`tramdo-central run`: the receiver in the foreground."""

import asyncio
import signal

from tramdo.cli import logs
from tramdo.cli.exits import FAILED, leave
from tramdo.errors import TramdoError
from tramdo_central.books import Books
from tramdo_central.centralfile import Loaded, is_postgres
from tramdo_central.cli.files import CentralFile, load
from tramdo_central.opening import opened, url
from tramdo_central.receiver import Receiver


def run(file: CentralFile) -> None:
    """Receive until Ctrl-C or SIGTERM: store, acknowledge, ask again, forward."""
    loaded = load(file)
    logs.set_up()
    try:
        asyncio.run(_until_told_to_stop(loaded))
    except TramdoError as error:
        leave(str(error), FAILED)


async def _until_told_to_stop(loaded: Loaded) -> None:
    books = Books(lambda: opened(loaded))
    # A file does not come back by itself, as a server does; nor does a password.
    if not is_postgres(url(loaded)):
        await books.open()
    task = asyncio.create_task(Receiver(loaded, books).run(), name="receiver")
    told = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    stop = asyncio.create_task(told.wait(), name="stop")
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    await asyncio.wait([task])
    stop.cancel()
    await books.close()
    if not task.cancelled() and (error := task.exception()):
        raise error
