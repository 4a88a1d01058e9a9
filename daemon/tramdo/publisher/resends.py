"""What a central asks to be sent again: what is there goes, what is not is explained or told.

Nothing is changed by it, so it needs no permission; it goes in the lowest lane and is bounded.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tramdo.journal import Journal, Row
from tramdo.publisher.acknowledgements import Epoch, Number
from tramdo.statelog import Budget

log = structlog.get_logger()

TOPIC = ("cmd", "resend")
MOST_BYTES = 1024
MOST_NUMBERS = 10_000
MOST_WAITING = 4
MOST_AN_HOUR = 60
MOST_TOLD_AN_HOUR = 12
MOST_LINES_AN_HOUR = 6
STEP = 256

Tell = Callable[[str, dict[str, Any]], None]
Run = tuple[int, int]
"""Numbers from one to another; both belong to it."""


class Request(BaseModel):
    """Send the events of an epoch again, from one number to another."""

    model_config = ConfigDict(strict=True)

    id: Annotated[str, Field(max_length=200)]
    epoch: Epoch
    first: Annotated[Number, Field(ge=1, alias="from")]
    last: Annotated[Number, Field(alias="to")]


def read(payload: bytes, *, retained: bool) -> Request:
    """Return what is asked for; raises `ValueError` for what may not be asked."""
    if retained:
        raise ValueError("a retained message is no command")
    if len(payload) > MOST_BYTES:
        raise ValueError(f"{len(payload)} bytes; allowed: up to {MOST_BYTES}")
    try:
        one = Request.model_validate_json(payload)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ValueError(
            f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}".strip(": ")
        ) from None
    if not 0 < one.last - one.first + 1 <= MOST_NUMBERS:
        raise ValueError(f"from {one.first} to {one.last}; allowed: 1 to {MOST_NUMBERS} numbers")
    return one


class Resends:
    """Takes requests one after the other and hands out the events that answer them."""

    def __init__(self, journal: Journal, tell: Tell) -> None:
        self._journal, self._tell = journal, tell
        self._waiting: deque[Request] = deque()
        self._at = 0
        self._missing: list[Run] = []
        self._ready: deque[Row] = deque()
        self._requests = Budget(most=MOST_AN_HOUR)
        self._told = Budget(most=MOST_TOLD_AN_HOUR)
        self._known: set[tuple[str, Run]] = set()
        self._lines = Budget(most=MOST_LINES_AN_HOUR)

    def ask(self, payload: bytes, *, retained: bool, now: float) -> None:
        """Take one message of the topic `cmd/resend`; `now` is monotonic, in seconds."""
        try:
            request = read(payload, retained=retained)
        except ValueError as error:
            self._refuse(str(error), now)
            return
        if any(one.id == request.id for one in self._waiting):
            return
        if len(self._waiting) >= MOST_WAITING:
            self._refuse(f"{MOST_WAITING} requests are waiting already", now)
        elif self._requests.take("request", now) is None:
            self._refuse(f"more than {MOST_AN_HOUR} requests in an hour", now)
        else:
            self._waiting.append(request)

    async def next(self, most: int, now: float) -> list[Row]:
        """Return up to `most` events to send again, none when nothing is asked for."""
        while not self._ready and self._waiting:
            await self._step(self._waiting[0], now)
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def put_back(self, rows: list[Row]) -> None:
        """Take back what was handed out and not sent, oldest first."""
        self._ready.extendleft(reversed(rows))

    def drop(self) -> None:
        """Forget what was asked: the connection ended, or nobody takes the answers."""
        self._waiting.clear()
        self._ready.clear()
        self._finished()

    async def _step(self, one: Request, now: float) -> None:
        """Read the next numbers; after the last, see what explains those that are not there."""
        first = max(one.first, self._at)
        if first > one.last:
            await self._explain(one, now)
            self._waiting.popleft()
            self._finished()
            return
        last = min(one.last, first + STEP - 1)
        rows = await self._journal.between(one.epoch, first, last)
        self._missing = joined([*self._missing, *holes((row.seq for row in rows), first, last)])
        self._ready.extend(rows)
        self._at = last + 1

    async def _explain(self, one: Request, now: float) -> None:
        """Send the gap events that tell what is gone; tell what none of them tells."""
        if not self._missing:
            return
        left = self._missing
        for row in await self._journal.of_kind("gap"):
            told = shed(row)
            if any(first <= b and a <= last for first, last in told for a, b in self._missing):
                self._ready.append(row)
                left = [part for run in left for part in without(run, told)]
        for run in left if self._of_this_file(one.epoch) else self._missing:
            self._tell_missing(one.epoch, run, now)

    def _of_this_file(self, epoch: str) -> bool:
        return any(epoch == ours for _, ours in self._journal.store.epochs)

    def _tell_missing(self, epoch: str, run: Run, now: float) -> None:
        """Tell once what a central asks for and this journal has never had or lost unseen."""
        if (epoch, run) in self._known or (unsaid := self._told.take("missing", now)) is None:
            return
        self._known.add((epoch, run))
        body = {"security": "missing", "epoch": epoch, "from": run[0], "to": run[1]}
        self._tell("security", body | ({"unsaid": unsaid} if unsaid else {}))

    def _finished(self) -> None:
        self._at, self._missing = 0, []

    def _refuse(self, why: str, now: float) -> None:
        unsaid = self._lines.take("refused", now)
        if unsaid is not None:
            log.warning("resend refused", why=why[:200], unsaid=unsaid)


def holes(numbers: Iterable[int], first: int, last: int) -> Iterator[Run]:
    """Yield what is missing between two numbers; both belong to it, `numbers` ascend."""
    for number in numbers:
        if number > first:
            yield first, number - 1
        first = number + 1
    if first <= last:
        yield first, last


def joined(runs: Iterable[Run]) -> list[Run]:
    """Return ascending runs with those that touch made one."""
    found: list[Run] = []
    for first, last in runs:
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def without(run: Run, told: Iterable[Run]) -> Iterator[Run]:
    """Yield the parts of a run that no other run has."""
    first, last = run
    for a, b in sorted(told):
        if a > last or b < first:
            continue
        if a > first:
            yield first, a - 1
        first = b + 1
    if first <= last:
        yield first, last


def shed(row: Row) -> list[Run]:
    """Return the runs of numbers that a gap event says were given up."""
    body = json.loads(row.message)["body"]
    return [(one["from"], one["to"]) for one in body.get("shed", ())]
