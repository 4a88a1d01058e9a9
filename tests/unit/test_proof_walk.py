"""The walk along a record names what is wrong with it, and which event."""

import re
from typing import Any

import pytest
from proofs import (
    Station,
    day,
    flipped,
    forged,
    of_rows,
    signer,
    told,
    wires,
    with_a_flipped_bit,
)

from tramdo.journal import Stored
from tramdo.proof import sealed
from tramdo.proof.findings import Finding
from tramdo.proof.known import Known


def test_an_untouched_record_is_complete_and_vouched_for_up_to_its_last_signature() -> None:
    report = of_rows(day().rows)
    assert report.vouched_for
    assert not report.findings
    assert (report.station, report.events, report.signatures, report.proven) == ("tn-01", 30, 7, 7)
    assert report.kinds == {"reading": 25, "check": 4, "config": 1}
    (span,) = report.epochs
    assert (span.epoch, span.first, span.last, span.vouched) == ("68a1", 1, 30, 28)
    assert report.tail == range(29, 31)


def test_without_a_key_only_the_chain_is_judged_and_nobody_vouches() -> None:
    report = of_rows(day().rows, key=None)
    assert report.whole
    assert not report.vouched_for
    assert (report.signatures, report.proven) == (7, None)


@pytest.mark.parametrize("key", [None, 1])
@pytest.mark.parametrize("seq", [1, 2, 9, 10, 11, 15, 20, 21, 22, 28, 29, 30])
def test_a_flipped_bit_in_the_body_is_named_with_its_event(seq: int, key: int | None) -> None:
    rows = day().rows
    rows[seq - 1] = with_a_flipped_bit(rows[seq - 1])
    assert told(of_rows(rows, key)) == [("altered", seq, seq)]
    if seq < 30:
        assert told(of_rows(wires(rows), key)) == [("altered", seq, seq)]


@pytest.mark.parametrize("key", [None, 1])
@pytest.mark.parametrize("seq", [2, 9, 10, 11, 15, 20, 21, 22, 28, 29])
def test_another_digit_in_the_named_chain_value_is_named_with_its_event(
    seq: int, key: int | None
) -> None:
    rows = day().rows
    wire, at = rows[seq - 1].wire, rows[seq - 1].wire.index(b'"prev":"') + 9
    digit = b"1" if wire[at : at + 1] == b"0" else b"0"
    rows[seq - 1] = rows[seq - 1]._replace(wire=wire[:at] + digit + wire[at + 1 :])
    assert told(of_rows(rows, key)) == [("altered", seq, seq)]
    assert told(of_rows(wires(rows), key)) == [("altered", seq, seq)]


@pytest.mark.parametrize(("seq", "first"), [(10, 2), (15, 11), (21, 21)])
def test_a_changed_signature_is_named_with_what_stands_under_it(seq: int, first: int) -> None:
    rows = day().rows
    rows[seq - 1] = flipped(rows[seq - 1], at=-20)
    assert told(of_rows(wires(rows))) == [("forged", first, seq)]


def test_a_station_that_signs_on_after_its_file_was_changed_clears_nothing() -> None:
    rows = forged(day().rows, 15)
    station = day()
    station.links[30] = rows[-1].hash
    station.events("check", "check")
    report = of_rows([*rows, *station.rows[30:]])
    assert told(report)[0] == ("forged", 11, 15)


def test_a_signature_with_other_spare_bits_is_not_as_the_station_wrote_it() -> None:
    rows = day().rows
    last = rows[9].wire[-5:-4]
    other = bytes([last[0] + 1])
    rows[9] = rows[9]._replace(wire=rows[9].wire[:-5] + other + rows[9].wire[-4:])
    assert rows[9].wire != day().rows[9].wire
    assert told(of_rows(rows)) == [("altered", 10, 10)]


def test_a_changed_stored_chain_value_is_altered_where_it_stands() -> None:
    rows = day().rows
    rows[11] = rows[11]._replace(hash=bytes(32))
    (fault,) = of_rows(rows).faults
    assert (fault.kind, fault.first, fault.last) == ("altered", 12, 12)
    assert "stored" in fault.why


@pytest.mark.parametrize("seq", [2, 9, 10, 11, 15, 20, 21, 22, 28, 29])
def test_a_deleted_row_is_missing(seq: int) -> None:
    rows = day().rows
    del rows[seq - 1]
    for key in (None, 1):
        assert told(of_rows(rows, key)) == [("missing", seq, seq)]
        assert told(of_rows(wires(rows), key)) == [("missing", seq, seq)]


def test_rows_missing_at_the_start_and_in_several_places_are_each_named() -> None:
    rows = [row for row in day().rows if row.seq not in (1, 2, 7, 12, 13, 14)]
    report = of_rows(rows)
    assert told(report) == [("missing", 1, 2), ("missing", 7, 7), ("missing", 12, 14)]
    assert report.faults[0].text.startswith("events 68a1.1 to 68a1.2: not in the file")


