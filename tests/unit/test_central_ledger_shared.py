"""The ledger under any order of arrival, and several receivers on one PostgreSQL."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import ledgers
import postgres as postgresql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import emptied, table, upto
from recorded import AT, Station, keys

from tramdo.proof import unsealed
from tramdo_central.ledger import Ledger

cluster, postgres, url = postgresql.cluster, postgresql.postgres, ledgers.url


def test_two_receivers_share_one_postgresql(postgres: str) -> None:
    stations = [Station("tn-01"), Station("tn-02")]
    for station in stations:
        for _ in range(10):
            station.many(28)
            station.add("check")
            station.add("alert")
    wires = [wire for station in stations for wire in station.wires] * 2
    random.Random(4).shuffle(wires)

    def feed(part: int) -> tuple[int, list[int]]:
        with closing(Ledger.open(postgres, keys)) as ledger:
            batches = [wires[n : n + 40] for n in range(40 * part, len(wires), 80)]
            new = sum(ledger.take(batch, AT).new for batch in batches)
            claimed = [one.number for one in ledger.untold(1000, AT)]
            return new, claimed + [int(name[-1]) for name in ledger.silent(LATER, timedelta(0))]

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(feed, range(2)))
    assert sum(new for new, _ in done) == 600
    with closing(Ledger.open(postgres, keys)) as ledger:
        assert [ledger.acks(["tn-01", "tn-02"])[one.name].upto for one in stations] == [300, 300]
        assert [one.proven for one in ledger.stations()] == [300, 300]
        assert ledger.findings() == []
        told = table(postgres, "SELECT kind, count(*) FROM outbox GROUP BY kind ORDER BY kind")
    assert told[0] == ("alert", 20)
    assert len(table(postgres)) == 600


LATER = AT + timedelta(days=1)


def test_of_two_receivers_one_gets_each_alert_and_each_silence(postgres: str) -> None:
    stations = [Station(f"tn-{n}") for n in range(20)]
    with closing(Ledger.open(postgres, keys)) as ledger:
        ledger.take([one.add("alert") for one in stations], AT)

    def look(_: int) -> tuple[list[int], list[str]]:
        with closing(Ledger.open(postgres, keys)) as ledger:
            claims = [one.number for _ in range(10) for one in ledger.untold(3, LATER)]
            silent = [one for _ in range(10) for one in ledger.silent(LATER, timedelta(hours=1))]
            return claims, silent

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(look, range(4)))
    silent = [name for _, names in found for name in names]
    claims = [number for numbers, _ in found for number in numbers]
    assert sorted(silent) == sorted(one.name for one in stations)
    assert len(claims) == len(set(claims))


def story() -> tuple[Station, list[bytes]]:
    """Return a record of 60 events, and what of it travels: 11 to 20 and 31 are gone."""
    station = Station()
    for n in range(1, 59):
        kind = "check" if n % 13 == 0 else "alert" if n == 30 else "reading"
        station.add(kind)
    station.shed(11, 20)
    station.shed(31, 31)
    return station, [*station.wires[:10], *station.wires[20:30], *station.wires[31:]]


STORY = story()


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[bytes]]:
    """Draw an order of arrival with repeats, cut into batches."""
    wires = draw(st.permutations(STORY[1]))
    again = draw(st.lists(st.sampled_from(wires), max_size=20))
    order = draw(st.permutations([*wires, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=5)))
    return [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=arrivals(), bare=st.sets(st.integers(0, 60)))
def test_any_order_of_arrival_ends_the_same(
    url: str, batches: list[list[bytes]], bare: set[int]
) -> None:
    station, wires = STORY
    with closing(Ledger.open(emptied(url), keys)) as ledger:
        ledger.take([unsealed(wires[n])[0] for n in bare if n < len(wires)], AT)
        high = 0
        for batch in batches:
            ledger.take(batch, AT)
            assert ledger.acks(["tn-01"]).get("tn-01") is None or upto(ledger)["e1"] >= high
            high = ledger.acks(["tn-01"])["tn-01"].upto if ledger.acks(["tn-01"]) else 0
        assert upto(ledger) == {"e1": 60}
        assert ledger.stations()[0].proven == 60
        assert list(ledger.export("tn-01")) == wires
        assert (ledger.gaps(), ledger.findings()) == ([], [])
        assert [row[5] for row in table(url)] == [
            value for n, value in enumerate(station.values) if n and n != 31 and not 11 <= n <= 20
        ]
        alerts = [one.body["seq"] for one in ledger.untold(99, AT) if one.kind == "alert"]
        assert alerts == [30]
