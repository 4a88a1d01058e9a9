"""Faults 14, 17 and 21 through the whole daemon; the drivers alone have theirs in `line/`."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from textwrap import dedent
from typing import Any

import pytest
from bench import Bench
from waiting import until

from faults.daemons import Daemon, daemon, every_reading
from faults.witness import Record
from tramdo_simulators.banks import coriolis
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.faults import Chunk, Chunks
from tramdo_simulators.modbus import Modbus, Rtu, Unit


async def row(one: Daemon, instrument: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await one.board()).get("instruments", [])
    return next((row for row in rows if row["instrument"] == instrument), {})


async def state_of(one: Daemon, instrument: str, *states: str) -> bool:
    return (await row(one, instrument)).get("state") in states


def values(bench: Bench, instrument: str, quantity: str) -> Counter[str]:
    """Return every value of a quantity that was recorded, counted."""
    record = Record.of(bench.folder / "journal.db")
    readings = (one for event in record.events("reading") for one in event["body"]["readings"])
    return Counter(
        value["value"]
        for one in readings
        if one["instrument"] == instrument
        for value in one.get("values", ())
        if value["quantity"] == quantity
    )


async def test_14_usb_comes_back_under_another_name(tmp_path: Path) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        line = bench.lines["scale-a"]
        with daemon(bench.file, bench.listen) as one:
            await until(lambda: state_of(one, "scale-a", "ok"), "scale-a ok", bound=20)
            before = (bench.folder / "scale-a").readlink()
            line.unplug()
            await until(lambda: state_of(one, "scale-a", "port_lost"), "its loss")
            taken = os.openpty()
            line.replug()
            assert (bench.folder / "scale-a").readlink() != before
            await until(lambda: state_of(one, "scale-a", "ok"), "its return", bound=20)
            for end in taken:
                os.close(end)


@dataclass
class Twin:
    """A second unit with the same address answers too, at the same time or `behind` the first.

    On RS-485 the one who drives the line low wins each bit.
    """

    other: Rtu
    behind: bool

    def __call__(self, chunks: Chunks, request: bytes, _chance: Random) -> Chunks:
        theirs = self.other.answer(request, 0.0)
        if self.behind:
            return (*chunks, Chunk(0.0, theirs))
        ours = b"".join(octets for _, octets in chunks)
        return (Chunk(0.0, bytes(a & b for a, b in zip(ours, theirs, strict=True))),)


def twin(behind: bool) -> Twin:
    meter = Dispenser(MeterSettings(total=77_777.7))
    return Twin(Rtu(Modbus({2: Unit(coriolis(meter))})), behind)


@pytest.mark.parametrize(
    "behind",
    [pytest.param(False, marks=pytest.mark.soak), True],
    ids=["at once", "one behind the other"],
)
async def test_17_two_instruments_with_one_address(tmp_path: Path, behind: bool) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        every_reading(bench)
        with daemon(bench.file, bench.listen) as one:
            await until(lambda: state_of(one, "pump-1", "ok"), "pump-1 ok", bound=20)
            before = await stray(one)
            bench.lines["pump-1"].faults = [twin(behind)]
            await bench.looked_at("pump-1", 8)
            if not behind:
                await until(lambda: state_of(one, "pump-1", "bad_frame"), "that it is seen")
            after = await stray(one)
            bench.lines["pump-1"].faults = []
            await until(lambda: state_of(one, "pump-1", "ok"), "pump-1 ok again", bound=30)
    assert set(values(bench, "pump-1", "volume_total")) == {"1000.00"}
    assert not behind or after > before


async def stray(one: Daemon) -> int:
    from tramdo.live import client  # noqa: PLC0415

    _, details = client.instrument(one.listen, "pump-1")
    return int(details["schedule"]["stray_bytes_on_line"])


ROGUE = """
import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Proof
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit

LEAKED = []


async def go_on_asking(port):
    while True:
        with suppress(Exception):
            await port.exchange(b"SI\\r\\n", by_line())


async def wait_for_ever():
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rogue:
    about: ClassVar[About] = About(
        protocol="none", source="a test", kinds=(Kind.SCALE,), proof=Proof.UNVERIFIED
    )
    address: int
    mode: str = field(default="raises", metadata={"description": "what it does wrong"})

    async def read(self, port):
        if self.mode == "raises":
            raise ZeroDivisionError("a defect")
        if self.mode == "ends":
            raise SystemExit(3)
        if self.mode == "never returns":
            await wait_for_ever()
        if self.mode == "leaks tasks":
            LEAKED.append(asyncio.create_task(wait_for_ever()))
        if self.mode == "leaks a task that asks":
            LEAKED.append(asyncio.create_task(go_on_asking(port)))
        if self.mode == "leaks files":
            LEAKED.append(open("/dev/null"))
        return [Indication(value=Decimal("1.00"), unit=Unit.KG)]
"""
INSTRUMENT = """
[[instrument]]
id = "rogue"
driver = "rogue"
port = "rs485"
address = 9
kind = "scale"
unit = "kg"
d = 0.01
period_s = 0.04
timeout_s = 0.05
backoff_max_s = 1

[instrument.settings]
mode = "{mode}"
"""
FAULTY = ("driver_fault",)
FINE = ("ok", "driver_fault", "bad_frame", "no_reply")
MODES = {
    "raises": FAULTY,
    "ends": FAULTY,
    "never returns": FAULTY,
    "leaks tasks": ("ok",),
    "leaks files": FINE,
    "leaks a task that asks": FINE,
}


def installed(folder: Path) -> Path:
    """Make a folder that, on PYTHONPATH, is an installed package with one bad driver."""
    about = folder / "rogue-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rogue\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[tramdo.drivers]\nrogue = rogue:Rogue\n")
    (folder / "rogue.py").write_text(dedent(ROGUE))
    return folder


@contextmanager
def with_a_rogue(bench: Bench, mode: str) -> Iterator[Daemon]:
    every_reading(bench)
    with bench.file.open("a") as file:
        file.write(INSTRUMENT.format(mode=mode))
    found = os.environ | {"PYTHONPATH": str(installed(bench.folder / "packages"))}
    with daemon(bench.file, bench.listen, "prlimit", "--nofile=256", env=found) as one:
        yield one


@pytest.mark.parametrize("mode", MODES)
async def test_21_a_bad_driver_spoils_nobody_elses_values(tmp_path: Path, mode: str) -> None:
    async with Bench(tmp_path / "bench").up() as bench:
        with with_a_rogue(bench, mode) as one:
            await until(lambda: state_of(one, "rogue", *MODES[mode]), "the rogue", bound=20)
            for name in ("scale-a", "scale-b", "pump-1"):
                await bench.looked_at(name, 20)
                await until(partial(state_of, one, name, "ok"), name)
    assert set(values(bench, "pump-1", "volume_total")) <= {"1000.00"}
    assert set(values(bench, "scale-a", "weight")) <= {"0.00"}
    assert set(values(bench, "scale-b", "weight")) == {"0.00"}
