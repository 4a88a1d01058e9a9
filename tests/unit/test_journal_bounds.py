"""A journal that may not grow: readings go first, and what is gone is told and bridged."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from records import assert_chained, bodies, event, kinds, links, opened, reading
from waiting import until

from tramdo.errors import JournalError, JournalRefused
from tramdo.journal import Journal, Store
from tramdo.journal.bounds import LOG, Bounds
from tramdo.journal.shedding import LATEST
from tramdo.journal.wear import Wear

SMALL = Bounds(most=LOG + 65_536 + 600_000, ballast=65_536)


async def test_over_its_bound_the_oldest_readings_go_and_checks_stay(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path, bounds=SMALL) as journal:
        for number in range(3000):
            journal.append(event("check", n=number) if number % 300 == 0 else reading(number))
            if number % 200 == 0:
                await journal.record(event("availability", n=number))
        await journal.record(event("check", n="last"))
        await until(lambda: journal.house.gone["reading"] and not journal.house.too_large)
        assert journal.house.size <= SMALL.high
    assert kinds(path).count("check") == 11
    assert kinds(path).count("availability") == 15
    oldest = next(one for one in links(path) if one.kind == "reading")
    assert oldest.body["n"] > 1000
    assert kinds(path).count("reading") + journal.house.gone["reading"] == 2990
    assert_chained(path)


async def test_what_is_gone_is_told_with_its_numbers_and_times(tmp_path: Path) -> None:
    store = Store(tmp_path / "j.db", "tn-01")
    store.store([reading(0), reading(1), event("check"), reading(2)])
    shed = store.shed(("reading",), "size", 0, store.last_seq, LATEST)
    store.close()
    assert shed is not None
    (gap,) = bodies(tmp_path / "j.db", "gap")
    ranges = [(one["from"], one["to"]) for one in gap["shed"]]
    assert (ranges, gap["kinds"], gap["why"]) == ([(1, 2), (4, 4)], {"reading": 3}, "size")
    assert (gap["oldest"], gap["newest"]) == (
        "2026-11-22T08:00:00.000Z",
        "2026-11-22T08:00:02.000Z",
    )
    assert_chained(tmp_path / "j.db")


async def test_the_backlog_for_a_central_counts_only_what_can_still_be_sent(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db", bounds=SMALL) as journal:
        journal.by_central = True
        for number in range(3000):
            journal.append(reading(number))
        await journal.record(event())
        await until(lambda: journal.house.gone["reading"] and not journal.house.too_large)
        assert journal.backlog == len(links(tmp_path / "j.db"))
        there = [one.seq for one in links(tmp_path / "j.db")]
        for covered in (100, there[0], there[len(there) // 2], there[-1]):
            journal.acknowledge({journal.epoch: covered})
            assert journal.backlog == sum(seq > covered for seq in there)
    async with opened(tmp_path / "j.db", bounds=SMALL) as journal:
        journal.by_central = True
        await journal.record(event())
        assert journal.backlog == len(links(tmp_path / "j.db")) - len(there)
        journal.marks.acked = 0
        assert len(await journal._in_writer(journal.store.holes, 0)) > 0


async def test_old_readings_go_when_they_are_delivered_and_the_clock_is_right(
    tmp_path: Path,
) -> None:
    bounds = Bounds(readings_for=timedelta(days=30))
    store = Store(tmp_path / "j.db", "tn-01")
    store.store([reading(0), reading(86_400 * 40), reading(86_400 * 80)])
    cutoff = bounds.cutoff(links(tmp_path / "j.db") and reading(86_400 * 85).stamp.at)
    assert store.shed(("reading",), "age", 0, 1, cutoff) is not None
    assert store.shed(("reading",), "age", 1, 1, cutoff) is None  # not delivered
    assert store.shed(("reading",), "age", 1, 3, cutoff) is not None
    store.close()
    assert [one.seq for one in links(tmp_path / "j.db") if one.kind == "reading"] == [3]


async def test_where_nothing_may_go_it_does_not_try_for_ever(tmp_path: Path) -> None:
    bounds = Bounds(most=LOG + 65_536 + 100_000, ballast=65_536)
    async with opened(tmp_path / "j.db", signed=False, bounds=bounds) as journal:
        for number in range(20):
            gap = {"given_up": {"reading": number}, "why": "x" * 8000}
            await journal.record(event("gap", **gap))
        await until(lambda: not journal.house.too_large)
        assert journal.house.size > bounds.high
    assert kinds(tmp_path / "j.db").count("gap") == 20


async def test_a_restored_copy_goes_on_in_a_new_epoch_in_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path) as journal:
        await journal.record(event(n=1), event(n=2))
        before, last = journal.epoch, journal.last
        await journal.begin_epoch("restored")
        await journal.record(event(n=3))
        assert (journal.epoch != before, journal.acked) == (True, last)
        assert [row.epoch for row in await journal.between(journal.epoch, 1, 99)] == [
            journal.epoch
        ] * 2
    assert [one.epoch for one in links(path)] == [before] * last + [journal.epoch] * 2
    assert {"why": "restored", "before": {"epoch": before, "upto": last}} in [
        one.get("began") for one in bodies(path, "gap")
    ]
    assert_chained(path)
    async with opened(path) as again:
        assert again.epoch == journal.epoch


async def test_an_end_without_closing_is_told_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    killed = Journal(path, "tn-01")
    await killed.open()
    killed.append(event())
    await killed._commit()
    killed.store.close()
    async with opened(path, signed=False) as journal:
        await journal.record(event())
    async with opened(path, signed=False) as journal:
        await journal.record(event())
    told = [one["unclean_end"] for one in bodies(path, "gap")]
    assert told == [{"last": 1, "last_time": "2026-11-22T08:00:00.000Z"}]


async def test_a_missing_folder_stops_the_start_and_a_failing_disk_does_not(tmp_path: Path) -> None:
    with pytest.raises(JournalRefused, match="there is no folder"):
        await Journal(tmp_path / "none" / "j.db", "tn-01").open()
    (tmp_path / "j.db").mkdir()  # no file can be opened there
    journal = Journal(tmp_path / "j.db", "tn-01")
    await journal.open()
    assert journal.state == "not_recording"
    assert "j.db" in journal.failing
    with pytest.raises(JournalError):
        await journal.unsent((), 1) if journal.marks.newest else journal.store
    assert await journal.of_kind("check") == []


def test_hours_of_outage_and_wear_are_those_of_the_last_hour() -> None:
    wear = Wear(began=0.0, written_before=None)
    assert wear.hours_left(3_600_000, 30.0) is None
    for second in range(0, 3600, 10):
        wear.grew(1000, float(second))
    assert wear.per_second(3600.0) == pytest.approx(100, rel=0.01)
    assert wear.hours_left(3_600_000, 3600.0) == pytest.approx(10, rel=0.01)
    assert wear.per_second(7300.0) == 0
    assert wear.hours_left(3_600_000, 7300.0) is None
    assert json.dumps(wear.written_per_day(7300.0)) == "null"
