"""What leaves the station: events, their canonical bytes and their topics. No I/O.

The form is CloudEvents 1.0 in MQTT 5 binary mode: the attributes travel as user properties, and
the body repeats `id` and `time` because bridges and MQTT 3.1.1 drop properties.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tramdo.clock import Stamp
from tramdo.reading import Indication, Reading

VERSION = 1
KINDS = (
    "reading",
    "check",
    "alert",
    "availability",
    "transaction",
    "adjustment",
    "clock",
    "config",
    "security",
    "gap",
)
# The instrument level of an event that is about several instruments or about the station;
# instrument ids begin with a letter or digit, so it can be nobody's id.
STATION_WIDE = "_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, before the journal has given it a number."""

    kind: str
    instrument: str
    stamp: Stamp
    body: Mapping[str, Any]


def event_id(station: str, epoch: str, seq: int) -> str:
    """Return the id that stays with an event for ever."""
    return f"{station}.{epoch}.{seq}"


def canonical(station: str, epoch: str, seq: int, event: Event, prev: bytes) -> bytes:
    """Return an event's one and only byte form: JSON, keys sorted, no blanks, UTF-8.

    `prev` is the chain value before it.
    """
    message = {
        "v": VERSION,
        "id": event_id(station, epoch, seq),
        "seq": seq,
        "kind": event.kind,
        "station": station,
        "instrument": event.instrument,
        "time": iso(event.stamp.at),
        "monotonic": round(event.stamp.monotonic, 3),
        "clock": event.stamp.quality,
        "boot": event.stamp.boot,
        "prev": prev.hex(),
        "body": event.body,
    }
    text = json.dumps(
        message, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    # Half of a surrogate pair, as in a damaged file name, has no UTF-8; \udcff is JSON for it.
    return text.encode(errors="backslashreplace")


def head_message(  # noqa: PLR0913 - the fields of the message
    *, station: str, epoch: str, seq: int, link: bytes, at: datetime, signature: bytes
) -> bytes:
    """Return the signed newest chain value, as the topic `head` shows it."""
    body = {
        "v": VERSION,
        "station": station,
        "epoch": epoch,
        "seq": seq,
        "hash": link.hex(),
        "at": iso(at),
        "sig": base64.b64encode(signature).decode(),
    }
    return json.dumps(body).encode()


def iso(at: datetime) -> str:
    """Return an instant as ISO 8601 UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def indication_body(one: Indication) -> dict[str, Any]:
    """Return an indication for a message; the value is text so that its digits survive."""
    body: dict[str, Any] = {"quantity": one.quantity, "value": f"{one.value:f}", "unit": one.unit}
    if one.stable is not None:
        body["stable"] = one.stable
    if one.basis:
        body["basis"] = one.basis
    if one.flags:
        body["flags"] = list(one.flags)
    return body


def reading_body(reading: Reading) -> dict[str, Any]:
    """Return one reading as it stands in a `reading` event."""
    body: dict[str, Any] = {
        "instrument": reading.instrument,
        "n": reading.sequence,
        "at": iso(reading.at),
    }
    if reading.error is None:
        body["values"] = [indication_body(one) for one in reading.indications]
    else:
        body["error"] = {"state": reading.error.state, "text": str(reading.error)}
    return body


def topic(station: str, *levels: str) -> str:
    """Return a topic of contract version 1."""
    return "/".join(("tramdo", "v1", station, *levels))
