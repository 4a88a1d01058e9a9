"""What a survey of a Modbus line found, as values. No I/O."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tramdo_probe.bus_judging import Answer, Ended, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One setting: which unit ids were asked, which answered, how the others ended.

    `refused` says why the port would not take the setting. `echo`: the questions came back.
    """

    setting: str
    asked: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    errors: Mapping[str, int] = field(default_factory=dict)
    echo: bool = False
    refused: str = ""

    @property
    def noise(self) -> int:
        """Return how many questions brought bytes that were no answer: something talks here."""
        return sum(self.errors.get(one, 0) for one in (Ended.CRC, Ended.STRAY, Ended.NOT_SILENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFound:
    """One unit id: turn-around times in seconds (None: it only answered late), errors by kind.

    `functions` says for each function asked how one register or bit was answered.
    """

    unit: int
    asked: int
    answered: int
    usual: float | None
    worst: float | None
    errors: Mapping[str, int]
    functions: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a survey found; `setting` is None where nothing answered, "" for Modbus TCP.

    `cut_short` tells that the time was up before everything had been asked.
    """

    wire: Wire
    tried: tuple[Tried, ...]
    setting: str | None
    units: tuple[UnitFound, ...]
    asked: tuple[int, ...]
    echo: bool
    seconds: float
    cut_short: bool


def chosen(tried: Sequence[Tried]) -> Tried | None:
    """Return the setting at which most units answer, the cleanest and then the first; pure."""
    alive = [one for one in tried if one.units]
    return max(alive, key=lambda one: (len(one.units), -one.noise), default=None)


def summed(setting: str, answers: Sequence[Answer]) -> Tried:
    """Return what the answers at one setting come to; pure.

    A unit that answered late, into another's turn, has answered.
    """
    late = {one.other for one in answers if one.other is not None}
    return Tried(
        setting=setting,
        asked=tuple(one.unit for one in answers),
        units=tuple(sorted({one.unit for one in answers if one.alive} | late)),
        errors=_errors(answers),
        echo=any(one.echo for one in answers),
    )


def measured(unit: int, answers: Sequence[Answer], functions: Mapping[int, Answer]) -> UnitFound:
    """Return what the answers of one unit come to; pure."""
    seconds = [one.seconds for one in answers if one.alive and one.seconds is not None]
    return UnitFound(
        unit=unit,
        asked=len(answers),
        answered=sum(one.alive for one in answers),
        usual=median(seconds) if seconds else None,
        worst=max(seconds, default=None),
        errors=_errors(answers),
        functions={function: one.kind for function, one in functions.items()},
    )


def _errors(answers: Sequence[Answer]) -> dict[str, int]:
    counted = Counter(one.kind for one in answers if one.ended != Ended.VALUE)
    counted.update({"stray bytes before it": sum(one.stray for one in answers if one.alive)})
    return {kind: count for kind, count in counted.items() if count}
