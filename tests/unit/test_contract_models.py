"""The exact models: what our own code builds fits, and what it does not say is found."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from guided import WEIGHED, carried_out, delivering, weighed
from pydantic import ValidationError

from contract import GOLDEN
from tramdo import passive
from tramdo.alerts import Alert
from tramdo.clock import Stamp
from tramdo.contract import NoSuchTopic, Topic, topic_of
from tramdo.contract.alerts import PassiveWord, VerdictWord
from tramdo.contract.indications import StateWord
from tramdo.contract.schemas import MESSAGES, model
from tramdo.errors import InstrumentError, NoReply, OutOfRange
from tramdo.events import KINDS, STATION_WIDE, Event, canonical, reading_body
from tramdo.guiding import Procedure
from tramdo.passive.signal import Signal
from tramdo.reading import Indication, Quantity, Reading, Unit

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_bytes())
    return found


def wrong(message: str, fields: dict[str, Any]) -> list[str]:
    """Return the places of a message that its model refuses."""
    try:
        model(message).validate_json(json.dumps(fields))
    except ValidationError as error:
        return [".".join(map(str, one["loc"])) for one in error.errors()]
    return []


def with_body(kind: str, body: Any) -> dict[str, Any]:
    return golden("clock.event") | {"kind": kind, "body": json.loads(json.dumps(body, default=str))}


def states(error: type[InstrumentError] = InstrumentError) -> Iterator[str]:
    yield error.state
    for one in error.__subclasses__():
        if one.__module__.startswith("tramdo."):
            yield from states(one)


def test_every_word_of_ours_is_known() -> None:
    assert set(KINDS) <= MESSAGES.keys()
    assert list(get_args(VerdictWord)) == list(Alert)
    ours = {*states(), *OutOfRange.STATES, "starting", "ok", "stale"}
    assert set(get_args(StateWord)) == ours
    said = (path.read_text() for path in Path(passive.__file__).parent.glob("*.py"))
    pattern = re.compile(r'say\(\s*reading, "(\w+)"|^    "(\w+)",?$|"(total_\w+)"', re.MULTILINE)
    names = {word for text in said for one in pattern.findall(text) for word in one if word}
    assert names >= set(get_args(PassiveWord))
    assert {one for one in names if one.startswith("total_")} <= set(get_args(PassiveWord))


DELIVERED = {
    "fast-1/delivered": "20.00",
    "fast-1/read": "20.03",
    "fast-1/can_temperature": "31",
    "fast-1/meter_temperature": "29",
}


@pytest.mark.parametrize(
    ("procedure", "shown"),
    [(weighed(), WEIGHED), (delivering(), DELIVERED)],
    ids=["weighing", "delivering"],
)
def test_a_guided_run_says_nothing_that_is_unsaid(
    procedure: Procedure, shown: dict[str, str]
) -> None:
    bodies = [with_body("check", one) for one in carried_out(procedure, shown).bodies]
    assert {one["body"]["phase"] for one in bodies} == {"begun", "step", "result", "closed"}
    found = {place for one in bodies for place in wrong("check", one)}
    assert found == {"body.result.digest"}  # these rules come from no file


def test_a_reading_fits_with_all_it_can_have_and_without() -> None:
    full = Indication(
        value=Decimal("-0.00"), unit=Unit.KG, stable=True, basis="net", flags=("zero",)
    )
    bare = Indication(value=Decimal(126), unit=None, quantity=Quantity.COUNT)
    readings = [
        Reading(instrument="scale-1", sequence=1, at=AT, monotonic=1.0, indications=(full, bare)),
        Reading(instrument="scale-1", sequence=2, at=AT, monotonic=2.0, error=NoReply("silence")),
    ]
    body = {"readings": [reading_body(one) for one in readings]}
    assert wrong("reading", with_body("reading", body)) == []


def test_a_value_that_is_no_number_is_found() -> None:
    for digits in ("NaN", "Infinity", "1E+3", "1,5", "", "٣"):
        shown = {"quantity": "weight", "value": digits, "unit": "kg"}
        reading = {"instrument": "scale-1", "n": 1, "at": "2026-11-22T08:00:00.000Z"}
        body = {"readings": [reading | {"values": [shown]}]}
        assert "body.readings.0.Shown.values.0.value" in wrong(
            "reading", with_body("reading", body)
        )


def test_a_signal_fits() -> None:
    signal = Signal(name="frozen", instrument="scale-1", at=AT, begins=True, why="equal frames")
    assert wrong("alert", with_body("alert", signal.body() | {"unsaid": 0})) == []
    assert wrong("alert", with_body("alert", signal.body())) == ["body.signal.unsaid"]


SPOILT: dict[str, tuple[str, tuple[str, ...], Any, str]] = {
    "an unknown key": ("clock.event", ("extra",), 1, "extra"),
    "an unknown key of a body": ("clock.event", ("body", "why"), "x", "body.why"),
    "deep down": ("check.result", ("body", "plate", "n"), 1, "body.result.plate.n"),
    "a number that was text": ("check.result", ("body", "error"), 0.02, "body.result.error"),
    "text that was a number": ("clock.event", ("seq",), "29", "seq"),
    "null where a key is left out": ("clock.event", ("boot",), None, "boot"),
    "another word": ("clock.event", ("clock",), "good", "clock"),
    "another alert": ("alert.fault", ("body", "alert"), "trouble", "body"),
    "a time without zone": ("clock.event", ("time",), "2026-11-22T08:00:00.000", "time"),
    "half a chain value": ("clock.event", ("prev",), "ab" * 16, "prev"),
    "an id that contradicts": ("clock.event", ("seq",), 4, ""),
    "a station that contradicts": ("clock.event", ("station",), "tn-02", ""),
    "a picture": ("state.ok", ("values",), None, "values"),
    "too much at a time": ("cmd-resend.range", ("to",), 10_003, ""),
    "backwards": ("cmd-resend.range", ("to",), 2, ""),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_a_message_may_not_say_is_found(what: str) -> None:
    name, path, value, place = SPOILT[what]
    fields, message = golden(name), name.partition(".")[0]
    assert wrong(message, fields) == []
    inner = fields
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert wrong(message, fields) == [place]


def test_events_of_older_files_fit() -> None:
    fields = golden("availability.before-0.2")
    assert not {"prev", "boot", "sig"} & fields.keys()
    assert wrong("availability", fields) == []


def test_what_the_journal_writes_is_what_is_modelled() -> None:
    stamp = Stamp(at=AT, monotonic=12.5, quality="unknown", boot="b00t")
    event = Event(kind="clock", instrument=STATION_WIDE, stamp=stamp, body={"step_s": -2.5})
    message = canonical("tn-01", "6b0358c0a1b2c3d4", 7, event, bytes(32))
    assert wrong("clock", json.loads(message)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ev/alert/scale-1", Topic(station="tn-01", message="alert", instrument="scale-1")),
        ("state/scale-1", Topic(station="tn-01", message="state", instrument="scale-1")),
        ("cmd/resend", Topic(station="tn-01", message="cmd-resend")),
        ("head", Topic(station="tn-01", message="head")),
    ],
)
def test_a_topic_names_its_message(text: str, found: Topic) -> None:
    assert topic_of(f"tramdo/v1/tn-01/{text}") == found


@pytest.mark.parametrize(
    "text",
    [
        "tramdo/v2/tn-01/head",
        "tramdo/v1/tn-01/ev/alert",
        "tramdo/v1/tn-01/ev/rumour/scale-1",
        "tramdo/v1/tn-01/cmd/tare",
        "tramdo/v1/tn-01/head/x",
        "other/v1/tn-01/head",
    ],
)
def test_another_topic_is_none(text: str) -> None:
    with pytest.raises(NoSuchTopic, match=re.escape(text)):
        topic_of(text)
