"""A station's guided checks behind real HTTP; the test gives the readings."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import station_text
from conftest import free_port
from waiting import until

from tramdo import build, stationfile
from tramdo.assurance import Assurance
from tramdo.board import Board
from tramdo.journal import Journal
from tramdo.live import web
from tramdo.live.checks import Checks
from tramdo.reading import Indication, Quantity, Reading, Unit

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OWN = {web.OWN_HEADER: "1"}
Answer = tuple[int, Any]


@dataclass
class Desk:
    """A station's guided checks behind HTTP; the test gives the readings."""

    assurance: Assurance
    journal: Journal
    port: int
    faults: list[str] = field(default_factory=list)

    @property
    def listen(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        return await asyncio.to_thread(self._ask, method, path, body, headers)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    async def send(self, path: str, word: object) -> Answer:
        return await self.ask("POST", path, json.dumps(word).encode(), **OWN)

    async def say(self, check: str, do: str, **more: str) -> Answer:
        return await self.send(f"/api/checks/{check}", {"do": do, **more})

    def show(self, instrument: str, *shown: str, unit: Unit = Unit.KG) -> None:
        """Let the instrument show these values, one reading each."""
        quantity = Quantity.WEIGHT if unit is Unit.KG else Quantity.VOLUME_TOTAL
        stable = True if unit is Unit.KG else None
        for digits in shown:
            one = Indication(value=Decimal(digits), unit=unit, quantity=quantity, stable=stable)
            at = datetime.now(UTC)
            self.assurance.take(
                Reading(instrument=instrument, sequence=1, at=at, monotonic=0.0, indications=(one,))
            )

    async def at_reading_the_can(self) -> None:
        assert (await self.say("prover", "begin", operator="Lan"))[0] == 200
        self.show("pump-1", "1000.00", "1000.00", "1020.00", "1020.00", unit=Unit.L)

    async def recorded(self) -> list[dict[str, Any]]:
        rows = await self.journal.of_kind("check")
        return [json.loads(row.message)["body"] for row in rows]

    def running(self, check: str) -> Any:
        return self.assurance.guides[check].picture()["running"]


@asynccontextmanager
async def desk_in(folder: Path) -> AsyncIterator[Desk]:
    file = folder / "station.toml"
    file.write_text(station_text(folder, "127.0.0.1:1"))
    loaded = stationfile.read(file)
    journal = Journal(folder / "j.db", "bench")
    faults: list[str] = []
    rows = build.rows(loaded, build.pollers(loaded, lambda _: None, lambda: 0.0))
    assurance = Assurance(
        checkers=build.checkers(loaded),
        guides=build.guides(loaded),
        watches=build.watches(loaded),
        rows=rows,
        journal=journal,
        fault=lambda what, error: faults.append(f"{what}: {error!r}"),
    )
    desk = Desk(assurance, journal, free_port(), faults)
    live = web.Live(Board("bench", START, rows), lambda _: None, Checks(assurance, "en"))
    await journal.open()
    tasks = [asyncio.create_task(one) for one in (journal.run(), web.serve(live, desk.listen))]
    try:
        await until(lambda: answers(desk), "an open port")
        yield desk
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await journal.close()
    assert faults == []


async def answers(desk: Desk) -> bool:
    with suppress(OSError):
        return (await desk.ask("GET", "/api/checks"))[0] == 200
    return False