@pytest.mark.parametrize(("one", "other"), [(3, 4), (15, 16), (10, 25), (29, 30), (1, 2)])
def test_a_swapped_pair_of_lines_is_reordered(one: int, other: int) -> None:
    rows = day().rows
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    for key in (None, 1):
        assert told(of_rows(wires(rows), key)) == [("reordered", one, other)]


@pytest.mark.parametrize(("one", "other"), [(3, 4), (15, 16), (10, 25), (29, 30), (1, 2)])
def test_a_swapped_pair_of_rows_is_reordered(one: int, other: int) -> None:
    rows = day().rows
    first, second = rows[one - 1], rows[other - 1]
    rows[one - 1] = first._replace(wire=second.wire)
    rows[other - 1] = second._replace(wire=first.wire)
    assert told(of_rows(rows)) == [("reordered", one, other)]
    rows[one - 1] = second._replace(seq=one)
    rows[other - 1] = first._replace(seq=other)
    assert told(of_rows(rows)) == [("reordered", one, other)]


def test_a_record_turned_round_ends_and_loses_nothing() -> None:
    report = of_rows(wires(day().rows)[::-1])
    assert {one.kind for one in report.faults} == {"reordered"}
    assert report.events == 30


def test_a_repeated_line_is_named() -> None:
    rows = wires(day().rows)
    again = [*rows[:12], rows[11], *rows[12:20], rows[4], *rows[20:]]
    assert told(of_rows(again)) == [("repeated", 5, 5), ("repeated", 12, 12)]


def test_what_is_no_message_any_more_is_damaged_and_not_missing_as_well() -> None:
    rows = day().rows
    rows[4] = rows[4]._replace(wire=b"\x00\xff" * 40)
    assert told(of_rows(rows)) == [("damaged", 5, 5)]
    assert told(of_rows(wires(rows))) == [("damaged", 5, 5)]
    assert told(of_rows([b"", *wires(rows)])) == [("damaged", 1, 1), ("damaged", 5, 5)]


@pytest.mark.parametrize(
    "wire",
    [
        b"[" * 100_000,
        b"null",
        b'"text"',
        b"1e999",
        b'{"id":"a.b.1","seq":true,"station":"a","kind":"x","instrument":"y","time":"","body":{}}',
        b'{"id":"a.b.1","seq":1.0,"station":"a","kind":"x","instrument":"y","time":"","body":{}}',
        b'{"id":"\\ud800.b.1","seq":1,"station":"\\ud800","kind":"","instrument":"","time":"","body":{}}',
        b'{"id":"a.\\u001b.1","seq":1,"station":"a","kind":"","instrument":"","time":"","body":{}}',
    ],
)
def test_strange_lines_are_damage_and_never_an_error(wire: bytes) -> None:
    assert told(of_rows([wire]))[-1] == ("damaged", 1, 1)


@pytest.mark.parametrize(
    ("seq", "first", "last"), [(15, 11, 15), (21, 21, 21), (12, 11, 15), (1, 1, 1), (10, 2, 10)]
)
def test_a_forged_event_with_the_chain_computed_anew_does_not_fit_its_signature(
    seq: int, first: int, last: int
) -> None:
    rows = forged(day().rows, seq)
    for source in (rows, wires(rows)):
        faults = of_rows(source).faults
        if seq == 1:
            assert [one.kind for one in faults] == ["wrong key"]
        else:
            assert ("forged", first, last) in [(one.kind, one.first, one.last) for one in faults]
            assert {one.kind for one in faults} == {"forged"}
            assert max(one.last for one in faults) == 28


def test_a_forged_event_is_not_seen_without_a_key_and_nobody_vouches_then() -> None:
    report = of_rows(forged(day().rows, 15), key=None)
    assert report.whole
    assert not report.vouched_for


def test_a_forged_event_is_a_fork_where_the_other_end_knows_the_head() -> None:
    rows = day().rows
    known = Known(seq=28, value=rows[27].hash, epoch="68a1")
    assert told(of_rows(forged(rows, 15), key=None, known=[known])) == [("fork", 28, 28)]
    assert not of_rows(rows, known=[known]).faults


def test_a_chain_computed_anew_for_a_while_breaks_where_it_stops() -> None:
    rows = forged(day().rows, 12, to_the_end=False)
    (fault,) = of_rows(wires(rows)).faults
    assert (fault.kind, fault.last) == ("altered", 13)
    assert "or events since the last good signature" in fault.why


def test_signatures_taken_away_are_unsigned_events() -> None:
    rows = [re.sub(rb',"sig":"[^"]+"', b"", row) for row in wires(day().rows)]
    only = [*wires(day().rows)[:14], rows[14], *wires(day().rows)[15:]]
    assert told(of_rows(only)) == [("unsigned", 15, 15)]
    assert ("unsigned", 0, 0) in told(of_rows(rows))


