"""Guided checks over real HTTP, with readings made by hand and a real journal."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk import OWN, START, Desk, desk_in
from waiting import until

from tramdo.assurance import RECORD_WITHIN
from tramdo.clock import Stamp
from tramdo.errors import JournalError
from tramdo.events import Event
from tramdo.live import client, web

ADJUSTMENT = "/api/instruments/scale-a/adjustment"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_in(tmp_path) as one:
        yield one


async def test_every_check_is_told_with_what_its_step_asks_for(desk: Desk) -> None:
    _, found = await desk.ask("GET", "/api/checks")
    assert [one["check"] for one in found] == ["prover", "prover-old", "weighing"]
    assert {(one["running"], one["last"], one["resumed"]) for one in found} == {(None, None, False)}
    status, picture = await desk.say("weighing", "begin", operator=" Lan ")
    assert (status, picture["running"]["operator"]) == (200, "Lan")
    said = "Take everything off and wait until the scale rests at zero."
    assert picture["running"]["step"]["text"] == said
    assert await desk.ask("GET", "/api/checks/weighing") == (200, picture)
    assert await asyncio.to_thread(client.check, desk.listen, "weighing") == picture


async def test_what_was_answered_is_on_disk(desk: Desk) -> None:
    await desk.at_reading_the_can()
    await desk.say("prover", "enter", value="20,005")
    *_, step = await desk.recorded()
    assert (step["phase"], step["answer"]["step"]) == ("step", "fast-1/read")
    assert (step["answer"]["value"], step["answer"]["unit"]) == ("20.005", "L")
    assert step["answer"]["by"] == "operator"


@pytest.mark.parametrize("path", ["/api/checks/weighing", ADJUSTMENT])
async def test_only_our_own_pages_and_programs_change_something(desk: Desk, path: str) -> None:
    body = b'{"do": "begin", "operator": "Mallory"}'
    for headers in ({}, {web.OWN_HEADER: "0"}, {"content-type": "text/plain"}):
        status, told = await desk.ask("POST", path, body, **headers)
        assert (status, told) == (403, {"error": "the header x-tramdo: 1 is missing"})
    for host in ("evil.example", "localhost.evil.example"):
        assert (await desk.ask("POST", path, body, host=host, **OWN))[0] == 421
    assert (await desk.ask("GET", "/api/checks", host="evil.example"))[0] == 421
    assert (await desk.ask("GET", "/api/checks/weighing", host="evil.example"))[0] == 421
    assert desk.running("weighing") is None
    assert await desk.recorded() == []


@pytest.mark.parametrize("path", ["/api/checks/weighing", ADJUSTMENT])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"do=begin", "Expecting value"),
        (b'"\xff"', "can't decode"),
        (b"[]", "the body: Input should be a valid dictionary"),
        (b"[" * 4096, "recursion"),
        (b" " * 4097, "more than 4096 bytes; allowed: one short JSON object"),
        (b"{" + b" " * 1_000_000, "more than 4096 bytes"),
        (b'{"write": "40001"}', "write: Extra inputs are not permitted"),
        (b"{}", ": Field required"),
    ],
)
async def test_a_body_that_is_none_is_refused_and_says_why(
    desk: Desk, path: str, body: bytes, why: str
) -> None:
    status, told = await desk.ask("POST", path, body, **OWN)
    assert (status, why in told["error"]) == (422, True), told
    assert await desk.recorded() == []


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    assert (await desk.ask("GET", "/api/checks/none"))[0] == 404
    status, told = await desk.say("none", "begin", operator="Lan")
    assert status == 404
    assert told["error"].startswith("no guided check is called 'none'; has: prover, prover-old")
    status, told = await desk.send("/api/instruments/none/adjustment", {"by": "Hoa"})
    assert (status, told["error"].startswith("no instrument is called 'none'")) == (404, True)


async def test_a_word_that_does_not_fit_is_refused_and_moves_nothing(desk: Desk) -> None:
    async def refused(why: str, check: str, do: str, **more: str) -> None:
        before = desk.running("weighing")
        status, told = await desk.say(check, do, **more)
        assert (status, why in told["error"]) == (409, True), told
        assert desk.running("weighing") == before

    await refused("'tare' is no word; allowed: begin, enter", "weighing", "tare", value="0")
    await refused("who makes the check?", "weighing", "begin", operator="  ")
    for do in ("enter", "skip", "repeat", "close"):
        await refused("weighing is not under way; begin it first", "weighing", do, value="1")
    await desk.say("weighing", "begin", operator="Lan")
    await refused("is under way already, begun by Lan", "weighing", "begin", operator="Hoa")
    await refused("answered by the instrument, not by a number", "weighing", "enter", value="0")
    await refused("cannot be skipped", "weighing", "skip")
    await desk.say("prover", "begin", operator="Lan")
    await refused("prover is under way on pump-1", "prover-old", "begin", operator="Hoa")
    assert [one["phase"] for one in await desk.recorded()] == ["begun", "begun"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is no number; allowed: 19.5"),
        ("20,0,0", "is no number"),
        ("NaN", "is no number"),
        ("1e1", "is no number"),
        ("0e-999999999", "is no number"),
        ("2000.5", "2000.5 is out of range; allowed: 19.5"),
        ("-20", "out of range"),
    ],
)
async def test_a_number_that_cannot_be_read_there_is_refused(
    desk: Desk, value: str, why: str
) -> None:
    await desk.at_reading_the_can()
    status, told = await desk.say("prover", "enter", value=value)
    assert (status, why in told["error"]) == (409, True), told
    assert desk.running("prover")["step"]["key"] == "fast-1/read"


async def test_two_browsers_do_not_answer_two_steps_with_one_number(desk: Desk) -> None:
    await desk.at_reading_the_can()
    both = [desk.say("prover", "enter", value="20.00", step="fast-1/read") for _ in range(2)]
    told = sorted(await asyncio.gather(*both), key=lambda answer: answer[0])
    assert [status for status, _ in told] == [200, 409]
    assert told[1][1]["error"] == (
        "fast-1/read is not under way, somebody else was faster; allowed: fast-1/can_temperature"
    )
    steps = [one["answer"]["step"] for one in await desk.recorded() if one["phase"] == "step"]
    assert steps == ["fast-1/delivered", "fast-1/read"]
    assert (await desk.say("prover", "close", step="fast-1/read"))[0] == 409
    assert (await desk.say("prover", "close", value="enough"))[0] == 200


async def fill_the_disk(desk: Desk) -> None:
    """Let every commit fail that has a large event."""
    execute = desk.journal.store._base.execute
    await desk.journal._in_writer(execute, "PRAGMA max_page_count=5")


def large() -> Event:
    stamp = Stamp(at=START, monotonic=1.0, quality="unknown")
    return Event(kind="config", instrument="_all", stamp=stamp, body={"big": "x" * 100_000})


async def empty_the_disk(desk: Desk) -> None:
    execute = desk.journal.store._base.execute
    await desk.journal._in_writer(execute, "PRAGMA max_page_count=100000")


async def test_a_disk_that_fills_up_is_told_and_nothing_is_claimed_to_be_recorded(
    desk: Desk,
) -> None:
    await fill_the_disk(desk)
    said = asyncio.create_task(desk.assurance.say("weighing", "begin", operator="Lan"))
    desk.journal.append(large())
    with pytest.raises(JournalError, match="full; it waits to be recorded"):
        await said
    assert desk.journal.failing
    assert await desk.recorded() == []
    for status, told in (
        await desk.say("prover", "begin", operator="Lan"),
        await desk.send(ADJUSTMENT, {"by": "Hoa"}),
    ):
        assert (status, told["error"]) == (503, f"not recorded: {desk.journal.failing}")
    assert desk.running("prover") is None
    await empty_the_disk(desk)
    await until(lambda: not desk.journal.failing, "a journal that records again")
    assert [one["phase"] for one in await desk.recorded()] == ["begun"]
    assert await desk.journal.of_kind("adjustment") == []
    assert RECORD_WITHIN < client.PATIENCE


async def test_a_client_that_is_slow_or_vanishes_disturbs_nobody(desk: Desk) -> None:
    head = f"POST /api/checks/weighing HTTP/1.1\r\nhost: {desk.listen}\r\nx-tramdo: 1\r\n"
    body = b'{"do": "begin", "operator": "Slow"}'
    opened = [await asyncio.open_connection("127.0.0.1", desk.port) for _ in range(3)]
    for _, writer in opened:
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[:5])
    assert (await desk.ask("GET", "/api/checks"))[0] == 200
    assert (await desk.say("prover", "begin", operator="Lan"))[0] == 200
    (slow, writer), *vanishing = opened
    for _, gone in vanishing:
        gone.transport.abort()
    assert desk.running("weighing") is None
    writer.write(body[5:])
    assert (await asyncio.wait_for(slow.readline(), 5)).endswith(b"200 OK\r\n")
    assert desk.running("weighing")["operator"] == "Slow"
    writer.close()
    await writer.wait_closed()


async def test_who_does_not_wait_for_the_answer_has_moved_it_all_the_same(desk: Desk) -> None:
    body = b'{"do": "begin", "operator": "Hasty"}'
    _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    head = f"POST /api/checks/weighing HTTP/1.1\r\nhost: {desk.listen}\r\nx-tramdo: 1\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    await until(lambda: desk.running("weighing"))
    writer.transport.abort()

    async def on_disk() -> bool:
        return [one["operator"] for one in await desk.recorded()] == ["Hasty"]

    await until(on_disk)
    assert (await desk.say("weighing", "close", value="enough"))[0] == 200


async def test_an_adjustment_is_on_disk_and_breaks_every_chart(desk: Desk) -> None:
    def count() -> int:
        return desk.assurance.checkers["scale-a"][0].series.chart.count

    for _ in range(2):
        desk.show("scale-a", "0.00", "20.00", "20.00")
    desk.show("scale-b", "20.01", "20.01")
    await until(lambda: "scale-b-20kg" in desk.assurance.rows["scale-b"].checks)
    assert count() == 2
    facts = {"by": "Hoa", "why": "span", "seal_before": "A1", "seal_after": "A2"}
    assert await desk.send(ADJUSTMENT, facts) == (201, {"adjusted": "scale-a"})
    (row,) = await desk.journal.of_kind("adjustment")
    body = json.loads(row.message)["body"]
    assert {key: body[key] for key in facts} == facts
    assert list(body["before"]) == ["scale-a-20kg"]
    assert count() == 0
    assert desk.assurance.checkers["scale-b"][0].series.chart.count == 1


@pytest.mark.parametrize(
    "facts", [{}, {"by": " "}, {"by": "x" * 201}, {"by": "Hoa", "seal_after": 7}, {"who": "Hoa"}]
)
async def test_an_adjustment_by_nobody_is_refused(desk: Desk, facts: dict[str, object]) -> None:
    assert (await desk.send(ADJUSTMENT, facts))[0] == 422
    assert await desk.journal.of_kind("adjustment") == []


async def test_an_unguided_check_leaves_a_guided_run_alone(desk: Desk) -> None:
    await desk.say("weighing", "begin", operator="Lan")
    desk.show("scale-a", "0.00", "0.00", "20.00", "20.00", "20.00")
    desk.show("scale-b", "20.01", "20.01")
    await desk.say("weighing", "close", value="enough")
    desk.show("scale-a", "20.00", "20.00", "20.00")
    desk.show("scale-a", "0.00", "20.00", "20.00")

    async def seen() -> list[str]:
        return [one["check"] for one in await desk.recorded() if one["check"] != "weighing"]

    async def both() -> bool:
        return await seen() == ["scale-b-20kg", "scale-a-20kg"]

    await until(both)
