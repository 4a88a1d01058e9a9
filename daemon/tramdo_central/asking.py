"""Asking stations for what the ledger lacks: cmd/resend, a range at a time."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from tramdo.errors import PublishHeld, PublishRefused
from tramdo.events import topic
from tramdo.mqtt import publish_properties
from tramdo_central.intake import Intake
from tramdo_central.resends import Request, Resends
from tramdo_central.rows import Gap
from tramdo_central.standing import Standing

LOOK_EVERY = 2.0
# Out of order and on its way is no hole yet.
OLD_ENOUGH = timedelta(seconds=4)
EXPIRY = 60

Gaps = Callable[[], Awaitable[Iterable[Gap]]]
Wanted = Callable[[str], bool]


class Asking:
    """Looks for holes and asks for them on the connection that there is."""

    def __init__(self, gaps: Gaps, wanted: Wanted) -> None:
        self._gaps, self._wanted = gaps, wanted
        self._resends = Resends()
        self.standing = Standing("requests", good="taken")

    def came_back(self, station: str) -> None:
        """Ask a station again without waiting: it has connected anew."""
        self._resends.forget(station)

    async def run(self, intake: Intake) -> None:
        """Ask on this connection until it ends; raises `BrokerAway`."""
        clock = asyncio.get_running_loop().time
        while True:
            old = datetime.now(UTC) - OLD_ENOUGH
            holes = [
                one for one in await self._gaps() if one.since <= old and self._wanted(one.station)
            ]
            for request in self._resends.due(holes, clock()):
                await self._ask(intake, request)
            await asyncio.sleep(LOOK_EVERY)

    async def _ask(self, intake: Intake, request: Request) -> None:
        properties = publish_properties({}, EXPIRY)
        try:
            await intake.send(
                topic(request.station, "cmd", "resend"), _message(request), properties
            )
        except PublishHeld:
            # It is not connected: `came_back` tells when it is.
            pass
        except PublishRefused as error:
            self.refused = str(error)
        else:
            self.standing = Standing("requests", good="taken")


def _message(request: Request) -> bytes:
    body = {
        "id": secrets.token_hex(8),
        "epoch": request.epoch,
        "from": request.first,
        "to": request.last,
    }
    return json.dumps(body, separators=(",", ":")).encode()
