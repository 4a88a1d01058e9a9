"""What the station does when it is told to over MQTT: move a guided check on, nothing else.

An instrument cannot be changed from here. Only documented commands are taken (OIML D 31:2023,
6.2.3.3 and 6.3.2.1.2); what is none is refused and told as a `security` event, a few an hour.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tramdo.errors import TramdoError
from tramdo.statelog import Budget

TOPIC = ("cmd", "check")
MOST_BYTES = 4096
MOST_REFUSALS_AN_HOUR = 12
ANSWERS = ("enter", "skip", "repeat")
Short = Annotated[str, Field(max_length=200)]

Say = Callable[..., Awaitable[dict[str, Any]]]
Tell = Callable[[str, dict[str, Any]], None]


class Word(BaseModel):
    """One move of a guided check; `step` names the one that `value` is for, "" whichever it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    do: Short
    operator: Short = ""
    value: Short = ""
    step: Short = ""


class Command(Word):
    """A word and the guided check that it is for.

    A message may come twice: what answers a step names it, so that it never answers the next.
    """

    check: Short

    @model_validator(mode="after")
    def _names_its_step(self) -> Self:
        if self.do in ANSWERS and not self.step:
            raise ValueError(f"{self.do} needs the step that it is for, such as fast-1/read")
        return self


class Commands:
    """Takes messages of the command topic; `tell` records what was refused."""

    def __init__(self, say: Say, tell: Tell) -> None:
        self._say, self._tell = say, tell
        self._refusals = Budget(most=MOST_REFUSALS_AN_HOUR)

    async def obey(self, payload: bytes, *, retained: bool, now: float) -> None:
        """Do what a message says; `now` is monotonic, in seconds."""
        try:
            command = self._read(payload, retained=retained)
            await self._say(
                command.check,
                command.do,
                operator=command.operator,
                value=command.value,
                step=command.step,
            )
        except (TramdoError, ValueError, RecursionError) as error:
            self._refuse(str(error), payload, now)

    @staticmethod
    def _read(payload: bytes, *, retained: bool) -> Command:
        # A retained command would be carried out again at every connection.
        if retained:
            raise ValueError("a retained message is no command")
        if len(payload) > MOST_BYTES:
            raise ValueError(f"{len(payload)} bytes; allowed: up to {MOST_BYTES}")
        try:
            return Command.model_validate(json.loads(payload))
        except ValidationError as error:
            wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise ValueError("; ".join(wrong)) from error

    def _refuse(self, why: str, payload: bytes, now: float) -> None:
        unsaid = self._refusals.take("refused", now)
        if unsaid is not None:
            start = payload[:100].decode(errors="backslashreplace")
            self._tell("command refused", {"why": why, "message": start, "unsaid": unsaid})
