"""A Modbus line surveyed: the settings at which something answers, who, how fast, how well.

Only reads are asked. With the default settings a dead line takes some 40 s, and no more than a
minute; a living one up to two minutes more, for the unit ids to 247.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tramdo.errors import PortLost
from tramdo.port import Line
from tramdo_drivers.modbus.pdu import COILS, DISCRETE_INPUTS, Span
from tramdo_probe.bus_asking import READING, Way, ask
from tramdo_probe.bus_found import Found, Tried, UnitFound, chosen, measured, summed
from tramdo_probe.bus_judging import Answer, Ended, Wire

LineFor = Callable[[str], AbstractAsyncContextManager[Line]]
Tell = Callable[[str], None]

SETTINGS = (
    "9600 8N1",
    "19200 8E1",
    "9600 8E1",
    "19200 8N1",
    "9600 8N2",
    "4800 8N1",
    "38400 8N1",
    "115200 8N1",
    "1200 8N1",
    "2400 8N1",
)
FIRST = tuple(range(1, 11))
REST = tuple(range(11, 248))
# What many Modbus TCP instruments call themselves.
TCP_FIRST = (*FIRST, 255)
GIVE_UP = 3
_UNITS: dict[Wire, tuple[int, int, str]] = {
    "rtu": (1, 247, "Modbus RTU; 0 is a broadcast"),
    "tcp": (0, 255, "Modbus TCP"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a survey asks: one register at `address` by `function`, `timeout` seconds each.

    `first` unit ids are asked at every setting until one answers, then those that answered at
    the settings left (all of them with `thorough`), and `rest` at the best setting. `at_most`
    seconds for the settings, `rest_at_most` for the rest. `bits`: coils and inputs too.
    """

    settings: tuple[str, ...] = SETTINGS
    first: tuple[int, ...] = FIRST
    rest: tuple[int, ...] = REST
    wire: Wire = "rtu"
    timeout: float = 0.3
    function: int = 3
    address: int = 0
    bits: bool = False
    rounds: int = 10
    thorough: bool = False
    at_most: float = 58.0
    rest_at_most: float = 120.0

    def __post_init__(self) -> None:
        if self.function not in READING:
            raise ValueError(f"function: {self.function} is not one that reads: 1, 2, 3 or 4")
        low, high, why = _UNITS[self.wire]
        for unit in (*self.first, *self.rest):
            if not low <= unit <= high:
                raise ValueError(f"unit: {unit} is outside {low} to {high} ({why})")

    @property
    def span(self) -> Span:
        """Return what is asked."""
        return Span(self.function, self.address, 1)

    def way(self, setting: str) -> Way:
        """Return where questions go at a setting."""
        return Way(wire=self.wire, setting=setting, patience=self.timeout)

    def dead_line_seconds(self, settle: float = 0.05) -> float:
        """Return how long the settings take where nothing answers, `settle` seconds apart."""
        waits = (self.way(one).longest(self.span) + settle for one in self.settings)
        return min(len(self.first) * sum(waits), self.at_most)


def _nobody(_: str) -> None:
    pass


async def survey(line_for: LineFor, wanted: Wanted | None = None, tell: Tell = _nobody) -> Found:
    """Return who answers on a line and how; `line_for` opens it at a setting ("" for TCP).

    `tell` gets a sentence at every step. Raises `PortLost` if the line can be opened at no
    setting, or is lost once something has answered.
    """
    return await _Survey(line_for, wanted or Wanted(), tell).run()


