"""Delivered is what the central says it has: what is sent, sent again, and never lost."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from conftest import Broker
from faultproxy import FaultProxy
from publishing import BASE, Site, event, listening
from tinycentral import TinyCentral
from waiting import until

from tramdo.events import STATION_WIDE
from tramdo.journal import Journal
from tramdo.proof import Verifier
from tramdo.publisher.acknowledgements import MOST_NUMBER

CENTRAL = {"promise": "central"}


@pytest.fixture
async def central(broker: Broker) -> AsyncIterator[TinyCentral]:
    async with TinyCentral(broker.port).up() as one:
        await until(lambda: one.online)
        yield one


async def test_only_the_central_makes_an_event_delivered(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    central.silent = True
    async with site.publishing(broker.port, **CENTRAL) as publisher:
        site.append_to_all(10)
        await until(lambda: len(central.arrivals) == 30)
        await until(lambda: publisher.facts()["unacknowledged"] == 30)
        assert (site.journal.backlog, site.journal.acked) == (30, 0)
        assert "acknowledged_at" not in publisher.facts()
        central.speak()
        await until(lambda: site.journal.backlog == 0)
        facts = publisher.facts()
    assert (site.journal.acked, facts["unacknowledged"], facts["waiting"]) == (30, 0, 0)
    assert (facts["promise"], facts["acknowledged_upto"]) == ("central", 30)
    assert facts["acknowledged_at"].startswith("20")
    assert facts["sent_per_s"] > 0


async def test_a_silent_central_is_sent_so_much_and_the_same_again(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    central.silent = True
    site.append("reading", STATION_WIDE, 2000)
    settings = {**CENTRAL, "resend_after_s": 2, "backlog_per_s": 5000}
    async with site.publishing(broker.port, **settings) as publisher:
        await until(lambda: len(central.wires) == 500, bound=30)
        site.append("alert", "scale-1", 3)
        await until(lambda: central.of_kind("alert"), "an alert beside what nobody acknowledges")
        await until(lambda: central.repeated > 500, "again, and its bytes are the same", bound=30)
        assert len(central.wires) == 503
        assert publisher.facts()["unacknowledged"] <= 1000
        central.speak()
        await until(lambda: site.journal.backlog == 0, bound=30)
    assert sorted(set(central.numbers)) == list(range(1, 2004))


@pytest.mark.soak  # test_nothing_lost has ten kills, too
async def test_a_broker_killed_ten_times_loses_nothing(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    settings = {**CENTRAL, "resend_after_s": 1, "backlog_per_s": 1000}
    async with site.publishing(broker.port, **settings):
        for death in range(1, 11):
            site.append_to_all(30)
            # Each death comes while some of it is under way and some has arrived.
            await until(lambda many=60 * death: len(central.wires) > many, bound=30)
            broker.kill()
            broker.start()
        await until(lambda: site.journal.last == 900)
        await until(lambda: site.journal.backlog == 0, bound=60)
    assert sorted(set(central.numbers)) == list(range(1, 901))
    assert len(central.wires) == 900


async def test_an_alert_overtakes_a_backlog(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    site.append("reading", STATION_WIDE, 5000)
    await until(lambda: site.journal.last == 5000)
    async with site.publishing(broker.port, **CENTRAL):
        await until(lambda: len(central.arrivals) > 100)
        before = len(central.arrivals)
        await site.journal.record(event("alert", "scale-1", n=1))
        await until(lambda: central.of_kind("alert"))
        place = next(n for n, one in enumerate(central.arrivals) if one["kind"] == "alert")
    assert place - before < 100


async def test_what_waits_goes_gaps_first_then_the_urgent_then_the_rest(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    for kind, count in (("reading", 100), ("check", 100), ("gap", 3), ("alert", 100)):
        site.append(kind, STATION_WIDE, count)
    await until(lambda: site.journal.last == 303)
    async with site.publishing(broker.port, **CENTRAL):
        await until(lambda: site.journal.backlog == 0)
    kinds = list(dict.fromkeys(one["kind"] for one in central.arrivals))
    assert kinds == ["gap", "check", "alert", "reading"]
    assert central.numbers == [*range(201, 204), *range(101, 201), *range(204, 304), *range(1, 101)]


async def test_what_is_urgent_never_keeps_back_what_the_central_waits_for(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    site.append("reading", STATION_WIDE, 1)
    site.append("check", "scale-1", 1200)
    site.append("reading", STATION_WIDE, 1)
    await until(lambda: site.journal.last == 1202)
    settings = {**CENTRAL, "backlog_per_s": 5000, "resend_after_s": 900}
    async with site.publishing(broker.port, **settings):
        await until(lambda: site.journal.backlog == 0, bound=30)
    assert not central.repeated


async def test_the_backlog_drains_no_faster_than_it_may(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    site.append("reading", STATION_WIDE, 300)
    await until(lambda: site.journal.last == 300)
    clock = asyncio.get_running_loop().time
    async with site.publishing(broker.port, **CENTRAL, backlog_per_s=100):
        await until(lambda: central.arrivals)
        began = clock()
        await until(lambda: len(central.arrivals) == 300)
    assert clock() - began > 2.5


async def test_what_the_central_missed_is_sent_again(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    central.deaf_to.update(range(40, 50))
    site.append("check", "scale-1", 100)
    async with site.publishing(broker.port, **CENTRAL, resend_after_s=1):
        await until(lambda: site.journal.acked == 39)
        central.deaf_to.clear()
        await until(lambda: site.journal.backlog == 0)
    assert sorted(set(central.numbers)) == list(range(1, 101))


async def test_what_the_central_never_gets_stops_nothing_after_it(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    central.deaf_to.add(40)
    site.append("check", "scale-1", 1200)
    await until(lambda: site.journal.last == 1200)
    settings = {**CENTRAL, "resend_after_s": 1, "backlog_per_s": 5000}
    async with site.publishing(broker.port, **settings):
        await until(lambda: len(central.wires) == 1199, "what comes after it", bound=30)
        site.append("alert", "scale-1", 1)
        await until(lambda: central.of_kind("alert"))
        assert site.journal.acked == 39
        assert 0 < central.repeated < 600


async def test_a_new_connection_sends_only_what_was_not_acknowledged(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    site.append("check", "scale-1", 50)
    async with site.publishing(broker.port, **CENTRAL):
        await until(lambda: site.journal.acked == 50)
    central.silent = True
    for many in (5, 10):
        async with site.publishing(broker.port, **CENTRAL) as publisher:
            site.append("check", "scale-1", 5)
            await until(lambda many=many: publisher.facts()["unacknowledged"] == many)
    assert central.numbers == [*range(1, 56), *range(51, 61)]


async def test_what_is_urgent_and_comes_again_does_not_starve_the_rest(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    central.silent = True
    site.append("reading", STATION_WIDE, 100)
    site.append("check", "scale-1", 300)
    await until(lambda: site.journal.last == 400)
    async with FaultProxy(broker.port).up() as proxy, site.publishing(proxy.port, **CENTRAL):
        await until(lambda: len(central.arrivals) > 250)
        assert not central.of_kind("reading")
        proxy.cut()
        before = len(central.arrivals)
        await until(lambda: central.of_kind("reading"))
        assert len(central.arrivals) < before + 150
        central.speak()
        await until(lambda: site.journal.backlog == 0)


async def test_without_a_subscriber_nothing_counts_as_sent(site: Site, broker: Broker) -> None:
    site.append("check", "scale-1", 20)
    async with site.publishing(broker.port, **CENTRAL) as publisher:
        await until(lambda: publisher.state == "held")
        assert publisher.facts()["unacknowledged"] == 0
        async with TinyCentral(broker.port).up() as late:
            await until(lambda: site.journal.backlog == 0, bound=15)
    assert sorted(set(late.numbers)) == list(range(1, 21))


async def test_auto_is_the_broker_until_a_central_speaks_and_stays_with_it(
    site: Site, broker: Broker
) -> None:
    async with listening(broker, f"{BASE}/ev/#"), site.publishing(broker.port) as publisher:
        site.append("check", "scale-1", 10)
        await until(lambda: site.journal.backlog == 0)
        assert publisher.facts()["promise"] == "broker"
        async with TinyCentral(broker.port).up() as central:
            await until(lambda: central.online)
            site.append("check", "scale-1", 5)
            await until(lambda: publisher.facts()["promise"] == "central")
            await until(lambda: site.journal.acked == 15, "what only the broker had is sent again")
        assert sorted(set(central.numbers)) == list(range(1, 16))
    await site.journal.record(event("check", "scale-1", n=1))
    again = Journal(site.journal.path, "tn-01")
    await site.journal.close()
    await again.open()
    assert (again.by_central, again.acked, again.backlog) == (True, 15, 1)
    await again.close()


async def test_with_the_promise_of_the_broker_nobody_listens_to_a_central(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, promise="broker") as publisher:
        site.append("check", "scale-1", 10)
        await until(lambda: site.journal.backlog == 0 and central.arrivals)
        central.says({"epoch": site.journal.epoch, "upto": 10}, "ack", retain=True)
        site.append("check", "scale-1", 1)
        await until(lambda: site.journal.backlog == 0 and len(central.arrivals) == 11)
        assert (publisher.facts()["promise"], site.journal.acked) == ("broker", 0)


NESTED = b"[" * 8000
WRONG = {
    "not JSON": b"\xff{",
    "nested": NESTED,
    "long": b'{"epoch":"x","upto":1,"epochs":{' + b" " * 20_000 + b"}}",
    "empty": b"",
    "a list": [],
    "no epoch": {"upto": 5},
    "text": {"epoch": "{epoch}", "upto": "5"},
    "yes": {"epoch": "{epoch}", "upto": True},
    "negative": {"epoch": "{epoch}", "upto": -1},
    "huge": {"epoch": "{epoch}", "upto": MOST_NUMBER + 1},
    "endless": b'{"epoch":"{epoch}","upto":' + b"9" * 5000 + b"}",
    "of another epoch": {"epoch": "other", "upto": 5, "epochs": {"other": 5}},
}


@pytest.mark.made_up("ack")
@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_acknowledgement_is_counted_and_changes_nothing(
    site: Site, broker: Broker, central: TinyCentral, name: str
) -> None:
    central.silent = True
    site.append("check", "scale-1", 10)
    async with site.publishing(broker.port) as publisher:
        await until(lambda: len(central.arrivals) == 10 and site.journal.backlog == 0)
        wrong = WRONG[name]
        epoch = site.journal.epoch
        if isinstance(wrong, bytes):
            central.says(wrong.replace(b"{epoch}", epoch.encode()), "ack")
        elif isinstance(wrong, dict):
            central.says({k: epoch if v == "{epoch}" else v for k, v in wrong.items()}, "ack")
        else:
            central.says(wrong, "ack")
        await until(lambda: publisher.facts().get("acknowledgements_refused") == 1)
        assert (publisher.facts()["promise"], site.journal.acked) == ("broker", 0)
        central.speak()
        await until(lambda: site.journal.acked == 10)


@pytest.mark.made_up("ack")
async def test_an_acknowledgement_never_goes_down(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL) as publisher:
        site.append("check", "scale-1", 10)
        await until(lambda: site.journal.acked == 10)
        for upto in (10, 10, 3):
            central.says({"epoch": site.journal.epoch, "upto": upto}, "ack")
        await until(lambda: publisher.facts().get("acknowledgements_refused") == 1)
        assert (site.journal.acked, site.journal.backlog) == (10, 0)


async def test_a_restored_copy_goes_on_in_a_new_epoch(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL) as publisher:
        site.append("check", "scale-1", 10)
        await until(lambda: site.journal.acked == 10)
        old = site.journal.epoch
        central.silent = True
        # The life of the card that was not restored: it went on to 25.
        central.says({"epoch": old, "upto": 25, "epochs": {old: 25}}, "ack", retain=True)
        await until(lambda: site.journal.epoch != old)
        await until(lambda: central.of_kind("alert"))
        (gap,) = central.of_kind("gap")
        (alert,) = central.of_kind("alert")
        site.append("check", "scale-1", 5)
        await until(lambda: len(central.of_kind("check")) == 15)
        central.speak()
        await until(lambda: site.journal.backlog == 0)
        assert publisher.state == "online"
    assert gap["body"] == {"began": {"why": "restored", "before": {"epoch": old, "upto": 10}}}
    assert alert["body"]["alert"] == "restored_copy"
    assert (alert["body"]["epoch"], alert["body"]["goes_on_as"]) == (old, site.journal.epoch)
    assert central.numbers == list(range(1, 18))


async def test_the_head_says_what_must_be_there(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with (
        listening(broker, f"{BASE}/head") as ear,
        site.publishing(broker.port, **CENTRAL),
    ):
        site.append("check", "scale-1", 7)
        await until(lambda: site.journal.acked == 7)
        await until(lambda: ear.on("head") and ear.on("head")[-1]["seq"] == 7)
    head = ear.on("head")[-1]
    assert (head["station"], head["epoch"]) == ("tn-01", site.journal.epoch)
    signer = site.journal.signer
    assert signer is not None
    proof = bytes.fromhex(head["hash"]), base64.b64decode(head["sig"])
    assert Verifier([signer.public]).proves("tn-01", head["epoch"], 7, *proof)
