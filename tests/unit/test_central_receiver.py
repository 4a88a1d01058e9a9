"""The receiver in this process, between a real broker and a real ledger that can be stopped."""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from centrals import Site, birth, played, will
from conftest import Broker
from recorded import Station, keys
from structlog.testing import capture_logs
from waiting import until

from tramdo.errors import BrokerAway
from tramdo_central import centralfile
from tramdo_central.books import Books
from tramdo_central.intake import MOST_AT_ONCE, WINDOW, Intake
from tramdo_central.ledger import Ledger, LedgerError, Taken
from tramdo_central.receiver import Receiver
from tramdo_central.silence import FOR_EVER, Silences

EVENTS = "tramdo/v1/tn-01/ev/reading/scale-1"


class Gated(Ledger):
    """A ledger whose commits wait until they are let through, or fail."""

    gate = threading.Event()
    away = False
    asked = 0

    def take(self, wires: Sequence[bytes], at: datetime) -> Taken:
        self.asked += 1
        self.gate.wait(20)
        if self.away:
            raise LedgerError("the database is away")
        if any(b"poison" in wire for wire in wires):
            raise ZeroDivisionError("a defect")
        return super().take(wires, at)


@pytest.fixture
def site(tmp_path: Path, broker: Broker) -> Site:
    one = Site(tmp_path, broker.port)
    one.write("tn-01", "tn-02")
    return one


@pytest.fixture
def gated(site: Site) -> Gated:
    one = Gated.open(str(site.folder / "central.db"), keys, only_enrolled=True)
    assert isinstance(one, Gated)
    one.gate = threading.Event()
    one.gate.set()
    return one


@asynccontextmanager
async def receiving(site: Site, opening: Callable[[], Ledger]) -> AsyncIterator[Receiver]:
    loaded = centralfile.read(site.file)
    books = Books(opening)
    receiver = Receiver(loaded, books)
    task = asyncio.create_task(receiver.run())
    try:
        await until(lambda: receiver.standing.state == "online", "a connection")
        yield receiver
    finally:
        task.cancel()
        await asyncio.wait([task])
        await books.close()


async def test_nothing_is_acknowledged_before_it_is_committed(site: Site, gated: Gated) -> None:
    record = Station()
    gated.gate.clear()
    async with receiving(site, lambda: gated), played(site.port, record) as station:
        await station.send(*record.many(5))
        await until(lambda: gated.asked, "the ledger is asked")
        await station.send(*record.many(5))
        assert station.acks == []
        gated.gate.set()
        await until(lambda: station.upto == 10, "an acknowledgement")
    assert site.stored() == record.wires


async def test_while_the_database_is_away_nothing_is_acknowledged_and_nothing_lost(
    site: Site, gated: Gated
) -> None:
    record = Station()
    gated.away = True
    async with receiving(site, lambda: gated) as receiver, played(site.port, record) as station:
        await station.send(*record.many(5))
        await until(lambda: receiver.books.standing.state == "away")
        assert (receiver.books.standing.cause, station.acks) == ("the database is away", [])
        assert receiver.standing.state == "online"
        gated.away = False
        await until(lambda: station.upto == 5)
        assert receiver.books.standing.state == "open"


async def test_a_database_that_is_away_at_the_start_is_waited_for(site: Site, gated: Gated) -> None:
    tries = []

    def opening() -> Ledger:
        tries.append(1)
        if len(tries) < 3:
            raise LedgerError("nobody there")
        return gated

    record = Station()
    async with receiving(site, opening), played(site.port, record) as station:
        await station.send(*record.many(5))
        await until(lambda: station.upto == 5)


async def test_a_message_that_breaks_the_ledger_keeps_back_no_other(
    site: Site, gated: Gated
) -> None:
    record, other = Station("tn-01"), Station("tn-02")
    with capture_logs() as said:
        async with (
            receiving(site, lambda: gated),
            played(site.port, record) as bad,
            played(site.port, other) as good,
        ):
            gated.gate.clear()
            await bad.send(record.add(n="poison"))
            await good.send(*other.many(5))
            gated.gate.set()
            await until(lambda: good.upto == 5)
    assert [one["why"] for one in said if one["event"] == "message fault"] == [
        "ZeroDivisionError: a defect"
    ]
    assert (site.stored("tn-01"), len(site.stored("tn-02"))) == ([], 5)


