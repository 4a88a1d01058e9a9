"""What happens to an instrument over simulated time: programmes that repeat, as pure functions."""

import math
from dataclasses import dataclass, field
from random import Random

from tramdo_simulators.dispenser import Filling, Nozzle
from tramdo_simulators.scale import Loading


@dataclass(frozen=True, slots=True)
class Step:
    """A mass on the scale for some seconds; with `upto`, anything from `mass` to there."""

    seconds: float
    mass: float = 0.0
    upto: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighings:
    """Steps repeated for ever; a step's random mass differs from round to round, by `seed`."""

    steps: tuple[Step, ...] = (Step(3.0), Step(5.0, 20.0), Step(2.0, 5.0, 50.0))
    seed: int = 0

    def __call__(self, at: float) -> Loading:
        """Return the load at this second."""
        turn, index, since = _find([step.seconds for step in self.steps], at)
        mass = self._mass(turn, index)
        if turn == 0 and index == 0:
            return Loading(mass, mass, since)
        previous = (turn, index - 1) if index else (turn - 1, len(self.steps) - 1)
        return Loading(mass, self._mass(*previous), since)

    def _mass(self, turn: int, index: int) -> float:
        step = self.steps[index]
        if step.upto is None:
            return step.mass
        chance = Random(self.seed * 1_000_003 + turn * len(self.steps) + index)
        return chance.uniform(step.mass, step.upto)


@dataclass(frozen=True, slots=True)
class Fill:
    """One sale: litres that truly flow, and how fast (L/min)."""

    volume: float = 20.0
    flow: float = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fillings:
    """Sales repeated for ever: idle, nozzle lifted, flow, finished, idle (seconds each).

    `pace` runs the whole programme so many times faster than it was written, without changing
    the flow that the meter reports.
    """

    fills: tuple[Fill, ...] = field(default=(Fill(),))
    idle: float = 10.0
    calling: float = 3.0
    finished: float = 5.0
    pace: float = 1.0

    def __call__(self, at: float) -> Filling:
        """Return the sale at this second."""
        now = at * self.pace - self.idle
        if now < 0:
            return Filling(Nozzle.IDLE, 0, 0.0, 0.0, 0.0, 0.0)
        turn, index, since = _find([self._seconds(fill) for fill in self.fills], now)
        volumes = [fill.volume for fill in self.fills]
        earlier = turn * sum(volumes) + sum(volumes[:index])
        number = turn * len(volumes) + index + 1
        nozzle, volume, flow = self._phase(self.fills[index], now - since - self.calling)
        began, pace = (since + self.idle) / self.pace, self.fills[index].flow
        return Filling(nozzle, number, began, volume, earlier, flow, pace)

    def _seconds(self, fill: Fill) -> float:
        return self.calling + 60 * fill.volume / fill.flow + self.finished + self.idle

    def _phase(self, fill: Fill, flowing: float) -> tuple[Nozzle, float, float]:
        if flowing < 0:
            return Nozzle.CALLING, 0.0, 0.0
        needed = 60 * fill.volume / fill.flow
        if flowing < needed:
            return Nozzle.FUELLING, fill.flow * flowing / 60, fill.flow
        done = flowing >= needed + self.finished
        return (Nozzle.IDLE if done else Nozzle.FINISHED), fill.volume, 0.0


def _find(lengths: list[float], at: float) -> tuple[int, int, float]:
    """Return the round, the part of it, and the second at which that part began."""
    period = sum(lengths)
    turn = math.floor(at / period)
    since = turn * period
    for index, length in enumerate(lengths[:-1]):
        if at < since + length:
            return turn, index, since
        since += length
    return turn, len(lengths) - 1, since
