"""The ledger on both databases: each event once, holes, findings, heads."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import ledgers
import postgres as postgresql
from ledgers import counts, holes, names, table, upto
from recorded import AT, Station, keys

from tramdo.proof import sealed, unsealed
from tramdo_central.ledger import Ledger

cluster, postgres, url, ledger = (
    postgresql.cluster,
    postgresql.postgres,
    ledgers.url,
    ledgers.ledger,
)


def test_each_event_is_kept_once_and_acknowledged(ledger: Ledger, url: str) -> None:
    station = Station()
    wires = [*station.many(3), station.add("check")]
    taken = ledger.take(wires, AT)
    assert (counts(taken), taken.touched) == ((4, 0, 0, 0), {"tn-01"})
    assert counts(ledger.take([wires[1], *wires, wires[1]], AT)) == (0, 6, 0, 0)
    ack = ledger.acks(["tn-01", "tn-02"])
    assert list(ack) == ["tn-01"]
    assert (ack["tn-01"].epoch, ack["tn-01"].upto) == ("e1", 4)
    assert list(ledger.export("tn-01")) == wires
    assert [row[5] for row in table(url)] == station.values[1:]
    assert (ledger.findings(), ledger.gaps()) == ([], [])


def test_what_was_taken_is_there_after_opening_again(ledger: Ledger, url: str) -> None:
    wires = Station().many(3)
    ledger.take(wires, AT)
    ledger.close()
    with closing(Ledger.open(url, keys)) as again:
        assert counts(again.take(wires, AT)) == (0, 3, 0, 0)
        assert upto(again) == {"e1": 3}


def test_a_repeat_brings_the_signature_that_was_lacking(ledger: Ledger) -> None:
    station = Station()
    signed = [*station.many(2), station.add("check")]
    bare = [unsealed(wire)[0] for wire in signed]
    ledger.take(bare, AT)
    assert ledger.stations()[0].proven == 0
    assert counts(ledger.take(signed, AT)) == (0, 3, 0, 0)
    assert ledger.stations()[0].proven == 3
    assert list(ledger.export("tn-01")) == signed
    assert counts(ledger.take(bare, AT)) == (0, 3, 0, 0)
    assert list(ledger.export("tn-01")) == signed


def test_a_hole_stops_the_frontier_and_is_listed(ledger: Ledger) -> None:
    wires = Station().many(9)
    ledger.take([wires[0], wires[3], wires[4], wires[8]], AT)
    assert upto(ledger) == {"e1": 1}
    (first, second) = ledger.gaps()
    assert (first.first, first.last, first.since) == (2, 3, AT)
    assert (second.first, second.last) == (6, 8)
    ledger.take(wires[1:3], AT + timedelta(seconds=1))
    assert upto(ledger) == {"e1": 5}
    assert [one.since for one in ledger.gaps()] == [AT + timedelta(seconds=1)]
    ledger.take(wires[5:8], AT)
    assert (upto(ledger), ledger.gaps()) == ({"e1": 9}, [])


def test_old_messages_without_prev_are_chained_as_they_come(ledger: Ledger, url: str) -> None:
    wires = []
    for wire in Station().many(3):
        fields = json.loads(wire)
        del fields["prev"]
        wires.append(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())
    ledger.take([wires[2], wires[0]], AT)
    ledger.take([wires[1]], AT)
    assert upto(ledger) == {"e1": 3}
    assert ledger.findings() == []
    assert all(len(row[5]) == 32 for row in table(url))


def test_a_declared_hole_is_passed_whenever_the_gap_comes(ledger: Ledger) -> None:
    station = Station()
    wires = station.many(8)
    gap = station.shed(3, 6)
    ledger.take(wires[:2], AT)
    ledger.take([gap], AT)
    assert upto(ledger) == {"e1": 6}
    assert holes(ledger) == [("e1", 7, 8)]
    ledger.take(wires[6:8], AT)
    assert (upto(ledger), ledger.findings()) == ({"e1": 9}, [])
    assert ledger.stations()[0].proven == 9
    # What comes late after all is kept.
    assert counts(ledger.take(wires[2:4], AT)) == (2, 0, 0, 0)


def test_a_hole_stays_where_the_gap_is_not_proven(ledger: Ledger) -> None:
    station = Station()
    wires = station.many(5)
    gap = station.shed(3, 4)
    message, signature = unsealed(gap)
    assert signature is not None
    bad = bytes([signature[0] ^ 1, *signature[1:]])
    ledger.take([*wires[:2], wires[4], sealed(message, bad)], AT)
    assert upto(ledger) == {"e1": 2}
    assert holes(ledger) == [("e1", 3, 4)]
    ledger.take([gap], AT)
    assert upto(ledger) == {"e1": 6}
    assert list(ledger.export("tn-01"))[-1] == gap


def test_a_hole_stays_where_its_ends_do_not_fit(ledger: Ledger) -> None:
    station = Station()
    wires = station.many(5)
    gap = station.shed(3, 4, before="11" * 32)
    ledger.take([*wires[:2], wires[4], gap], AT)
    assert upto(ledger) == {"e1": 2}
    assert names(ledger) == [("altered", 3)]


def test_an_altered_event_is_named_and_holds_up_nobody(ledger: Ledger) -> None:
    station = Station()
    wires = [*station.many(4), station.add("check")]
    wires[1] = wires[1].replace(b'"n":2', b'"n":7')
    ledger.take(wires, AT)
    assert upto(ledger) == {"e1": 5}
    assert names(ledger) == [("altered", 3)]
    ledger.take(wires, AT)
    assert names(ledger) == [("altered", 3)]


def test_a_forged_signature_is_named(ledger: Ledger) -> None:
    mine, other = Station(), Station("tn-02")
    ours, theirs = mine.add("check"), other.add("check")
    forged = sealed(unsealed(ours)[0], unsealed(theirs)[1])
    ledger.take([forged], AT)
    assert (upto(ledger), names(ledger)) == ({"e1": 1}, [("forged", 1)])
    ledger.take([ours], AT)
    assert list(ledger.export("tn-01")) == [ours]
    assert ledger.stations()[0].proven == 1


def test_a_fork_keeps_both_and_overwrites_nothing(ledger: Ledger, url: str) -> None:
    first, second = Station(), Station()
    first.many(2)
    second.add()
    second.add(n="another")
    ledger.take(first.wires, AT)
    assert counts(ledger.take(second.wires, AT)) == (0, 1, 1, 0)
    assert counts(ledger.take(second.wires, AT)) == (0, 2, 0, 0)
    assert list(ledger.export("tn-01")) == first.wires
    assert table(url, "SELECT seq, message FROM conflict") == [(2, second.wires[1])]
    assert names(ledger) == [("fork", 2)]


def test_a_station_without_a_key_is_kept_named_and_acknowledged(ledger: Ledger) -> None:
    station = Station("away-1")
    ledger.take([*station.many(2), station.add("check")], AT)
    ledger.take([station.add()], AT)
    assert upto(ledger, "away-1") == {"e1": 4}
    assert names(ledger) == [("not_enrolled", 0)]
    assert not ledger.stations()[0].enrolled


def test_only_enrolled_stations_where_it_is_so_set(url: str) -> None:
    with closing(Ledger.open(url, keys, only_enrolled=True)) as ledger:
        taken = ledger.take([Station("away-1").add(), Station().add()], AT)
        ledger.seen("away-1", AT, online=True)
        assert counts(taken) == (1, 0, 0, 1)
        assert taken.refused[0].why == "no key of station away-1 is enrolled"
        assert {one.station: one.enrolled for one in ledger.stations()} == {
            "tn-01": True,
            "away-1": False,
        }


def test_what_was_declared_before_the_key_was_enrolled_counts_afterwards(url: str) -> None:
    station = Station()
    wires = station.many(5)
    gap, after = station.shed(2, 4), station.add()
    with closing(Ledger.open(url, lambda _: None)) as ledger:
        ledger.take([wires[0], wires[4], gap], AT)
        assert upto(ledger) == {"e1": 1}
    with closing(Ledger.open(url, keys)) as ledger:
        ledger.take([after], AT)
        assert upto(ledger) == {"e1": 7}


def test_an_old_copy_goes_on_in_a_new_epoch(ledger: Ledger) -> None:
    old = Station()
    old.many(9)
    new = old.restored(4)
    new.add()
    ledger.take([*old.wires, new.wires[5]], AT)
    assert upto(ledger) == {"e1": 9, "e2": 0}
    ledger.take([new.wires[4]], AT)
    assert upto(ledger) == {"e1": 9, "e2": 6}
    assert (names(ledger), holes(ledger)) == ([("old_copy", 5)], [])


def test_a_gap_of_a_new_epoch_speaks_of_an_older_one_in_the_same_file(ledger: Ledger) -> None:
    old = Station()
    wires = old.many(6)
    new = old.restored(6)
    gap = new.shed(3, 5)
    ledger.take([*wires[:2], wires[5], new.wires[6], gap], AT)
    assert upto(ledger) == {"e1": 6, "e2": 8}


def test_a_head_proves_the_tail_and_tells_what_must_come(ledger: Ledger) -> None:
    station = Station()
    station.many(5)
    ledger.take(station.wires[:3], AT)
    ledger.take_head(station.head(), AT)
    assert holes(ledger) == [("e1", 4, 5)]
    assert ledger.stations()[0].proven == 0
    ledger.take(station.wires[3:], AT)
    assert (ledger.stations()[0].proven, holes(ledger)) == (5, [])
    station.many(2)
    ledger.take(station.wires, AT)
    ledger.take_head(station.head(7), AT)
    assert ledger.stations()[0].proven == 7
    assert ledger.findings() == []


def test_a_head_that_says_otherwise_is_named(ledger: Ledger) -> None:
    station, other = Station(), Station()
    station.many(2)
    other.add(n=9)
    other.add()
    ledger.take(station.wires, AT)
    ledger.take_head(other.head(), AT)
    assert names(ledger) == [("altered", 2)]
    ledger.take_head(station.head(), AT)
    assert names(ledger) == [("altered", 2), ("fork", 2)]


def test_a_lower_head_is_an_old_copy_unless_it_is_an_old_head(ledger: Ledger) -> None:
    station = Station()
    station.many(9)
    ledger.take(station.wires, AT)
    ledger.take_head(station.head(4, AT), AT)
    assert ledger.findings() == []
    ledger.take_head(station.head(4, AT + timedelta(minutes=5)), AT)
    assert names(ledger) == [("old_copy", 4)]
    assert upto(ledger) == {"e1": 9}


def test_a_forged_head_changes_nothing(ledger: Ledger) -> None:
    station = Station()
    ledger.take(station.many(2), AT)
    head = json.loads(station.head())
    ledger.take_head(json.dumps(head | {"seq": 99}).encode(), AT)
    assert (names(ledger), holes(ledger)) == ([("forged", 99)], [])


def confessing(station: Station, first: int, last: int, **more: Any) -> bytes:
    body: dict[str, Any] = {"security": "missing", "from": first, "to": last} | more
    return station.add("security", **body)


def test_a_hole_that_the_station_confesses_is_a_finding_and_is_passed(ledger: Ledger) -> None:
    station = Station()
    wires = [*station.many(6), confessing(station, 2, 3), confessing(station, 4, 4, epoch="e1")]
    ledger.take([wires[0], *wires[4:7]], AT)
    assert (names(ledger), holes(ledger)) == ([("missing", 2)], [("e1", 4, 4)])
    assert upto(ledger) == {"e1": 1}
    ledger.take(wires[7:], AT)
    assert (names(ledger), holes(ledger)) == ([("missing", 2), ("missing", 4)], [])
    assert upto(ledger) == {"e1": 8}
    assert ledger.stations()[0].proven == 8
    ledger.take(wires, AT)
    assert (len(names(ledger)), upto(ledger)) == (2, {"e1": 8})


def test_a_confessed_hole_is_passed_once_the_event_behind_it_is_here(ledger: Ledger) -> None:
    station = Station()
    wires = [*station.many(6), confessing(station, 2, 3)]
    ledger.take([wires[0], wires[6]], AT)
    assert (upto(ledger), holes(ledger)) == ({"e1": 1}, [("e1", 4, 6)])
    ledger.take([wires[3]], AT)
    assert (upto(ledger), holes(ledger)) == ({"e1": 4}, [("e1", 5, 6)])
    ledger.take(wires[4:6], AT)
    assert (upto(ledger), ledger.gaps()) == ({"e1": 7}, [])


def test_a_confessed_hole_with_a_declared_one_behind_it_is_passed(ledger: Ledger) -> None:
    station = Station()
    wires = [*station.many(6), confessing(station, 2, 3), station.shed(4, 6)]
    ledger.take([wires[0], *wires[6:]], AT)
    assert (upto(ledger), names(ledger), ledger.gaps()) == ({"e1": 8}, [("missing", 2)], [])


def test_a_confession_that_nobody_has_signed_counts_for_nothing(ledger: Ledger) -> None:
    station = Station()
    wires = [*station.many(4), unsealed(confessing(station, 2, 3))[0]]
    ledger.take([wires[0], *wires[3:]], AT)
    assert (upto(ledger), names(ledger), holes(ledger)) == ({"e1": 1}, [], [("e1", 2, 3)])
