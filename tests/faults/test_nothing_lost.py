"""From instrument to central while everything fails: what was served is what arrived."""

from collections import Counter
from pathlib import Path

import pytest
from conftest import Broker
from waiting import until

from faults.twoends import TwoEnds, numbers, two_ends, values

# What may be polled and not yet on disk when the station is killed: one commit and its fsync.
WINDOW = 1.5


async def a_bad_day(ends: TwoEnds, rounds: int) -> None:
    for _ in range(rounds):
        await ends.served(100)
        ends.proxy.refuse()
        await ends.served(100)
        ends.proxy.heal()
        await ends.served(60)
        ends.proxy.black_hole()
        await ends.served(200)
        ends.proxy.cut()
        ends.proxy.heal()
        ends.proxy.rate(64_000)
        await ends.served(200)
        ends.proxy.heal()
        await ends.kill_station()
        await ends.start_station()
        for _ in range(10):
            await ends.served(30)
            ends.broker.kill()
            await ends.served(20)
            ends.broker.start()


def unexplained(ends: TwoEnds, arrived: dict[int, list[int]]) -> dict[int, list[int]]:
    """Return the counts that were served, did not arrive, and were not under way at a kill."""
    lost: dict[int, list[int]] = {}
    for unit, times in ends.counting.served.items():
        for count in set(range(1, len(times) + 1)) - set(arrived[unit]):
            at = times[count - 1]
            if not any(0 <= killed - at < WINDOW for killed in ends.kills):
                lost.setdefault(unit, []).append(count)
    return lost


async def settled(ends: TwoEnds) -> None:
    """Let the instruments fall silent and wait until the central has every number."""
    assert ends.station is not None
    ends.counting.silent = True
    recorded = numbers(ends.journal)
    await until(lambda: numbers(ends.journal)[-1] > recorded[-1], "the silence is recorded", 30)

    def complete() -> bool:
        here = numbers(ends.journal)
        there = [link.seq for link in ends.at_central()]
        return there[: len(here)] == here

    await until(complete, "everything at the central", bound=60)


async def prove(folder: Path, broker: Broker, rounds: int) -> None:
    async with two_ends(folder, broker, units=10) as ends:
        await a_bad_day(ends, rounds)
        await settled(ends)
        await ends.kill_station()
        events = ends.at_central()
        arrived = values(events)
        assert [link.seq for link in events] == list(range(1, len(events) + 1))
        assert len({(link.epoch, link.seq) for link in events}) == len(events)
        assert all(counts == sorted(set(counts)) for counts in arrived.values())
        assert unexplained(ends, arrived) == {}
        ends_told = [one for one in events if "unclean_end" in one.body]
        assert len(ends_told) == rounds
        missing = ends.counting.counts - Counter({one: len(all_) for one, all_ in arrived.items()})
        assert missing.total() <= rounds * ends.counting.units * 10 * WINDOW
        exported = str(folder / "exported.ndjson")
        await ends.says("export", str(folder / "central.toml"), "tn-01", "-o", exported)
        key = str(folder / "keys" / "tn-01.pub")
        for record in (exported, str(ends.journal)):
            said = await ends.says("verify", record, "--key", key)
            assert "UNTOUCHED" in said, said
        assert "No findings" in await ends.says("findings", str(folder / "central.toml"))


@pytest.mark.timeout(300)
async def test_nothing_served_is_lost_while_link_broker_and_daemon_fail(
    tmp_path: Path, broker: Broker
) -> None:
    await prove(tmp_path, broker, rounds=1)


@pytest.mark.soak
async def test_nothing_served_is_lost_over_many_bad_days(tmp_path: Path, broker: Broker) -> None:
    await prove(tmp_path, broker, rounds=10)
