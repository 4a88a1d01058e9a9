"""Bad links and bad company: the picture now stays young, every fault has its name."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import aiomqtt
from conftest import Broker
from faultproxy import FaultProxy
from publishing import BASE, Site, listening, row
from tinycentral import TinyCentral
from waiting import until

from tramdo.events import STATION_WIDE
from tramdo.reading import Indication, Reading, Unit

TEN = tuple(f"scale-{n}" for n in range(1, 11))


@dataclass
class Late:
    """How long this computer, busy with other tests, held everything up at worst, in seconds."""

    worst: float = 0.0


@asynccontextmanager
async def running(site: Site, names: tuple[str, ...]) -> AsyncIterator[Late]:
    """Ten readings a second from each of these scales."""
    late = Late()
    site.board.rows.update((one, row(one)) for one in names if one not in site.board.rows)

    async def read() -> None:
        before = time.monotonic()
        for count in range(1, 100_000):
            shown = Indication(value=Decimal(count) / 1000, unit=Unit.KG, stable=True)
            for one in names:
                at = datetime.now(UTC)
                taken = Reading(
                    instrument=one, sequence=count, at=at, monotonic=1.0, indications=(shown,)
                )
                site.board.rows[one].take(taken)
            await asyncio.sleep(0.1)
            late.worst = max(late.worst, time.monotonic() - before - 0.1)
            before = time.monotonic()

    task = asyncio.create_task(read())
    try:
        yield late
    finally:
        task.cancel()
        await asyncio.wait([task])


class Ages:
    """How old the newest picture of each instrument that a subscriber has was at its oldest."""

    def __init__(self) -> None:
        self.newest: dict[str, datetime] = {}
        self.worst = 0.0
        self.pictures = 0

    def hear(self, payload: bytes) -> None:
        body = json.loads(payload)
        if "at" in body:
            self.look()
            self.newest[body["instrument"]] = datetime.fromisoformat(body["at"])
            self.pictures += 1

    def look(self) -> None:
        now = datetime.now(UTC)
        for at in self.newest.values():
            self.worst = max(self.worst, (now - at).total_seconds())

    def begin(self) -> None:
        self.worst = 0.0


@asynccontextmanager
async def watching(broker: Broker) -> AsyncIterator[Ages]:
    ages = Ages()

    async def hear(client: aiomqtt.Client) -> None:
        with suppress(aiomqtt.MqttError):
            async for message in client.messages:
                ages.hear(bytes(message.payload))

    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(f"{BASE}/state/#")
        task = asyncio.create_task(hear(client))
        try:
            yield ages
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_the_picture_stays_young_while_a_backlog_drains(site: Site, broker: Broker) -> None:
    site.append("reading", STATION_WIDE, 5000)
    await until(lambda: site.journal.last == 5000)
    async with (
        TinyCentral(broker.port).up() as central,
        running(site, TEN) as late,
        watching(broker) as ages,
        site.publishing(broker.port, promise="central", backlog_per_s=1000),
    ):
        await until(lambda: len(ages.newest) == 10 and central.arrivals)
        ages.begin()
        await until(lambda: site.journal.backlog == 0, bound=60)
        ages.look()
    assert len(central.wires) == 5000
    assert ages.pictures > 30
    assert ages.worst < 2.0 + 2 * late.worst


async def test_the_picture_stays_young_on_a_slow_link(site: Site, broker: Broker) -> None:
    site.append("check", "scale-1", 2000)
    await until(lambda: site.journal.last == 2000)
    async with (
        FaultProxy(broker.port).up() as proxy,
        TinyCentral(broker.port).up() as central,
        running(site, ("scale-1", "scale-2")) as late,
        watching(broker) as ages,
    ):
        proxy.rate(64_000)
        async with site.publishing(proxy.port, promise="central") as publisher:
            await until(lambda: len(ages.newest) == 2 and central.arrivals, bound=20)
            ages.begin()
            before = len(central.arrivals)
            await until(lambda: len(central.arrivals) > before + 60, "beside the picture", bound=30)
            ages.look()
            assert publisher.facts()["sent_per_s"] < 8  # a kilobyte each: more does not go through
            proxy.heal()
    assert ages.worst < 3.0 + 2 * late.worst
    assert ages.pictures > 6


async def test_a_black_hole_is_noticed_and_left_in_time(site: Site, broker: Broker) -> None:
    settings = {"promise": "central", "keepalive_s": 5}
    async with TinyCentral(broker.port).up() as central, FaultProxy(broker.port).up() as proxy:
        async with site.publishing(proxy.port, **settings) as publisher:
            site.append("check", "scale-1", 5)
            await until(lambda: site.journal.acked == 5)
            proxy.black_hole()
            site.append("check", "scale-1", 5)
            await until(lambda: publisher.state == "away", bound=20)
            assert publisher.facts()["waiting"] == 5
            began = time.monotonic()
        assert time.monotonic() - began < 8, "though nobody answers the farewell"
    assert set(central.numbers) >= set(range(1, 6))


async def test_a_refused_link_comes_back_by_itself(site: Site, broker: Broker) -> None:
    async with (
        TinyCentral(broker.port).up() as central,
        FaultProxy(broker.port).up() as proxy,
        site.publishing(proxy.port, promise="central") as publisher,
    ):
        await until(lambda: publisher.state == "online")
        proxy.refuse()
        site.append_to_all(10)
        await until(lambda: publisher.state == "away" and site.journal.last == 30)
        assert publisher.facts()["waiting"] == 30
        proxy.heal()
        await until(lambda: site.journal.acked == 30)
    assert sorted(set(central.numbers)) == list(range(1, 31))


async def test_two_stations_with_one_id_both_say_so_and_leave_each_other_alone(
    site: Site, broker: Broker
) -> None:
    async with (
        FaultProxy(broker.port).up() as left,
        FaultProxy(broker.port).up() as right,
        site.publishing(left.port) as first,
    ):
        await until(lambda: first.state == "online")
        # Sessions are told apart by the second in which their daemons began.
        await until(lambda: int(time.time()) > first._double.session)
        async with site.publishing(right.port) as second:
            await until(lambda: first.state == second.state == "client_id_taken", "both", bound=60)
            assert "used twice" in first.cause
            assert left.connections + right.connections < 8


async def test_a_host_that_is_none_is_told(site: Site) -> None:
    for host in ("nobody.invalid", "x" * 70):
        async with site.publishing(1883, host=host) as publisher:
            await until(lambda one=publisher: one.state == "away")
            assert publisher.cause


async def test_a_refused_picture_is_told_and_stops_nothing(site: Site, broker: Broker) -> None:
    broker.kill()
    acl = broker.folder / "acl"
    allowed = ("status", "state/scale-2", "ev/#", "head", "ack")
    acl.write_text("\n".join(["topic read #", *(f"topic write {BASE}/{one}" for one in allowed)]))
    broker.extra = f"acl_file {acl}"
    broker.start()
    async with (
        listening(broker, f"{BASE}/#") as ear,
        site.publishing(broker.port) as publisher,
    ):
        await until(lambda: ear.on("state", "scale-2"))
        site.append("check", "scale-1", 3)
        await until(lambda: len(ear.events()) == 3)
        await until(lambda: publisher.state == "refused")
        assert publisher.facts()["last_refusal"].endswith("state/scale-1 with reason 0x87")
