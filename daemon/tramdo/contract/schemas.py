"""Which messages there are, and the JSON Schema of each for those who consume or send them.

A station's own messages are checked against the exact models. The schemas of what a station
publishes are open: they allow unknown keys, and any text where version 1 may gain words, so that a
consumer who validates with them goes on working. What is sent *to* a station stays exact, because
the station refuses what it does not know.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tramdo.commands import Command
from tramdo.contract import central, events, now

MESSAGES: dict[str, Any] = {
    "reading": events.ReadingEvent,
    "check": events.CheckEvent,
    "alert": events.AlertEvent,
    "availability": events.AvailabilityEvent,
    "transaction": events.TransactionEvent,
    "adjustment": events.AdjustmentEvent,
    "clock": events.ClockEvent,
    "config": events.ConfigEvent,
    "security": events.SecurityEvent,
    "gap": events.GapEvent,
    "state": now.Picture,
    "status": now.Status,
    "head": now.Head,
    "ack": central.Ack,
    "cmd-check": Command,
    "cmd-resend": central.Resend,
}
TO_THE_STATION = ("cmd-check", "cmd-resend")
# JSON Schema draft 7 is what AsyncAPI 3 tools must understand.
DIALECT = "http://json-schema.org/draft-07/schema#"
_UNWANTED = ("title", "default", "discriminator")


@cache
def model(name: str) -> TypeAdapter[Any]:
    """Return the exact model of a message of `MESSAGES`."""
    return TypeAdapter(MESSAGES[name])


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a message, open unless it is sent to the station."""
    found = model(name).json_schema(ref_template="#/definitions/{model}")
    definitions = found.pop("$defs", {})
    whole = {"$schema": DIALECT, "title": name, **_plain(found)}
    if definitions:
        whole["definitions"] = {key: _plain(one) for key, one in definitions.items()}
    return whole if name in TO_THE_STATION else _open(whole)


def write(folder: Path) -> None:
    """Write the schema of every message into a folder."""
    for name in MESSAGES:
        text = json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


def _plain(value: Any, *, names: bool = False) -> Any:
    """Return a schema without what only this library means; `names`: its keys are properties."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        # A message that fits two alternatives is no error where keys may be added.
        "anyOf" if key == "oneOf" and not names else key: _plain(
            one, names=key == "properties" and not names
        )
        for key, one in value.items()
        if names or key not in _UNWANTED
    }


def _open(value: Any) -> Any:
    if isinstance(value, list):
        return [_open(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _open(one)
        for key, one in value.items()
        if not (key == "additionalProperties" and one is False)
    }
