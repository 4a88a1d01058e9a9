"""Messages held against the contract: what a test has published, and schemas old and new."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from witness import Heard

from tramdo.contract import NoSuchTopic, Topic, topic_of
from tramdo.contract.schemas import model
from tramdo.proof import sealed, unsealed

ROOT = Path(__file__).parents[1] / "daemon" / "contract"
FROZEN = ROOT / "v1"
GOLDEN = FROZEN / "messages"

# Tests about delivery number their bodies; a body with this key stands for a real one.
STAND_IN = "n"
# Tests that publish made-up messages, by file or test, and where: below tramdo/v1/{station}/.
MADE_UP = {
    "test_told.py": ["cmd/check"],
    "test_mqtt.py": ["*"],
    "test_a_run_that_was_left_alone_is_closed_as_interrupted": ["ev/check/scale-a"],
}


def made_up_by(test: pytest.Item) -> list[str]:
    """Return where a test publishes what the contract does not know: by its marker, or known."""
    marked = [str(one) for mark in test.iter_markers("made_up") for one in mark.args or ("*",)]
    return marked + MADE_UP.get(test.path.name, []) + MADE_UP.get(test.name.partition("[")[0], [])


def violations(published: Iterable[Heard], made_up: Collection[str] = ()) -> list[str]:
    """Return what the contract does not allow, one line each: topic, path, value."""
    ours = dict.fromkeys(one for one in published if one.topic.startswith("tramdo/"))
    return [
        f"{heard.topic}: {wrong}"
        for heard in ours
        if not any(fnmatch("/".join(heard.topic.split("/")[3:]), one) for one in made_up)
        for wrong in _wrong(heard)
    ]


def _wrong(heard: Heard) -> Iterator[str]:
    try:
        topic = topic_of(heard.topic)
    except NoSuchTopic as error:
        yield str(error)
        return
    if heard.retain and not heard.payload:
        return  # takes back what is retained
    if heard.retain != topic.retained:
        yield f"retained is {heard.retain}; allowed: {topic.retained}"
    yield from _misshapen(topic.message, heard.payload)
    try:
        fields = json.loads(heard.payload)
    except ValueError:
        return
    if topic.event:
        yield from _wrong_event(topic, heard, fields)
    elif fields.get("station", topic.station) != topic.station:
        yield f"station is {fields['station']!r}"
    elif topic.message == "state" and fields.get("instrument") != topic.instrument:
        yield f"instrument is {fields.get('instrument')!r}"


def _misshapen(message: str, payload: bytes) -> Iterator[str]:
    try:
        model(message).validate_json(payload)
    except ValidationError as error:
        for one in error.errors():
            place = ".".join(map(str, one["loc"]))
            if not _stands_in(message, payload):
                yield f"{place}: {one['msg']}; there is {str(one['input'])[:100]!r}"
            elif not place.startswith("body"):
                yield f"{place}: {one['msg']}"


def _stands_in(message: str, payload: bytes) -> bool:
    try:
        body = json.loads(payload).get("body", {})
    except (ValueError, AttributeError):
        return False
    return STAND_IN in body


def _wrong_event(topic: Topic, heard: Heard, fields: dict[str, Any]) -> Iterator[str]:
    named = {"station": topic.station, "kind": topic.message, "instrument": topic.instrument}
    for key, value in named.items():
        if fields.get(key) != value:
            yield f"{key} is {fields.get(key)!r}"
    for key in ("prev", "boot"):
        if key not in fields:
            yield f"{key} is missing"
    if heard.qos != 1:
        yield f"QoS is {heard.qos}; allowed: 1"
    if heard.payload != canonical(heard.payload):
        yield "its bytes are not in canonical form"
    wanted = tuple(sorted(attributes_of(fields).items()))
    if heard.attributes not in (None, wanted):
        yield f"user properties are {heard.attributes}; allowed: {wanted}"


def canonical(wire: bytes) -> bytes:
    """Return the bytes that these fields must have: keys sorted, no blanks, `sig` last."""
    message, signature = unsealed(wire)
    text = json.dumps(
        json.loads(message), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sealed(text.encode(errors="backslashreplace"), signature)


def attributes_of(fields: dict[str, Any]) -> dict[str, str]:
    """Return the CloudEvents attributes of an event, as they travel with MQTT 5."""
    return {
        "specversion": "1.0",
        "id": fields["id"],
        "source": f"tramdo/{fields['station']}/{fields['instrument']}",
        "type": f"tramdo.{fields['kind']}.v1",
        "time": fields["time"],
    }


SAID_ONLY = {"description", "examples", "title", "$schema", "definitions"}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return how a schema breaks the promise of an older one: it may gain optional keys only.

    A new required key would refuse messages recorded before; a required key that is gone, a wider
    type or another word would surprise those who were promised the old one.
    """
    return list(Comparison(old.get("definitions", {}), new.get("definitions", {})).of("", old, new))


@dataclass(frozen=True)
class Comparison:
    """Two JSON Schemas by their definitions, none of which holds itself."""

    old: dict[str, Any]
    new: dict[str, Any]

    def of(self, at: str, old: Any, new: Any) -> Iterator[str]:
        """Yield what differs below a place and may not."""
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._of_schemas(at, _resolved(old, self.old), _resolved(new, self.new))
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for number, both in enumerate(zip(old, new, strict=True)):
                yield from self.of(f"{at}/{number}", *both)
        elif old != new:
            yield f"{at}: {old!r} has become {new!r}"

    def _of_schemas(self, at: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        for key in sorted((old.keys() | new.keys()) - SAID_ONLY):
            if key == "required":
                for name in sorted(set(old.get(key, ())) ^ set(new.get(key, ()))):
                    yield f"{at}/{name}: {'is no longer' if name in old[key] else 'is'} required"
            elif key == "properties":
                for name, schema in old.get(key, {}).items():
                    yield from self.of(f"{at}/{name}", schema, new.get(key, {}).get(name))
            elif key not in old or key not in new:
                yield f"{at}: {key} is {'gone' if key in old else 'new'}"
            else:
                yield from self.of(f"{at}/{key}", old[key], new[key])


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema
