"""Journal to broker: what a real mosquitto and its subscribers see."""

import json

import pytest
from conftest import Broker
from publishing import BASE, Ear, Site, Wire, event, listening, reading
from waiting import until

from tramdo.events import STATION_WIDE


def statuses(ear: Ear) -> list[bool]:
    return [one["online"] for one in ear.on("status")]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_the_birth_is_retained(site: Site, broker: Broker, version: str) -> None:
    async with (
        listening(broker, f"{BASE}/status") as early,
        site.publishing(broker.port, version=version),
    ):
        await until(lambda: early.on("status"))
        async with listening(broker, f"{BASE}/#") as late:
            await until(lambda: late.on("status"))
    (birth,) = [one for one in late.heard if str(one.topic) == f"{BASE}/status"]
    body = json.loads(bytes(birth.payload))
    assert birth.retain
    assert (body["online"], body["place"]) == (True, "Trạm")
    assert isinstance(body["session"], int)


async def test_a_cut_wire_leaves_the_will_and_the_way_back_a_birth(
    site: Site, broker: Broker
) -> None:
    async with (
        Wire(broker.port).up() as wire,
        listening(broker, f"{BASE}/status") as ear,
        site.publishing(wire.port, version="3.1.1") as publisher,
    ):
        await until(lambda: statuses(ear) == [True])
        wire.cut()
        await until(lambda: statuses(ear) == [True, False])
        async with listening(broker, f"{BASE}/status") as late:
            await until(lambda: statuses(late)[:1] == [False], "the will, retained")
        await until(lambda: publisher.state == "away")
        await until(lambda: statuses(ear) == [True, False, True])
    sessions = {one["session"] for one in ear.on("status")}
    assert len(sessions) == 1  # the will is that of this daemon, not of one before it
    assert all(one.qos <= 1 for one in ear.heard)


async def test_a_short_break_is_not_told_to_anybody_with_mqtt_5(site: Site, broker: Broker) -> None:
    async with (
        Wire(broker.port).up() as wire,
        listening(broker, f"{BASE}/status") as ear,
        site.publishing(wire.port) as publisher,
    ):
        await until(lambda: statuses(ear) == [True])
        wire.cut()
        await until(lambda: publisher.state == "away")
        await until(lambda: len(statuses(ear)) > 1)
        assert statuses(ear) == [True, True]


async def test_after_a_clean_stop_it_is_offline(site: Site, broker: Broker) -> None:
    async with listening(broker, f"{BASE}/status") as early, site.publishing(broker.port):
        await until(lambda: statuses(early) == [True])
    async with listening(broker, f"{BASE}/status") as late:
        await until(lambda: late.on("status"))
    assert statuses(late) == [False]


async def test_the_picture_of_each_instrument_is_retained(site: Site, broker: Broker) -> None:
    site.board.rows["scale-1"].take(reading("scale-1", "20.020"))
    async with site.publishing(broker.port), listening(broker, f"{BASE}/state/#") as early:
        await until(lambda: early.on("state", "scale-1") and early.on("state", "scale-2"))
        async with listening(broker, f"{BASE}/state/#") as late:
            await until(lambda: late.on("state", "scale-1") and late.on("state", "scale-2"))
    assert all(one.retain for one in late.heard)
    assert late.on("state", "scale-1") == [site.board.rows["scale-1"].picture()]
    assert late.on("state", "scale-2") == [site.board.rows["scale-2"].picture()]
    expiries = [getattr(one.properties, "MessageExpiryInterval", 0) for one in late.heard]
    assert all(
        0 < one <= 60 for one in expiries
    )  # twice `state_every_s`: a picture of a dead station fades


async def test_only_rows_that_changed_are_shown_again(site: Site, broker: Broker) -> None:
    async with (
        listening(broker, f"{BASE}/state/#") as ear,
        site.publishing(broker.port),
    ):
        await until(lambda: len(ear.heard) == 2)
        site.board.rows["scale-2"].take(reading("scale-2", "1.00"))
        await until(lambda: len(ear.heard) > 2)
    assert [one["state"] for one in ear.on("state", "scale-2")] == ["starting", "ok"]
    assert len(ear.on("state", "scale-1")) == 1


