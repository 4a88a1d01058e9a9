"""What stations show of themselves: heads to the ledger, births and wills to the presence."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from tramdo_central.books import Books
from tramdo_central.intake import Intake, Picture
from tramdo_central.ledger import Ledger

AT_ONCE = 20
MOST_SESSIONS = 100_000


class Presences:
    """Takes pictures, a few at a time, so that events need not wait behind many of them."""

    def __init__(
        self,
        books: Books,
        acknowledged: Callable[[str, bytes], None],
        came_back: Callable[[str], None],
    ) -> None:
        self._books, self._acknowledged, self._came_back = books, acknowledged, came_back
        self._sessions: dict[str, int] = {}

    async def run(self, intake: Intake) -> None:
        """Take pictures from this connection until it ends."""
        while True:
            told = list(self._worth(await intake.pictures()))
            for at in range(0, len(told), AT_ONCE):
                await self._tell(told[at : at + AT_ONCE])

    def _worth(self, pictures: Sequence[Picture]) -> Iterator[Callable[[Ledger, datetime], None]]:
        """Yield what to tell the ledger."""
        for one in pictures:
            if one.what == "ack":
                self._acknowledged(one.station, one.payload)
            elif one.what == "head" and one.payload:
                yield _head(one)
            elif one.what == "status" and (online := self._online(one)) is not None:
                yield _status(one.station, online)

    def _online(self, one: Picture) -> bool | None:
        """Return what a birth or will says; None for neither, or a will that a birth overtook."""
        try:
            status = json.loads(one.payload)
            online, session = status["online"], status.get("session", 0)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            return None
        if not isinstance(online, bool) or not isinstance(session, int):
            return None
        known = self._sessions.get(one.station, session)
        if session < known and not online:
            return None
        if one.station in self._sessions or len(self._sessions) < MOST_SESSIONS:
            self._sessions[one.station] = session
        if online:
            self._came_back(one.station)
        return online

    async def _tell(self, told: Sequence[Callable[[Ledger, datetime], None]]) -> None:
        def work(ledger: Ledger) -> None:
            for one in told:
                one(ledger, datetime.now(UTC))

        await self._books.ask(work)


def _head(one: Picture) -> Callable[[Ledger, datetime], None]:
    return lambda ledger, at: ledger.take_head(one.payload, at)


def _status(station: str, online: bool) -> Callable[[Ledger, datetime], None]:
    return lambda ledger, at: ledger.seen(station, at, online)
