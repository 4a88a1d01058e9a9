"""Everything that is made of readings beside showing them: checks, guided runs, passive signals.

Takes readings and the operator's words; queues what is to be recorded, and shows it once it is on
disk.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import structlog

from tramdo import clock
from tramdo.alerts import Alert
from tramdo.board import Row
from tramdo.check import RESULT, CheckRecord
from tramdo.checking import Checker
from tramdo.errors import JournalError, TramdoError
from tramdo.events import Event, iso
from tramdo.guiding import GIVEN_UP, INTERRUPTED, Guide, NotRunning, Outcome
from tramdo.journal import Journal
from tramdo.passive import Watch
from tramdo.reading import Reading
from tramdo.statelog import Budget

log = structlog.get_logger()

LOOK_EVERY = 10.0
# A watch sees minutes and days: once a second is plenty, however fast an instrument is polled.
WATCHED_EVERY = 0.9
MOST_SIGNALS_AN_HOUR = 12
# In looks: a memory card wears with every write.
REMEMBER_EVERY = 60
# Below the patience of whoever asked: an answer that says "waits" is better than none.
RECORD_WITHIN = 3.0
Body = dict[str, Any]
Fault = Callable[[str, Exception], None]


class Unknown(TramdoError):
    """No instrument or guided check has this name."""


@dataclass(slots=True, kw_only=True)
class Assurance:
    """The checks, guided checks and watches of one station; `fault` is told what fails in here."""

    checkers: Mapping[str, list[Checker]]
    guides: Mapping[str, Guide]
    watches: Mapping[str, Watch]
    rows: Mapping[str, Row]
    journal: Journal
    fault: Fault
    _watched: dict[str, float] = field(default_factory=dict)
    _signals: Budget = field(default_factory=lambda: Budget(most=MOST_SIGNALS_AN_HOUR))
    _memories: dict[str, str] = field(default_factory=dict)
    _shown: set["asyncio.Task[None]"] = field(default_factory=set)

    def take(self, reading: Reading) -> None:
        """Take one reading; nothing here waits, and one check that fails leaves the others."""
        running = self._running_on(reading.instrument)
        if running is not None:
            self._guarded(f"check {running.check}", partial(self._guide, running, reading))
        for checker in self.checkers.get(reading.instrument, ()):
            if running is None:
                self._guarded(f"check {checker.plan.id}", partial(self._feed, checker, reading))
            else:
                # The same weight or can must not count twice, nor once the run is over.
                checker.pass_over()
        watch = self.watches.get(reading.instrument)
        if watch is not None and self._due_to_be_watched(reading):
            self._guarded(f"watch {reading.instrument}", partial(self._watch, watch, reading))

    def _due_to_be_watched(self, reading: Reading) -> bool:
        """Say whether a reading tells more than the one watched before; failures always do."""
        since = reading.monotonic - self._watched.get(reading.instrument, float("-inf"))
        if reading.error is None and since < WATCHED_EVERY:
            return False
        self._watched[reading.instrument] = reading.monotonic
        return True

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  told once; the other checks go on
            self.fault(what, error)

    def _feed(self, checker: Checker, reading: Reading) -> None:
        done = checker.feed(reading)
        if done is not None:
            record, alert = done
            alerts = ((record, alert),) if alert is not None else ()
            self._record(Outcome(bodies=(record.body(),), alerts=alerts))

    def _guide(self, guide: Guide, reading: Reading) -> None:
        self._record(guide.feed(reading))
        self._show_run(guide)

    def _watch(self, watch: Watch, reading: Reading) -> None:
        for signal in watch.add(reading):
            self.rows[reading.instrument].version += 1
            unsaid = self._signals.take(reading.instrument, reading.monotonic)
            if unsaid is None:
                continue
            told = signal.body() | {"unsaid": unsaid}
            log.warning("signal", signal=signal.name, instrument=reading.instrument, why=signal.why)
            self.journal.append(self._event("alert", reading.instrument, told))
            self.remember()

    async def say(
        self, check: str, do: str, *, operator: str = "", value: str = "", step: str = ""
    ) -> Body:
        """Move a guided check on and return where it stands once that is on disk.

        `do` is begin, enter, skip, repeat or close; where `step` is given and another one is under
        way, somebody else was faster. Raises `Unknown`, `NotRunning`, `Unanswered` or
        `JournalError`.
        """
        guide = self.guides.get(check)
        if guide is None:
            raise Unknown(f"no guided check is called {check!r}; has: {', '.join(self.guides)}")
        if self.journal.failing:
            raise JournalError(self.journal.failing)
        if step:
            guide.must_be_at(step)
        outcome = self._said(guide, do, operator, value)
        recorded = self._record(outcome)
        self._show_run(guide)
        if recorded is not None:
            await self._on_disk(recorded)
        return guide.picture()

    async def _on_disk(self, recorded: "asyncio.Future[int]") -> None:
        """Wait until it is recorded; raises `JournalError` when it is only queued for now."""
        await asyncio.wait([recorded], timeout=RECORD_WITHIN)
        if not recorded.done():
            why = self.journal.failing or f"the disk takes longer than {RECORD_WITHIN:g} s"
            raise JournalError(f"{why}; it waits to be recorded")
        recorded.result()

    def _said(self, guide: Guide, do: str, operator: str, value: str) -> Outcome:
        at = datetime.now(UTC)
        match do:
            case "begin":
                return self._begin(guide, operator, at)
            case "enter":
                return guide.enter(value, at)
            case "skip":
                return guide.skip(at)
            case "repeat":
                return guide.repeat()
            case "close":
                return guide.close(GIVEN_UP, value)
            case _:
                raise NotRunning(f"{do!r} is no word; allowed: begin, enter, skip, repeat, close")

    def _begin(self, guide: Guide, operator: str, at: datetime) -> Outcome:
        if not operator.strip():
            raise NotRunning("who makes the check? allowed: a name as the operator")
        other = self._running_on(guide.instrument)
        if other is not None and other is not guide:
            raise NotRunning(f"{other.check} is under way on {guide.instrument}; close it first")
        return guide.begin(f"{guide.check}-{at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", operator, at)

    async def adjusted(self, instrument: str, facts: Mapping[str, str]) -> Body:
        """Record an adjustment: every chart of the instrument begins anew. Raises `Unknown`."""
        if instrument not in self.rows:
            raise Unknown(f"no instrument is called {instrument!r}; has: {', '.join(self.rows)}")
        found = {key: one["error"] for key, one in self.rows[instrument].checks.items()}
        body = {"instrument": instrument, "at": iso(datetime.now(UTC)), **facts, "before": found}
        if self.journal.failing:
            raise JournalError(self.journal.failing)
        if (running := self._running_on(instrument)) is not None:
            # Half as found and half as left is no check.
            self._record(running.close(INTERRUPTED, "the instrument was adjusted"))
            self._show_run(running)
        recorded = self.journal.record(self._event("adjustment", instrument, body))
        # Now, not when it is on disk: what is queued after it belongs to the new segment.
        self._begin_anew(instrument)
        self.watches[instrument].adjusted()
        self.remember()
        await self._on_disk(recorded)
        return body

    def _begin_anew(self, instrument: str) -> None:
        for checker in self.checkers.get(instrument, ()):
            checker.series.begin_anew("adjustment")
        for guide in self._guides_of(instrument):
            guide.begin_anew("adjustment")
        if (row := self.rows.get(instrument)) is not None:
            row.adjusted()

    def replay(self, messages: Iterable[bytes]) -> None:
        """Rebuild charts, verdicts and runs from the recorded checks and adjustments, in order.

        What cannot be taken again is told and left out: an odd record must not keep the station
        from starting.
        """
        by_id = {one.plan.id: one for checks in self.checkers.values() for one in checks}
        for message in messages:
            self._guarded("replay", partial(self._take_again, by_id, message))
        for checker in by_id.values():
            checker.begin()
        for guide in self.guides.values():
            self._guarded(f"replay of {guide.check}", partial(self._resume, guide))

    def _resume(self, guide: Guide) -> None:
        self._record(guide.end_replay())
        self._show_run(guide)

    def _take_again(self, by_id: Mapping[str, Checker], message: bytes) -> None:
        event = json.loads(message)
        body: Body = event["body"]
        if event["kind"] == "adjustment":
            self._begin_anew(body["instrument"])
            return
        checker, guide = by_id.get(body["check"]), self.guides.get(body["check"])
        if checker is not None and checker.plan.instrument == body["instrument"]:
            checker.replay(body)
            if body.get("phase", RESULT) != RESULT:
                return
            self._note(body, list(checker.series.ratios))
            _due_again(checker, body)
        elif guide is not None and guide.instrument == body["instrument"]:
            guide.replay(body)
            self._note_guided(guide, body)

    def remember(self) -> None:
        """Keep what the watches must know after a restart, where it has changed."""
        for instrument, watch in self.watches.items():
            memory = json.dumps(watch.memory(), default=str)
            if self._memories.get(instrument) != memory:
                self._memories[instrument] = memory
                self.journal.keep(f"watch/{instrument}", memory)

    def recall(self, kept: Mapping[str, str]) -> None:
        """Give the watches back what was kept."""
        for instrument, watch in self.watches.items():
            if (memory := kept.get(f"watch/{instrument}")) is not None:
                watch.restore(json.loads(memory))

    async def run(self) -> None:
        """Close runs that were left alone and keep what the watches know, until cancelled."""
        for look in count():
            if look % REMEMBER_EVERY == 0:
                self.remember()
            for guide in self.guides.values():
                if guide.run is not None:
                    self._record(guide.left_alone(datetime.now(UTC)))
                    self._show_run(guide)
            await asyncio.sleep(LOOK_EVERY)

    def _record(self, outcome: Outcome) -> "asyncio.Future[int] | None":
        """Queue what is to be recorded, in one commit; it is shown when that is on disk."""
        events = [self._event("check", body["instrument"], body) for body in outcome.bodies]
        for record, alert in outcome.alerts:
            events.append(self._alerted(record, alert))
        if not events:
            return None
        recorded = self.journal.record(*events)
        task = asyncio.get_running_loop().create_task(self._show(recorded, outcome.bodies))
        self._shown.add(task)
        task.add_done_callback(self._shown.discard)
        return recorded

    def _alerted(self, record: CheckRecord, alert: Alert) -> Event:
        told = {"alert": alert, "chart": record.chart, **_summary(record.body())}
        why = f"{record.verdict.why}; {record.chart}"
        log.warning("alert", alert=alert, instrument=record.instrument, why=why)
        return self._event("alert", record.instrument, told)

    async def _show(self, recorded: "asyncio.Future[int]", bodies: Iterable[Body]) -> None:
        try:
            await recorded
        except JournalError:
            return  # the journal says that it is not recording, and a gap event will say what
        for body in bodies:
            for checker in self.checkers.get(body["instrument"], ()):
                if checker.plan.id == body["check"]:
                    self._note(body, list(checker.series.ratios))
            if (guide := self.guides.get(body["check"])) is not None:
                self._note_guided(guide, body)

    def _note_guided(self, guide: Guide, body: Body) -> None:
        # Also what no chart takes: an answer that the law does not give is a state to be seen.
        if body.get("phase") == RESULT:
            self._note(body, list(guide.series_of(body["point"]).ratios))

    def _note(self, body: Body, ratios: list[float]) -> None:
        self.rows[body["instrument"]].note(body, ratios)

    def _show_run(self, guide: Guide) -> None:
        self.rows[guide.instrument].guide(guide.picture())

    def _running_on(self, instrument: str) -> Guide | None:
        found = (one for one in self._guides_of(instrument) if one.run is not None)
        return next(found, None)

    def _guides_of(self, instrument: str) -> list[Guide]:
        return [one for one in self.guides.values() if one.instrument == instrument]

    @staticmethod
    def _event(kind: str, instrument: str, body: Body) -> Event:
        return Event(kind=kind, instrument=instrument, stamp=clock.now(), body=body)


def _due_again(checker: Checker, body: Body) -> None:
    if checker.plan.every is not None:
        ago = (datetime.now(UTC) - datetime.fromisoformat(body["at"])).total_seconds()
        checker.due = asyncio.get_running_loop().time() + checker.plan.every - max(0.0, ago)


def _summary(body: Body) -> Body:
    """Return what somebody who sees only the alert needs from the check's body."""
    wanted = ("check", "point", "run", "error", "mpe", "unit", "uncertainty", "rules", "dates")
    verdict = body["verdict"]
    told = ("conformity", "decision", "control", "why")
    return {key: body[key] for key in wanted} | {key: verdict[key] for key in told}
