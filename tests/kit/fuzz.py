"""Coverage-guided fuzzing of a driver and of those in the same module.

    python tests/kit/fuzz.py st-gs [FOLDER OF FRAME TABLES]

The first byte of an input chooses driver, settings and earlier answers, the second whether the
rest comes byte by byte. Fails, with the input in the folder of `TRAMDO_FUZZ_FOUND`, where a
driver raises anything but an `InstrumentError` or gives a number that did not stand there.
Lasts `TRAMDO_FUZZ_SECONDS`.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import atheris
from checksums import RIGHT

from tramdo.driver import Driver, installed, make
from tramdo_driver_kit.breaking import all_shown, shows
from tramdo_driver_kit.frames import Frame, tables
from tramdo_driver_kit.reading import Outcome, reads

FRAMES = Path(__file__).parents[1] / "frames"
AN_HOUR = "3600"
LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A driver with settings and the answers before the one that is broken.

    `plain` where the digits of every value in its tables stand in the frame.
    """

    name: str
    driver: Driver
    settings: Mapping[str, Any]
    before: tuple[bytes, ...]
    known: frozenset[bytes]
    plain: bool


def family(name: str) -> list[str]:
    """Return the drivers of the same module."""
    points = installed()
    module = points[name].module
    return sorted(other for other, point in points.items() if point.module == module)


def ways(name: str, folder: Path) -> Iterator[tuple[Way, list[bytes]]]:
    """Yield each way of a driver with the frames that belong to it."""
    told = [one for table in tables(folder) for one in table.frames if not one.sent]
    plain, known = all_shown(told), frozenset(one.bytes for one in told)
    groups: dict[str, list[Frame]] = {}
    for one in told:
        groups.setdefault(repr((one.settings, one.before)), []).append(one)
    for rows in groups.values():
        settings, before = rows[0].settings, rows[0].before
        driver = make(name, settings)
        way = Way(
            name=name, driver=driver, settings=settings, before=before, known=known, plain=plain
        )
        yield way, [one.bytes for one in rows]


def demand_truth(way: Way, found: Outcome, heard: list[bytes]) -> None:
    """Fail if a number was made up: without its digits, or from a wrong check sum."""
    if not isinstance(found, tuple):
        return
    for one in found:
        assert one.value.is_finite(), one
        assert not way.plain or shows(b"".join(heard), one), f"{heard} gave {one}"
    right = RIGHT.get(way.name)
    if right and heard[-1] not in way.known:
        assert right(heard[-1], way.settings), f"{heard[-1]!r}: {found} from a wrong check sum"


def attempt(way: Way, octets: bytes, step: int) -> None:
    """Let a driver read these bytes, in every place where they may come."""
    for answers in {(*way.before, octets), (octets, octets)}:
        for found, heard in reads(way.driver, *answers, step=step):
            demand_truth(way, found, heard)


def target(choices: list[Way]) -> Callable[[bytes], None]:
    """Return what is called with each input."""

    def call(given: bytes) -> None:
        if len(given) > 2:
            way = choices[given[0] % len(choices)]
            attempt(way, given[2:], 1 if given[1] & 1 else LONGEST)

    return call


def seed(corpus: Path, frames: list[list[bytes]]) -> None:
    """Write each frame, alone and twice, as an input."""
    for number, some in enumerate(frames):
        for at, frame in enumerate(some):
            for times in (1, 2):
                file = corpus / f"{number}-{at}-{times}"
                file.write_bytes(bytes((number % 256, at & 1)) + frame * times)


def mutator(frames: list[bytes]) -> Callable[[bytes, int, int], bytes]:
    """Return what makes an input of another: as a line breaks frames, or as libFuzzer would.

    Atheris cannot see into a pattern of bytes, so it needs whole frames and their own bytes.
    """
    alphabet = bytes(sorted(set(b"".join(frames))))

    def mutate(given: bytes, most: int, number: int) -> bytes:
        dice = Random(number)
        if len(given) < 3 or dice.random() < 0.3:
            return bytes(atheris.Mutate(given, most))
        at, to = sorted((dice.randrange(2, len(given)), dice.randrange(2, len(given) + 1)))
        other = dice.choice(frames)
        cut = dice.randrange(len(other))
        like = bytes(dice.choices(alphabet, k=dice.randrange(3)))
        piece = dice.choice((b"", like, like, given[at:to] * 2, other, other[cut:], other[:cut]))
        return (given[:at] + piece + given[dice.choice((at, at + 1, to)) :])[:most]

    return mutate


def main(name: str, *folder: str) -> None:
    """Fuzz until the time is over, or something is found."""
    with atheris.instrument_imports(include=[installed()[name].module.split(".")[0]]):
        found = [
            one for other in family(name) for one in ways(other, Path(*folder or (FRAMES, other)))
        ]
    seconds = os.environ.get("TRAMDO_FUZZ_SECONDS", AN_HOUR)
    prefix = os.environ.get("TRAMDO_FUZZ_FOUND", tempfile.gettempdir())
    with tempfile.TemporaryDirectory() as corpus:
        seed(Path(corpus), [frames for _, frames in found])
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            "-timeout=10",
            "-keep_seed=1",
        ]
        options += ["-use_value_profile=1", "-len_control=0"]
        options += [f"-artifact_prefix={prefix}/{name}-", "-print_final_stats=1"]
        atheris.Setup(
            [sys.argv[0], *options, corpus],
            target([way for way, _ in found]),
            custom_mutator=mutator([one for _, frames in found for one in frames]),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
