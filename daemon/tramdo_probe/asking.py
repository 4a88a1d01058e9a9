"""Asking the read questions that the user has allowed, at the settings each protocol has."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from tramdo.driver import Driver, Listening, load
from tramdo.errors import DriverFault, InstrumentError, NoReply, OutOfRange, PortLost, Refused
from tramdo.framing import Framing
from tramdo.offline import Decoded, at_once, decode
from tramdo.port import Dialogue, Exchange, Line
from tramdo_probe.candidates import Candidate, every_dialect, rank, strictness
from tramdo_probe.lines import wanted_first
from tramdo_probe.listening import OpenerFor, Tell

PATIENCE = 0.25  # seconds for an answer
SETTLE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How one driver fared at one setting; `received` is what came, also if it made nothing."""

    driver: str
    settings: Mapping[str, Any]
    decoded: Decoded
    exchanges: tuple[Exchange, ...]

    @property
    def received(self) -> bytes:
        """The bytes that came."""
        return b"".join(one.received for one in self.exchanges)


def questions(names: list[str]) -> dict[str, list[bytes]]:
    """Return what each of these drivers would send first: what the user is asked to allow."""
    found: dict[str, list[bytes]] = {}
    for name, _, driver in every_dialect(names):
        first = next(iter(_requests(driver)), b"")
        if first and first not in found.setdefault(name, []):
            found[name].append(first)
    return found


def _requests(driver: Driver) -> list[bytes]:
    """Return what a read sends to somebody who never answers."""
    port = _Deaf()
    if not isinstance(driver, Listening):
        with suppress(Exception):  # a driver may be anybody's
            at_once(driver.read(port))
    return port.sent


class _Deaf:
    """A `tramdo.driver.Port` at which nobody answers."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def exchange(self, request: bytes, until: object, *, pause: float = 0.0) -> bytes:
        del until, pause
        self.sent.append(request)
        raise NoReply("nobody is there")

    async def listen(self, until: object) -> bytes:
        del until
        raise NoReply("nobody is there")


async def ask(
    opener_for: OpenerFor, names: list[str], only: list[str], tell: Tell
) -> list[Candidate]:
    """Ask each allowed question at each setting its protocol has; raises `PortLost`.

    Where somebody answers, the others that may be asked at this setting are asked too, and the
    asking ends. `only`: the settings to try, all where it is empty. A setting that the adapter
    refuses is passed over, unless it refuses all.
    """
    lost: PortLost | None = None
    opened = 0
    lines = {name: tuple(load(name).about.lines) for name in names}
    for setting in only or wanted_first(one for each in lines.values() for one in each):
        here = [name for name in names if only or setting in lines[name]]
        line = Line(name="probe", opener=opener_for(setting), settle=SETTLE)
        try:
            await line.open()
        except PortLost as error:
            lost = error
            tell(f"{setting}: not asked, {lost}")
            continue
        opened += 1
        found = await _ask_here(line, here, setting, tell)
        tell(f"{setting}: asked {', '.join(here)}; {len(found) or 'none'} answered")
        if found:
            return sorted(found, key=rank)
    if lost is not None and not opened:
        raise lost
    return []


async def _ask_here(line: Line, names: list[str], setting: str, tell: Tell) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    said = {request for each in questions(names).values() for request in each}
    try:
        for name, settings, driver in sorted(every_dialect(names), key=_ending):
            if name in found:
                continue
            dialogue = _dialogue(line)
            port = _Telling(dialogue, partial(_first_time, said, tell, name))
            answered = await _asked(port, name, settings, driver)
            if isinstance(answered.decoded.error, Refused):
                # Perhaps it refused the rest of somebody else's question, put before this one.
                answered = await _asked(port, name, settings, driver)
            if (one := _candidate(answered, driver, setting)) is not None:
                found[name] = one
    finally:
        await line.close()
    return list(found.values())


def _ending(told: tuple[str, Mapping[str, Any], Driver]) -> int:
    """Return how well a question ends: what has no line end stays in the next one's way."""
    first = next(iter(_requests(told[2])), b"")
    return [first.endswith(end) for end in (b"\r\n", b"\r", b"")].index(True)


def _first_time(said: set[bytes], tell: Tell, name: str, request: bytes) -> None:
    if request not in said:
        said.add(request)
        tell(f"  {name}, further: {request.hex(' ')}")


def _dialogue(line: Line) -> Dialogue:
    return Dialogue(line=line, timeout=PATIENCE, clock=asyncio.get_running_loop().time)


@dataclass(frozen=True, slots=True)
class _Telling:
    """A `tramdo.driver.Port` that says what it sends before it does."""

    dialogue: Dialogue
    tell: Callable[[bytes], None]

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        self.tell(request)
        return await self.dialogue.exchange(request, until, pause=pause)

    async def listen(self, until: Framing) -> bytes:
        return await self.dialogue.listen(until)


async def _asked(
    port: _Telling, name: str, settings: Mapping[str, Any], driver: Driver
) -> Answered:
    port.dialogue.exchanges.clear()
    port.dialogue.begin()
    try:
        decoded = Decoded(indications=tuple(await driver.read(port)))  # type: ignore[union-attr]
    except PortLost:
        raise
    except InstrumentError as error:
        decoded = Decoded(error=error)
    except Exception as error:  # noqa: BLE001  a driver may be anybody's
        decoded = Decoded(error=DriverFault(f"{type(error).__name__}: {error}"))
    finally:
        port.dialogue.end()
    return Answered(
        driver=name, settings=settings, decoded=decoded, exchanges=tuple(port.dialogue.exchanges)
    )


def _candidate(answered: Answered, driver: Driver, setting: str) -> Candidate | None:
    """Return a candidate if the answer was understood; a bare refusal proves little."""
    decoded = answered.decoded
    if not decoded.indications and not isinstance(decoded.error, (OutOfRange, Refused)):
        return None
    strict = strictness(lambda octets: _is_taken(driver, answered, octets), [answered.received])
    worth = 1.0 if decoded.indications else 0.8 if isinstance(decoded.error, OutOfRange) else 0.5
    return Candidate(
        driver=answered.driver,
        settings=answered.settings,
        setting=setting,
        score=worth * (0.4 + 0.6 * strict),
        understood=1,
        coverage=1.0,
        strictness=strict,
        samples=(decoded,),
        asked=True,
    )


def _is_taken(driver: Driver, answered: Answered, octets: bytes) -> bool:
    changed, rest = [], octets
    for one in answered.exchanges:
        changed.append(one._replace(received=rest[: len(one.received)]))
        rest = rest[len(one.received) :]
    return any(one.indications for one in decode(driver, changed))