class _Survey:
    def __init__(self, line_for: LineFor, wanted: Wanted, tell: Tell) -> None:
        self._line_for, self._wanted, self._tell = line_for, wanted, tell
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._until = self._began + wanted.at_most
        self._cut_short = False

    async def run(self) -> Found:
        tried = await self._settings()
        best = chosen(tried)
        if best is None:
            return self._found(tried, None, ())
        self._until = self._clock() + self._wanted.rest_at_most
        async with self._line_for(best.setting) as line:
            rest = await self._scan(line, best.setting, self._rest(best))
            units = sorted({*best.units, *rest.units})
            found = [await self._measured(line, best.setting, unit) for unit in units]
        return self._found([*tried, rest], best.setting, tuple(found))

    def _rest(self, best: Tried) -> list[int]:
        return [
            unit for unit in (*self._wanted.first, *self._wanted.rest) if unit not in best.asked
        ]

    async def _settings(self) -> list[Tried]:
        tried: list[Tried] = []
        lost: PortLost | None = None
        for setting in self._wanted.settings if self._wanted.wire == "rtu" else ("",):
            if self._late():
                break
            known = chosen(tried)
            units = self._wanted.first if known is None or self._wanted.thorough else known.units
            try:
                tried.append(await self._setting(setting, units))
            except PortLost as error:
                lost = error
                tried.append(Tried(setting=setting, refused=str(error)))
        if lost and all(one.refused for one in tried):
            raise lost
        return tried

    async def _setting(self, setting: str, units: Sequence[int]) -> Tried:
        async with self._line_for(setting) as line:
            return await self._scan(line, setting, units)

    async def _scan(self, line: Line, setting: str, units: Sequence[int]) -> Tried:
        where = setting or "Modbus TCP"
        if units:
            self._tell(f"{where}: asking unit {_ids(units)}")
        answers: list[Answer] = []
        way = self._wanted.way(setting)
        for unit in units:
            if self._late() or _babbling(answers):
                break
            answers.append(await ask(line, way, unit, self._wanted.span))
            if answers[-1].alive:
                self._tell(f"{where}: unit {unit} answers")
        return summed(setting, answers)

    async def _measured(self, line: Line, setting: str, unit: int) -> UnitFound:
        # One that was heard late only is given more time here.
        way = Way(wire=self._wanted.wire, setting=setting, patience=GIVE_UP * self._wanted.timeout)
        answers: list[Answer] = []
        for _ in range(self._wanted.rounds):
            if self._late() or _silent(answers):
                break
            answers.append(await ask(line, way, unit, self._wanted.span))
        functions = {
            function: await ask(line, way, unit, Span(function, self._wanted.address, 1))
            for function in self._functions()
            if not self._late() and not _silent(answers)
        }
        found = measured(unit, answers, functions)
        usual = "never in time" if found.usual is None else f"in {found.usual * 1000:.0f} ms"
        self._tell(f"unit {unit} answers {usual}, {found.answered} of {found.asked} questions")
        return found

    def _functions(self) -> Iterator[int]:
        bits = (COILS, DISCRETE_INPUTS)
        return (one for one in READING if self._wanted.bits or one not in bits)

    def _late(self) -> bool:
        if self._clock() < self._until:
            return False
        self._cut_short = True
        return True

    def _found(
        self, tried: Sequence[Tried], setting: str | None, units: tuple[UnitFound, ...]
    ) -> Found:
        here = [one for one in tried if one.setting == setting]
        return Found(
            wire=self._wanted.wire,
            tried=tuple(tried),
            setting=setting,
            units=units,
            asked=tuple(sorted({unit for one in here for unit in one.asked})),
            echo=any(one.echo for one in tried),
            seconds=self._clock() - self._began,
            cut_short=self._cut_short,
        )


def _ids(units: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][-1] + 1:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    return ", ".join(f"{run[0]} to {run[-1]}" if run[1:] else f"{run[0]}" for run in runs)


def _babbling(answers: Sequence[Answer]) -> bool:
    return len(answers) >= GIVE_UP and all(
        one.ended == Ended.NOT_SILENT for one in answers[-GIVE_UP:]
    )


def _silent(answers: Sequence[Answer]) -> bool:
    return len(answers) >= GIVE_UP and all(one.ended == Ended.TIMEOUT for one in answers[-GIVE_UP:])
