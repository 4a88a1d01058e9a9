"""The contract's page: AsyncAPI document, generated schemas, examples, and what they refer to."""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import published_schema
import pytest
import yaml

from contract import ROOT, attributes_of
from tramdo.contract import MESSAGES, schema, topic_of, write
from tramdo.contract.schemas import TO_THE_STATION, model
from tramdo.events import KINDS

CODE = Path(__file__).parents[2] / "daemon" / "tramdo"


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "asyncapi.yaml").read_text(encoding="utf-8"))
    return found


@cache
def published() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(published_schema.schema())


def examples() -> Iterator[Any]:
    for name, message in document()["components"]["messages"].items():
        for one in message.get("examples", ()):
            yield pytest.param(name, one, id=f"{name}-{one['name']}")


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_document_obeys_the_published_schema() -> None:
    assert [error.message for error in published().iter_errors(document())] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("operations", "takeAck", "action"), "get"),
        (("operations", "sendEvents", "bindings", "mqtt", "qos"), 3),
        (("channels", "ack", "adress"), "tramdo/v1/{station}/ack"),
        (("components", "securitySchemes", "certificate", "type"), "x509"),
    ],
)
def test_the_published_schema_finds_what_is_wrong(path: tuple[str, ...], value: object) -> None:
    spoilt = json.loads(json.dumps(document()))
    place = spoilt
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not published().is_valid(spoilt)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(document()))
    assert {f"./{name}.schema.json" for name in MESSAGES} <= found
    for one in found:
        file, _, inside = one.partition("#")
        assert not file or (ROOT / file).is_file(), one
        place: Any = document()
        for key in inside.split("/")[1:]:
            place = place[key]


def test_every_message_is_in_the_document_and_every_channel_in_the_code() -> None:
    assert document()["components"]["messages"].keys() == MESSAGES.keys()
    channels = document()["channels"]
    assert channels["events"]["parameters"]["kind"]["enum"] == list(KINDS)
    for channel in channels.values():
        for reference in channel["messages"].values():
            name = reference["$ref"].rpartition("/")[2]
            address = channel["address"].format(station="tn-01", kind=name, instrument="scale-1")
            assert topic_of(address).message == name


def test_what_is_retained_is_said_so() -> None:
    for operation in document()["operations"].values():
        channel = document()["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        address = channel["address"].format(station="tn-01", kind="gap", instrument="_all")
        assert operation["bindings"]["mqtt"]["retain"] == topic_of(address).retained, address


@pytest.mark.parametrize(("name", "example"), list(examples()))
def test_an_example_is_a_message(name: str, example: dict[str, Any]) -> None:
    payload = example["payload"]
    jsonschema.Draft7Validator(schema(name)).validate(payload)
    model(name).validate_json(json.dumps(payload))
    if "headers" in example:
        assert example["headers"] == attributes_of(payload)


def test_every_message_but_the_reserved_one_has_an_example() -> None:
    assert {one.values[0] for one in examples()} == MESSAGES.keys() - {"transaction"}


def test_the_schemas_are_in_step(tmp_path: Path) -> None:
    write(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.schema.json")}
    assert kept == made, "run: make generated"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_schema_is_one_and_open_to_consumers_only(name: str) -> None:
    found = schema(name)
    jsonschema.Draft7Validator.check_schema(found)
    assert ('"additionalProperties": false' in json.dumps(found)) == (name in TO_THE_STATION)


def test_the_page_names_the_files_that_are_there() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)]+)\)", page) + re.findall(r"tests/unit/\w+\.py", page)
    missing = [one for one in named if not (ROOT / one).exists()]
    assert [one for one in missing if not (ROOT.parents[1] / one).exists()] == []


def test_the_daemon_builds_its_messages_without_the_models() -> None:
    files = [path for path in CODE.rglob("*.py") if path.parent.name != "contract"]
    assert len(files) > 100
    found = [
        str(path.relative_to(CODE))
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tramdo.contract"))
        or (isinstance(node, ast.Import) and any("tramdo.contract" in a.name for a in node.names))
    ]
    assert found == []


def test_the_published_schema_is_the_pinned_one_or_none(tmp_path: Path) -> None:
    published_schema.schema()
    kept = shutil.copy(published_schema.KEPT, tmp_path)
    found = json.loads(Path(kept).read_bytes())
    assert found["$id"] == "http://asyncapi.com/definitions/3.0.0/asyncapi.json"
    assert found["properties"]["asyncapi"]["const"] == "3.0.0"
