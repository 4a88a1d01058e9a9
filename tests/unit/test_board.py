"""What is true now: never a value without its age, never an old one as new."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from weighings import SCALE, WEIGHT, weigh

from tramdo.availability import Availability
from tramdo.board import Board, Row
from tramdo.check import CheckRecord
from tramdo.errors import BadFrame, InstrumentError, NoReply, OutOfRange, PortLost
from tramdo.port import Exchange
from tramdo.reading import Indication, Reading, Unit

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def row(instrument: str = "scale-1", **more: Any) -> Row:
    return Row(
        instrument=instrument,
        label="Cân 1",
        kind="scale",
        driver="mt-sics",
        proof="manual",
        port="packing",
        availability=Availability(since=START),
        **more,
    )


def shows(digits: str, after: float = 0.0) -> Reading:
    shown = Indication(value=Decimal(digits), unit=Unit.KG, stable=True)
    at = START + timedelta(seconds=after)
    return Reading(instrument="scale-1", sequence=1, at=at, monotonic=after, indications=(shown,))


def fails(error: InstrumentError, after: float = 0.0) -> Reading:
    at = START + timedelta(seconds=after)
    return Reading(instrument="scale-1", sequence=1, at=at, monotonic=after, error=error)


def checked(shown: str, e: str = "0.02", nominal: str = "20") -> CheckRecord:
    reference = replace(WEIGHT, id="w20", value=Decimal(nominal), unit=Unit.KG)
    found, _ = weigh(
        shown,
        reference=replace(reference, expanded_uncertainty=Decimal("0.001")),
        characteristics=replace(SCALE, e=Decimal(e)),
    )
    return replace(found, instrument="scale-1", check="span", point="span", at=START)


def test_before_the_first_reading_there_is_a_state_and_no_value() -> None:
    assert row().picture() == {
        "instrument": "scale-1",
        "label": "Cân 1",
        "kind": "scale",
        "driver": "mt-sics",
        "proof": "manual",
        "state": "starting",
        "since": "2026-11-22T08:00:00.000Z",
        "checks": {},
    }


def test_a_value_stands_with_its_age() -> None:
    one = row()
    one.take(shows("20.020", 1))
    picture = one.picture()
    assert (picture["state"], picture["since"]) == ("ok", "2026-11-22T08:00:01.000Z")
    assert [value["value"] for value in picture["values"]] == ["20.020"]
    assert picture["at"] == "2026-11-22T08:00:01.000Z"
    assert not {"last_values", "cause"} & set(picture)


@pytest.mark.parametrize("error", [OutOfRange("overload"), PortLost("unplugged")])
def test_an_old_value_is_never_shown_as_new(error: InstrumentError) -> None:
    one = row()
    one.take(shows("20.020", 1))
    one.take(fails(error, 9))
    picture = one.picture()
    assert (picture["state"], picture["cause"]) == (error.state, str(error))
    assert picture["since"] == "2026-11-22T08:00:09.000Z"
    assert "values" not in picture
    assert [value["value"] for value in picture["last_values"]] == ["20.020"]
    assert picture["at"] == "2026-11-22T08:00:01.000Z"


def test_a_value_comes_back_as_new() -> None:
    one = row()
    one.take(shows("20.020", 1))
    one.take(fails(OutOfRange("overload"), 2))
    one.take(shows("0.000", 3))
    picture = one.picture()
    assert [value["value"] for value in picture["values"]] == ["0.000"]
    assert not {"last_values", "cause"} & set(picture)


def test_one_missed_answer_leaves_the_value_with_its_own_time() -> None:
    one = row()
    one.take(shows("20.020", 1))
    assert one.take(fails(NoReply("silent"), 2)) is None
    picture = one.picture()
    assert (picture["state"], picture["at"]) == ("ok", "2026-11-22T08:00:01.000Z")


def test_take_returns_the_state_before_only_when_it_has_changed() -> None:
    one = row()
    found = [
        one.take(shows("1", 1)),
        one.take(shows("2", 2)),
        one.take(fails(PortLost("unplugged"), 3)),
        one.take(fails(PortLost("still unplugged"), 4)),
        one.take(shows("3", 5)),
    ]
    states = [before and before.state for before in found]
    assert states == ["starting", None, "ok", None, "port_lost"]


def test_outcomes_are_counted_by_name() -> None:
    one = row()
    for error in (NoReply("a"), BadFrame("b", b""), NoReply("c")):
        one.take(fails(error))
    one.take(shows("1"))
    assert one.details()["counts"] == {"no_reply": 2, "bad_frame": 1, "ok": 1}


def test_every_reading_and_every_check_moves_the_version() -> None:
    one = row()
    versions = [one.version]
    one.take(shows("1"))
    versions.append(one.version)
    one.note(checked("20.02").body(), [0.5])
    versions.append(one.version)
    one.picture()
    one.details()
    assert [*versions, one.version] == [0, 1, 2, 2]


def test_a_check_stands_under_its_id_with_both_verdicts() -> None:
    one = row()
    one.note(checked("20.02").body(), [0.12345, -1.0])
    one.note(checked("20.06").body(), [0.5])
    (check,) = one.picture()["checks"].values()
    assert check == {
        "at": "2026-11-22T08:00:00.000Z",
        "reference": "w20",
        "error": "0.06",
        "mpe": "0.040",
        "unit": "kg",
        "rules": "oiml-r76-2006",
        "conformity": "exceeds",
        "control": "learning",
        "why": "error 0.06 kg is beyond MPE 0.04 kg",
        "z": 0.0,
        "limit": None,
        "count": 1,
        "history": [0.5],
        "decision": "simple",
        "crossing_ahead": False,
        "near_mpe": False,
        "dates": None,
        "operator": None,
        "uncertainty": "0.00030",
    }


def test_history_is_rounded_and_an_mpe_that_cannot_be_said_is_null() -> None:
    one = row()
    one.note(checked("20.02", e="0.0001").body(), [0.12345, -1.0])
    (check,) = one.picture()["checks"].values()
    assert (check["mpe"], check["conformity"]) == (None, "undecided")
    assert check["history"] == [0.123, -1.0]


def test_the_mpe_of_a_weighbridge_is_written_in_plain_digits() -> None:
    one = row()
    one.note(checked("20020", e="20", nominal="20000").body(), [])
    mpe = one.picture()["checks"]["span"]["mpe"]
    assert Decimal(mpe) == 40
    assert "E" not in mpe


def test_a_value_that_nobody_renews_becomes_stale() -> None:
    time = [10.0]
    one = row(clock=lambda: time[0], stale_after=5.0)
    one.take(shows("20.020", 10.0))
    time[0] = 15.0
    assert one.picture()["state"] == "ok"
    time[0] = 15.1
    picture = one.picture()
    assert (picture["state"], picture["last_values"][0]["value"]) == ("stale", "20.020")
    assert "values" not in picture
    one.take(shows("20.020", 15.1))
    assert one.picture()["state"] == "ok"


def test_a_failure_is_not_called_stale() -> None:
    one = row(clock=lambda: 1000.0, stale_after=5.0)
    assert one.picture()["state"] == "starting"
    one.take(shows("1", 1.0))
    one.take(fails(PortLost("unplugged"), 2.0))
    assert one.picture()["state"] == "port_lost"


def test_details_say_what_went_over_the_wire() -> None:
    heard = [
        Exchange(1.23456, b"SI\r\n", b"S S 20.02 kg\r\n", "ok"),
        Exchange(2.0, b"SI\r\n", b"", "no answer in 0.5 s"),
    ]
    details = row(exchanges=heard, schedule=lambda: {"period_s": 0.2}).details()
    assert details["exchanges"] == [
        {
            "at": 1.235,
            "sent": "53 49 0d 0a",
            "received": "53 20 53 20 32 30 2e 30 32 20 6b 67 0d 0a",
            "outcome": "ok",
        },
        {"at": 2.0, "sent": "53 49 0d 0a", "received": "", "outcome": "no answer in 0.5 s"},
    ]
    assert (details["port"], details["schedule"]) == ("packing", {"period_s": 0.2})
    assert details["state"] == "starting"


def board(*names: str) -> Board:
    return Board("tn-01", START, {name: row(name) for name in names})


def test_changed_gives_each_reader_what_it_has_not_seen() -> None:
    one, first, second = board("b", "a"), dict[str, int](), dict[str, int]()
    assert [each.instrument for each in one.changed(first)] == ["b", "a"]
    assert one.changed(first) == []
    one.rows["a"].take(shows("1"))
    assert [each.instrument for each in one.changed(first)] == ["a"]
    assert [each.instrument for each in one.changed(second)] == ["b", "a"]
    assert one.changed(first) == one.changed(second) == []


def test_the_board_keeps_the_files_order_adds_its_facts_and_is_json() -> None:
    one = board("scale-2", "scale-1")
    one.facts = lambda: {"clock": "unknown"}
    picture = json.loads(json.dumps(one.picture()))
    assert [each["instrument"] for each in picture["instruments"]] == ["scale-2", "scale-1"]
    assert (picture["station"], picture["clock"]) == ("tn-01", "unknown")
    assert picture["started"] == "2026-11-22T08:00:00.000Z"


def test_after_an_adjustment_a_verdict_is_marked_until_the_next_check() -> None:
    one = row()
    one.note(checked("20.02").body(), [0.5])
    before = one.version
    one.adjusted()
    (check,) = one.picture()["checks"].values()
    assert (check["before_adjustment"], check["conformity"]) == (True, "within")
    assert one.version > before
    one.note(checked("20.00").body(), [0.0])
    (check,) = one.picture()["checks"].values()
    assert "before_adjustment" not in check
