"""Which range is asked for, and when; time and holes are given."""

from datetime import UTC, datetime
from itertools import pairwise

from tramdo_central.resends import LONGEST_WAIT, MOST_AT_ONCE, PATIENCE, Request, Resends
from tramdo_central.rows import Gap


def hole(first: int, last: int, station: str = "tn-01", epoch: str = "e1") -> Gap:
    since = datetime(2026, 11, 22, tzinfo=UTC)
    return Gap(station=station, epoch=epoch, first=first, last=last, since=since)


def ranges(found: list[Request]) -> list[tuple[str, int, int]]:
    return [(one.station, one.first, one.last) for one in found]


def test_a_hole_is_asked_for_once_while_an_answer_may_come() -> None:
    resends = Resends()
    assert ranges(resends.due([hole(5, 9)], 0.0)) == [("tn-01", 5, 9)]
    assert resends.due([hole(5, 9)], PATIENCE - 1) == []


def test_while_an_answer_comes_in_nothing_is_asked() -> None:
    resends = Resends()
    resends.due([hole(1, 100)], 0.0)
    for step in range(1, 60):
        assert resends.due([hole(1 + step, 100)], step * (PATIENCE - 1)) == []
    assert ranges(resends.due([hole(60, 100)], 61 * PATIENCE)) == [("tn-01", 60, 100)]


def test_no_answer_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    resends = Resends()
    asked = [now for now in range(20_000) if resends.due([hole(5, 9)], float(now))]
    waits = [after - before for before, after in pairwise(asked)]
    assert waits[:4] == [PATIENCE, 2 * PATIENCE, 4 * PATIENCE, 8 * PATIENCE]
    assert waits[-1] == LONGEST_WAIT == 900
    assert max(waits) == LONGEST_WAIT


def test_a_range_is_at_most_ten_thousand_numbers() -> None:
    resends = Resends()
    assert ranges(resends.due([hole(7, 50_000)], 0.0)) == [("tn-01", 7, 10_006)]
    assert MOST_AT_ONCE == 10_000
    assert ranges(resends.due([hole(10_007, 50_000)], 1.0)) == [("tn-01", 10_007, 20_006)]


def test_a_hole_that_nobody_fills_does_not_keep_back_the_next() -> None:
    resends = Resends()
    dead, live = hole(1, 9, epoch="e0"), hole(3, 4)
    assert ranges(resends.due([dead, live], 0.0)) == [("tn-01", 1, 9)]
    assert resends.due([dead, live], 1.0) == []
    assert ranges(resends.due([dead, live], PATIENCE)) == [("tn-01", 3, 4)]
    assert ranges(resends.due([dead], PATIENCE + 1)) == [("tn-01", 1, 9)]


def test_a_station_is_not_asked_more_often_than_it_answers() -> None:
    resends = Resends()
    dead = [hole(1000 * n, 1000 * n + 5) for n in range(1, 41)]
    asked = sum(len(resends.due(dead, float(now))) for now in range(0, 3600, 2))
    assert 40 <= asked <= 60


def test_holes_side_by_side_are_one_range() -> None:
    found = Resends().due([hole(1, 1), hole(3, 3), hole(50, 60), hole(900, 901)], 0.0)
    assert ranges(found) == [("tn-01", 1, 60)]


def test_each_station_is_asked() -> None:
    resends = Resends()
    assert len(resends.due([hole(1, 1), hole(2, 2, "tn-02")], 0.0)) == 2


def test_a_hole_that_is_filled_is_forgotten() -> None:
    resends = Resends()
    resends.due([hole(5, 9)], 0.0)
    assert resends.due([], 1.0) == []
    assert ranges(resends.due([hole(5, 9)], 2.0)) == [("tn-01", 5, 9)]


def test_a_station_that_came_back_is_asked_at_once() -> None:
    resends = Resends()
    resends.due([hole(5, 9)], 0.0)
    resends.forget("tn-01")
    assert ranges(resends.due([hole(5, 9)], 1.0)) == [("tn-01", 5, 9)]
