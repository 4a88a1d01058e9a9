"""A bounded folder of frames that nobody understood, each shape once, ready to be mailed.

`<folder>/<instrument>.txt` is a recording (`tramdo.wirefile`), so `tramdo replay` reads it: what
was expected stands in a comment above each frame.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from tramdo.aside import Aside
from tramdo.errors import BadFrame
from tramdo.events import iso
from tramdo.reading import Reading
from tramdo.wirefile import Chunk, Damaged, chunk_line, head_line, parse

MOST_OF_A_FRAME = 1024
# Whoever listens passes over what begins without a silence before it.
_A_FRAME_BEGINS = 1.0
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)

Shape = bytes


def shape_of(frame: bytes) -> Shape:
    """Return what two frames share that differ in decimal digits only."""
    return frame.translate(_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an instrument's frames come from, for the head of its file."""

    driver: str
    port: str
    line: str


@dataclass(slots=True, kw_only=True)
class Unknown:
    """Keeps at most `most` frames of each instrument; writes aside, and tells a failure once."""

    folder: Path
    most: int
    sources: dict[str, Source]
    aside: Aside
    tell: Callable[[str], None]
    _met: dict[str, set[Shape]] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    def take(self, reading: Reading) -> None:
        """Look at one reading; one that ended in `BadFrame` is kept if its shape is new."""
        if not isinstance(reading.error, BadFrame) or reading.instrument not in self.sources:
            return
        met = self._met.setdefault(reading.instrument, set())
        frame = reading.error.frame or b"".join(reading.raw)
        if not frame or len(met) >= self.most or (shape := shape_of(frame)) in met:
            return
        met.add(shape)
        expected = " ".join(reading.error.expected.split())
        if len(frame) > MOST_OF_A_FRAME:
            expected += f" (these are the first {MOST_OF_A_FRAME} of {len(frame)} bytes)"
        words = self._words(reading.instrument, reading.at, expected)
        words += chunk_line(Chunk(_A_FRAME_BEGINS, False, frame[:MOST_OF_A_FRAME]))
        self.aside.put(partial(self._keep, reading.instrument, words))

    def _words(self, instrument: str, at: datetime, expected: str) -> str:
        source = self.sources[instrument]
        head = head_line(source.port, source.line, at)
        return f"{head}# {iso(at)} {instrument}, {source.driver}: expected {expected}\n"

    def _keep(self, instrument: str, words: str) -> None:
        path = self.folder / f"{instrument}.txt"
        if instrument in self._failed:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _append(path, words, self.most)
        except (OSError, Damaged) as error:
            self._failed.add(instrument)
            self.tell(f"{path}: {error}; unknown frames of {instrument} are no longer kept")


def _append(path: Path, words: str, most: int) -> None:
    """Append a frame unless its like is there, or there are enough."""
    with path.open("a+", encoding="utf-8", errors="replace", newline="\n") as file:
        file.seek(0)
        text = file.read()
        kept = [shape_of(one.octets) for one in parse(text).chunks] if text else []
        if len(kept) < most and shape_of(parse(words).chunks[0].octets) not in kept:
            file.write(words if text.endswith("\n") or not text else f"\n{words}")
