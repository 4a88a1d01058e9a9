"""The picture now: birth, head and the rows that changed, retained, newest only.

One round is under way at a time, and after it the link rests as long as it took: a slow link is
never filled with pictures that are old when they arrive.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from tramdo.board import Board
from tramdo.errors import JournalError, PublishRefused
from tramdo.journal import Journal
from tramdo.mqtt import Connection
from tramdo.publisher.envelope import Envelope, Letter

REST = 1.0
AT_ONCE = 8


class Show:
    """Shows one board over one connection after another; `refused` says what the broker will not.

    A picture is taken at the moment when it is sent. `born` once the broker has our birth.
    """

    def __init__(
        self,
        board: Board,
        journal: Journal,
        envelope: Envelope,
        status: Callable[[], dict[str, Any]],
        every: float,
    ) -> None:
        self._board, self._journal, self._envelope = board, journal, envelope
        self._status, self._every = status, every
        self.refused: dict[str, PublishRefused] = {}
        self.born = False
        self._begin()

    def _begin(self) -> None:
        self._seen: dict[str, int] = {}
        self._told: dict[str, Any] = {}

    async def run(self, connection: Connection) -> None:
        """Show until cancelled."""
        self._begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._show_board(connection))
            tasks.create_task(self._show_head(connection))

    async def _show_board(self, connection: Connection) -> None:
        """Show the rows that changed, and all of them now and then."""
        clock = asyncio.get_running_loop().time
        all_at = clock() + self._every
        while True:
            began = clock()
            letters = self._letters()
            walks = (self._walk(connection, letters) for _ in range(AT_ONCE))
            await asyncio.gather(*walks)
            await asyncio.sleep(max(REST, clock() - began))
            if clock() >= all_at:
                self._seen.clear()
                all_at = clock() + self._every

    async def _show_head(self, connection: Connection) -> None:
        """Show the head for itself: a disk that hangs must not stop the picture."""
        while True:
            if (letter := await self._head()) is not None:
                await self._walk(connection, iter([letter]))
            await asyncio.sleep(REST)

    async def _walk(self, connection: Connection, letters: Iterator[Letter]) -> None:
        for one in letters:
            try:
                await connection.send(*one, retain=True)
            except PublishRefused as error:
                self.refused[one.topic] = error
            else:
                self.refused.pop(one.topic, None)
                self.born = self.born or one.topic == self._envelope.topic("status")

    def _letters(self) -> Iterator[Letter]:
        if (body := self._status()) != self._told.get("status"):
            self._told["status"] = body
            yield self._envelope.status(body)
        expiry = max(2, round(2 * self._every))
        for row in self._board.changed(self._seen):
            yield self._envelope.state(row.instrument, row.picture(), expiry)

    async def _head(self) -> Letter | None:
        """Return the head of the journal where it has moved."""
        where = self._journal.epoch, self._journal.last
        if self._told.get("head") == where:
            return None
        try:
            payload = await self._journal.head()
        except JournalError:
            return None
        self._told["head"] = where
        return self._envelope.head(payload) if payload else None
