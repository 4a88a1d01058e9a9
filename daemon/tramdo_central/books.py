"""The ledger in a thread of its own; while its database is away, every question waits."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from tramdo.errors import TramdoError
from tramdo.plan import BackOff
from tramdo_central.database import LedgerError
from tramdo_central.ledger import Ledger
from tramdo_central.standing import Standing

LONGEST_WAIT = 30.0
T = TypeVar("T")


class Books:
    """Asks the ledger, one question at a time."""

    def __init__(self, opening: Callable[[], Ledger]) -> None:
        self._opening = opening
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._ledger: Ledger | None = None
        self.standing = Standing("ledger", good="open", state="opening")

    async def open(self) -> None:
        """Open the ledger once; raises `LedgerError`."""
        await self._in_thread(lambda _: None)
        self.standing.well()

    async def ask(self, work: Callable[[Ledger], T]) -> T:
        """Return what `work` returns, trying again until the database answers."""
        back_off = BackOff(first=0.5, limit=LONGEST_WAIT)
        while True:
            try:
                found = await self._in_thread(work)
            except TramdoError as error:
                self.standing.enter("away", str(error))
            else:
                self.standing.well()
                return found
            back_off = back_off.failed()
            await asyncio.sleep(back_off.delay * random.uniform(0.75, 1.0))

    async def _in_thread(self, work: Callable[[Ledger], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def _do(self, work: Callable[[Ledger], T]) -> T:
        if self._ledger is None:
            self._ledger = self._opening()
        return work(self._ledger)

    def _close(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            with suppress(LedgerError):
                ledger.close()

    async def close(self) -> None:
        """Close the ledger after what it is doing now."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)
