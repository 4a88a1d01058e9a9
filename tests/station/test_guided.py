"""Guided checks: a real daemon, simulated instruments, a person at a terminal, a mosquitto."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bench import BASE, LOOK_EVERY, Bench, Person
from conftest import Broker
from waiting import until

from station.conftest import Ear, Listen  # type: ignore[import-not-found]
from tramdo.clock import Stamp
from tramdo.conformity import rule
from tramdo.events import Event, iso
from tramdo.journal import Store
from tramdo.live.guided import closing
from tramdo.reading import Unit
from tramdo_simulators.proving_can import PETROL, ProvingCan

GOOD = ("within", "pass", "conditional_pass")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(tmp_path / "bench").up() as one:
        yield one


def bodies(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(line.split(" ", 1)[1])["body"] for line in ear.lines]


def phases(found: list[dict[str, Any]], check: str) -> list[str]:
    return [one["phase"] for one in found if one["check"] == check]


async def weigh(bench: Bench, person: Person) -> None:
    for number, load in enumerate((0, 20, 0, 20, 0, 20), 1):
        await person.sees(f"[{number}/6]")
        bench.put(load)


async def test_a_weighing_is_guided_from_the_terminal_and_told_over_mqtt(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    ear = await listen(f"{BASE}/ev/check/#")
    async with bench.running():
        person = Person(bench, "scale-a", "--operator", "Lan")
        await weigh(bench, person)
        await person.sees("finished")
        assert await person.leaves() == 0
        await until(lambda: "closed" in phases(bodies(ear), "weighing"))
    found = [one for one in bodies(ear) if one["check"] == "weighing"]
    assert phases(found, "weighing") == ["begun", *["step"] * 6, *["result"] * 3, "closed"]
    assert {one["run"] for one in found} == {found[0]["run"]}
    assert (found[0]["operator"], found[-1]["how"]) == ("Lan", "finished")
    points = [one["point"] for one in found if one["phase"] == "result"]
    assert points == ["weighing/zero", "weighing/load-1", "weighing/repeatability"]
    assert [one["point"] for one in found[-1]["findings"]] == points
    assert found == bench.checks("weighing")
    assert "✔ weighing/load-1" in person.text
    assert "Put w20 (20.0000 kg) on the middle of the platform." in person.text


async def test_what_a_guided_run_was_made_with_is_not_counted_by_an_unguided_check(
    bench: Bench,
) -> None:
    async def counted(name: str, times: int) -> bool:
        await asyncio.sleep(LOOK_EVERY)
        return len(bench.checks(name)) == times

    async with bench.running():
        await bench.deliver(20.0)
        await until(lambda: counted("pump-1-20l", 1), "an unguided check of the dispenser")
        for check in ("weighing", "prover"):
            await bench.say(check, "begin", operator="Lan")
        await bench.at_step("weighing", "load-1")
        bench.put(20.0)
        bench.put(20.0, bench.scale_b)
        await bench.deliver(20.0)
        await bench.at_step("weighing", "repeat-1/off")
        await bench.at_step("prover", "fast-1/read")
        await until(lambda: counted("scale-b-20kg", 1), "an unguided check of the other scale")
        for check in ("weighing", "prover"):
            await bench.say(check, "close", value="called away")
        await bench.looked_at("scale-a", 12)
        await bench.looked_at("pump-1", 12)
        assert (await counted("scale-a-20kg", 0), await counted("pump-1-20l", 1)) == (True, True)
        bench.put(0.0)
        await bench.looked_at("scale-a")
        bench.put(20.0)
        await bench.deliver(20.0)
        await until(lambda: counted("scale-a-20kg", 1), "an unguided check of the scale")
        await until(lambda: counted("pump-1-20l", 2), "an unguided check of the dispenser")
    assert bench.checks("weighing")[-1]["how"] == "given_up"


# At the meter, in the can; the meter's error; whether it looks good uncorrected, and is good.
RUNS = {
    "a swollen can accuses a good dispenser": (31.0, 31.0, 0.0048, False, True),
    "product that shrank in the can accuses a good dispenser": (31.0, 26.0, 0.0010, False, True),
    "product that grew in the can hides what the customer loses": (26.0, 31.0, 0.0090, True, False),
    "a swollen can hides what the station loses": (31.0, 31.0, -0.0052, True, False),
}


async def prove(bench: Bench, meter: float, in_can: float, error: float) -> None:
    """Make a guided prover run with the can as the simulator knows it."""
    bench.pump.warm(meter)
    bench.pump.adjust(bench.clock.now(), error)
    shown = ProvingCan(resolution=Decimal("0.001")).read(20.0, meter, in_can, PETROL)
    await bench.say("prover", "begin", operator="Lan")
    await bench.deliver(20.0)
    for step, value in (("read", shown.value), ("can_temperature", shown.temperature)):
        await bench.at_step("prover", f"fast-1/{step}")
        await bench.say("prover", "enter", value=str(value), step=f"fast-1/{step}")
    await bench.at_step("prover", None)


def uncorrected(body: dict[str, Any]) -> str:
    """Return the verdict on what the can showed, had nobody thought of temperatures."""
    read = Decimal(body["read"])
    error = Decimal(body["indication"]["value"]) - read
    return str(rule(error, Decimal(body["mpe"]), Decimal(body["uncertainty"]), Unit.L).conformity)


async def test_the_temperature_correction_changes_the_verdict_and_the_budget_says_why(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    ear = await listen(f"{BASE}/ev/check/pump-1")
    printed = []
    async with bench.running():
        for meter, in_can, error, _, _ in RUNS.values():
            await prove(bench, meter, in_can, error)
            printed.append(closing((await bench.check("prover"))["last"]))
        await until(lambda: phases(bodies(ear), "prover").count("closed") == len(RUNS))
    told = [one for one in bodies(ear) if one["check"] == "prover"]
    for number, (name, (meter, in_can, error, looks_good, good)) in enumerate(RUNS.items()):
        run = told[7 * number : 7 * number + 7]
        assert phases(run, "prover") == ["begun", *["step"] * 4, "result", "closed"]
        body = run[5] | {"read": run[2]["answer"]["value"]}
        assert (run[4]["answer"]["by"], float(run[4]["answer"]["value"])) == ("instrument", meter)
        assert (uncorrected(body) in GOOD) is looks_good, name
        assert (body["verdict"]["conformity"] in GOOD) is good, name
        assert float(body["error"]) == pytest.approx(20 * error, abs=0.012)
        assert_budget_says_why(printed[number], body, meter, in_can)


def assert_budget_says_why(text: str, body: dict[str, Any], meter: float, in_can: float) -> None:
    figures = r"([\d.+-]+) → ([\d.+-]+) (\S+) \(([+-][\d.]+)\)"
    lines = {
        name: re.search(rf"{re.escape(name)}: {figures}", text)
        for name in ("Expansion of the can", "Product from the can's to the meter's temperature")
    }
    assert all(lines.values()), text
    by_can, by_product = (float(one[4]) for one in lines.values() if one)
    assert by_can == pytest.approx(20 * 47.7e-6 * (in_can - 20), abs=0.001)
    assert by_product == pytest.approx(20 * 1.2e-3 * (meter - in_can), abs=0.003)
    error = re.search(rf"Relative error: {figures}", text)
    assert error
    assert float(error[2]) - float(error[1]) == pytest.approx(float(error[4]), abs=0.002)
    assert float(error[2]) == pytest.approx(5 * float(body["error"]), abs=0.01)


async def test_a_skipped_temperature_and_an_expired_certificate_leave_the_law_without_answer(
    bench: Bench,
) -> None:
    answers = ("--answer", "read=20.00", "--answer", "can_temperature=30.0")
    async with bench.running():
        person = Person(bench, "pump-1", "--check", "prover", "-o", "Lan")
        await person.sees("[1/4]")
        await bench.deliver(20.0)
        await person.sees("Read the level")
        person.types("abc")
        await person.sees("'abc' is no number; allowed: 19.5")
        person.types("20,005")
        await person.sees("empty: skip")
        person.types("")
        await person.sees("finished")
        assert await person.leaves() == 0
        other = Person(bench, "pump-1", "--check", "prover-old", "-o", "Lan", *answers)
        await other.sees("[1/4]")
        await bench.deliver(20.0)
        await other.sees("finished")
        assert await other.leaves() == 0
        row = await bench.row("pump-1")
    skipped = assert_undecided(bench, row, "prover", person.text)
    assert skipped == "can_temperature was not measured: the volume cannot be corrected"
    assert re.search("C-0.*2020", assert_undecided(bench, row, "prover-old", other.text))


def assert_undecided(bench: Bench, row: dict[str, Any], check: str, screen: str) -> str:
    """Return the reason, which event, board and screen tell alike."""
    (result,) = (one for one in bench.checks(check) if one["phase"] == "result")
    told, shown = result["verdict"], row["checks"][f"{check}/fast"]
    assert (told["conformity"], shown["conformity"]) == ("undecided", "undecided")
    assert told["why"] == shown["why"]
    # A terminal breaks the line where it is full.
    assert f"? {check}/fast: undecided {told['why']}" in " ".join(screen.split())
    return str(told["why"])


async def test_a_wrong_unit_is_a_state_and_the_step_waits_for_the_right_one(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    ear = await listen(f"{BASE}/ev/availability/scale-a")
    async with bench.running():
        await bench.say("weighing", "begin", operator="Lan")
        await bench.at_step("weighing", "load-1")
        kilograms = bench.scale_a.settings
        bench.scale_a.settings = replace(kilograms, unit="lb")
        bench.put(20.0)
        await until(lambda: [one["state"] for one in bodies(ear)] == ["ok", "wrong_unit"])
        row = await bench.row("scale-a")
        assert re.fullmatch(r"shows [\d.]+ lb; the station file says kg", row["cause"])
        assert "values" not in row
        assert row["guided"][0]["step"]["key"] == "load-1"
        bench.scale_a.settings = kilograms
        await bench.at_step("weighing", "repeat-1/off")
        await until(lambda: [one["state"] for one in bodies(ear)][2:] == ["ok"])
        await bench.say("weighing", "close", value="enough")
    steps = [one["answer"] for one in bench.checks("weighing") if one["phase"] == "step"]
    assert [(one["step"], one["unit"]) for one in steps] == [("zero", "kg"), ("load-1", "kg")]


async def both_half_way(bench: Bench, process: subprocess.Popen[str]) -> None:
    """Cut the power in the middle of a delivery, and of a group of steps on the scale."""
    await bench.say("weighing", "begin", operator="Lan")
    await bench.say("prover", "begin", operator="Hoa")
    await bench.at_step("weighing", "load-1")
    bench.put(20.0)
    await bench.at_step("weighing", "repeat-1/off")
    bench.put(0.0)
    await bench.at_step("weighing", "repeat-1")
    await bench.flow(20.0)
    process.kill()
    process.wait(timeout=10)


async def test_runs_outlive_the_loss_of_power_and_what_was_half_done_never_counts(
    bench: Bench,
) -> None:
    answers = ("--answer", "read=20.00", "--answer", "can_temperature=30.0")
    async with bench.running() as process:
        await both_half_way(bench, process)
    before = bench.events()
    bench.put(10.0)
    async with bench.running():
        running = {name: (await bench.row(name))["guided"][0] for name in ("scale-a", "pump-1")}
        assert running["scale-a"]["step"]["key"] == "repeat-1/off"
        assert running["pump-1"]["step"]["key"] == "fast-1/delivered"
        assert (await bench.check("weighing"))["resumed"]
        person = Person(bench, "pump-1", "--check", "prover", *answers)
        await person.sees("[1/4]")
        await bench.deliver(20.0)
        steps = ("repeat-1/off", "repeat-1", "repeat-2/off", "repeat-2")
        for key, load in zip(steps, (0, 20, 0, 20), strict=True):
            await bench.at_step("weighing", key)
            bench.put(load)
        await bench.at_step("weighing", None)
        await person.sees("finished")
        assert await person.leaves() == 0
    after = bench.events()
    assert after[: len(before)] == before
    assert [one["seq"] for one in after] == list(range(1, len(after) + 1))
    assert_nothing_half_done_counts(bench)


def assert_nothing_half_done_counts(bench: Bench) -> None:
    def story(check: str) -> list[str]:
        found = bench.checks(check)
        assert len({one["run"] for one in found}) == 1
        return [one["answer"]["step"] if "answer" in one else one["phase"] for one in found]

    steps = ("delivered", "read", "can_temperature", "meter_temperature")
    weighed = ["zero", "load-1", "repeat-1/off"]
    again = ["repeat-1/off", "repeat-1", "repeat-2/off", "repeat-2"]
    proved = [f"fast-1/{one}" for one in steps]
    assert story("prover") == ["begun", "repeat", *proved, "result", "closed"]
    assert story("weighing") == ["begun", *weighed, "repeat", *again, *["result"] * 3, "closed"]
    kept = {one["kept"]: one["cut_off"] for one in bench.checks("weighing") if "kept" in one}
    assert kept == {2: 1}
    (delivered,) = (one["indication"] for one in bench.checks("prover") if "indication" in one)
    assert delivered["value"] == "20.00"


def begun(at: datetime) -> Event:
    body = {
        "phase": "begun",
        "run": "weighing-1",
        "check": "weighing",
        "instrument": "scale-a",
        "operator": "Lan",
        "at": iso(at),
    }
    stamp = Stamp(at=at, monotonic=1.0, quality="unknown")
    return Event(kind="check", instrument="scale-a", stamp=stamp, body=body)


@pytest.mark.made_up("ev/check/*")  # the journal of an older tramdo
async def test_a_run_that_was_left_alone_is_closed_as_interrupted(
    bench: Bench, broker: Broker, listen: Listen
) -> None:
    bench.publish_to(broker.port)
    store = Store(bench.folder / "journal.db", "bench")
    store.store([begun(datetime.now(UTC) - timedelta(minutes=31))], [])
    store.close()
    ear = await listen(f"{BASE}/ev/check/scale-a")
    async with bench.running():
        await until(lambda: "closed" in phases(bodies(ear), "weighing"))
        picture = await bench.check("weighing")
        assert "guided" not in await bench.row("scale-a")
        assert (await bench.say("weighing", "enter", value="1"))[0] == 409
    assert (picture["running"], picture["last"]["how"]) == (None, "interrupted")
    assert picture["last"]["why"] == "nobody went on with it for 30 minutes"
    assert bodies(ear)[-1] == picture["last"]
