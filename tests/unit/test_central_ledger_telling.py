"""What the ledger has to tell: alerts until told, stations silent and back, strangers."""

from contextlib import closing
from datetime import timedelta

import ledgers
import postgres as postgresql
from ledgers import holes
from recorded import AT, Station, keys

from tramdo.proof import Verifier
from tramdo_central import strangers
from tramdo_central.ledger import Ledger

cluster, postgres, url, ledger = (
    postgresql.cluster,
    postgresql.postgres,
    ledgers.url,
    ledgers.ledger,
)


def test_alerts_and_findings_wait_until_told(ledger: Ledger) -> None:
    station = Station()
    ledger.take([station.add(), station.add("alert", text="drift")], AT)
    other = Station()
    other.add(n="other")
    ledger.take(other.wires, AT)
    first, second = ledger.untold(10, AT)
    assert (first.kind, first.body["body"], first.station) == ("alert", {"text": "drift"}, "tn-01")
    assert (second.kind, second.body["finding"]) == ("finding", "fork")
    assert second.text.startswith("tn-01: fork: two messages")
    ledger.told([first.number], AT)
    assert ledger.untold(10, AT + timedelta(seconds=59)) == []
    assert ledger.untold(10, AT + timedelta(seconds=61)) == [second]
    ledger.take(station.wires, AT)
    assert ledger.untold(10, AT + timedelta(seconds=62)) == []


def test_a_station_is_silent_once_until_it_is_back(ledger: Ledger) -> None:
    after = timedelta(minutes=15)
    ledger.take([Station().add()], AT)
    assert ledger.silent(AT + after, after) == []
    late = AT + after + timedelta(seconds=1)
    assert ledger.silent(late, after) == ["tn-01"]
    assert ledger.silent(late, after) == []
    assert ledger.stations()[0].silent_since == late
    ledger.seen("tn-01", late, online=None)
    assert ledger.silent(late, after) == []
    assert ledger.silent(late + 2 * after, after) == ["tn-01"]
    states = [one.body["state"] for one in ledger.untold(10, late) if one.kind == "silence"]
    assert states == ["silent", "back", "silent"]


def test_what_the_broker_still_had_does_not_bring_a_station_back(ledger: Ledger) -> None:
    after, station = timedelta(minutes=15), Station()
    ledger.take([station.add()], AT)
    ledger.seen("tn-01", AT, online=False)
    assert ledger.silent(AT, after) == ["tn-01"]
    ledger.take([station.add()], AT)
    assert ledger.silent(AT, after) == []
    ledger.seen("tn-01", AT, online=True)
    assert [one.body["state"] for one in ledger.untold(9, AT)] == ["silent", "back"]


def test_what_a_station_showed_before_its_key_was_enrolled_counts_when_it_is(url: str) -> None:
    ring: dict[str, Verifier] = {}
    station = Station()
    wires = station.many(3)
    with closing(Ledger.open(url, ring.get, only_enrolled=True)) as ledger:
        taken = ledger.take(wires[:1], AT)
        assert [one.stranger for one in taken.refused] == ["tn-01"]
        ledger.seen("tn-01", AT, online=True)
        ledger.take_head(station.head(), AT)
        ledger.welcome(AT)
        (row,) = ledger.stations()
        assert (row.station, row.enrolled, row.online) == ("tn-01", False, None)
        verifier = keys("tn-01")
        assert verifier is not None
        ring["tn-01"] = verifier
        ledger.welcome(AT)
        (row,) = ledger.stations()
        assert (row.enrolled, row.online) == (True, True)
        assert holes(ledger) == [("e1", 1, 3)]


def test_of_strangers_a_bounded_number_is_remembered(url: str) -> None:
    with closing(Ledger.open(url, lambda _: None, only_enrolled=True)) as ledger:
        some = [Station(f"away-{number}").add() for number in range(strangers.MOST + 5)]
        ledger.take(some, AT)
        assert len(ledger.stations()) == strangers.MOST


def test_silence_says_since_when_and_what_the_broker_said(ledger: Ledger) -> None:
    ledger.take([Station().add()], AT)
    ledger.seen("tn-01", AT, online=False)
    late = AT + timedelta(seconds=30)
    ledger.silent(late, timedelta(hours=1))
    ledger.seen("tn-01", late, online=True)
    assert [one.text for one in ledger.untold(9, late)] == [
        "tn-01: nothing heard since 08:00:00 UTC; the broker lost its connection",
        "tn-01: back, silent since 08:00:30 UTC",
    ]


def test_an_alert_is_told_in_a_sentence_and_in_ascii(ledger: Ledger) -> None:
    station = Station()
    figures = {"error": 0.03, "mpe": 0.02, "unit": "kg", "check": "scale-a-20kg", "why": "x"}
    station.add("alert", alert="exceeds", **figures)
    station.add("alert", alert="disk_full", why="no \u1ed3 room\x1b[2J\n")
    station.add("alert", text="y" * 400)
    ledger.take(station.wires, AT)
    first, second, third = [one.text for one in ledger.untold(9, AT)]
    assert first == "tn-01 scale-1: exceeds: error 0.03 kg, MPE 0.02 kg (scale-a-20kg)"
    assert second == "tn-01 scale-1: disk_full: no \\u1ed3 room\\u001b[2J\\n"
    assert third.startswith('tn-01 scale-1: alert {"text":"yyy')
    assert third.endswith("y...")
