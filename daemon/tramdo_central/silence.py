"""Stations that fall silent: said by the broker, or nothing heard for too long."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from tramdo_central.books import Books
from tramdo_central.ledger import Ledger

LOOK_EVERY = 5.0
# Nobody is silent for that long: only those that are said to be offline are left.
FOR_EVER = timedelta(days=36_500)


class Silences:
    """Lets the ledger look for silent stations; it puts each into the outbox once.

    Who has no connection hears nobody: nothing counts as silence that was not listened to.
    """

    def __init__(self, books: Books, after_s: float) -> None:
        self._books, self._after = books, after_s
        self._hears_since: float | None = None

    def hears(self) -> None:
        """Note that the receiver listens from now on."""
        self._hears_since = time.monotonic()

    def deaf(self) -> None:
        """Note that it has lost the broker."""
        self._hears_since = None

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        pause = min(LOOK_EVERY, self._after / 4)
        while True:
            await asyncio.sleep(pause)
            if self._hears_since is not None:
                await self._books.ask(self._look)

    def _look(self, ledger: Ledger) -> None:
        ledger.welcome(datetime.now(UTC))
        ledger.silent(datetime.now(UTC), self._limit())

    def _limit(self) -> timedelta:
        """Return how old the last sign of life may be; time in which none was kept is not counted.

        Asked in the ledger's thread, perhaps as the first question after its database was away.
        """
        books, hears_since = self._books.standing, self._hears_since
        if hears_since is None or books.state != books.good:
            return FOR_EVER
        listened = time.monotonic() - max(hears_since, books.since)
        return timedelta(seconds=self._after) if listened >= self._after else FOR_EVER
