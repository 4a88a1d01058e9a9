"""The receiver: broker to ledger, and what must follow from it, until it is told to stop.

One `link` after the other brings events into an `intake`; `books` hands them to the ledger; what
the ledger then has is told to the stations by `acknowledging`, what it lacks is wanted by
`asking`. `silence` and `forwarding` go on without a broker.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tramdo import tls
from tramdo.errors import BrokerAway
from tramdo.publisher.endings import Patience, named
from tramdo.statelog import Budget, log
from tramdo_central import link
from tramdo_central.acknowledging import Acknowledgements
from tramdo_central.asking import Asking
from tramdo_central.books import Books
from tramdo_central.centralfile import Loaded
from tramdo_central.forwarding import Forwarding, Way
from tramdo_central.intake import Arrived, Intake
from tramdo_central.ledger import Ledger, Taken
from tramdo_central.presences import Presences
from tramdo_central.silence import Silences
from tramdo_central.standing import Standing
from tramdo_central.targets import target

MOST_LINES_AN_HOUR = 6
MOST_NAMED = 1000
NOT_ENROLLED = (
    "no key of station {0} is enrolled, its events wait at the station; there: tramdo key "
    "station.toml > {0}.pub, here: tramdo-central enrol central.toml {0} {0}.pub"
)


class Receiver:
    """Everything that `tramdo-central run` does, for one file."""

    def __init__(self, loaded: Loaded, books: Books) -> None:
        self.settings, self.folder, self.books = loaded.central, loaded.folder, books
        self.standing = Standing("broker", good="online", state="connecting")
        self._lines = Budget(most=MOST_LINES_AN_HOUR)
        self._named: set[str] = set()
        self._has_worked = False
        self._acks = Acknowledgements(lambda names: books.ask(lambda one: one.acks(names)))
        self._asking = Asking(lambda: books.ask(Ledger.gaps), self._ours)
        self._presences = Presences(books, self._acks.heard, self._asking.came_back)
        self._silences = Silences(books, self.settings.silence.after_s)
        self._forwarding = Forwarding(
            lambda most: books.ask(lambda one: one.untold(most)),
            lambda numbers: books.ask(lambda one: one.told(numbers)),
            [
                Way(target(one), one.kinds, Standing(f"forward {number} ({one.kind})", good="told"))
                for number, one in enumerate(self.settings.forwards, 1)
            ],
        )

    async def run(self) -> None:
        """Receive until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected(), name="broker")
            tasks.create_task(self._silences.run(), name="silence")
            if self.settings.forwards:
                tasks.create_task(self._forwarding.run(), name="forwarding")

    async def _stay_connected(self) -> None:
        """Connect again with back-off, whatever ends a connection."""
        patience = Patience()
        while True:
            began, context = time.monotonic(), None
            try:
                context = tls.context(self.settings.mqtt.tls, self.folder)
                async with link.intake(self.settings.mqtt, self.folder, context) as intake:
                    await self._serve(intake)
            except Exception as error:  # noqa: BLE001  the stations go on sending
                self._silences.deaf()
                self.standing.enter(*await self._why(error, context))
            await asyncio.sleep(patience.after(self.standing.state, time.monotonic() - began))

    async def _why(self, error: BaseException, context: ssl.SSLContext | None) -> tuple[str, str]:
        state, cause = await named(error, link.as_station(self.settings.mqtt), self.folder, context)
        said, wrong_port, _ = cause.partition("; is it the port")
        # Where TLS was spoken once, the port is the right one: its broker is down.
        if self._has_worked and wrong_port and state == "tls_failed":
            return "away", said
        return state, cause

    async def _serve(self, intake: Intake) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(intake))
            await link.subscribe(intake, self.settings.mqtt)
            self.standing.well()
            self._has_worked = True
            self._silences.hears()
            tasks.create_task(self._take(intake))
            tasks.create_task(self._presences.run(intake))
            tasks.create_task(self._asking.run(intake))
            tasks.create_task(self._acks.run(intake))
            tasks.create_task(self._owe_all())

    @staticmethod
    async def _watch(intake: Intake) -> None:
        await intake.ended()
        raise BrokerAway("the connection ended")

    async def _owe_all(self) -> None:
        """Tell every station anew: a broker may forget, a connection end before it was told."""
        rows = await self.books.ask(Ledger.stations)
        self._acks.owe(one.station for one in rows if self._ours(one.station))

    async def _take(self, intake: Intake) -> None:
        """Hand over what comes in; the broker may send more when it is on disk."""
        while True:
            batch = await intake.gather()
            await self._keep(batch)
            intake.let_in(batch)

    async def _keep(self, batch: Sequence[Arrived]) -> None:
        try:
            taken, foreign = await self.books.ask(lambda one: _take(one, batch))
        except Exception as error:  # noqa: BLE001  one message must not keep back all the others
            if len(batch) > 1:
                for one in batch:
                    await self._keep([one])
            else:
                self._say("fault", f"{type(error).__name__}: {error}", batch[0].wire)
            return
        self._acks.owe(filter(self._ours, taken.touched))
        for refused in taken.refused:
            if refused.stranger:
                self._name(refused.stranger)
            else:
                self._say("refused", refused.why, refused.wire)
        for station in foreign:
            self._say("refused", f"came on a topic of {station}, but says another", b"")

    def _ours(self, station: str) -> bool:
        wanted = self.settings.mqtt.stations
        return not wanted or station in wanted

    def _name(self, stranger: str) -> None:
        """Log once what a person must do for a station that is not enrolled."""
        if stranger not in self._named and len(self._named) < MOST_NAMED:
            self._named.add(stranger)
            log.warning("not enrolled", why=NOT_ENROLLED.format(stranger))

    def _say(self, what: str, why: str, wire: bytes) -> None:
        """Log a few of them an hour."""
        unsaid = self._lines.take(what, time.monotonic())
        if unsaid is not None:
            log.warning(f"message {what}", why=why, message=ascii(wire[:100]), unsaid=unsaid)


def _take(ledger: Ledger, batch: Sequence[Arrived]) -> tuple[Taken, list[str]]:
    """Give the ledger what came on its own station's topic; return the stations of the rest.

    The broker lets a station publish under its own name only: the topic is proof, the text is not.
    """
    wires, foreign = [], []
    for one in batch:
        if _says(one.wire) in (one.station, None):
            wires.append(one.wire)
        else:
            foreign.append(one.station)
    return ledger.take(wires, datetime.now(UTC)), foreign


def _says(wire: bytes) -> str | None:
    """Return which station a message says it is from; None where the ledger will refuse it."""
    try:
        station = json.loads(wire)["station"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return station if isinstance(station, str) else None
