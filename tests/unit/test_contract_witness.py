"""The witness in front of every broker, and what it lets through."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import aiomqtt
import pytest
from conftest import Broker
from waiting import until
from witness import PUBLISHED, Heard, Stream

from contract import GOLDEN, STAND_IN, attributes_of, canonical, violations
from tramdo.contract.schemas import MESSAGES
from tramdo.events import KINDS
from tramdo.mqtt import publish_properties

BASE = "tramdo/v1/thai-nguyen-07"
FIVE, OLDER = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311


def heard(name: str, **more: Any) -> Heard:
    """Return a golden message as it is published, with changes."""
    payload = (GOLDEN / f"{name}.json").read_bytes()
    fields, kind = json.loads(payload), name.partition(".")[0]
    if kind in KINDS:
        attributes = tuple(sorted(attributes_of(fields).items()))
        found = Heard(f"{BASE}/ev/{kind}/{fields['instrument']}", payload, 1, False, attributes)
    elif kind == "state":
        found = Heard(f"{BASE}/state/{fields['instrument']}", payload, 1, True, ())
    else:
        command = kind.startswith("cmd-")
        found = Heard(f"{BASE}/{kind.replace('-', '/')}", payload, 1, not command, ())
    return found._replace(**more)


def changed(name: str, **fields: Any) -> Heard:
    one = heard(name)
    payload = canonical(json.dumps(json.loads(one.payload) | fields).encode())
    return one._replace(payload=payload, attributes=None)


NAMES = [path.stem for path in sorted(GOLDEN.glob("*.json")) if "before" not in path.stem]


@pytest.mark.parametrize("name", NAMES)
def test_a_message_of_the_contract_passes(name: str) -> None:
    assert violations([heard(name)]) == []


def wrong() -> Iterator[Any]:
    clock = heard("clock.event")
    blanks = json.dumps(json.loads(clock.payload), sort_keys=True).encode()
    old = heard("availability.before-0.2")
    for case, one, said in (
        ("a key", changed("clock.event", extra=1), "extra: Extra inputs are not permitted"),
        ("a value", changed("clock.event", boot=None), "boot: Input should be a valid string"),
        ("retained", clock._replace(retain=True), "retained is True; allowed: False"),
        ("not retained", heard("status.will", retain=False), "retained is False; allowed: True"),
        ("QoS", clock._replace(qos=0), "QoS is 0; allowed: 1"),
        ("blanks", clock._replace(payload=blanks), "its bytes are not in canonical form"),
        ("no JSON", clock._replace(payload=b"{"), ": Invalid JSON"),
        ("no topic", clock._replace(topic=f"{BASE}/rumour"), "the contract has no such topic"),
        ("a place", clock._replace(topic=f"{BASE}/ev/clock/scale-1"), "instrument is '_all'"),
        ("a station", heard("head.signed", topic="tramdo/v1/x/head"), "station is 'thai-ng"),
        ("a picture", heard("state.ok", topic=f"{BASE}/state/x"), "instrument is 'scale-"),
        ("attributes", clock._replace(attributes=()), "user properties are ()"),
        ("no chain", old, "prev is missing"),
        ("a command", heard("cmd-check.begin", payload=b'{"do": "tare"}'), "check: Field required"),
    ):
        yield pytest.param(one, said, id=case)


@pytest.mark.parametrize(("one", "said"), list(wrong()))
def test_what_is_not_of_the_contract_is_named(one: Heard, said: str) -> None:
    found = violations([one])
    assert any(said in line and line.startswith(one.topic) for line in found), found


def test_a_place_can_be_given_to_made_up_messages() -> None:
    one = heard("cmd-check.begin", payload=b"nonsense")
    assert violations([one], ["cmd/check"]) == violations([one], ["*"]) == []
    assert violations([one], ["ack"]) != []
    assert violations([one._replace(topic="other/topic")]) == []
    assert violations([heard("ack.central", payload=b"")]) == []


def test_a_body_that_stands_in_is_let_through_and_its_envelope_is_not() -> None:
    body = {STAND_IN: 1}
    assert violations([changed("alert.fault", body=body)]) == []
    assert violations([changed("alert.fault", body=body, clock="good")]) != []
    assert violations([changed("alert.fault", body={})]) != []
    goldens = [json.loads((GOLDEN / f"{name}.json").read_bytes()) for name in NAMES]
    assert not any(STAND_IN in one.get("body", {}) for one in goldens)


@pytest.mark.parametrize("version", [FIVE, OLDER], ids=["5", "3.1.1"])
async def test_it_hears_what_is_published_and_the_will(
    broker: Broker, version: aiomqtt.ProtocolVersion
) -> None:
    will, event = heard("status.will"), heard("alert.fault")
    five = version is FIVE
    last = aiomqtt.Will(will.topic, will.payload, 1, retain=True)
    attributes = dict(event.attributes or ())
    client = aiomqtt.Client("127.0.0.1", broker.port, protocol=version, will=last)
    async with client:
        properties = publish_properties(attributes, 60) if five else None
        await client.publish(event.topic, event.payload, qos=1, properties=properties)
    expected = [will._replace(attributes=() if five else None), event]
    expected[1] = event if five else event._replace(attributes=None)
    assert expected == PUBLISHED


async def test_it_changes_nothing_and_comes_back_with_the_broker(broker: Broker) -> None:
    event = heard("alert.fault")
    for _ in range(2):
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=FIVE) as client:
            info = client._client.publish(event.topic, event.payload, 1)
            await until(info.is_published)
        broker.kill()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", broker.port)
        broker.start()
    assert [one.payload for one in PUBLISHED] == [event.payload] * 2
    PUBLISHED.clear()  # without attributes, on purpose


def test_a_stream_is_taken_apart_however_it_comes() -> None:
    packet = b"\x32\x0c\x00\x05a/b/c\x00\x07{} "
    connect = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ab"
    octets = connect + packet * 2 + b"\xe0\x00"
    for size in (1, 3, len(octets)):
        stream = Stream()
        pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
        found = [one for piece in pieces for one in stream.feed(piece)]
        assert found == [Heard("a/b/c", b"{} ", 1, False, None)] * 2


def test_what_is_encrypted_is_not_guessed_at() -> None:
    stream = Stream()
    assert list(stream.feed(b"\x16\x03\x01\x02\x00")) == []
    assert list(stream.feed(b"\x32\x0c\x00\x05a/b/c\x00\x07{} ")) == []


INNER = """
import subprocess
import pytest

def test_inner(broker):
    command = ["mosquitto_pub", "-p", str(broker.port), "-t", "tramdo/v1/tn-01/head", "-m", "{}"]
    subprocess.run([*command, "-r", "-q", "1"], check=True, timeout=10)

@pytest.mark.made_up("head")
def test_marked(broker):
    test_inner(broker)

@pytest.mark.made_up("status", "ev/*")
def test_marked_elsewhere(broker):
    test_inner(broker)
"""


def test_a_test_fails_by_what_it_published_unless_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(INNER)
    tests = Path(__file__).parents[1]
    command = ["-q", "-p", "no:cacheprovider", "-p", "conftest", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *command, "-o", f"pythonpath={tests}", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "tramdo/v1/tn-01/head: seq: Field required" in done.stdout
    assert "3 passed, 2 errors" in done.stdout, done.stdout + done.stderr
    assert "test_marked -" not in done.stdout


def test_the_cost_is_small() -> None:
    names = [name for name in NAMES if name.partition(".")[0] in MESSAGES]
    violations(map(heard, names))  # the models are made once
    began = perf_counter()
    violations(map(heard, names))
    assert (perf_counter() - began) / len(names) < 0.003