@pytest.mark.made_up("ev/*")
async def test_what_comes_on_the_topic_of_another_station_is_turned_away(
    site: Site, gated: Gated
) -> None:
    record = Station("tn-02")
    wires = record.many(3)
    with capture_logs() as said:
        async with receiving(site, lambda: gated), played(site.port, record) as station:
            for wire in wires[:2]:
                await station.client.publish(EVENTS, wire, qos=1)
            await station.client.publish(EVENTS, b"[" * 100_000, qos=1)
            await station.client.publish(EVENTS, b"\xff", qos=1)
            await station.send(wires[2])
            await until(lambda: station.acks)
    assert site.stored("tn-02") == [wires[2]]
    refused = [one["why"] for one in said if one["event"] == "message refused"]
    assert refused.count("came on a topic of tn-01, but says another") == 2
    assert len(refused) == 4


async def test_stations_without_a_key_are_turned_away(site: Site, gated: Gated) -> None:
    stranger, known = Station("stranger"), Station()
    async with (
        receiving(site, lambda: gated),
        played(site.port, stranger) as other,
        played(site.port, known) as station,
    ):
        await other.send(*stranger.many(3))
        await other.born()
        await station.send(*known.many(3))
        await until(lambda: station.upto == 3)
        assert other.acks == []
    rows = [(one.station, one.enrolled) for one in gated.stations()]
    assert rows == [("tn-01", True), ("stranger", False)]


async def test_only_the_stations_of_the_list_are_received(site: Site, gated: Gated) -> None:
    site.mqtt = 'stations = ["tn-02"]'
    site.write()
    unwanted, wanted = Station("tn-01"), Station("tn-02")
    async with (
        receiving(site, lambda: gated),
        played(site.port, unwanted) as other,
        played(site.port, wanted) as station,
    ):
        await other.send(*unwanted.many(3))
        await station.send(*wanted.many(3))
        await until(lambda: station.upto == 3)
    assert [one.station for one in gated.stations()] == ["tn-02"]


async def test_an_acknowledgement_that_went_down_is_told_anew(site: Site, gated: Gated) -> None:
    site.mqtt = 'share = "all"'
    site.write()
    record = Station()
    async with receiving(site, lambda: gated), played(site.port, record) as station:
        await station.send(*record.many(5))
        await until(lambda: station.upto == 5)
        await station.show("ack", b'{"epoch":"e1","upto":3,"epochs":{"e1":3}}')
        await until(lambda: len(station.acks) == 3)
        assert [one["upto"] for one in station.acks][-2:] == [3, 5]


async def test_acknowledgements_are_not_more_than_a_few_a_second(site: Site, gated: Gated) -> None:
    record = Station()
    loop = asyncio.get_running_loop()
    async with receiving(site, lambda: gated), played(site.port, record) as station:
        began = loop.time()
        for _ in range(100):
            await station.send(record.add())
        await until(lambda: station.upto == 100)
        assert len(station.acks) <= 2 + 5 * (loop.time() - began)


async def test_a_broker_that_forgets_everything_is_told_again(
    site: Site, gated: Gated, broker: Broker
) -> None:
    record = Station()
    async with receiving(site, lambda: gated) as receiver:
        async with played(site.port, record) as station:
            await station.send(*record.many(5))
            await until(lambda: station.upto == 5)
        broker.kill()
        await until(lambda: receiver.standing.state == "away")
        broker.start()
        await until(lambda: receiver.standing.state == "online")
        async with played(site.port, record) as station:
            await until(lambda: station.upto == 5, "the old acknowledgement")
            await station.send(*record.many(5))
            await until(lambda: station.upto == 10)


async def test_a_broker_that_denies_acknowledgements_is_named(
    site: Site, gated: Gated, broker: Broker
) -> None:
    broker.kill()
    acl = broker.folder / "acl"
    acl.write_text("topic read #\ntopic write tramdo/v1/+/ev/#\n")
    broker.extra = f"acl_file {acl}"
    broker.start()
    record = Station()
    with capture_logs() as said:
        async with receiving(site, lambda: gated), played(site.port, record) as station:
            await station.send(*record.many(5))
            await until(lambda: [one for one in said if one["event"] == "acknowledgements"])
    (line,) = [one for one in said if one["event"] == "acknowledgements"]
    assert (line["state"], line["log_level"]) == ("refused", "warning")
    assert line["cause"] == "the broker refused tramdo/v1/tn-01/ack with reason 0x87"
    assert len(site.stored()) == 5


@pytest.mark.made_up("status")
async def test_a_will_that_a_birth_overtook_changes_nothing(site: Site, gated: Gated) -> None:
    async with receiving(site, lambda: gated), played(site.port, Station()) as station:
        await station.show("status", birth("tn-01", 7))
        await until(lambda: [one.online for one in gated.stations()] == [True])
        for payload in (will(6), b"{", b"[]", b'{"online":"no"}', b""):
            await station.show("status", payload)
        await station.show("status", birth("tn-01", 8))
        await station.show("status", will(8))
        await until(lambda: [one.online for one in gated.stations()] == [False])


async def test_time_in_which_nothing_was_kept_is_no_silence(site: Site, gated: Gated) -> None:
    books = Books(lambda: gated)
    silences = Silences(books, after_s=5)
    assert silences._limit() == FOR_EVER
    await books.open()
    silences.hears()
    assert silences._limit() == FOR_EVER
    books.standing.since -= 10
    assert silences._limit() == FOR_EVER
    assert silences._hears_since is not None
    silences._hears_since -= 10
    assert silences._limit() == timedelta(seconds=5)
    books.standing.enter("away", "it fell over")
    assert silences._limit() == FOR_EVER
    books.standing.well()
    assert silences._limit() == FOR_EVER
    await books.close()


@asynccontextmanager
async def intake(broker: Broker) -> AsyncIterator[Intake]:
    version = aiomqtt.ProtocolVersion.V5
    async with Intake("127.0.0.1", broker.port, protocol=version, timeout=10) as one:
        await one.subscribe("tramdo/v1/+/#", qos=1)
        yield one


@pytest.mark.made_up
async def test_a_flood_waits_at_the_broker_and_not_in_our_memory(broker: Broker) -> None:
    broker.kill()
    broker.extra = "max_queued_messages 0"
    broker.start()
    whole = WINDOW + 700
    async with intake(broker) as one, played(broker.port, Station()) as station:
        async with asyncio.TaskGroup() as tasks:
            for number in range(whole):
                tasks.create_task(station.client.publish(EVENTS, b"%d" % number, qos=1))
        await until(lambda: len(one._events) == WINDOW, "a full window")
        await station.show("status", b"{}")
        found: list[int] = []
        while len(found) < whole:
            batch = await one.gather()
            assert len(batch) <= MOST_AT_ONCE
            assert len(one._events) <= WINDOW
            found += [int(each.wire) for each in batch]
            one.let_in(batch)
    assert sorted(found) == list(range(whole))


@pytest.mark.made_up
async def test_of_pictures_the_newest_is_kept_and_events_without_receipt_are_not(
    broker: Broker,
) -> None:
    async with intake(broker) as one, played(broker.port, Station()) as station:
        for number in range(50):
            await station.client.publish(EVENTS, b"%d" % number, qos=0)
            await station.show("status", json.dumps({"n": number}).encode())
        await until(lambda: one._pictures.get(("tn-01", "status")) == b'{"n": 49}')
        found = await one.pictures()
        assert [(each.station, each.what) for each in found] == [("tn-01", "status")]
        assert (one.dropped, len(one._events)) == (50, 0)


async def test_a_port_that_has_spoken_tls_is_away_and_not_the_wrong_one(site: Site) -> None:
    site.mqtt = "[mqtt.tls]"
    site.write("tn-01")
    books = Books(lambda: Ledger.open(str(site.folder / "central.db"), keys))
    receiver = Receiver(centralfile.read(site.file), books)
    lost, context = BrokerAway("the connection ended"), ssl.create_default_context()
    state, cause = await receiver._why(lost, context)
    assert (state, "is it the port for TLS" in cause) == ("tls_failed", True)
    receiver._has_worked = True
    state, cause = await receiver._why(lost, context)
    assert (state, "is it the port for TLS" in cause) == ("away", False)
    await books.close()
