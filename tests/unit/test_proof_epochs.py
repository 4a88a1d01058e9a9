"""The walk across epochs, old copies, what the other end knows, and files of older versions."""

import re

from proofs import Station, day, made, of_rows, signer, told, wires, with_a_flipped_bit

from tramdo.events import canonical
from tramdo.proof import GENESIS
from tramdo.proof.known import Known


def test_a_new_epoch_that_goes_on_in_the_file_says_that_it_was_an_old_copy() -> None:
    station = day()
    station.go_on_as("77f0")
    station.events("reading", "check")
    report = of_rows(station.rows)
    assert told(report) == [("old copy", 30, 30)]
    assert [(one.epoch, one.first, one.last, one.vouched) for one in report.epochs] == [
        ("68a1", 1, 30, 30),
        ("77f0", 31, 33, 33),
    ]
    assert [one.kind for one in report.findings if not one.fault] == ["epoch"]


def test_at_the_central_both_branches_stand_and_the_new_one_is_only_told() -> None:
    station = day()
    old = station.copy(30)
    old.events(*["reading"] * 9, "check")
    station.go_on_as("77f0")
    station.events("reading", "check")
    both = wires([*old.rows, *station.rows[30:]])
    report = of_rows(both)
    assert not report.faults
    assert [one.kind for one in report.findings] == ["epoch"]
    changed = [wire.replace(b'"upto":30', b'"upto":29') for wire in both]
    assert of_rows(changed).faults


def test_a_branch_that_does_not_go_on_from_the_older_epoch_is_a_fork() -> None:
    other = Station().events("check", *["reading"] * 29)
    other.go_on_as("77f0")
    both = wires([*day().events("check").rows, *other.rows[30:]])
    assert told(of_rows(both)) == [("fork", 31, 31)]


def test_a_hole_of_the_older_epoch_is_declared_by_the_newer_up_to_the_branch() -> None:
    station = day()
    old = station.copy(30)
    old.events(*["reading"] * 9, "check")
    station.go_on_as("77f0")
    station.shed(2, 9)
    held = [row for row in old.rows if not 2 <= row.seq <= 9]
    report = of_rows(wires([*held, *station.rows[-2:]]))
    assert not report.faults
    held = [row for row in held if row.seq != 35]
    assert told(of_rows(wires([*held, *station.rows[-2:]]))) == [("missing", 35, 35)]


def test_a_new_file_is_told_and_without_a_word_why_it_is_a_fault() -> None:
    first, second = day(), Station(epoch="77f0")
    second.event("gap", damaged_file_kept_as="tramdo.db.damaged-1")
    second.events("reading", "check")
    report = of_rows(wires([*first.rows, *second.rows]))
    assert not report.faults
    assert "damaged" in report.findings[0].why
    silent = Station(epoch="77f0").events("config", "check")
    assert told(of_rows(wires([*first.rows, *silent.rows]))) == [("epoch", 1, 1)]


def test_an_old_copy_ends_before_what_the_other_end_knows() -> None:
    rows = day().rows
    known = Known(seq=28, value=rows[27].hash, epoch="68a1")
    assert told(of_rows(rows[:20], known=[known])) == [("old copy", 21, 28)]
    anywhere = Known(seq=28, value=rows[27].hash)
    assert told(of_rows(rows[:20], known=[anywhere])) == [("old copy", 21, 28)]
    assert not of_rows(rows, known=[anywhere]).faults
    elsewhere = Known(seq=3, value=rows[2].hash, epoch="5555")
    assert told(of_rows(rows, known=[elsewhere])) == [("old copy", 1, 3)]


def test_an_old_copy_that_went_on_is_a_fork() -> None:
    rows = day().rows
    copy = day().copy(20).events(*["check"] * 9)
    known = Known(seq=28, value=rows[27].hash, epoch="68a1")
    assert told(of_rows(copy.rows, known=[known])) == [("fork", 28, 28)]


def test_two_genuine_records_put_together_are_a_fork() -> None:
    rows = day().rows
    other = day().copy(20).events(*["check"] * 9)
    mixed = [*wires(rows)[:25], *wires(other.rows)[25:]]
    assert told(of_rows(mixed)) == [("fork", 26, 26)]


def old_form(count: int) -> Station:
    """Return events that do not name the chain value before them, as older files have them."""
    station = Station(key=None)
    for seq in range(1, count + 1):
        station.seq = seq
        message = canonical(station.name, station.epoch, seq, made("check", seq, {}), GENESIS)
        station.seal(re.sub(rb'"prev":"\w+",', b"", message), signed=False)
    station.key = signer()
    return station


def test_the_chain_goes_on_over_messages_of_older_files() -> None:
    station = old_form(9).events("reading", "check")
    for source in (station.rows, wires(station.rows)):
        report = of_rows(source)
        assert not report.findings
        assert report.epochs[0].vouched == 11


def test_a_change_in_an_older_file_is_exact_in_the_journal_and_a_range_in_an_export() -> None:
    rows = old_form(9).events("reading", "check").rows
    rows[3] = with_a_flipped_bit(rows[3])
    assert told(of_rows(rows)) == [("altered", 4, 4)]
    assert told(of_rows(wires(rows))) == [("altered", 1, 9)]


def test_older_messages_after_a_declared_hole_are_still_chained() -> None:
    station = old_form(9)
    station.shed(1, 4)
    assert not of_rows(wires(station.rows)).faults
    rows = wires(station.rows)
    rows[2] = rows[2].replace(b'"n":7', b'"n":8')
    assert told(of_rows(rows)) == [("altered", 5, 9)]


def test_a_message_without_its_chain_value_among_those_with_it_is_altered() -> None:
    rows = wires(day().rows)
    rows[11] = re.sub(rb'"prev":"\w+",', b"", rows[11])
    assert told(of_rows(rows)) == [("altered", 12, 12)]


def test_another_epoch_in_one_event_is_an_altered_event_and_no_new_epoch() -> None:
    rows = day().rows
    rows[11] = rows[11]._replace(wire=rows[11].wire.replace(b".68a1.", b".68a3."))
    assert told(of_rows(rows)) == [("altered", 12, 12)]
    assert told(of_rows(wires(rows))) == [("altered", 12, 12)]
