"""What a station can be told: over MQTT where its file allows it, and that it was adjusted."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bench import BASE, LOOK_EVERY, Bench
from conftest import Broker
from waiting import until

from station.conftest import Ear, Listen  # type: ignore[import-not-found]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(tmp_path / "bench").up() as one:
        yield one


def bodies(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(line.split(" ", 1)[1])["body"] for line in ear.lines]


def refusals(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those that tell of a refused command."""
    return [one for one in told if one["security"] == "command refused"]


def publish(broker: Broker, message: str, *more: str) -> None:
    command = ["mosquitto_pub", "-p", str(broker.port), "-t", f"{BASE}/cmd/check", "-q", "1", *more]
    subprocess.run([*command, "-s"], input=message, text=True, timeout=10, check=True)


def command(do: str, **more: str) -> str:
    return json.dumps({"check": "weighing", "do": do, **more})


async def test_messages_command_nothing_unless_the_station_file_says_so(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    ear = await listen(f"{BASE}/cmd/check")
    async with bench.running():
        publish(broker, command("begin", operator="Mallory"))
        await until(lambda: ear.lines, "the message, at another subscriber")
        assert (await bench.say("weighing", "begin", operator="Lan"))[0] == 200
    assert refusals([one["body"] for one in bench.events("security")]) == []


REFUSED = {
    "adjust": "'adjust' is no word; allowed: begin, enter, skip, repeat, close",
    "tare": "'tare' is no word",
    "set_zero": "'set_zero' is no word",
}
NONSENSE = {
    "\x00\xff": "Expecting value",
    "[" * 4000: "maximum recursion depth",
    '{"check": "weighing"}': "do: Field required",
    '{"check": "weighing", "do": "begin", "write": "40001"}': "write: Extra inputs",
    '{"check": "none", "do": "begin"}': "no guided check is called 'none'",
    "x" * 5000: "5000 bytes; allowed: up to 4096",
    command("begin"): "who makes the check?",
}


async def test_a_run_is_driven_by_messages_and_what_is_none_is_refused_as_security_event(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port, commands=True)
    publish(broker, command("begin", operator="Mallory"), "-r")
    ear = await listen(f"{BASE}/ev/security/_all")
    async with bench.running():
        await until(lambda: refusals(bodies(ear)), "a refusal of the retained message")
        for word in REFUSED:
            publish(broker, command(word, operator="Lan", value="0"))
        for message in NONSENSE:
            publish(broker, message)
        publish(broker, command("begin", operator="Lan"))
        await bench.at_step("weighing", "load-1")
        publish(broker, command("close", value="enough"))
        await bench.at_step("weighing", None)
        await until(lambda: len(refusals(bodies(ear))) == 1 + len(REFUSED) + len(NONSENSE))
        for _ in range(5):
            publish(broker, "nonsense")
        publish(broker, command("begin", operator="Lan"))
        await bench.at_step("weighing", "load-1")
    wanted = ["a retained message is no command", *REFUSED.values(), *NONSENSE.values()]
    found = [one["why"] for one in refusals(bodies(ear))]
    assert all(why in one for why, one in zip(wanted, found, strict=False)), found
    assert len(refusals([one["body"] for one in bench.events("security")])) == 12
    assert [line.witness.writes for line in bench.lines.values()] == [0, 0, 0]
    operators = [one["operator"] for one in bench.checks("weighing") if "operator" in one]
    assert operators == ["Lan", "Lan"]


async def test_an_adjustment_is_recorded_and_the_charts_begin_anew(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    ear = await listen(f"{BASE}/ev/adjustment/scale-a")

    async def weighed(count: int) -> None:
        async def counted() -> bool:
            await asyncio.sleep(LOOK_EVERY)
            checks = (await bench.row("scale-a"))["checks"]
            return bool(checks) and checks["scale-a-20kg"]["count"] == count

        bench.put(0.0)
        await bench.looked_at("scale-a")
        bench.put(20.0)
        await until(counted, f"check {count}")

    async with bench.running():
        await weighed(1)
        await weighed(2)
        words = ("--by", "Hoa", "--why", "span", "--seal-before", "A1", "--seal-after", "A2")
        done = await bench.tramdo("adjusted", "scale-a", *words)
        unknown = await bench.tramdo("adjusted", "scale-z", "--by", "Hoa")
        await weighed(1)
        await until(lambda: bodies(ear), "the adjustment")
    async with bench.running():
        await weighed(2)
    assert (done.returncode, unknown.returncode) == (0, 1)
    assert done.stdout == "scale-a: adjustment recorded, its charts begin anew\n"
    assert "no instrument is called 'scale-z'" in unknown.stderr
    (body,) = bodies(ear)
    told = {key: body[key] for key in ("by", "why", "seal_before", "seal_after")}
    assert told == {"by": "Hoa", "why": "span", "seal_before": "A1", "seal_after": "A2"}
    assert {key: float(error) for key, error in body["before"].items()} == {"scale-a-20kg": 0.0}
