"""The whole station: built from its settings, run in one task group, shut down in order."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import structlog

from tramdo import __version__, build, clock
from tramdo.assurance import Assurance
from tramdo.board import Board
from tramdo.commands import Commands
from tramdo.events import STATION_WIDE, Event, iso
from tramdo.live import web
from tramdo.live.checks import Checks
from tramdo.reading import Reading, in_unit
from tramdo.recording import Batch
from tramdo.statelog import Budget, StateLog
from tramdo.stationfile import Loaded

log = structlog.get_logger()

CLOCK_EVERY = 1.0
# One event must stay well below what a broker takes as one message.
MOST_IN_A_BATCH = 200
MOST_CHANGES_AN_HOUR = 60
REPLAYED = ("check", "adjustment")


class Station:
    """Readings in, board and journal out; owns every part and gives them one lifetime."""

    def __init__(self, loaded: Loaded) -> None:
        self.settings = loaded.station
        self.hash = loaded.hash
        self.board = Board(self.settings.station.id, datetime.now(UTC), facts=self._facts)
        self.journal = build.journal(loaded)
        self.pollers = build.pollers(loaded, self.take, asyncio.get_running_loop().time)
        self.board.rows = build.rows(loaded, self.pollers)
        self.assurance = Assurance(
            checkers=build.checkers(loaded),
            guides=build.guides(loaded),
            watches=build.watches(loaded),
            rows=self.board.rows,
            journal=self.journal,
            fault=self._fault,
        )
        for instrument, watch in self.assurance.watches.items():
            self.board.rows[instrument].signals = watch.facts
        commands = Commands(self.assurance.say, self._refused)
        self.publisher = build.publisher(loaded, self.journal, self.board, self._birth, commands)
        self.recorders = build.recorders(loaded)
        self.units = {one.id: one.unit for one in self.settings.instruments}
        self.rests = build.rests(loaded)
        self._batch = Batch()
        self._states = StateLog()
        self._changes = Budget(most=MOST_CHANGES_AN_HOUR)
        self._faults: Counter[str] = Counter()
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Run until cancelled; what was queued is committed before this returns."""
        await self.journal.open()
        try:
            await self._replay()
            self._tell("config", STATION_WIDE, {"hash": self.hash, "version": __version__})
            async with self._tasks as tasks:
                for name, part in self._parts():
                    tasks.create_task(part, name=name)
        finally:
            self._flush()
            self.assurance.remember()
            await self.journal.close()

    def _parts(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        yield "journal", self.journal.run()
        yield "readings", self._flush_now_and_then()
        yield "clock", self._watch_clock()
        yield "assurance", self.assurance.run()
        if self.publisher is not None:
            yield "publisher", self.publisher.run()
        for poller in self.pollers:
            yield f"line {poller.line.name}", poller.run()
        if (settings := self.settings.live).enabled:
            checks = Checks(self.assurance, self.settings.station.language)
            yield "live", web.serve(web.Live(self.board, self.retry, checks), settings.listen)

    def take(self, reading: Reading) -> None:
        """Take one reading from a line; nothing here waits, and no failure here stops a line."""
        try:
            self._take(reading)
        except Exception as error:  # noqa: BLE001  told, and the next reading is taken
            self._fault(f"reading of {reading.instrument}", error)

    def _take(self, reading: Reading) -> None:
        reading = in_unit(reading, self.units[reading.instrument])
        if (rest := self.rests.get(reading.instrument)) is not None:
            self.rests[reading.instrument], reading = rest.add(reading)
        row = self.board.rows[reading.instrument]
        if (before := row.take(reading)) is not None:
            self._tell_availability(reading, before.state)
        if self.recorders[reading.instrument].wants(reading):
            self._batch.add(reading)
            if len(self._batch.readings) >= MOST_IN_A_BATCH:
                self._flush()
        self.assurance.take(reading)

    def _fault(self, what: str, error: Exception) -> None:
        """Tell a failure of our own once, as an alert; count it afterwards."""
        why = f"{type(error).__name__}: {error}"
        if not self._faults[what]:
            self._tell("alert", STATION_WIDE, {"alert": "fault", "what": what, "why": why})
            log.error("fault", what=what, why=why)
        self._faults[what] += 1

    def retry(self, instrument: str) -> None:
        """Ask an instrument now, whatever its back-off says."""
        for poller in self.pollers:
            if any(seat.instrument == instrument for seat in poller.seats):
                poller.retry(instrument)

    def _tell_availability(self, reading: Reading, before: str) -> None:
        now = self.board.rows[reading.instrument].availability
        self._states.changed(reading.instrument, now.state, now.cause, reading.monotonic)
        unsaid = self._changes.take(reading.instrument, reading.monotonic)
        if unsaid is None:
            return
        body = {"state": now.state, "before": before, "since": iso(now.since), "cause": now.cause}
        self._tell("availability", reading.instrument, body | {"unsaid_changes": unsaid})

    def _event(self, kind: str, instrument: str, body: dict[str, Any]) -> Event:
        return Event(kind=kind, instrument=instrument, stamp=clock.now(), body=body)

    def _tell(self, kind: str, instrument: str, body: dict[str, Any]) -> None:
        self.journal.append(self._event(kind, instrument, body))

    def _refused(self, what: str, facts: dict[str, Any]) -> None:
        log.warning(what, why=facts["why"])
        self._tell("security", STATION_WIDE, {"security": what, **facts})

    def _flush(self) -> None:
        if self._batch.readings:
            self._tell("reading", STATION_WIDE, self._batch.take())

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self.settings.journal.commit_every_s)
            self._flush()

    async def _watch_clock(self) -> None:
        before = clock.now()
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            after = clock.now()
            if moved := clock.step(before, after):
                self._tell("clock", STATION_WIDE, {"step_s": round(moved, 3)})
            before = after

    async def _replay(self) -> None:
        """Rebuild every chart, verdict and run from what is recorded."""
        rows = [row for kind in REPLAYED for row in await self.journal.of_kind(kind)]
        self.assurance.replay(row.message for row in sorted(rows))
        self.assurance.recall(await self.journal.kept())

    def _birth(self) -> dict[str, Any]:
        return {
            "station": self.board.station,
            "place": self.settings.station.place,
            "started": iso(self.board.started),
            "version": __version__,
            "config": self.hash,
            "clock": clock.quality(),
            "epoch": self.journal.epoch,
            "boot": clock.boot(),
            **self._signer(),
            "instruments": {
                one.instrument: {"kind": one.kind, "driver": one.driver, "proof": one.proof}
                for one in self.board.rows.values()
            },
        }

    def _signer(self) -> dict[str, str]:
        signer = self.journal.signer
        if signer is None:
            return {}
        return {"key": signer.public_text(), "fingerprint": signer.fingerprint}

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "clock": clock.quality(),
            "journal": self.journal.facts(),
        }
        if self._faults:
            facts["faults"] = dict(self._faults)
        if self.publisher is not None:
            facts["broker"] = self.publisher.facts()
        return facts