def test_a_long_tail_without_signature_is_unsigned() -> None:
    station = Station().events("config", *["reading"] * 100)
    assert not of_rows(station.rows).faults
    station.events("reading")
    assert told(of_rows(station.rows)) == [("unsigned", 2, 102)]
    station.events("check")
    assert not of_rows(station.rows).faults


def test_another_stations_key_is_the_wrong_key_and_nothing_else() -> None:
    station = day()
    station.shed(2, 5)
    assert told(of_rows(station.rows, key=2)) == [("wrong key", 0, 0)]


def test_another_stations_events_are_named_and_not_walked() -> None:
    rows = wires(day().rows)
    foreign = wires(Station(name="tn-02").events("check", "check").rows)
    faults = of_rows([*rows, *foreign]).faults
    assert [(one.kind, one.first, one.last) for one in faults] == [("other station", 1, 2)]


def test_a_declared_hole_is_told_and_is_no_fault() -> None:
    station = day()
    station.shed(2, 9)
    station.shed(11, 14)
    for source in (station.rows, wires(station.rows)):
        report = of_rows(source)
        assert not report.faults
        assert [(one.kind, one.first, one.last) for one in report.findings] == [
            ("declared gone", 2, 9),
            ("declared gone", 11, 14),
        ]
        assert report.vouched_for


def test_a_hole_larger_than_declared_is_missing_for_the_rest() -> None:
    station = day()
    station.shed(2, 9)
    rows = [row for row in station.rows if row.seq != 10]
    report = of_rows(rows)
    assert told(report) == [("missing", 10, 10)]
    assert [one.first for one in report.findings] == [2, 10]


def test_touching_holes_declared_at_different_times_are_bridged() -> None:
    station = day()
    station.shed(1, 5)
    station.shed(6, 9)
    assert not of_rows(station.rows).faults


def test_a_hole_declared_without_a_good_signature_is_missing() -> None:
    station = day()
    gap = station.shed(2, 9)
    station.rows[-1] = flipped(gap, at=-20)
    station.events("check")
    assert told(of_rows(station.rows)) == [("missing", 2, 9), ("forged", 29, 31)]
    station.rows[-2] = gap._replace(wire=re.sub(rb',"sig":"[^"]+"', b"", gap.wire))
    assert told(of_rows(station.rows)) == [("missing", 2, 9), ("unsigned", 31, 31)]


def test_an_event_beside_a_declared_hole_is_judged_by_what_was_declared() -> None:
    station = day()
    station.shed(5, 9)
    rows = wires(station.rows)
    assert not of_rows(rows).faults
    at = next(n for n, wire in enumerate(rows) if b'"seq":4,' in wire)
    rows[at] = with_a_flipped_bit(Stored(4, rows[at], b"")).wire
    assert told(of_rows(rows)) == [("altered", 4, 4)]


def test_what_the_station_could_not_record_is_told() -> None:
    station = day()
    station.event("gap", unclean_end={"last": 30, "last_time": "x"})
    station.event("gap", given_up={"reading": 5}, why="disk_full")
    report = of_rows(station.rows)
    assert not report.faults
    assert [(one.kind, one.first, one.last) for one in report.findings] == [("unrecorded", 31, 32)]


def test_gap_events_with_any_body_declare_nothing_and_break_nothing() -> None:
    station = day()
    bodies: list[dict[str, Any]] = [
        {"shed": 5},
        {"shed": [1, None, {"from": 1, "to": "x", "before": "", "after": ""}]},
        {"shed": [{"from": -5, "to": 3, "before": "", "after": "zz"}]},
        {"began": None},
        {"began": {"why": 1, "before": {"epoch": 5, "upto": 1}}},
        {"damaged_file_kept_as": 7},
    ]
    for body in bodies:
        station.event("gap", **body)
    assert not of_rows(station.rows).findings


def test_findings_are_bounded_and_faults_are_never_crowded_out() -> None:
    station = Station()
    for _ in range(1500):
        station.events("reading", "check")
    rows = [row for row in station.rows if row.seq % 2 == 0]
    report = of_rows(rows)
    assert len(report.findings) == 1000
    assert report.unlisted == 500
    assert isinstance(report.findings[0], Finding)


def test_a_signature_of_somebody_elses_key_is_forged() -> None:
    rows = day().rows
    message = rows[14].wire
    signature = signer(2).sign("tn-01", "68a1", 15, rows[14].hash)
    rows[14] = rows[14]._replace(wire=sealed(re.sub(rb',"sig":"[^"]+"', b"", message), signature))
    assert told(of_rows(rows)) == [("forged", 11, 15)]
