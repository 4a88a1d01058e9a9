"""The publisher when the broker or the wire fails: nothing is lost, nothing twice for long."""

import asyncio
import json
import signal
from collections import defaultdict
from contextlib import AsyncExitStack, suppress

import pytest
from conftest import Broker, free_port
from publishing import BASE, Ear, Site, Wire, listening
from waiting import until

from tramdo.publisher.publisher import to_its_end


def first_arrivals(*ears: Ear) -> dict[str, list[int]]:
    """Return the numbers on each topic in the order of their first arrival."""
    found: dict[str, list[int]] = defaultdict(list)
    for message in (one for ear in ears for one in ear.heard):
        seq = json.loads(bytes(message.payload))["seq"]
        if seq not in found[str(message.topic)]:
            found[str(message.topic)].append(seq)
    return found


def assert_complete(count: int, *ears: Ear) -> None:
    """Every event arrived, in order on each topic; a repeat is the same bytes with the same id."""
    arrived = first_arrivals(*ears)
    assert all(numbers == sorted(numbers) for numbers in arrived.values())
    numbers = sorted(seq for each in arrived.values() for seq in each)
    assert numbers == list(range(1, count + 1))
    messages = {bytes(one.payload) for ear in ears for one in ear.heard}
    assert len(messages) == len({json.loads(one)["id"] for one in messages}) == count


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_broker_killed_and_restarted_misses_nothing(
    site: Site, broker: Broker, version: str
) -> None:
    async with listening(broker, f"{BASE}/ev/#") as before, AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(site.publishing(broker.port, version=version))
        site.append_to_all(20)
        await until(lambda: len(before.heard) == 60 and site.journal.backlog == 0)
        # A broker forgets what it has acknowledged and not handed on; so it stops first.
        assert broker.process is not None
        broker.process.send_signal(signal.SIGSTOP)
        site.append_to_all(50)
        await until(lambda: site.journal.last == 210)
        broker.kill()
        await until(lambda: publisher.state == "away")
        assert publisher.facts()["waiting"] == 150
        broker.start()
        after = await stack.enter_async_context(listening(broker, f"{BASE}/ev/#"))
        await until(lambda: site.journal.backlog == 0)
        await until(lambda: len(after.heard) >= 150)
    assert_complete(210, before, after)


async def test_a_wire_cut_in_the_middle_misses_nothing(site: Site, broker: Broker) -> None:
    async with (
        Wire(broker.port).up() as wire,
        listening(broker, f"{BASE}/ev/#") as ear,
        site.publishing(wire.port),
    ):
        site.append_to_all(200)
        await until(lambda: len(ear.heard) > 50)
        wire.cut()
        assert site.journal.backlog > 0
        await until(lambda: site.journal.last == 600 and site.journal.backlog == 0)
        await until(lambda: sum(map(len, first_arrivals(ear).values())) == 600)
    assert_complete(600, ear)


async def test_what_was_acknowledged_is_not_sent_again(site: Site, broker: Broker) -> None:
    async with listening(broker, f"{BASE}/ev/#") as ear:
        async with site.publishing(broker.port):
            site.append("check", "scale-1", 3)
            await until(lambda: len(ear.heard) == 3 and site.journal.backlog == 0)
        async with site.publishing(broker.port):
            site.append("check", "scale-1", 1)
            await until(lambda: len(ear.heard) == 4)
    assert [one["seq"] for one in ear.events()] == [1, 2, 3, 4]


async def test_version_3_1_1_delivers_the_same_bytes(site: Site, broker: Broker) -> None:
    async with (
        listening(broker, f"{BASE}/#") as ear,
        site.publishing(broker.port, version="3.1.1") as publisher,
    ):
        site.append("alert", "scale-1", 2)
        await until(lambda: len(ear.events()) == 2)
        await until(lambda: ear.on("state", "scale-1") and ear.on("status"))
        await until(lambda: site.journal.backlog == 0)
        assert (publisher.state, publisher.cause) == ("online", "")
        recorded = await site.journal.of_kind("alert")
    heard = [bytes(one.payload) for one in ear.heard if "/ev/" in str(one.topic)]
    assert heard == [one.wire for one in recorded]


async def test_without_a_broker_it_says_why_and_events_wait(site: Site) -> None:
    nowhere = free_port()
    async with site.publishing(nowhere) as publisher:
        assert publisher.facts()["state"] == "connecting"
        site.append("alert", "scale-1", 3)
        await until(lambda: publisher.state == "away" and site.journal.backlog == 3)
        facts = publisher.facts()
    assert "refused" in facts["cause"].lower()
    assert (facts["waiting"], facts["promise"]) == (3, "broker")


async def test_a_wrong_password_is_told_and_nothing_is_lost(site: Site, broker: Broker) -> None:
    broker.kill()
    broker.extra = f"password_file {broker.folder / 'passwords'}"
    (broker.folder / "passwords").write_text("")
    secret = broker.folder / "secret"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    broker.start()
    settings = {"user": "tn-01", "password_file": "secret"}
    async with site.publishing(broker.port, **settings) as publisher:
        site.append("alert", "scale-1", 1)
        await until(lambda: publisher.state == "not_authorised" and site.journal.backlog == 1)
        assert "Not authorized" in publisher.cause
        assert "wrong" not in str(publisher.facts())


async def test_a_missing_password_file_is_told_not_raised(site: Site, broker: Broker) -> None:
    settings = {"user": "tn-01", "password_file": "no-such-file"}
    async with site.publishing(broker.port, **settings) as publisher:
        await until(lambda: publisher.state == "fault")
        assert "no-such-file" in publisher.cause


async def test_a_cancellation_that_something_swallows_is_not_lost() -> None:
    begun = asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(to_its_end(deaf(), again=0.05))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
