"""Listening to a port at one line setting after another; nothing is sent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tramdo.errors import PortLost
from tramdo.transport import Opener
from tramdo_probe.candidates import Candidate, judge, rank
from tramdo_probe.lines import TO_HEAR, readings, wanted_first

SILENCE = 1.6  # seconds: a stream that says less than one line in this time is none
ENOUGH_BYTES = 160
ENOUGH_TIME = 0.9
LONG = 1000
LONG_TIME = 3.0

OpenerFor = Callable[[str], Opener]
Tell = Callable[[str], None]


@dataclass(slots=True)
class Ear:
    """What came since the port was opened; `done` when it is `enough` or the line is lost."""

    enough: int
    octets: bytearray = field(default_factory=bytearray)
    why: PortLost | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, chunk: bytes, _at: float) -> None:
        """Keep a chunk."""
        self.octets += chunk
        if len(self.octets) >= self.enough:
            self.done.set()

    def lose(self, why: PortLost) -> None:
        """Remember how the line was lost."""
        self.why = why
        self.done.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """What listening gave: candidates, best first, and what was heard at the best setting."""

    candidates: tuple[Candidate, ...] = ()
    octets: bytes = b""
    setting: str = ""


async def hear(opener: Opener, *, seconds: float, enough: int = ENOUGH_BYTES) -> bytes:
    """Return what comes within that time, or sooner when it is enough; raises `PortLost`."""
    ear = Ear(enough)
    transport = await opener(ear.hear, ear.lose)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(ear.done.wait(), seconds)
    finally:
        await transport.close()
    if ear.why is not None:
        raise ear.why
    return bytes(ear.octets)


async def overhear(opener_for: OpenerFor, settings: list[str] | None, tell: Tell) -> Overheard:
    """Listen at these settings, or the usual ones, until somebody understands what is said.

    Raises `PortLost`. A line that says nothing at the first setting says nothing at any. An
    adapter may refuse a setting: it is passed over.
    """
    best, lost = Overheard(), None
    for number, setting in enumerate(settings or wanted_first(TO_HEAR)):
        try:
            octets, found = await _heard(opener_for, setting, ENOUGH_TIME if number else SILENCE)
        except PortLost as error:
            if not number:
                raise
            lost = error
            tell(f"{setting}: not tried, {lost}")
            continue
        lost = None
        if not octets and not number:
            return best
        tell(f"{setting}: {len(octets)} bytes, {_best(found)}")
        if not best.octets or _score(found) > _score(best.candidates):
            best = Overheard(candidates=_once(found), octets=octets, setting=setting)
        if best.candidates and best.candidates[0].certain:
            break
    if lost is not None and not best.candidates:
        raise lost
    return best


async def _heard(
    opener_for: OpenerFor, setting: str, seconds: float
) -> tuple[bytes, list[Candidate]]:
    """Return what came and who understands it; text is heard longer, as half of a long print."""
    octets = await hear(opener_for(setting), seconds=seconds)
    found = _judged(setting, octets)
    if not found and _is_text(octets):
        octets = await hear(opener_for(setting), seconds=LONG_TIME, enough=LONG)
        found = _judged(setting, octets)
    return octets, found


def _judged(setting: str, octets: bytes) -> list[Candidate]:
    return sorted((one for way in readings(setting, octets) for one in judge(way)), key=rank)


def _is_text(octets: bytes) -> bool:
    shown = sum(0x20 <= one < 0x7F or one in b"\r\n" for one in octets)
    return len(octets) > 0 and shown >= 0.95 * len(octets)


def _once(found: list[Candidate]) -> tuple[Candidate, ...]:
    kept: dict[str, Candidate] = {}
    for one in found:
        kept.setdefault(one.driver, one)
    return tuple(kept.values())


def _score(found: list[Candidate] | tuple[Candidate, ...]) -> float:
    return found[0].score if found else 0.0


def _best(found: list[Candidate]) -> str:
    return f"{found[0].driver} {found[0].score:.0%}" if found else "nobody understands them"
