"""The daemon records its lines, and the recording holds what it published."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from waiting import until

from station.conftest import Ear, Listen, Site  # type: ignore[import-not-found]
from tramdo.replayed import replayed
from tramdo.wirefile import parse
from tramdo_drivers.mt_sics import MtSics
from tramdo_drivers.st_gs import StGs
from tramdo_simulators.faults import Foreign, Times

STATION = "tramdo/v1/demo-thai-nguyen"
ENOUGH = 15


def tramdo(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tramdo", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def recorded(site: Site) -> None:
    """Let the station file record two lines, and every reading."""
    text = site.file.read_text()
    for port in ("packing", "floor"):
        text = text.replace(f'name = "{port}"\n', f'name = "{port}"\nrecord = "{port}.wire"\n')
    for one in ("scale-a", "scale-b"):
        text = text.replace(f'id = "{one}"\n', f'id = "{one}"\nrecord = "every"\n', 1)
    site.file.write_text(text)


def published(ear: Ear, instrument: str) -> list[str]:
    messages: list[dict[str, Any]] = [json.loads(line.split(" ", 1)[1]) for line in ear.lines]
    readings = [one for message in messages for one in message["body"]["readings"]]
    return [
        value["value"]
        for one in readings
        if one["instrument"] == instrument
        for value in one.get("values", [])
    ]


def values(driver: MtSics | StGs, path: Path) -> list[str]:
    found = replayed(driver, parse(path.read_text()))
    return [f"{each.value:f}" for one in found for each in one.indications]


def holds(whole: list[str], part: list[str]) -> bool:
    return any(whole[at : at + len(part)] == part for at in range(len(whole)))


async def test_what_the_daemon_published_is_in_its_recording(site: Site, listen: Listen) -> None:
    recorded(site)
    ear = await listen(f"{STATION}/ev/reading/#")
    unknown = site.file.parent / "unknown" / "scale-b.txt"
    with site.daemon():
        for one in ("scale-a", "scale-b"):
            await until(lambda one=one: len(published(ear, one)) > ENOUGH, one, bound=30)
        site.park.line_b.faults = (Times(Foreign(b"HELLO 1\r\n"), 3),)
        await until(unknown.exists, "an unknown frame", bound=30)
    folder = site.file.parent
    assert holds(values(MtSics(), folder / "packing.wire"), published(ear, "scale-a"))
    # A line that is joined in the middle of a frame gives the daemon one more, or one less.
    assert holds(values(StGs(), folder / "floor.wire"), published(ear, "scale-b")[1:])
    assert sum(not one.sent for one in parse((folder / "floor.wire").read_text()).chunks) > ENOUGH
    kept = [one.octets for one in parse(unknown.read_text()).chunks]
    assert b"HELLO 1\r\n" in kept
    assert "# " in unknown.read_text()
    assert ", st-gs: expected a weight" in unknown.read_text()
    words = ("replay", str(folder / "packing.wire"), "--driver", "mt-sics")
    done = await asyncio.to_thread(tramdo, *words)
    assert (done.returncode, done.stderr) == (0, "")


async def test_a_recording_that_cannot_be_written_stops_nothing(site: Site, listen: Listen) -> None:
    recorded(site)
    (site.file.parent / "packing.wire").write_text("something else")
    (site.file.parent / "floor.wire").mkdir()
    (site.file.parent / "unknown").write_text("no folder")
    ear = await listen(f"{STATION}/ev/reading/#")
    with site.daemon() as process:
        for one in ("scale-a", "scale-b"):
            await until(lambda one=one: len(published(ear, one)) > ENOUGH, one, bound=30)
        site.park.line_b.faults = (Times(Foreign(b"HELLO 1\r\n"), 3),)
        before = len(published(ear, "scale-b"))
        await until(lambda: len(published(ear, "scale-b")) > before + ENOUGH, bound=30)
        process.terminate()
        _, said = process.communicate(timeout=20)
    told = [line for line in said.splitlines() if "evidence" in line]
    assert len(told) == 3, said
    assert sum("is no recording of tramdo and is left alone" in line for line in told) == 1
    assert (site.file.parent / "packing.wire").read_text() == "something else"
