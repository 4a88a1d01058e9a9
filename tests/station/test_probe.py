"""`tramdo probe` on pseudo-terminals fed by each simulator at a line setting that it may have."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tramdo.driver import Listening, load, make
from tramdo.transport import Opener, serial_opener
from tramdo_probe.asking import ask, questions
from tramdo_probe.candidates import Candidate
from tramdo_probe.listening import overhear
from tramdo_simulators.line import Answering, LineSettings, Pty
from tramdo_simulators.protocols import PROTOCOLS
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.uart import Setting

BOUND = 15.0
BESIDE_OTHER_TESTS = 60.0
EVERY = [(name, dialect) for name, told in PROTOCOLS.items() for dialect in told]
POLLED = [name for name in PROTOCOLS if not isinstance(make(name, {}), Listening)]
RIGHT_OF_TEN = 9
CHANCE = Random(20261123)
DRAWN = CHANCE.sample(EVERY, 10)


@dataclass
class Trial:
    """A simulated instrument at a line setting; what a probe finds, and what was sent to it."""

    wanted: Simulated
    setting: str
    pty: Pty
    allowed: list[str]
    said: list[str] = field(default_factory=list)

    def opener_for(self, setting: str) -> Opener:
        """Open the pty, and tell it what it cannot see: our parity and data bits."""
        speed, _, form = setting.partition(" ")
        self.pty.client = Setting.parse(setting)
        return serial_opener(self.pty.path, int(speed), form)

    async def probe(self) -> Sequence[Candidate]:
        heard = await overhear(self.opener_for, None, self.said.append)
        if heard.octets:
            return heard.candidates
        assert self.pty.witness.writes == self.pty.witness.requests == 0
        return await ask(self.opener_for, self.allowed, [], self.said.append)


def harmless(one: Simulated) -> list[str]:
    """Return the drivers whose questions do nothing at this instrument: what a user may allow."""
    return [name for name, asked in questions(POLLED).items() if not _acts(one, asked)]


def allowed(one: Simulated, chance: Random) -> list[str]:
    """Return what a user allows who thinks of three protocols, the right one among them."""
    if one.driver not in POLLED:
        return []
    others = [name for name in harmless(one) if name != one.driver]
    return sorted({one.driver, *chance.sample(others, 2)})


def _acts(one: Simulated, asked: Sequence[bytes]) -> bool:
    peer = one.make(Scale(ScaleSettings(unit=one.unit)))
    assert isinstance(peer, Answering)
    left = b"".join(asked)
    request, left = peer.take(left)
    while request:
        peer.answer(request, 1.0)
        request, left = peer.take(left)
    return peer.witness.writes > 0


def loaded(one: Simulated, chance: Random) -> Scale:
    scale = Scale(ScaleSettings(unit=one.unit, noise=0.004))
    scale.load(round(chance.uniform(1, 50), 2), -100.0)
    return scale


async def tried(name: str, dialect: str, link: Path) -> tuple[str, float, Trial]:
    one, chance = PROTOCOLS[name][dialect], Random(f"{name} {dialect}")
    setting = chance.choice(one.lines)
    settings = LineSettings(setting=setting)
    async with Pty(one.make(loaded(one, chance)), link, settings=settings) as pty:
        trial = Trial(one, setting, pty, allowed(one, chance))
        begun = time.monotonic()
        found = await trial.probe()
        took = time.monotonic() - begun
    assert pty.witness.writes == 0, [one.request for one in pty.witness.log]
    return (found[0].driver if found else "nobody"), took, trial


async def all_wrong(
    cases: Sequence[tuple[str, str]], folder: Path, *, bound: float, at_once: int
) -> list[str]:
    """Return a sentence for each case in which another protocol comes first, or too late."""
    several = asyncio.Semaphore(at_once)

    async def one(number: int, name: str, dialect: str) -> str:
        async with several:
            first, took, trial = await tried(name, dialect, folder / str(number))
        told = f"{name} ({dialect}) at {trial.setting}: {first} after {took:.1f} s"
        return "" if first == name and took <= bound else told

    told = await asyncio.gather(*(one(number, *case) for number, case in enumerate(cases)))
    return [sentence for sentence in told if sentence]


@pytest.mark.timeout(180)
async def test_the_right_protocol_comes_first_in_nine_of_ten(tmp_path: Path) -> None:
    wrong = await all_wrong(DRAWN, tmp_path, bound=BESIDE_OTHER_TESTS, at_once=4)
    assert len(wrong) <= len(DRAWN) - RIGHT_OF_TEN, wrong


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_right_protocol_comes_first_in_nine_of_ten_of_all(tmp_path: Path) -> None:
    wrong = await all_wrong(EVERY, tmp_path, bound=BOUND, at_once=1)
    assert len(wrong) <= len(EVERY) / 10, wrong


def test_usual_settings_of_a_driver_are_those_of_its_simulated_instruments() -> None:
    for name, told in PROTOCOLS.items():
        usual = load(name).about.lines
        assert {line for one in told.values() for line in one.lines} <= set(usual), name
