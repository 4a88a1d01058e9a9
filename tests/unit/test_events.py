"""The byte form of an event is a contract: changed bytes break the chain and every reader."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tramdo.clock import Stamp
from tramdo.errors import BadFrame, NoReply
from tramdo.events import (
    STATION_WIDE,
    Event,
    canonical,
    event_id,
    indication_body,
    iso,
    reading_body,
    topic,
)
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.settings.values import NAME

AT = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
STAMP = Stamp(at=AT, monotonic=12.34567, quality="synchronised", boot="b00t")
PREV = bytes(range(32))


def written(kind: str, instrument: str, body: dict[str, Any]) -> str:
    one = Event(kind=kind, instrument=instrument, stamp=STAMP, body=body)
    return canonical("tn-01", "e1", 7, one, PREV).decode()


def envelope(kind: str, instrument: str, body: str) -> str:
    return (
        f'{{"body":{body},"boot":"b00t","clock":"synchronised","id":"tn-01.e1.7","instrument":"{instrument}",'
        f'"kind":"{kind}","monotonic":12.346,"prev":"{PREV.hex()}","seq":7,"station":"tn-01",'
        '"time":"2026-11-22T08:00:00.123Z","v":1}'
    )


def reading(*shown: Indication, **more: Any) -> Reading:
    return Reading(
        instrument="scale-1", sequence=3, at=AT, monotonic=12.3, indications=shown, **more
    )


WEIGHT = Indication(value=Decimal("20.000"), unit=Unit.KG, stable=True, basis="net", flags=("z",))


@pytest.mark.parametrize(
    ("kind", "instrument", "body", "text"),
    [
        (
            "reading",
            "_all",
            {"readings": [reading_body(reading(WEIGHT))]},
            (
                '{"readings":[{"at":"2026-11-22T08:00:00.123Z","instrument":"scale-1","n":3,'
                '"values":[{"basis":"net","flags":["z"],"quantity":"weight","stable":true,'
                '"unit":"kg","value":"20.000"}]}]}'
            ),
        ),
        (
            "reading",
            "_all",
            {"readings": [reading_body(reading(error=BadFrame("a line", b"\x00\xff")))]},
            (
                '{"readings":[{"at":"2026-11-22T08:00:00.123Z","error":{"state":"bad_frame",'
                '"text":"a line; got 00 ff"},"instrument":"scale-1","n":3}]}'
            ),
        ),
        (
            "availability",
            "scale-1",
            {"state": "no_reply", "before": "ok", "since": iso(AT), "cause": "không trả lời"},
            (
                '{"before":"ok","cause":"không trả lời","since":"2026-11-22T08:00:00.123Z",'
                '"state":"no_reply"}'
            ),
        ),
        (
            "check",
            "scale-1",
            {"check": "span", "error": "0.0198", "mpe": None, "z": -1.25, "evidence": ["53 20"]},
            '{"check":"span","error":"0.0198","evidence":["53 20"],"mpe":null,"z":-1.25}',
        ),
        (
            "alert",
            "scale-1",
            {"check_seq": 6, "alert": "exceeds"},
            '{"alert":"exceeds","check_seq":6}',
        ),
        ("clock", "_all", {"step_s": -3600.0}, '{"step_s":-3600.0}'),
        ("config", "_all", {"version": "0.1", "hash": "ab"}, '{"hash":"ab","version":"0.1"}'),
    ],
    ids=["reading", "failed-reading", "availability", "check", "alert", "clock", "config"],
)
def test_golden_bytes(kind: str, instrument: str, body: dict[str, Any], text: str) -> None:
    assert written(kind, instrument, body) == envelope(kind, instrument, text)


def test_the_order_in_which_a_body_was_made_leaves_no_trace() -> None:
    body = {"b": {"z": 1, "a": 2}, "a": [3, 1, 2]}
    turned = {"a": [3, 1, 2], "b": {"a": 2, "z": 1}}
    assert written("check", "s", body) == written("check", "s", turned)
    assert written("check", "s", body) != written("check", "s", {"b": body["b"], "a": [1, 2, 3]})


def test_text_is_utf_8_not_escapes() -> None:
    one = Event(kind="config", instrument="_all", stamp=STAMP, body={"place": "Cần Thơ °C"})
    message = canonical("tn-01", "e1", 1, one, PREV)
    assert "Cần Thơ °C".encode() in message
    assert b"\\u" not in message
    assert json.loads(message)["body"] == {"place": "Cần Thơ °C"}


@pytest.mark.parametrize("digits", ["20.000", "20.0", "-0.00", "0.1", "123456789.123456789", "7"])
def test_an_instruments_digits_survive_as_text(digits: str) -> None:
    body = indication_body(Indication(value=Decimal(digits), unit=Unit.KG))
    message = json.loads(written("reading", "_all", {"readings": [body]}))
    assert message["body"]["readings"][0]["value"] == digits


@pytest.mark.parametrize("digits", ["0.0000000", "0.0000001"])
def test_the_digits_of_a_microbalance_survive_as_text(digits: str) -> None:
    one = Indication(value=Decimal(digits), unit=Unit.G)
    assert indication_body(one)["value"] == digits


def test_what_a_protocol_does_not_say_is_left_out() -> None:
    bare = Indication(value=Decimal(1), unit=None, quantity=Quantity.COUNT)
    assert indication_body(bare) == {"quantity": "count", "value": "1", "unit": None}
    moving = Indication(value=Decimal(1), unit=Unit.L, stable=False)
    assert indication_body(moving)["stable"] is False


def test_a_failed_reading_has_its_error_and_no_values() -> None:
    body = reading_body(reading(error=NoReply("no answer in 0.5 s")))
    assert body["error"] == {"state": "no_reply", "text": "no answer in 0.5 s"}
    assert "values" not in body


def test_an_instant_has_milliseconds_and_a_z_even_on_the_second() -> None:
    assert iso(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000Z"


def test_ids_and_topics() -> None:
    assert event_id("tn-01", "e1", 7) == "tn-01.e1.7"
    assert topic("tn-01", "ev", "alert", "scale-1") == "tramdo/v1/tn-01/ev/alert/scale-1"
    assert topic("tn-01", "status") == "tramdo/v1/tn-01/status"


def test_decimals_in_a_body_become_text_with_their_digits() -> None:
    assert '"body":{"mpe":"0.040"}' in written("check", "s", {"mpe": Decimal("0.040")})


def test_a_damaged_file_name_is_recorded_all_the_same() -> None:
    one = Event(kind="gap", instrument="_all", stamp=STAMP, body={"file": "a\udcff"})
    message = canonical("tn-01", "e1", 1, one, PREV)
    assert b'"file":"a\\udcff"' in message
    assert json.loads(message.decode())["body"] == {"file": "a\udcff"}


def test_no_instrument_can_be_called_station_wide() -> None:
    assert not re.match(NAME, STATION_WIDE)
