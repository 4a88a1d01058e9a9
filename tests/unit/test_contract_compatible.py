"""Version 1 stays what it was: golden messages fit for ever, no schema breaks its promise."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from contract import FROZEN, GOLDEN, ROOT, breaks, canonical
from tramdo.contract import MESSAGES, schema
from tramdo.contract.schemas import model
from tramdo.events import KINDS
from tramdo.proof import Verifier, chained, unsealed

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
KEY = (FROZEN / "station.pub.pem").read_bytes()
FILES = sorted(GOLDEN.glob("*.json"))
LAST = 36

Proven = Callable[..., int]


def frozen(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FROZEN / f"{name}.schema.json").read_bytes())
    return found


def chain() -> list[bytes]:
    """Return the golden events that follow one another, in order."""
    wires = [path.read_bytes() for path in FILES if path.name.partition(".")[0] in KINDS]
    return sorted(
        (one for one in wires if b'"prev"' in one), key=lambda one: json.loads(one)["seq"]
    )


@pytest.fixture(scope="module")
def proven() -> Proven:
    """Return the function that README.md gives to integrators."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102  our own page
    found: Proven = names["proven"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_message_of_version_1_fits_the_schemas_of_then_and_now(path: Any) -> None:
    name = path.name.partition(".")[0]
    fields = json.loads(path.read_bytes())
    jsonschema.Draft7Validator(frozen(name)).validate(fields)
    jsonschema.Draft7Validator(schema(name)).validate(fields)
    model(name).validate_json(path.read_bytes())


def test_there_is_a_message_of_every_form() -> None:
    assert {path.name.partition(".")[0] for path in FILES} == MESSAGES.keys()
    bodies = [json.loads(one)["body"] for one in chain()]
    assert {one["phase"] for one in bodies if "phase" in one} == {
        "begun",
        "step",
        "repeat",
        "closed",
        "result",
    }
    gaps = {"shed", "given_up", "unclean_end", "damaged_file_kept_as", "began"}
    assert all(any(key in one for one in bodies) for key in gaps)


def test_every_schema_has_a_frozen_one() -> None:
    assert {path.name.partition(".")[0] for path in FROZEN.glob("*.schema.json")} == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_no_schema_breaks_what_version_1_promised(name: str) -> None:
    assert breaks(frozen(name), schema(name)) == []


@pytest.mark.parametrize("path", [p for p in FILES if p.name.partition(".")[0] in KINDS])
def test_a_golden_event_is_in_canonical_form(path: Any) -> None:
    assert canonical(path.read_bytes()) == path.read_bytes()


def test_the_golden_chain_is_signed_and_bridged() -> None:
    value, expected, signed = bytes(32), 1, 0
    for wire in chain():
        message, signature = unsealed(wire)
        fields = json.loads(message)
        if fields["seq"] != expected:  # 3 and 4 were shed
            assert (expected, fields["seq"]) == (3, 5)
            value = bytes.fromhex(fields["prev"])
        value, expected = chained(value, message), fields["seq"] + 1
        if signature is not None:
            epoch = fields["id"].split(".")[1]
            proof = fields["station"], epoch, fields["seq"], value, signature
            assert Verifier.of(KEY).proves(*proof)
            signed += 1
    assert (expected, signed) == (LAST + 1, 29)


def test_the_text_for_integrators_proves_the_golden_record(proven: Proven) -> None:
    key = load_pem_public_key(KEY)
    head = json.loads((GOLDEN / "head.signed.json").read_bytes())
    assert proven(chain(), key) == proven(chain(), key, head) == LAST
    unsigned = chain()[:-2]
    assert b'"sig"' not in unsigned[-1]
    assert proven(unsigned, key) == LAST - 3
    wrong = head | {"hash": "00" * 32}
    assert proven(unsigned, key, wrong) == LAST - 3


def forgeries() -> Iterator[Any]:
    good = chain()
    swapped = [*good[:7], good[8], good[7], *good[9:]]
    flipped = good[9].replace(b'"v":1', b'"v":2')
    other = re.sub(rb'"sig":"..', b'"sig":"AA', good[9])
    yield pytest.param(good[:9] + good[10:], AssertionError, id="one is gone")
    yield pytest.param(swapped, AssertionError, id="two are swapped")
    yield pytest.param([*good[:9], flipped, *good[10:]], InvalidSignature, id="one is changed")
    yield pytest.param([*good[:9], other, *good[10:]], InvalidSignature, id="another signature")
    without_gap = [one for one in good if b'"shed"' not in one]
    yield pytest.param(without_gap, AssertionError, id="the gap is not told")


@pytest.mark.parametrize(("wires", "error"), list(forgeries()))
def test_the_text_for_integrators_finds_what_is_wrong(
    proven: Proven, wires: list[bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        proven(wires, load_pem_public_key(KEY))


def test_the_page_keeps_its_word_on_length() -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert text.count("\n") <= 30


OLD: dict[str, Any] = {
    "type": "object",
    "required": ["seq", "body"],
    "properties": {
        "seq": {"type": "integer", "minimum": 1},
        "word": {"enum": ["a", "b"]},
        "body": {"anyOf": [{"$ref": "#/definitions/One"}, {"$ref": "#/definitions/Two"}]},
        "title": {"type": "string", "description": "a name"},
    },
    "definitions": {
        "One": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
        "Two": {"type": "object", "properties": {"y": {"type": ["string", "null"]}}},
    },
}
CHANGES: dict[str, tuple[str, Any, str]] = {
    "a new required key": ("/required", ["seq", "body", "word"], "/word: is required"),
    "a promise less": ("/required", ["seq"], "/body: is no longer required"),
    "a key less": (
        "/properties/title",
        None,
        "/title: {'type': 'string', 'description': 'a name'}",
    ),
    "a narrower number": ("/properties/seq/minimum", 2, "/seq/minimum: 1 has become 2"),
    "a wider number": ("/properties/seq/minimum", None, "/seq: minimum is gone"),
    "another type": ("/properties/seq/type", "string", "/seq/type: 'integer' has become 'string'"),
    "a word less": ("/properties/word/enum", ["a"], "/word/enum: ['a', 'b'] has become ['a']"),
    "a word more": ("/properties/word/enum", ["a", "b", "c"], "/word/enum: ['a', 'b'] has become"),
    "a form less": ("/properties/body/anyOf", [{"$ref": "#/definitions/One"}], "/body/anyOf: "),
    "a promise less below": ("/definitions/One/required", None, "/body/anyOf/0/x: is no longer"),
    "null no more": ("/definitions/Two/properties/y/type", ["string"], "/body/anyOf/1/y/type: "),
    "closed": ("/additionalProperties", False, ": additionalProperties is new"),
    "a pattern": ("/properties/title/pattern", "^a", "/title: pattern is new"),
}
HARMLESS: dict[str, tuple[str, Any]] = {
    "nothing": ("/type", "object"),
    "a new optional key": ("/properties/new", {"type": "integer"}),
    "other words about it": ("/properties/title/description", "its name"),
    "examples": ("/properties/seq/examples", [1]),
    "an optional key below": ("/definitions/Two/properties/z", {"type": "string"}),
}


def changed(path: str, value: Any) -> dict[str, Any]:
    new: dict[str, Any] = json.loads(json.dumps(OLD))
    *above, last = path.split("/")[1:]
    place = new
    for key in above:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return new


@pytest.mark.parametrize("what", CHANGES)
def test_the_comparison_finds_a_broken_promise(what: str) -> None:
    path, value, said = CHANGES[what]
    (found,) = breaks(OLD, changed(path, value))
    assert found.startswith(said), found


@pytest.mark.parametrize("what", HARMLESS)
def test_the_comparison_lets_version_1_grow(what: str) -> None:
    assert breaks(OLD, changed(*HARMLESS[what])) == []


def test_the_comparison_looks_into_the_real_schemas() -> None:
    spoilt = json.loads(json.dumps(frozen("check")))
    del spoilt["definitions"]["Verdict"]["properties"]["why"]["minLength"]
    (found,) = breaks(frozen("check"), spoilt)
    assert found.endswith("/verdict/why: minLength is gone")
