"""`tramdo check-instrument` and `tramdo adjusted` where nobody sits at a terminal."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from conftest import free_port
from desk import Desk, desk_in
from typer.testing import CliRunner, Result
from waiting import until

from tramdo.__main__ import application
from tramdo.conformity import Conformity
from tramdo.live.guided import SIGNS, closing, prompt
from tramdo.reading import Unit

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
ANSWERS = ("read=20.00", "can_temperature=30.0", "meter_temperature=30,0")


@pytest.fixture(autouse=True)
def _log_settings_of_other_tests_are_kept() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_in(tmp_path) as one:
        yield one


def tramdo(*words: str) -> Result:
    return CliRunner().invoke(application([]), words, env=WIDE)


async def run(desk: Desk, *words: str) -> Result:
    return await asyncio.to_thread(tramdo, *words, "--at", desk.listen)


async def prove(desk: Desk, *answers: str) -> Result:
    """Run the prover check from the command line, with a delivery of 20.00 L."""
    words = [part for one in answers for part in ("--answer", one)]
    call = run(desk, "check-instrument", "pump-1", "--check", "prover", "-o", "Lan", *words)
    running = asyncio.create_task(call)
    await until(lambda: desk.running("prover"))
    desk.show("pump-1", "1000.00", "1000.00", "1020.00", "1020.00", unit=Unit.L)
    return await running


@pytest.mark.parametrize(
    "words", [("check-instrument", "scale-a"), ("adjusted", "scale-a", "--by", "Hoa")]
)
def test_with_no_daemon_there_it_says_how_to_start_one(words: tuple[str, ...]) -> None:
    at = f"127.0.0.1:{free_port()}"
    done = tramdo(*words, "--at", at)
    assert done.exit_code == 3
    assert f"no tramdo answers at {at}" in done.stderr
    assert "tramdo run FILE" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("scale-b",), "scale-b: the station file has no guided [[check]] for it"),
        (("pump-1",), "pump-1 has prover, prover-old; say which with --check"),
        (("pump-1", "--check", "weighing"), "no guided check 'weighing'; pump-1 has prover"),
        (("scale-a",), "weighing: who makes the check?"),
        (("scale-a", "--close", "enough"), "weighing: weighing is not under way"),
    ],
)
async def test_what_cannot_begin_says_why(desk: Desk, words: tuple[str, ...], why: str) -> None:
    done = await run(desk, "check-instrument", *words)
    assert (done.exit_code, why in done.stderr) == (1, True), done.stderr
    assert await desk.recorded() == []


async def test_an_answer_without_its_step_is_refused_before_anything_begins(desk: Desk) -> None:
    words = ("check-instrument", "scale-a", "-o", "Lan", "--answer", "20.00")
    done = await run(desk, *words)
    assert done.exit_code == 2
    assert "'20.00' is not STEP=VALUE" in done.stderr
    assert desk.running("weighing") is None


async def test_a_run_with_its_answers_given_needs_nobody(desk: Desk) -> None:
    done = await prove(desk, *ANSWERS)
    assert done.exit_code == 0, done.stderr
    assert "[2/4] Read the level on the scale of the neck.\n  L, 19.5" in done.stdout
    assert "  ✔ 20.00 L\n[2/4]" in done.stdout, "what the instrument answered is said"
    assert "[4/4]" in done.stdout
    assert "✔ prover/fast: " in done.stdout
    assert "Uncertainty of a proving can run (L)" in done.stdout
    recorded = await desk.recorded()
    assert [one["phase"] for one in recorded[-2:]] == ["result", "closed"]
    assert recorded[-2]["conditions"]["meter_temperature"] in ("30.0", "30.0 °C")


async def test_an_answer_for_one_step_goes_before_that_for_all_of_its_name(desk: Desk) -> None:
    await prove(desk, "fast-1/read=20.05", *ANSWERS)
    steps = {
        one["answer"]["step"]: one["answer"] for one in await desk.recorded() if "answer" in one
    }
    assert steps["fast-1/read"]["value"] == "20.05"


async def test_where_nobody_can_answer_it_says_what_to_give_and_the_run_stays(desk: Desk) -> None:
    done = await prove(desk, ANSWERS[0])
    assert done.exit_code == 1
    assert "nobody here to answer fast-1/can_temperature" in done.stderr
    assert "--answer can_temperature=VALUE" in done.stderr
    assert desk.running("prover")["step"]["key"] == "fast-1/can_temperature"
    words = [part for one in ANSWERS for part in ("--answer", one)]
    done = await run(desk, "check-instrument", "pump-1", "--check", "prover", *words)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("of 4 steps are recorded") == 1
    assert "✔ 20.00 L" not in done.stdout, "what the first call has said is not said again"
    assert {one["run"] for one in await desk.recorded()} == {(await desk.recorded())[0]["run"]}


async def test_again_goes_back_to_the_delivery(desk: Desk) -> None:
    await prove(desk, "read=19.80")
    words = [part for one in ANSWERS for part in ("--answer", one)]
    call = run(desk, "check-instrument", "pump-1", "--check", "prover", "--again", *words)
    running = asyncio.create_task(call)
    await until(lambda: desk.running("prover")["done"] == 0)
    desk.show("pump-1", "1020.00", "1020.00", "1040.00", "1040.00", unit=Unit.L)
    done = await running
    assert done.exit_code == 0, done.stderr
    assert "back to the beginning of this group of steps" in done.stdout
    *_, result, closed = await desk.recorded()
    assert (result["conditions"]["read"], closed["how"]) == ("20.00 L", "finished")


async def test_an_answer_that_cannot_be_is_refused_and_the_run_stays(desk: Desk) -> None:
    done = await prove(desk, "read=2000", *ANSWERS[1:])
    assert done.exit_code == 1
    assert "fast-1/read: 2000 is out of range; allowed: 19.5" in done.stderr
    assert desk.running("prover")["step"]["key"] == "fast-1/read"


async def test_a_run_can_be_given_up_with_a_reason(desk: Desk) -> None:
    await desk.say("weighing", "begin", operator="Lan")
    done = await run(desk, "check-instrument", "scale-a", "--close", "rain")
    assert done.exit_code == 0
    *_, closed = await desk.recorded()
    assert (closed["how"], closed["why"], closed["findings"]) == ("given_up", "rain", [])


async def test_a_run_that_somebody_else_gives_up_ends_here_too(desk: Desk) -> None:
    call = run(desk, "check-instrument", "scale-a", "-o", "Lan")
    running = asyncio.create_task(call)
    await until(lambda: desk.running("weighing"))
    await desk.say("weighing", "close", value="rain")
    done = await running
    assert done.exit_code == 1
    assert "given_up: rain; nothing of it counts" in done.stdout


async def test_an_adjustment_is_noted_with_its_seals(desk: Desk) -> None:
    words = ("--by", "Hoa", "--why", "span", "--seal-before", "A1", "--seal-after", "A2")
    done = await run(desk, "adjusted", "scale-a", *words)
    assert (done.exit_code, done.stdout) == (
        0,
        "scale-a: adjustment recorded, its charts begin anew\n",
    )
    (row,) = await desk.journal.of_kind("adjustment")
    body = json.loads(row.message)["body"]
    assert (body["by"], body["seal_before"], body["seal_after"]) == ("Hoa", "A1", "A2")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("scale-a",), 2, "--by"),
        (("scale-a", "--by", " "), 1, "by: String should have at least 1 character"),
        (("none", "--by", "Hoa"), 1, "no instrument is called 'none'"),
    ],
)
async def test_an_adjustment_by_nobody_or_of_nothing_is_refused(
    desk: Desk, words: tuple[str, ...], code: int, why: str
) -> None:
    done = await run(desk, "adjusted", *words)
    assert (done.exit_code, why in done.stderr) == (code, True), done.stderr
    assert await desk.journal.of_kind("adjustment") == []


def running(**more: Any) -> dict[str, Any]:
    step = {"text": "Read it.", "allowed": "0 to 1", "unit": "L", "optional": False, **more}
    return {"done": 2, "of": 9, "step": step}


def test_a_prompt_says_where_one_is_and_what_is_allowed() -> None:
    assert prompt(running()) == "[3/9] Read it.\n  L, 0 to 1"
    assert prompt(running(optional=True)).endswith("0 to 1; empty: skip")
    assert prompt(running(allowed=None)) == "[3/9] Read it."


def finding(**more: Any) -> dict[str, Any]:
    told = {"point": "p/fast", "conformity": "fail", "why": "too much", "unit": "L"}
    return {**told, "lines": [], "conditions": {}, **more}


def test_a_closing_tells_each_verdict_with_its_sign_and_its_lines() -> None:
    lines = [
        {"factor": "1.0", "limit": "0.1", "within": False},
        {"factor": "1.5", "limit": "0.15", "within": True},
    ]
    found = [finding(lines=lines, table=["Budget"]), finding(conformity="conditional_pass")]
    text = closing({"run": "r-1", "how": "finished", "why": "", "findings": found})
    assert text.splitlines() == [
        "r-1: finished",
        "✖ p/fast: fail",
        "    too much",
        "    1.0 x MPE = 0.1 L: beyond",
        "    1.5 x MPE = 0.15 L: within",
        "    Budget",
        "✔? p/fast: conditional pass",
        "    too much",
        "",
        "✖ p/fast: fail",
        "✔? p/fast: conditional pass",
    ]


def test_every_verdict_has_a_sign() -> None:
    assert set(SIGNS) == set(Conformity)
