"""From the ledger's outbox to the targets: each at its own pace, told when all have taken it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tramdo.events import iso
from tramdo.plan import BackOff
from tramdo_central.rows import Untold
from tramdo_central.standing import Standing
from tramdo_central.targets import NotTold, Target

LOOK_EVERY = 1.0
MOST_NEW = 100
MOST_WAITING = 10_000

Take = Callable[[int], Awaitable[Sequence[Untold]]]
Told = Callable[[Iterable[int]], Awaitable[None]]


@dataclass(slots=True)
class Way:
    """A target, what it wants, how it stands, and what waits for it."""

    target: Target
    kinds: tuple[str, ...]
    standing: Standing
    waiting: "asyncio.Queue[Untold]" = field(default_factory=asyncio.Queue)

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return self.standing.name


class Forwarding:
    """Offers each alert to every target that wants it until it is taken: at least once."""

    def __init__(self, take: Take, told: Told, ways: Sequence[Way]) -> None:
        self._take, self._told, self.ways = take, told, ways
        self._missing: dict[int, set[str]] = {}
        self._done: set[int] = set()

    async def run(self) -> None:
        """Forward until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for way in self.ways:
                tasks.create_task(self._empty(way), name=way.name)
            tasks.create_task(self._fill(), name="outbox")

    async def _fill(self) -> None:
        """Take what is new out of the outbox, and tell it what every target has."""
        while True:
            if self._done:
                done = sorted(self._done)
                await self._told(done)
                self._done.difference_update(done)
            if len(self._missing) < MOST_WAITING:
                for untold in await self._take(len(self._missing) + MOST_NEW):
                    if untold.number not in self._missing and untold.number not in self._done:
                        self._offer(untold)
            await asyncio.sleep(LOOK_EVERY)

    def _offer(self, untold: Untold) -> None:
        wanting = [way for way in self.ways if untold.kind in way.kinds]
        self._missing[untold.number] = {way.name for way in wanting}
        for way in wanting:
            way.waiting.put_nowait(untold)
        self._settle(untold.number)

    def _settle(self, number: int) -> None:
        if not self._missing[number]:
            del self._missing[number]
            self._done.add(number)

    async def _empty(self, way: Way) -> None:
        while True:
            untold = await way.waiting.get()
            await self._deliver(way, untold)
            self._missing[untold.number].discard(way.name)
            self._settle(untold.number)

    async def _deliver(self, way: Way, untold: Untold) -> None:
        back_off = BackOff(first=1.0, limit=300.0)
        while True:
            try:
                await way.target.tell(_alert(untold))
            except NotTold as error:
                way.standing.enter("not_told", str(error))
            except Exception as error:  # noqa: BLE001  the other targets go on
                way.standing.enter("fault", f"{type(error).__name__}: {error}")
            else:
                way.standing.well()
                return
            back_off = back_off.failed()
            await asyncio.sleep(back_off.delay * random.uniform(0.75, 1.0))


def _alert(untold: Untold) -> dict[str, Any]:
    """Return what a target gets; `number` is the same when it comes a second time."""
    return {
        "number": untold.number,
        "kind": untold.kind,
        "station": untold.station,
        "at": iso(untold.at),
        "text": untold.text,
        "body": untold.body,
    }
