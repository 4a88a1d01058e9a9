"""What a central says that it has, and so which promise holds. Only this marks events then.

An acknowledgement is believed for epochs of this journal alone, and never down: a wrong one
costs repeats or nothing, and is counted.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tramdo.errors import JournalError, RestoredCopy
from tramdo.events import iso
from tramdo.journal import Journal
from tramdo.statelog import Budget

log = structlog.get_logger()

TOPIC = ("ack",)
MOST_BYTES = 16_384
# More events than a station records in a thousand years.
MOST_NUMBER = 10**12
MOST_COPIES_AN_HOUR = 3
MOST_LINES_AN_HOUR = 6

Epoch = Annotated[str, Field(min_length=1, max_length=64)]
Number = Annotated[int, Field(ge=0, le=MOST_NUMBER)]
Tell = Callable[[str, dict[str, Any]], None]


class Ack(BaseModel):
    """Every event of an epoch up to a number is stored, or declared as given up."""

    model_config = ConfigDict(strict=True)

    epoch: Epoch
    upto: Number
    epochs: Annotated[dict[Epoch, Number], Field(max_length=1000)] = {}

    @property
    def all(self) -> dict[str, int]:
        """How far the central has each epoch."""
        return {**self.epochs, self.epoch: max(self.upto, self.epochs.get(self.epoch, 0))}


def read(payload: bytes) -> Ack:
    """Return an acknowledgement; raises `ValueError` for what is none."""
    if len(payload) > MOST_BYTES:
        raise ValueError(f"{len(payload)} bytes; allowed: up to {MOST_BYTES}")
    try:
        return Ack.model_validate_json(payload)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ValueError(
            f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}".strip(": ")
        ) from None


class Acknowledgements:
    """Applies what a central says; `moved` is called with the number that it now covers."""

    def __init__(
        self,
        promise: Literal["auto", "central", "broker"],
        journal: Journal,
        tell: Tell,
    ) -> None:
        self._promise, self._journal, self._tell = promise, journal, tell
        self.moved: Callable[[int], None] = lambda _: None
        self.unmoved: Callable[[], None] = lambda: None
        self.at: datetime | None = None
        self.refused = 0
        self._upto: dict[str, int] = {}
        self._copies = Budget(most=MOST_COPIES_AN_HOUR)
        self._lines = Budget(most=MOST_LINES_AN_HOUR)

    @property
    def wanted(self) -> bool:
        """Whether a central is listened to at all."""
        return self._promise != "broker"

    @property
    def central(self) -> bool:
        """Whether only a central's word counts."""
        return self._journal.by_central

    def settle(self) -> None:
        """Make the journal mark by the word of whom the station file says."""
        if self._promise != "auto":
            self._journal.by_central = self._promise == "central"

    async def take(self, payload: bytes, now: float, *, retained: bool = False) -> None:
        """Apply one message of the topic `ack`; `now` is monotonic, in seconds."""
        before = self._journal.acked
        try:
            upto = self._ours(read(payload).all)
            covered = await self._covered(upto, now)
        except (ValueError, JournalError) as error:
            self._refuse(str(error), now)
            return
        self._upto |= {epoch: number for epoch, number in upto.items() if number <= covered}
        self.at = datetime.now(UTC)
        if covered > before:
            self.moved(covered)
        elif not retained:
            self.unmoved()

    async def _covered(self, upto: dict[str, int], now: float) -> int:
        try:
            return self._journal.acknowledge(upto)
        except RestoredCopy as error:
            if self._copies.take("restored", now) is None:
                raise
            await self._begin_epoch(str(error))
            return self._journal.acknowledge(upto)

    def _ours(self, upto: dict[str, int]) -> dict[str, int]:
        ours = {epoch for _, epoch in self._journal.store.epochs}
        found = {epoch: number for epoch, number in upto.items() if epoch in ours}
        if not found:
            raise ValueError("it names no epoch of this journal")
        for epoch, number in found.items():
            if number < (before := self._upto.get(epoch, 0)):
                raise ValueError(f"it goes down, from {before} to {number}")
        return found

    async def _begin_epoch(self, why: str) -> None:
        """Go on with other numbers: those that follow here are taken at the central."""
        before = self._journal.epoch
        await self._journal.begin_epoch("restored")
        log.error("restored copy", why=why)
        body = {"alert": "restored_copy", "why": why, "epoch": before}
        self._tell("alert", body | {"goes_on_as": self._journal.epoch})

    def _refuse(self, why: str, now: float) -> None:
        self.refused += 1
        if (unsaid := self._lines.take("refused", now)) is not None:
            log.warning("acknowledgement refused", why=why[:200], unsaid=unsaid)

    def facts(self) -> dict[str, Any]:
        """Return whose word counts and when a central last gave it."""
        facts: dict[str, Any] = {"promise": "central" if self.central else "broker"}
        if self.at is not None:
            facts |= {"acknowledged_at": iso(self.at), "acknowledged_upto": self._journal.acked}
        if self.refused:
            facts["acknowledgements_refused"] = self.refused
        return facts
