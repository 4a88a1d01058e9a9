"""What the stations are told that we have: one retained message each, never twice in 0.2 s."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping

from tramdo.errors import PublishRefused
from tramdo.events import topic
from tramdo.mqtt import publish_properties
from tramdo_central.intake import Intake
from tramdo_central.rows import Ack
from tramdo_central.standing import Standing

PAUSE = 0.2
MOST_AT_ONCE = 500

Acks = Callable[[list[str]], Awaitable[Mapping[str, Ack]]]


class Acknowledgements:
    """Owes stations an acknowledgement until the broker has it; asked of the ledger late."""

    def __init__(self, acks: Acks) -> None:
        self._acks = acks
        self._owed: set[str] = set()
        self._owing = asyncio.Event()
        self._told: dict[str, Ack] = {}
        self.standing = Standing("acknowledgements", good="taken")

    def owe(self, stations: Iterable[str]) -> None:
        """Note stations whose events were committed."""
        self._owed.update(stations)
        if self._owed:
            self._owing.set()

    def heard(self, station: str, payload: bytes) -> None:
        """Look at what another receiver told a station: where it is behind us, tell it again.

        Two receivers may read the ledger in one order and reach the broker in the other.
        """
        told = self._told.get(station)
        if told is not None and _upto(payload, told.epoch) < told.upto:
            self.owe([station])

    async def run(self, intake: Intake) -> None:
        """Publish what is owed on this connection, until it ends; raises `BrokerAway`."""
        while True:
            await self._owing.wait()
            stations = sorted(self._owed)[:MOST_AT_ONCE]
            # Before the ledger is read: what is committed after that is owed again.
            self._owed.difference_update(stations)
            if not self._owed:
                self._owing.clear()
            acks = await self._acks(stations)
            await asyncio.gather(*(self._tell(intake, *one) for one in acks.items()))
            await asyncio.sleep(PAUSE)

    async def _tell(self, intake: Intake, station: str, ack: Ack) -> None:
        try:
            await intake.retain(topic(station, "ack"), _message(ack), publish_properties({}))
        except PublishRefused as error:
            self.standing.enter("refused", str(error))
        else:
            self._told[station] = ack
            self.standing.well()


def _message(ack: Ack) -> bytes:
    body = {"epoch": ack.epoch, "upto": ack.upto, "epochs": dict(ack.epochs)}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _upto(payload: bytes, epoch: str) -> int:
    """Return how far an acknowledgement covers an epoch; -1 where it is none."""
    try:
        upto = json.loads(payload)["epochs"].get(epoch, -1)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return -1
    return upto if isinstance(upto, int) else -1
