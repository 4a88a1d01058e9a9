r"""Raw bytes of a line in a text file that a person can read, mail and replay.

    tramdo-wire 1 port="packing" line="9600 8N1" start=2026-11-23T01:09:47.123456+00:00
    0.104211 < 53 54 2c 47 53 2c 20 20 31 2e 35 20 6b 67 0d 0a  ST,GS,  1.5 kg..
    1.000350 > 53 49 0d 0a  SI..

Seconds since the start, `<` heard or `>` sent, the bytes, what is printable of them. A further
first line begins again, so a file goes on after a restart, and `cat file.1 file` is a recording
too. Lines that begin with # are for people.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from errno import EEXIST, ENOSPC
from functools import partial
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tramdo.errors import TramdoError

MAGIC = "tramdo-wire "
VERSION = "1"
_FIRST = f'{MAGIC}{VERSION} port="..." line="..." start=..., the time in UTC'
_HEAD = re.compile(
    r'tramdo-wire (?P<version>\d+) port=(?P<port>"(?:[^"\\]|\\.)*") '
    r'line=(?P<line>"(?:[^"\\]|\\.)*") start=(?P<start>[0-9T:.+-]+Z?)\s*'
)
_CHUNK = re.compile(
    r"(?P<at>\d{1,12}\.\d{6}) (?P<way>[<>]) (?P<hex>[0-9a-fA-F]{2}(?: [0-9a-fA-F]{2})*)"
    r"(?:  (?P<text>.*)| ?)"
)
_MOST_OF_A_LINE = 4096
_PRINTABLE = bytes(one if 0x20 <= one < 0x7F else ord(".") for one in range(256))


class Damaged(TramdoError):
    """A recording has a line that is none; says its number and what is allowed there."""

    def __init__(self, number: int, line: str, allowed: str) -> None:
        super().__init__(f"line {number}: {line[:60]!r}; allowed: {allowed}")
        self.number = number


class Chunk(NamedTuple):
    """Bytes that came, or were sent, together; `at` in seconds since the recording's start."""

    at: float
    sent: bool
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was recorded between one start, `at` seconds after the first, and the next."""

    at: float
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording: `port`, `line` and `start` are those of its first line.

    `cut`: a line was cut off, by a crash or on the way here, and left out.
    """

    port: str
    line: str
    start: datetime
    sessions: tuple[Session, ...]
    cut: bool = False

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every chunk of every session."""
        return tuple(chunk for session in self.sessions for chunk in session.chunks)


def head_line(port: str, line: str, start: datetime) -> str:
    """Return the first line of a recording; `start` in UTC."""
    names = [json.dumps(name, ensure_ascii=False) for name in (port, line)]
    stamp = start.isoformat(timespec="microseconds")
    return f"{MAGIC}{VERSION} port={names[0]} line={names[1]} start={stamp}\n"


def chunk_line(chunk: Chunk) -> str:
    """Return the line of one chunk."""
    way = ">" if chunk.sent else "<"
    return f"{chunk.at:.6f} {way} {chunk.octets.hex(' ')}  {printable(chunk.octets)}\n"


def printable(octets: bytes) -> str:
    """Return ASCII with a full stop for each byte that cannot be printed."""
    return octets.translate(_PRINTABLE).decode("ascii")


def parse(text: str) -> Recorded:
    """Return what a recording holds; raises `Damaged`.

    A last line that is cut, of the file or before a new start, is left out.
    """
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    said = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    heads = [at for at, (_, line) in enumerate(said) if _HEAD.fullmatch(line)]
    if not heads or heads[0] != 0:
        raise Damaged(*(said[0] if said else (1, "")), _FIRST)
    port, name, start = _head(*said[0])
    sessions: list[Session] = []
    for begin, end in pairwise([*heads, len(said)]):
        may_be_cut = end < len(said) or bool(lines[-1])
        base = _base(_head(*said[begin])[2] - start, sessions)
        chunks = tuple(_chunks(said[begin + 1 : end], base, may_be_cut=may_be_cut))
        sessions.append(Session(at=base, chunks=chunks))
    whole = sum(len(one.chunks) for one in sessions) + len(heads) == len(said)
    return Recorded(port=port, line=name, start=start, sessions=tuple(sessions), cut=not whole)


def _head(number: int, line: str) -> tuple[str, str, datetime]:
    found = _HEAD.fullmatch(line)
    try:
        if found is not None and found["version"] == VERSION:
            start = datetime.fromisoformat(found["start"]).astimezone(UTC)
            port, name = json.loads(found["port"]), json.loads(found["line"])
            f"{port}{name}".encode()  # half of a surrogate pair is no text
            return port, name, start
    except (ValueError, OverflowError):
        pass
    raise Damaged(number, line, _FIRST)


def _base(after: timedelta, before: list[Session]) -> float:
    """Return when a session began; a clock that was put back does not turn the order."""
    last = max((chunk.at for one in before for chunk in one.chunks[-1:]), default=0.0)
    return max(after.total_seconds(), last)


def _chunks(lines: list[tuple[int, str]], base: float, *, may_be_cut: bool) -> Iterator[Chunk]:
    for left, (number, line) in enumerate(lines, 1 - len(lines)):
        found = _CHUNK.fullmatch(line)
        octets = bytes.fromhex(found["hex"]) if found else b""
        if left == 0 and may_be_cut and not _whole(found, octets):
            return
        if found is None:
            raise Damaged(number, line, "seconds, < or >, bytes in hex, two blanks, any text")
        yield Chunk(base + float(found["at"]), found["way"] == ">", octets)


def _whole(found: re.Match[str] | None, octets: bytes) -> bool:
    """Tell whether the text beside the bytes is there; mail may have taken its last blanks."""
    return found is not None and (found["text"] or "").rstrip() == printable(octets).rstrip()


class WireFile:
    """Writes a recording of at most `most` bytes; when full, the older half is given up.

    Half of it is in `path`, the older one in `path` with ".1" behind it. Each line is written at
    once, a long chunk in pieces, so the end of this program costs none; a power cut may cost the
    last seconds. `start` is the UTC time of the loop time `origin`. A file that is no recording is
    not touched. When a file cannot be written that is told once, to `tell`, and nothing is written
    any more.
    """

    def __init__(  # noqa: PLR0913  what the first line says, and where and how much
        self,
        path: Path,
        *,
        port: str,
        line: str,
        start: datetime,
        origin: float,
        most: int,
        tell: Callable[[str], None],
    ) -> None:
        self.path = path
        self.stopped = False
        self._names = (port, line)
        self._start, self._origin = start, origin
        self._half = most // 2
        self._tell = tell
        self._file: FileIO | None = None
        self._size = 0

    @property
    def older(self) -> Path:
        """Where the older half is."""
        return self.path.with_name(f"{self.path.name}.1")

    def begin(self) -> None:
        """Write the first line now and not with the first chunk. Raises nothing."""
        self._safely(self._open)

    def note(self, at: float, sent: bool, octets: bytes, *, anew: bool = False) -> None:
        """Write one chunk; `at` in loop time. Raises nothing.

        `anew` begins a new session with it, because something before it is missing.
        """
        if anew and not self.stopped:
            self._safely(partial(self._part, at))
        # A byte takes four in the file, and a first line stands there too.
        most = max(1, min(_MOST_OF_A_LINE, self._half // 8))
        for begin in range(0, len(octets), most):
            if not self.stopped:
                piece = octets[begin : begin + most]
                self._safely(partial(self._note, at, sent=sent, octets=piece))

    def _safely(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._stop(f"{error.filename or self.path}: {error.strerror}")
        except ValueError as error:  # a name that cannot be written
            self._stop(f"{self.path}: {error}")

    def _stop(self, why: str) -> None:
        self.stopped = True
        with suppress(OSError):
            self.close()
        self._tell(f"{why}; recording has ended")

    def close(self) -> None:
        """Give the file back."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _note(self, at: float, *, sent: bool, octets: bytes) -> None:
        if self._file is None:
            self._open()
        line = self._line(at, sent=sent, octets=octets)
        if self._size + len(line) > self._half:
            self._turn(at)
            line = self._line(at, sent=sent, octets=octets)
        self._write(line)

    def _line(self, at: float, *, sent: bool, octets: bytes) -> bytes:
        return chunk_line(Chunk(max(0.0, at - self._origin), sent, octets)).encode()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        cut = [_ends_cut(path) for path in (self.older, self.path)]
        self._file = FileIO(self.path, "a")
        self._size = os.fstat(self._file.fileno()).st_size
        head = head_line(*self._names, self._start).encode()
        self._write(b"\n" + head if cut[1] else head)

    def _turn(self, at: float) -> None:
        self._part(at)
        self.path.replace(self.older)
        self._open()

    def _part(self, at: float) -> None:
        self.close()
        self._start += timedelta(seconds=at - self._origin)
        self._origin = at

    def _write(self, line: bytes) -> None:
        if self._file is None or self._file.write(line) != len(line):
            raise OSError(ENOSPC, "no room for a whole line", str(self.path))
        self._size += len(line)


def _ends_cut(path: Path) -> bool:
    """Tell whether a recording's last line is cut; raises `OSError` for a file of others."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            end = file.read(1)
    except FileNotFoundError:
        return False
    if not MAGIC.encode().startswith(begin[: len(MAGIC)]):
        raise FileExistsError(EEXIST, "is no recording of tramdo and is left alone", str(path))
    return end not in (b"\n", b"")