async def test_an_event_arrives_as_recorded_with_its_attributes(site: Site, broker: Broker) -> None:
    async with listening(broker, f"{BASE}/ev/#") as ear, site.publishing(broker.port):
        number = await site.journal.record(event("check", "scale-1", n=1, error="0.020"))
        await until(lambda: ear.heard)
        (recorded,) = await site.journal.of_kind("check")
        (message,) = ear.heard
    assert recorded.signature is not None
    assert bytes(message.payload) == recorded.wire
    assert (str(message.topic), message.qos) == (f"{BASE}/ev/check/scale-1", 1)
    assert not message.retain
    assert message.properties is not None
    assert dict(vars(message.properties)["UserProperty"]) == {
        "specversion": "1.0",
        "id": f"tn-01.{site.journal.epoch}.{number}",
        "source": "tramdo/tn-01/scale-1",
        "type": "tramdo.check.v1",
        "time": "2026-11-22T08:00:00.000Z",
    }


async def test_alerts_arrive_though_nobody_wants_readings(site: Site, broker: Broker) -> None:
    async with (
        listening(broker, f"{BASE}/ev/alert/#") as ear,
        site.publishing(broker.port) as publisher,
    ):
        site.append("reading", STATION_WIDE, 40)
        site.append("alert", "scale-1", 3)
        site.append("check", "scale-1", 3)
        site.append("alert", "scale-2", 20)
        await until(lambda: len(ear.heard) == 23)
        await until(lambda: site.journal.backlog == 43)
        await until(lambda: "nobody subscribes" in publisher.cause)
        assert publisher.state == "held"
        site.append("alert", "scale-1", 1)
        await until(lambda: len(ear.heard) == 24, "an alert beside topics that wait")
    assert [one["body"]["n"] for one in ear.on("ev", "alert", "scale-1")] == [0, 1, 2, 0]
    assert [one["body"]["n"] for one in ear.on("ev", "alert", "scale-2")] == list(range(20))


async def test_what_nobody_wanted_is_kept_for_who_comes_later(site: Site, broker: Broker) -> None:
    site.append("check", "scale-1", 5)
    async with site.publishing(broker.port) as publisher:
        await until(lambda: "nobody subscribes" in publisher.cause)
    assert site.journal.backlog == 5
    async with listening(broker, f"{BASE}/ev/#") as ear, site.publishing(broker.port):
        await until(lambda: site.journal.backlog == 0 and len(ear.heard) == 5)
    assert [one["body"]["n"] for one in ear.events()] == list(range(5))


async def test_a_refused_topic_blocks_no_other(site: Site, broker: Broker) -> None:
    broker.kill()
    acl = broker.folder / "acl"
    allowed = ("status", "state/#", "ev/alert/#", "ev/check/scale-2")
    acl.write_text("\n".join(["topic read #", *(f"topic write {BASE}/{one}" for one in allowed)]))
    broker.extra = f"acl_file {acl}"
    broker.start()
    async with (
        listening(broker, f"{BASE}/ev/#") as ear,
        site.publishing(broker.port) as publisher,
    ):
        for kind, instrument in (("check", "scale-1"), ("alert", "scale-1"), ("check", "scale-2")):
            site.append(kind, instrument, 20)
        await until(lambda: len(ear.heard) == 40)
        await until(lambda: publisher.state == "refused")
        assert publisher.cause == f"the broker refused {BASE}/ev/check/scale-1 with reason 0x87"
        await until(lambda: publisher.facts()["waiting"] == 20)
    assert ear.on("ev", "check", "scale-1") == []
    for kind, instrument in (("alert", "scale-1"), ("check", "scale-2")):
        assert [one["body"]["n"] for one in ear.on("ev", kind, instrument)] == list(range(20))
