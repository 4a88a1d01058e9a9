"""Which drivers understand what was heard, and how well. No I/O.

A candidate's score is made of three things that can be counted: how much of what was heard it
understood, in how many frames, and how strict it is: of copies of those frames with one byte
changed, how many it refuses. A grammar that takes everything proves nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from tramdo.driver import Driver, Listening, installed, load
from tramdo.errors import InstrumentError, NoReply, OutOfRange, Refused
from tramdo.offline import Decoded, decode
from tramdo.reading import Indication
from tramdo_probe.lines import Heard

ENOUGH_FRAMES = 3
COPIES = 60
SAMPLES = 3
LEAST = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A driver with its settings that understood the line; `score` is from 0 to 1.

    `samples` holds some of what it decoded; `understood` counts frames; `strictness` is the
    share of frames with a changed byte that it refuses.
    """

    driver: str
    settings: Mapping[str, Any]
    setting: str
    score: float
    understood: int
    coverage: float
    strictness: float
    samples: tuple[Decoded, ...]
    asked: bool = False

    @property
    def certain(self) -> bool:
        """Whether other line settings need not be tried."""
        return self.coverage >= 0.9 and self.understood >= ENOUGH_FRAMES and self.score >= 0.6

    @property
    def shown(self) -> Indication | None:
        """The first indication among the samples."""
        return next((one.indications[0] for one in self.samples if one.indications), None)


@cache
def listeners() -> tuple[tuple[str, Mapping[str, Any], Driver], ...]:
    """Return each installed driver that only listens, in each of its dialects."""
    return tuple(one for one in every_dialect(installed()) if isinstance(one[2], Listening))


def every_dialect(names: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any], Driver]]:
    """Yield these drivers in each dialect they name; one that does not load is left out."""
    for name in names:
        try:
            kind = load(name)
            yield from [(name, one, kind(**one)) for one in kind.about.dialects]
        except Exception:  # noqa: BLE001, S112  somebody else's package
            continue


def judge(heard: Heard) -> list[Candidate]:
    """Return who understands these bytes, best first; a driver stands there once."""
    judged = (_judged(heard, *told) for told in listeners())
    found = [one for one in judged if one is not None]
    best: dict[str, Candidate] = {}
    for one in sorted(found, key=rank):
        best.setdefault(one.driver, one)
    return list(best.values())


def rank(one: Candidate) -> tuple[float, bool, str]:
    """Return what candidates are sorted by: the score, then whether the setting is usual."""
    usual = one.setting in load(one.driver).about.lines
    return (-round(one.score, 2), not usual, one.driver)


def _judged(
    heard: Heard, name: str, settings: Mapping[str, Any], driver: Driver
) -> Candidate | None:
    found = decode(driver, heard.octets, aligned=False)
    clear = [one for one in found if understood(one)]
    if not clear:
        return None
    coverage = _coverage(found, clear)
    strict = strictness(
        lambda octets: _is_taken(driver, octets), [b"".join(one.frames) for one in clear]
    )
    score = coverage * (0.4 + 0.6 * strict) * min(1.0, len(clear) / ENOUGH_FRAMES)
    if score < LEAST:
        return None
    return Candidate(
        driver=name,
        settings=settings,
        setting=heard.setting,
        score=score,
        understood=len(clear),
        coverage=coverage,
        strictness=strict,
        samples=tuple(clear[-SAMPLES:]),
    )


def understood(one: Decoded) -> bool:
    """Whether a driver made something of it: a value, or the instrument's word for none."""
    busy = isinstance(one.error, NoReply) and bool(one.frames)
    return bool(one.indications) or busy or isinstance(one.error, (OutOfRange, Refused))


def _coverage(found: list[Decoded], clear: list[Decoded]) -> float:
    """Return the share of bytes understood; what was cut off at either end is not counted."""
    first = clear[0]
    mine = sum(_size(one) for one in clear)
    rest = (one for one in found if one.offset > first.offset and not one.cut_short)
    return min(1.0, mine / (_size(first) + sum(one.used for one in rest)))


def _size(one: Decoded) -> int:
    """Return the bytes of its frames, without the part of one that it was joined in."""
    return sum(map(len, one.frames)) or one.used


def strictness(taken: Callable[[bytes], bool], frames: list[bytes]) -> float:
    """Return the share of frames with one byte changed that are refused."""
    chance = Random(0)
    told = [one for one in frames if one]
    if not told:
        return 0.0
    copies = [_changed(chance.choice(told), chance) for _ in range(COPIES)]
    return sum(not taken(copy) for copy in copies) / COPIES


def _changed(frame: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(frame))
    other = (frame[at] + chance.randrange(1, 256)) % 256
    return frame[:at] + bytes([other]) + frame[at + 1 :]


def _is_taken(driver: Driver, octets: bytes) -> bool:
    return any(one.indications for one in decode(driver, octets))


def told(one: Decoded) -> str:
    """Return a sample in words: the value as it is shown, or why there is none."""
    if isinstance(one.error, InstrumentError):
        return str(one.error)
    first = one.indications[0]
    stable = {True: "stable", False: "moving", None: ""}[first.stable]
    words = (f"{first.value:f}", first.unit or "(no unit)", first.basis or "", stable)
    return " ".join(filter(None, words))
