"""7: weeks without a broker: bounded on disk, checks and alerts kept, live all the while after."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from conftest import Broker
from publishing import BASE, Site, row
from waiting import until

from faults.twoends import CENTRAL, running
from tramdo.board import Board
from tramdo.clock import Stamp
from tramdo.events import STATION_WIDE, Event, iso
from tramdo.journal import Journal
from tramdo.journal.bounds import LOG, MEGABYTE, Bounds
from tramdo.proof import Link
from tramdo.reading import Indication, Reading, Unit
from tramdo_central.ledger import Ledger

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
INSTRUMENTS = 10
RATE = 1000


def stamp(at: timedelta) -> Stamp:
    return Stamp(at=BEGIN + at, monotonic=at.total_seconds(), quality="free-running", boot="0" * 32)


def batch(at: timedelta, number: int) -> Event:
    """Return what ten scales that move a little give in ten seconds."""
    values = {"quantity": "weight", "value": f"20.{number % 1000:03}", "unit": "kg", "stable": True}
    readings = [
        {"instrument": f"scale-{one}", "n": number, "at": iso(BEGIN + at), "values": [values]}
        for one in range(INSTRUMENTS)
    ]
    return Event(
        kind="reading", instrument=STATION_WIDE, stamp=stamp(at), body={"readings": readings}
    )


def life(days: int) -> Iterator[Event]:
    """Yield what a station records in so many days: readings, a check a day, an alert a week."""
    for number in range(days * 8640):
        at = timedelta(seconds=10 * number)
        yield batch(at, number)
        if number % 8640 == 4000:
            yield Event(kind="check", instrument="scale-1", stamp=stamp(at), body={"n": number})
        if number % 60_480 == 5000:
            yield Event(kind="alert", instrument="scale-1", stamp=stamp(at), body={"n": number})


@asynccontextmanager
async def station(path: Path, bounds: Bounds) -> AsyncIterator[Site]:
    journal = Journal(path, "tn-01", key=path.with_suffix(".key"), bounds=bounds)
    await journal.open()
    task = asyncio.create_task(journal.run())
    try:
        yield Site(journal, Board("tn-01", BEGIN, {"scale-1": row("scale-1")}))
    finally:
        task.cancel()
        await asyncio.wait([task])
        await journal.close()


def taken(path: Path) -> int:
    """Return what journal, log and ballast take on the disk."""
    return sum(one.stat().st_blocks * 512 for one in path.parent.glob(f"{path.name}*"))


async def live_through(site: Site, days: int) -> tuple[int, int, int]:
    """Record so many days; return how many checks and alerts there were, and the most disk."""
    checks = alerts = most = 0
    for number, one in enumerate(life(days)):
        checks, alerts = checks + (one.kind == "check"), alerts + (one.kind == "alert")
        site.journal.append(one)
        if number % 500 == 0:
            last = site.journal.record(one)
            checks, alerts = checks + (one.kind == "check"), alerts + (one.kind == "alert")
            await last
            most = max(most, taken(site.journal.path))
    await until(lambda: not site.journal.house.too_large, "all bounds kept", bound=60)
    return checks, alerts, most


@dataclass
class Watcher:
    """Hears the picture of one instrument and how old it is when it comes, in seconds."""

    ages: list[float] = field(default_factory=list)

    async def run(self, port: int) -> None:
        with suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", port) as client:
                await client.subscribe(f"{BASE}/state/#", qos=1)
                async for message in client.messages:
                    at = json.loads(bytes(message.payload))["values"][0]["value"]
                    self.ages.append(time.monotonic() - float(at))


async def keep_moving(site: Site) -> None:
    """Show a new value all the time: the monotonic second in which it was read."""
    for number in count():
        digits = Decimal(f"{time.monotonic():.2f}")
        shown = Indication(value=digits, unit=Unit.KG, stable=True)
        read = Reading(
            instrument="scale-1",
            sequence=number,
            at=datetime.now(UTC),
            monotonic=0.0,
            indications=(shown,),
        )
        site.board.rows["scale-1"].take(read)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these while the block runs."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.wait(tasks)


async def prove(folder: Path, broker: Broker, days: int, bounds: Bounds) -> None:
    path = folder / "tramdo.db"
    watcher = Watcher()
    async with station(path, bounds) as site:
        checks, alerts, most = await live_through(site, days)
        assert site.journal.house.gone["reading"] > 0
        assert most <= bounds.most
        assert site.journal.signer is not None
        (folder / "keys").mkdir()
        (folder / "keys" / "tn-01.pub").write_bytes(site.journal.signer.public_pem())
        text = CENTRAL.format(port=broker.port, url="central.db")
        (folder / "central.toml").write_text(text)
        async with (
            running("tramdo_central", "run", str(folder / "central.toml")),
            beside(keep_moving(site), watcher.run(broker.port)),
            site.publishing(broker.port, promise="central", backlog_per_s=RATE),
        ):
            left = site.journal.backlog
            assert left > 1000
            await until(lambda: watcher.ages, "live state")
            await until(lambda: site.journal.backlog == 0, "the backlog drained", bound=300)
        assert len(watcher.ages) > left / RATE / 2  # it was live all the while
        assert max(watcher.ages) < 2
    ledger = Ledger.open(str(folder / "central.db"), lambda _: None, read_only=True)
    kinds = Counter(Link.of(wire).kind for wire in ledger.export("tn-01"))
    assert (kinds["check"], kinds["alert"]) == (checks, alerts)
    assert (ledger.gaps(), ledger.findings()) == ([], [])
    ledger.close()


@pytest.mark.made_up("ev/check/#", "ev/alert/#")
async def test_three_days_without_a_broker(tmp_path: Path, broker: Broker) -> None:
    await prove(tmp_path, broker, 3, Bounds(most=LOG + 8 * MEGABYTE, ballast=MEGABYTE))


@pytest.mark.soak
@pytest.mark.made_up("ev/check/#", "ev/alert/#")
async def test_thirty_days_without_a_broker(tmp_path: Path, broker: Broker) -> None:
    await prove(tmp_path, broker, 30, Bounds(most=32 * MEGABYTE))
