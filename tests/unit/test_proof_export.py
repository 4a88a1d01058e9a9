"""An export proves itself, and no file makes its reading fail in a way of its own."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proofs import (
    HEADER,
    Station,
    day,
    exported,
    of_export,
    of_rows,
    signer,
    told,
    verifier,
    with_a_flipped_bit,
)

from tramdo.errors import TramdoError
from tramdo.journal import Stored
from tramdo.proof import Verifier
from tramdo.proof.export import Header, NoExport, read
from tramdo.proof.head import Head
from tramdo.proof.known import Known
from tramdo.proof.walk import prove

NOTHING = b'{"head":null,"events":0}\n'
UNDER_MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def short() -> bytes:
    station = Station().events("config", "reading", "reading", "reading!", "check", "reading")
    return exported(station.rows, key=signer())


SHORT = short()
EVENTS_START = SHORT.index(b"\n") + 1
EVENTS_END = SHORT.rindex(b"\n", 0, -1) + 1
SEALS = list(re.finditer(rb'"sig":"([^"]+)"', SHORT))


def test_an_export_is_a_header_the_messages_as_they_travel_and_a_head(tmp_path: Path) -> None:
    rows = day().rows
    header, *wires, closing = exported(rows).splitlines()
    assert json.loads(header) == {
        "tramdo_export": 1,
        "station": "tn-01",
        "made": "2026-11-22T09:00:00.000Z",
        "key": "",
        "version": "0.4.0",
    }
    assert wires == [row.wire for row in rows]
    assert json.loads(closing) == {
        "head": {
            "v": 1,
            "station": "tn-01",
            "epoch": "68a1",
            "seq": 30,
            "hash": rows[-1].hash.hex(),
            "at": "2026-11-22T09:00:00.000Z",
        },
        "events": 30,
    }
    assert of_export(exported(rows), tmp_path).vouched_for


def test_a_signed_head_vouches_for_the_tail(tmp_path: Path) -> None:
    assert of_export(exported(day().rows), tmp_path).tail == range(29, 31)
    assert not of_export(exported(day().rows, key=signer()), tmp_path).tail
    report = of_export(exported(day().rows, key=signer(2)), tmp_path)
    assert told(report) == [("forged", 29, 30)]


def test_a_head_without_a_key_bears_the_newest_events_own_signature(tmp_path: Path) -> None:
    content = exported(day().events("check").rows)
    head = Head.of(json.loads(content.splitlines()[-1])["head"])
    assert head.proven(verifier()) is True
    assert Head.of(json.loads(head.message())) == head
    assert of_export(content, tmp_path).vouched_for


def test_an_export_of_wires_is_the_same_as_one_of_rows() -> None:
    rows = day().rows
    assert exported([row.wire for row in rows]) == exported(rows)


@pytest.mark.parametrize("lines", [1, 2, 5, 29])
def test_a_cut_off_end_is_cut_whether_the_closing_line_is_there_or_not(
    lines: int, tmp_path: Path
) -> None:
    header, *wires, closing = exported(day().rows).splitlines(keepends=True)
    without = header + b"".join(wires[:-lines])
    (fault,) = of_export(without, tmp_path).faults
    assert (fault.kind, fault.where) == ("cut", "the file")
    last = 30 - lines
    faults = told(of_export(without + closing, tmp_path))
    assert faults == [("cut", 0, 0), ("cut", last + 1, 30)]
    counted = closing.replace(b'"events":30', b'"events":%d' % last)
    assert told(of_export(without + counted, tmp_path)) == [("cut", last + 1, 30)]


def test_a_file_cut_within_a_line_is_cut(tmp_path: Path) -> None:
    content = exported(day().rows)
    assert ("cut", 0, 0) in told(of_export(content[:-30], tmp_path))
    assert ("cut", 0, 0) in told(of_export(content[: len(content) // 2], tmp_path))


def test_events_after_the_one_that_the_closing_line_names_are_cut_as_well(tmp_path: Path) -> None:
    longer, closing = exported(day().events("check").rows), exported(day().rows).splitlines()[-1]
    content = b"\n".join([*longer.splitlines()[:-1], closing])
    assert told(of_export(content, tmp_path)) == [("cut", 0, 0), ("cut", 31, 31)]


def test_a_closing_line_that_names_another_value_does_not_fit_the_signed_event(
    tmp_path: Path,
) -> None:
    content = exported(day().events("check").rows)
    place = content.rindex(b'"hash":"') + 8
    other = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    kinds = {kind for kind, _, _ in told(of_export(other, tmp_path))}
    assert kinds == {"cut"}


def test_a_flipped_bit_in_the_last_event_is_altered(tmp_path: Path) -> None:
    rows = [row.wire for row in day().rows]
    content = exported(rows)
    last = with_a_flipped_bit(Stored(30, rows[-1], b"")).wire
    for key in (None, 1):
        report = of_export(content.replace(rows[-1], last), tmp_path, key)
        assert told(report) == [("altered", 30, 30)]


def test_an_empty_record_is_empty_and_whole(tmp_path: Path) -> None:
    content = exported([])
    assert content.endswith(b"\n" + NOTHING)
    report = of_export(content, tmp_path)
    assert (report.events, report.whole, report.vouched_for) == (0, True, False)
    header = exported(day().rows).splitlines(keepends=True)[0]
    assert of_export(header + NOTHING, tmp_path).whole


def test_damaged_rows_are_exported_as_the_evidence_that_they_are(tmp_path: Path) -> None:
    rows = day().rows
    rows[4] = rows[4]._replace(wire=b"\xff\x00")
    rows[-1] = rows[-1]._replace(wire=b"\xff\x00")
    assert told(of_export(exported(rows), tmp_path)) == [("damaged", 5, 5), ("damaged", 30, 30)]


def test_a_selection_is_judged_by_each_events_own_signature(tmp_path: Path) -> None:
    header = Header(station="tn-01", made="x", version="1", kinds=("check", "config"))
    content = exported(day().rows, header)
    assert content.count(b"\n") == 2 + 5
    report = of_export(content, tmp_path)
    assert (report.partial, report.vouched_for, report.proven) == (True, True, 5)
    lines = content.splitlines(keepends=True)
    lines[2] = re.sub(rb'"boot":"b0"', b'"boot":"b1"', lines[2])
    assert [kind for kind, _, _ in told(of_export(b"".join(lines), tmp_path))] == ["forged"]
    swapped = b"".join([lines[0], lines[3], lines[1], *lines[4:]])
    kinds = {kind for kind, _, _ in told(of_export(swapped, tmp_path))}
    assert kinds == {"reordered", "cut"}


def test_unsigned_events_of_a_selection_are_not_proven(tmp_path: Path) -> None:
    header = Header(station="tn-01", made="x", version="1", kinds=("reading",))
    report = of_export(exported(day().rows, header), tmp_path)
    assert {kind for kind, _, _ in told(report)} == {"unsigned"}


def test_the_header_names_the_station_whose_record_it_is(tmp_path: Path) -> None:
    other = Header(station="tn-02", made="x", version="1")
    kinds = {kind for kind, _, _ in told(of_export(exported(day().rows, other), tmp_path))}
    assert "other station" in kinds


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00" * 100,
        b"[]",
        b"{}",
        b'{"tramdo_export":2,"station":"a","made":"x","key":"","version":"1"}',
        b'{"tramdo_export":1,"station":"\\ud800","made":"x","key":"","version":"1"}',
        b'{"tramdo_export":1,"station":"a","made":"x","key":"","version":"1","kinds":7}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_export_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    path.write_bytes(content)
    with pytest.raises(NoExport, match="first line is no header") as error:
        read(path)
    assert str(error.value) == (
        f"{path}: no export of tramdo (its first line is no header); "
        "a journal is exported with `tramdo export`"
    )


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoExport, match="No such file"):
        read(tmp_path / "none")
    with pytest.raises(NoExport, match="Is a directory"):
        read(tmp_path)


@given(st.integers(EVENTS_START, EVENTS_END - 1), st.integers(0, 7))
@UNDER_MANY
def test_a_flipped_bit_anywhere_in_the_events_is_never_clean(
    tmp_path: Path, at: int, bit: int
) -> None:
    content = bytearray(SHORT)
    content[at] ^= 1 << bit
    assert of_export(bytes(content), tmp_path).faults
    # Without a key one signature is as good as another, and nobody vouches for any.
    in_a_seal = any(seal.start(1) <= at < seal.end(1) for seal in SEALS)
    without = of_export(bytes(content), tmp_path, key=None)
    assert not without.vouched_for
    assert without.faults or in_a_seal


@given(
    st.lists(
        st.tuples(st.integers(EVENTS_START, EVENTS_END - 1), st.binary(max_size=3)),
        min_size=1,
        max_size=8,
    )
)
@UNDER_MANY
def test_any_bytes_in_place_of_some_in_the_events_are_never_clean(
    tmp_path: Path, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(SHORT)
    for at, other in changes:
        content[at : at + 1] = other
    if bytes(content) != SHORT:
        assert of_export(bytes(content), tmp_path).faults


@given(st.lists(st.tuples(st.integers(0, len(SHORT) - 1), st.integers(0, 255)), max_size=20))
@UNDER_MANY
def test_no_change_of_the_file_fails_in_another_way_than_ours(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(SHORT)
    for at, byte in changes:
        content[at] = byte
    with suppress(TramdoError):
        of_export(bytes(content), tmp_path)


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.booleans())
@UNDER_MANY
def test_lines_in_any_order_and_number_are_never_clean(
    tmp_path: Path, order: list[int], dropped: set[int], twice: bool
) -> None:
    header, *wires, closing = SHORT.splitlines(keepends=True)
    lines = [wires[at] for at in order if at not in dropped]
    lines += lines[:1] if twice else []
    if lines != wires:
        counted = re.sub(rb'"events":\d+', b'"events":%d' % len(lines), closing)
        assert of_export(header + b"".join(lines) + counted, tmp_path).faults


def test_an_export_can_be_read_again_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    path.write_bytes(exported(day().rows))
    export = read(path)
    assert export.closing() is None
    assert len(list(export)) == len(list(export)) == 30
    assert export.closing() is not None
    assert export.header == HEADER
    assert prove(export.record(), Verifier([])).proven == 0


def test_lines_that_end_in_cr_lf_are_one_finding(tmp_path: Path) -> None:
    content = exported(day().rows).replace(b"\n", b"\r\n")
    (fault,) = of_export(content, tmp_path).faults
    assert fault.text == (
        "the file: every line ends in CR LF: the file was changed as text on the way"
    )
    other = content.replace(b'"boot":"b0"', b'"boot":"b1"', 1)
    assert told(of_export(other, tmp_path)) == [("altered", 0, 0), ("altered", 1, 1)]


def test_how_it_ends_is_open_signed_or_proven(tmp_path: Path) -> None:
    rows = day().rows
    last = Known(seq=30, value=rows[-1].hash)
    assert of_export(exported(rows), tmp_path).end == "open"
    assert of_export(exported(rows, key=signer()), tmp_path).end == "signed"
    assert of_rows(rows, known=[last]).end == "proven"
    assert of_rows(rows, known=[Known(seq=30, value=last.value, epoch="68a1")]).end == "proven"
    assert of_rows(rows, known=[Known(seq=29, value=rows[-2].hash)]).end == "open"
    assert of_rows(rows[:28], key=None).end == "open"
    assert of_rows(rows, known=[Known(seq=30, value=bytes(32))]).end == "open"


def test_an_event_is_found_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    header, *wires, closing = exported(day().rows).splitlines(keepends=True)
    wires[6] = b"rubbish\n"
    path.write_bytes(b"".join([header, *wires, closing]))
    wanted = {("68a1", 1), ("68a1", 7), ("68a1", 30), ("68a1", 31)}
    assert read(path).lines(wanted) == {("68a1", 1): 2, ("68a1", 7): 8, ("68a1", 30): 31}
