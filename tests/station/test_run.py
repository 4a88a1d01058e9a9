"""`tramdo run` beside simulated instruments and a real mosquitto."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

from conftest import Broker
from waiting import until

from station.conftest import Ear, Listen, Site  # type: ignore[import-not-found]
from tramdo.journal import URGENT
from tramdo.live import client

STATION = "tramdo/v1/demo-thai-nguyen"


def tramdo(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tramdo", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def bodies(ear: Ear, topic: str) -> list[dict[str, Any]]:
    return [json.loads(line.split(" ", 1)[1]) for line in ear.lines if line.startswith(topic)]


async def test_readings_checks_and_the_alert_reach_subscribers(site: Site, listen: Listen) -> None:
    everything, alerts = await listen("tramdo/v1/#"), await listen("tramdo/v1/+/ev/alert/#")
    expected = {
        f"{STATION}/status",
        f"{STATION}/ev/reading/_all",
        f"{STATION}/ev/config/_all",
        *(
            f"{STATION}/{kind}/{one}"
            for one in ("scale-a", "scale-b", "hopper", "pump-1", "pump-2")
            for kind in ("state", "ev/check", "ev/availability")
        ),
    }
    with site.daemon():
        await until(lambda: alerts.lines, "an alert", bound=60)
        await until(lambda: expected <= everything.topics(), bound=30)
    assert alerts.topics() == {f"{STATION}/ev/alert/scale-a"}
    (alert, *_) = bodies(alerts, STATION)
    assert alert["kind"] == "alert"
    assert alert["body"]["alert"] in ("warning", "out_of_control", "exceeds")
    assert alert["body"]["check"] == "scale-a-20kg"
    (check, *_) = bodies(everything, f"{STATION}/ev/check/scale-a")
    assert check["body"]["rules"] == "oiml-r76-2006"
    assert check["body"]["evidence"][0].startswith("53 20 53 20")
    ids = [one["seq"] for one in bodies(everything, f"{STATION}/ev/")]
    assert ids == sorted(ids)


async def test_digits_survive_from_the_wire_to_the_broker(site: Site, listen: Listen) -> None:
    ear = await listen(f"{STATION}/ev/reading/#")
    with site.daemon():
        await until(lambda: len(ear.lines) >= 4, bound=20)
    values = {
        (one["instrument"], value["quantity"], value["value"])
        for message in bodies(ear, STATION)
        for one in message["body"]["readings"]
        for value in one.get("values", [])
    }
    places = {
        instrument: {
            len(value.partition(".")[2])
            for name, what, value in values
            if name == instrument and what in ("weight", "volume_total")
        }
        for instrument in ("scale-a", "scale-b", "hopper", "pump-1", "pump-2")
    }
    assert places == {"scale-a": {2}, "scale-b": {2}, "hopper": {3}, "pump-1": {2}, "pump-2": {2}}


def whole(events: list[dict[str, Any]]) -> bool:
    """Return whether no number is missing between the first and the last."""
    numbers = {one["seq"] for one in events}
    return len(numbers) == max(numbers) - min(numbers) + 1


async def test_the_broker_away_loses_nothing_and_the_record_goes_out_in_order(
    site: Site, broker: Broker, listen: Listen
) -> None:
    with site.daemon():
        await until(lambda: recorded(site) > 0)
        broker.kill()
        await until(lambda: recorded(site) >= 20, bound=40)
        broker.start()
        ear = await listen(f"{STATION}/ev/#")
        await until(lambda: len(ear.lines) >= 30 and whole(bodies(ear, STATION)), bound=40)
    arrived = bodies(ear, STATION)
    for urgent in (True, False):  # checks and alerts overtake readings
        lane = [one["seq"] for one in arrived if (one["kind"] in URGENT) is urgent]
        assert lane == sorted(lane)


def recorded(site: Site) -> int:
    with closing(sqlite3.connect(site.file.parent / "tramdo.db")) as base:
        try:
            (count,) = base.execute("SELECT count(*) FROM event").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(count)


async def test_an_unplugged_scale_is_a_state_and_its_return_is_found(
    site: Site, listen: Listen
) -> None:
    ear = await listen(f"{STATION}/ev/availability/scale-a")

    def states() -> list[str]:
        return [one["body"]["state"] for one in bodies(ear, STATION)]

    with site.daemon():
        await until(lambda: states() == ["ok"], bound=20)
        site.park.line_a.unplug()
        await until(lambda: states() == ["ok", "port_lost"], bound=20)
        site.park.line_a.replug()
        await until(lambda: states() == ["ok", "port_lost", "ok"], bound=20)


async def test_live_shows_the_board_and_retry_asks_now(site: Site) -> None:
    with site.daemon():
        await until(lambda: all_ok(site), bound=20)
        text = await asyncio.to_thread(tramdo, "live", "--once", "--at", site.listen)
        asked = await asyncio.to_thread(tramdo, "retry", "scale-a", "--at", site.listen)
        unknown = await asyncio.to_thread(tramdo, "retry", "scale-z", "--at", site.listen)
    assert text.returncode == 0
    assert "scale-a" in text.stdout
    assert "● ok" in text.stdout
    assert max(len(line) for line in text.stdout.splitlines()) <= 80
    assert (asked.returncode, asked.stdout) == (0, "scale-a: asked now\n")
    assert unknown.returncode == 1
    gone = await asyncio.to_thread(tramdo, "live", "--once", "--at", site.listen)
    assert gone.returncode == 3
    assert "start one with `tramdo run FILE`" in gone.stderr


async def board(site: Site) -> dict[str, Any] | None:
    try:
        return await asyncio.to_thread(client.board, site.listen)
    except client.NotRunning:
        return None


async def all_ok(site: Site) -> bool:
    picture = await board(site)
    return bool(picture) and all(one["state"] == "ok" for one in picture["instruments"])


async def test_charts_go_on_after_a_restart(site: Site) -> None:
    async def checks() -> int:
        picture = await board(site)
        rows = picture["instruments"] if picture else []
        return max((c["count"] for row in rows for c in row["checks"].values()), default=0)

    async def at_least(many: int) -> bool:
        return await checks() >= many

    with site.daemon():
        await until(lambda: at_least(2), bound=30)
    with site.daemon():
        await until(lambda: at_least(3), bound=30)


async def test_a_check_that_is_not_due_yet_is_not_taken_again_after_a_restart(site: Site) -> None:
    yearly = 'id = "scale-b-20kg"\nevery = "365 d"'
    site.file.write_text(site.file.read_text().replace('id = "scale-b-20kg"', yearly))

    async def counts() -> list[int]:
        picture = await board(site)
        rows = picture["instruments"] if picture else []
        return [sum(one["count"] for one in row["checks"].values()) for row in rows[:2]]

    async def at_least(many: int) -> bool:
        found = await counts()
        return bool(found) and found[0] >= many and found[1] == 1

    with site.daemon():
        await until(lambda: at_least(1), bound=30)
    with site.daemon():
        await until(lambda: at_least(3), bound=40)


async def test_read_shows_one_reading_and_its_raw_bytes(site: Site) -> None:
    done = await asyncio.to_thread(tramdo, "read", str(site.file), "scale-a", "--raw")
    assert done.returncode == 0, done.stderr
    assert "  > 53 49 0d 0a" in done.stdout
    assert "scale-a: weight" in done.stdout
    heard = await asyncio.to_thread(tramdo, "read", str(site.file), "scale-b", "--json")
    assert json.loads(heard.stdout)["values"][0]["unit"] == "kg"
    site.park.line_a.unplug()
    lost = await asyncio.to_thread(tramdo, "read", str(site.file), "scale-a")
    assert lost.returncode == 1
    assert "port_lost" in lost.stdout


async def test_read_names_the_daemon_that_holds_the_port(site: Site) -> None:
    with site.daemon() as process:
        await until(lambda: all_ok(site), bound=20)
        done = await asyncio.to_thread(tramdo, "read", str(site.file), "scale-a")
    assert done.returncode == 1
    assert re.search(rf"in use by .*pid {process.pid} \(.*tramdo\)", done.stdout)


async def test_no_instrument_was_ever_written_to(site: Site) -> None:
    with site.daemon():
        await until(lambda: all_ok(site), bound=20)
    assert [line.witness.writes for line in site.park.lines] == [0, 0, 0, 0]
    assert all(line.witness.values > 0 for line in site.park.lines)
