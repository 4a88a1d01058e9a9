"""A station's record as a file of lines: a header, one message a line, and a closing line.

The messages stand as they travel, so whoever has the station's public key can prove them. The
closing line bears the newest chain value: without it a cut-off end could not be told.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tramdo.errors import TramdoError
from tramdo.proof.chain import GENESIS
from tramdo.proof.head import Head
from tramdo.proof.record import Closing, Entry, Record, is_name, link_of, wire_of

VERSION = 1
LONGEST = 16 << 20
_CLOSING = b'{"head":'


class NoExport(TramdoError):
    """A file is no export of a station's record, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line: whose record, when it was made (ISO 8601 UTC), by which version of tramdo.

    `key` is the raw public key in base64 or ""; `kinds` empty: all events, else a selection.
    """

    station: str
    made: str
    version: str
    key: str = ""
    kinds: tuple[str, ...] = ()

    def line(self) -> bytes:
        """Return the line, without its end."""
        fields: dict[str, Any] = {"tramdo_export": VERSION, "station": self.station}
        fields |= {"made": self.made, "key": self.key, "version": self.version}
        if self.kinds:
            fields["kinds"] = list(self.kinds)
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def of(cls, line: bytes) -> "Header":
        """Return the header that a line is; raises `ValueError`."""
        fields = _fields(line)
        texts = [fields[name] for name in ("station", "made", "version")]
        key, kinds = fields["key"], fields.get("kinds", [])
        if fields["tramdo_export"] != VERSION or not isinstance(kinds, list):
            raise ValueError("of another version")
        if not all(map(is_name, [*texts, *kinds, key or "none"])):
            raise ValueError("with a word that is none")
        station, made, version = texts
        return cls(station=station, made=made, version=version, key=key, kinds=tuple(kinds))


class _Tip:
    """Knows the newest chain value while a record is written."""

    def __init__(self) -> None:
        self._epoch, self._seq, self._value = "", 0, GENESIS
        self._signature: bytes | None = None

    def pass_by(self, entry: Entry) -> str:
        """Take the next entry; return its kind, "" where it is no message any more."""
        stored = None if isinstance(entry, bytes) else entry
        try:
            link = link_of(wire_of(entry))
        except ValueError:
            if stored is not None:
                self._seq, self._value, self._signature = stored.seq, stored.hash, None
            return ""
        own = link.value(link.previous or self._value)
        self._epoch, self._seq, self._signature = link.epoch, link.seq, link.signature
        self._value = own if stored is None else stored.hash
        return link.kind

    def head(self, station: str, at: str) -> Head | None:
        """Return the head, signed where the newest event is: both signatures say the same."""
        if not self._epoch:
            return None
        return Head(
            station=station,
            epoch=self._epoch,
            seq=self._seq,
            value=self._value,
            at=at,
            signature=self._signature,
        )


def write(out: BinaryIO, header: Header, entries: Iterable[Entry]) -> int:
    """Write a record as an export; return how many events stand in it.

    What is no message any more is written as it stands, for it is evidence too. Nothing is signed
    here: that would vouch for whatever has been done to the file since the station signed.
    """
    out.write(header.line() + b"\n")
    tip, count = _Tip(), 0
    for entry in entries:
        kind = tip.pass_by(entry)
        if header.kinds and kind and kind not in header.kinds:
            continue
        out.write(wire_of(entry) + b"\n")
        count += 1
    head = tip.head(header.station, header.made)
    closing = {"head": head.fields() if head else None, "events": count}
    out.write(json.dumps(closing, separators=(",", ":")).encode() + b"\n")
    return count


class Export:
    """An export file; iterate for its messages, `closing` is known after the last one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closing: Closing | None = None
        with _opened(path) as file:
            try:
                line = file.readline(LONGEST)
                self.header = Header.of(line)
            except (ValueError, KeyError, TypeError):
                raise NoExport(
                    f"{path}: no export of tramdo (its first line is no header); "
                    "a journal is exported with `tramdo export`"
                ) from None
        self._line_end = b"\r\n" if line.endswith(b"\r\n") else b"\n"

    def __iter__(self) -> Iterator[bytes]:
        """Yield each line between header and closing line, whatever stands in it."""
        self._closing = None
        with _opened(self.path) as file:
            file.readline(LONGEST)
            line = file.readline(LONGEST)
            while line:
                after = file.readline(LONGEST)
                if not after and (closing := _closing(line)) is not None:
                    self._closing = closing
                    return
                yield line.removesuffix(self._line_end).removesuffix(b"\n")
                line = after

    def closing(self) -> Closing | None:
        """Return the closing line, None where it is cut off or damaged; known after a reading."""
        return self._closing

    def record(self) -> Record:
        """Return the file as a record to prove."""
        return Record(
            entries=lambda: self,
            station=self.header.station,
            partial=bool(self.header.kinds),
            closing=self.closing,
            as_text=self._line_end != b"\n",
        )

    def lines(self, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return on which line of the file, counted from 1, these events (epoch, number) stand.

        One that stands there twice is on the later; what is no event follows the one before it.
        """
        found: dict[tuple[str, int], int] = {}
        epoch, seq = "", 0
        for number, wire in enumerate(self, 2):
            try:
                link = link_of(wire)
                epoch, seq = link.epoch, link.seq
            except ValueError:
                seq += 1
            if (epoch, seq) in wanted:
                found[epoch, seq] = number
        return found


def exists(path: Path) -> str:
    """Return what is said where an export would replace a file."""
    return f"{path}: is there already; an export replaces no file, give it a new name"


def read(path: Path) -> Export:
    """Return an export file; raises `NoExport` where it is none."""
    return Export(path)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise NoExport(f"{path}: cannot be read: {error.strerror}") from None


def _closing(line: bytes) -> Closing | None:
    if not line.startswith(_CLOSING):
        return None
    try:
        fields = _fields(line)
        head, events = fields["head"], fields["events"]
        if type(events) is not int or events < 0:
            return None
        return Closing(head=None if head is None else Head.of(head), events=events)
    except (ValueError, KeyError):
        return None


def _fields(line: bytes) -> dict[str, Any]:
    """Return the JSON object in a line; raises `ValueError`."""
    try:
        fields = json.loads(line)
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(fields, dict):
        raise ValueError("no object")  # noqa: TRY004  it is about what stands in the file
    return fields
