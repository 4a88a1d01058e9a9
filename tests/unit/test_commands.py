"""Commands over MQTT: what is taken, what is refused and told."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tramdo.commands import MOST_BYTES, MOST_REFUSALS_AN_HOUR, Commands
from tramdo.errors import JournalError, TramdoError


@dataclass
class Told:
    """What a station was told to do, and what it told as refused; `fails` stops it."""

    said: list[dict[str, str]] = field(default_factory=list)
    refused: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fails: TramdoError | None = None

    async def say(self, check: str, do: str, **more: str) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        self.said.append({"check": check, "do": do, **more})
        return {}

    def commands(self) -> Commands:
        return Commands(self.say, lambda what, facts: self.refused.append((what, facts)))

    def why(self) -> list[str]:
        return [facts["why"] for _, facts in self.refused]


async def obeyed(payload: bytes, *, retained: bool = False) -> Told:
    told = Told()
    await told.commands().obey(payload, retained=retained, now=0.0)
    return told


def message(**more: object) -> bytes:
    return json.dumps({"check": "weighing", "do": "enter", "step": "zero", **more}).encode()


async def test_a_command_moves_the_check_on() -> None:
    told = await obeyed(message(value=" 20,005 ", step="fast-1/read"))
    nothing = {"operator": "", "value": "20,005", "step": "fast-1/read"}
    assert told.said == [{"check": "weighing", "do": "enter", **nothing}]
    assert told.refused == []


async def test_a_retained_command_is_none() -> None:
    told = await obeyed(message(), retained=True)
    assert (told.said, told.why()) == ([], ["a retained message is no command"])


async def test_as_many_bytes_as_are_allowed_are_read_and_one_more_is_not() -> None:
    most = message() + b" " * (MOST_BYTES - len(message()))
    assert (await obeyed(most)).refused == []
    told = await obeyed(most + b" ")
    assert (told.said, told.why()) == ([], ["4097 bytes; allowed: up to 4096"])


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "Expecting value"),
        (b'{"do": "\xff"}', "can't decode"),
        (b"null", "valid dictionary"),
        (b"[]", "valid dictionary"),
        (b"[" * MOST_BYTES, "recursion"),
        (message(do=1), "do: Input should be a valid string"),
        (message(do=None), "do: Input should be a valid string"),
        (message(value=20.005), "value: Input should be a valid string"),
        (message(value="x" * 201), "value: String should have at most 200"),
        (message(operator="\ud800"), "operator: Input should be a valid string"),
        (message(write="40001"), "write: Extra inputs are not permitted"),
        (b'{"do": "begin"}', "check: Field required"),
        (b'{"check": "weighing"}', "do: Field required"),
    ],
)
async def test_what_is_no_command_is_refused_and_says_why(payload: bytes, why: str) -> None:
    told = await obeyed(payload)
    assert told.said == []
    ((what, facts),) = told.refused
    assert what == "command refused"
    assert why in facts["why"]
    assert len(facts["message"]) <= 400
    json.dumps(facts).encode()


@pytest.mark.parametrize("error", [TramdoError("not now"), JournalError("disk full")])
async def test_what_the_station_will_not_do_is_told_and_the_next_is_taken(
    error: TramdoError,
) -> None:
    told = Told(fails=error)
    commands = told.commands()
    await commands.obey(message(), retained=False, now=0.0)
    told.fails = None
    await commands.obey(message(), retained=False, now=1.0)
    assert (told.why(), len(told.said)) == ([str(error)], 1)


async def test_refusals_have_a_budget_an_hour_and_the_rest_is_counted() -> None:
    told = Told()
    commands = told.commands()
    for second in range(100):
        await commands.obey(b"no", retained=False, now=float(second))
    assert len(told.refused) == MOST_REFUSALS_AN_HOUR
    await commands.obey(message(), retained=False, now=200.0)
    assert len(told.said) == 1
    await commands.obey(b"no", retained=False, now=3600.0)
    assert len(told.refused) == MOST_REFUSALS_AN_HOUR + 1
    assert told.refused[-1][1]["unsaid"] == 100 - MOST_REFUSALS_AN_HOUR


@pytest.mark.parametrize("do", ["enter", "skip", "repeat"])
async def test_an_answer_names_its_step_so_that_a_message_that_comes_twice_harms_nothing(
    do: str,
) -> None:
    told = Told()
    payload = json.dumps({"check": "weighing", "do": do, "value": "1"}).encode()
    await told.commands().obey(payload, retained=False, now=0.0)
    assert told.said == []
    assert "needs the step that it is for" in told.refused[0][1]["why"]
