"""Every scale on the floor: one daemon reads a simulated instrument of each protocol."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import Broker
from waiting import until

from station.conftest import Ear, Listen, Site  # type: ignore[import-not-found]
from tramdo.stability import DERIVED
from tramdo_simulators.line import Pty
from tramdo_simulators.park import Park
from tramdo_simulators.protocols import PROTOCOLS
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.simulated import Simulated

FIRST = {name: next(iter(told.values())) for name, told in PROTOCOLS.items()}
LOAD = 12.34
HEAD = """
[station]
id = "floor"
place = "a test"

[mqtt]
host = "127.0.0.1"
port = {port}

[live]
enabled = false
"""


def tables(name: str, one: Simulated, path: Path) -> str:
    settings = "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.settings.items())
    return (
        f'\n[[port]]\nname = "{name}"\nkind = "serial"\npath = "{path}"\n'
        f'\n[[instrument]]\nid = "{name}"\ndriver = "{name}"\nport = "{name}"\nkind = "scale"\n'
        f'unit = "{one.unit}"\nd = 0.01\nperiod_s = 0.2\nrest_s = 0.3\nrecord = "every"\n'
        f"\n[instrument.settings]\n{settings}"
    )


@pytest.fixture
async def floor(tmp_path: Path, broker: Broker) -> AsyncIterator[Site]:
    folder = tmp_path / "floor"
    folder.mkdir()
    text = HEAD.format(port=broker.port)
    async with AsyncExitStack() as stack:
        for name, one in FIRST.items():
            scale = Scale(ScaleSettings(unit=one.unit))
            scale.load(LOAD, -100.0)
            await stack.enter_async_context(Pty(one.make(scale), folder / name))
            text += tables(name, one, folder / name)
        file = folder / "station.toml"
        file.write_text(text)
        yield Site(Park(folder), file, "")


def weights(ear: Ear) -> dict[str, dict[str, Any]]:
    """Return the last weight at rest of each instrument, as it was published."""
    messages = [json.loads(line.split(" ", 1)[1]) for line in ear.lines]
    return {
        reading["instrument"]: value
        for message in messages
        for reading in message["body"]["readings"]
        for value in reading.get("values", [])[:1]
        if value["quantity"] == "weight" and value.get("stable")
    }


async def test_one_daemon_reads_every_protocol_at_once(floor: Site, listen: Listen) -> None:
    ear = await listen("tramdo/v1/floor/ev/reading/#")
    with floor.daemon():
        await until(lambda: weights(ear).keys() == FIRST.keys(), "every scale at rest", bound=40)
    for name, shown in weights(ear).items():
        one = FIRST[name]
        assert float(shown["value"]) == LOAD, name
        assert shown["unit"] == one.unit, name
        assert ("unit_assumed" in shown.get("flags", [])) is not one.tells_unit, name
        assert (DERIVED in shown.get("flags", [])) is not one.tells_stable, name
