"""What a central asks for again: sent with the same bytes, explained, or told as missing."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import Broker
from publishing import Site, event
from tinycentral import TinyCentral
from waiting import until

from tramdo.events import STATION_WIDE
from tramdo.journal.bounds import LOG, Bounds
from tramdo.publisher.resends import MOST_NUMBERS, Resends, holes, joined, read, without

CENTRAL = {"promise": "central", "backlog_per_s": 5000}


@pytest.fixture
async def central(broker: Broker) -> AsyncIterator[TinyCentral]:
    async with TinyCentral(broker.port).up() as one:
        await until(lambda: one.online)
        yield one


def asks(central: TinyCentral, site: Site, first: int, last: int, **more: object) -> None:
    body = {"id": f"{first}-{last}", "epoch": site.journal.epoch, "from": first, "to": last}
    central.says(body | more, "cmd", "resend")


async def acknowledged(site: Site, kind: str, count: int) -> None:
    site.append(kind, STATION_WIDE, count - 1)
    last = await site.journal.record(event(kind, STATION_WIDE, n=count - 1))
    await until(lambda: site.journal.acked == last)


async def test_a_range_is_sent_again_as_it_was(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL):
        await acknowledged(site, "check", 600)
        asks(central, site, 11, 580)
        await until(lambda: central.repeated == 570, "and TinyCentral compares the bytes")
    assert central.numbers[600:] == list(range(11, 581))


async def test_what_was_given_up_is_explained_by_its_gap_event(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    journal = site.journal
    async with site.publishing(broker.port, **CENTRAL):
        for number in range(40):
            journal.append(event("reading", STATION_WIDE, n=number, text="x" * 2000))
        await acknowledged(site, "check", 5)
        journal.house.bounds = Bounds(
            most=LOG + 65_536 + journal.house.size - 20_000, ballast=65_536
        )
        site.append("check", STATION_WIDE, 1)
        await until(lambda: central.of_kind("gap") and journal.backlog == 0)
        gap = central.of_kind("gap")[0]
        last = gap["body"]["shed"][-1]["to"]
        before = len(central.numbers)
        asks(central, site, last - 2, last + 2)
        await until(lambda: len(central.numbers) >= before + 3)
        assert central.numbers[before:] == [last + 1, last + 2, gap["seq"]]
    assert not central.of_kind("security")


async def test_what_is_neither_there_nor_explained_is_told_once(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL):
        await acknowledged(site, "check", 20)
        with sqlite3.connect(site.journal.path) as thief:
            thief.execute("DELETE FROM event WHERE seq IN (5, 6, 9)")
        thief.close()
        asks(central, site, 4, 12)
        asks(central, site, 4, 12, id="again")
        asks(central, site, 12, 12)
        await until(lambda: central.numbers.count(12) == 4, "all three are answered")
        await until(lambda: site.journal.backlog == 0)
    told = [one["body"] for one in central.of_kind("security")]
    epoch = site.journal.epoch
    assert told == [
        {"security": "missing", "epoch": epoch, "from": 5, "to": 6},
        {"security": "missing", "epoch": epoch, "from": 9, "to": 9},
    ]


async def test_of_another_file_nothing_is_there(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL):
        await acknowledged(site, "check", 20)
        asks(central, site, 4, 12, epoch="other")
        await until(lambda: central.of_kind("security"))
    (told,) = [one["body"] for one in central.of_kind("security")]
    assert (told["epoch"], told["from"], told["to"]) == ("other", 4, 12)


async def test_a_request_waits_for_what_is_new(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL):
        await acknowledged(site, "check", 300)
        asks(central, site, 1, 300)
        await until(lambda: central.repeated > 20)
        site.append("reading", STATION_WIDE, 100)
        await until(lambda: site.journal.acked == 400 and central.repeated == 300)
    late = [n for n in central.numbers[300:] if n <= 300]
    assert late == list(range(1, 301))
    last_new, last_old = (len(central.numbers) - central.numbers[::-1].index(n) for n in (400, 300))
    assert last_new < last_old


@pytest.mark.made_up("cmd/resend")
async def test_what_may_not_be_asked_is_left_alone(
    site: Site, broker: Broker, central: TinyCentral
) -> None:
    async with site.publishing(broker.port, **CENTRAL):
        await acknowledged(site, "check", 20)
        central.says(b"\xff", "cmd", "resend")
        central.says({"id": "a", "epoch": "x"}, "cmd", "resend")
        asks(central, site, 5, 4)
        asks(central, site, 1, MOST_NUMBERS + 1)
        asks(central, site, 7, 7)
        await until(lambda: central.repeated)
    assert central.numbers[20:] == [7]


def request(**more: object) -> bytes:
    fields: dict[str, Any] = {"id": "a", "epoch": "e", "from": 1, "to": 5, **more}
    return str(fields).replace("'", '"').encode()


@pytest.mark.parametrize(
    ("payload", "retained", "why"),
    [
        (request(), True, "retained"),
        (request(id="x" * 2000), False, "bytes; allowed"),
        (request(**{"from": 0}), False, "from"),
        (request(to=0), False, "from 1 to 0; allowed"),
        (request(to=MOST_NUMBERS + 1), False, "allowed: 1 to 10000"),
        (b"[" * 1000, False, "JSON"),
    ],
)
def test_a_refusal_says_why(payload: bytes, retained: bool, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(payload, retained=retained)


async def test_no_more_than_sixty_an_hour(site: Site) -> None:
    site.append("check", "scale-1", 2)
    await until(lambda: site.journal.last == 2)
    resends, answered = Resends(site.journal, lambda *_: None), 0
    for number in range(70):
        payload = request(id=f"{number}", epoch=site.journal.epoch, to=1)
        resends.ask(payload, retained=False, now=100.0)
        answered += len(await resends.next(16, 100.0))
    assert answered == 60
    resends.ask(request(epoch=site.journal.epoch, to=1), retained=False, now=3800.0)
    assert len(await resends.next(16, 3800.0)) == 1


def test_holes_and_what_explains_them() -> None:
    assert list(holes([2, 3, 7], 1, 9)) == [(1, 1), (4, 6), (8, 9)]
    assert list(holes([], 5, 6)) == [(5, 6)]
    assert list(holes([5, 6], 5, 6)) == []
    assert joined([(1, 4), (5, 6), (8, 9)]) == [(1, 6), (8, 9)]
    assert list(without((1, 9), [(7, 20), (2, 3)])) == [(1, 1), (4, 6)]
    assert list(without((1, 9), [(0, 9)])) == []
