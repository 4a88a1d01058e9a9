"""A station's record as it comes to be proven: entries in the order of a file. No I/O."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from tramdo.proof.chain import Link
from tramdo.proof.head import Head


class StoredEvent(Protocol):
    """One event as a journal file holds it, with its row's number and stored chain value."""

    @property
    def seq(self) -> int:
        """The row's number."""

    @property
    def wire(self) -> bytes:
        """What would travel."""

    @property
    def hash(self) -> bytes:
        """The chain value stored beside it."""


Entry = bytes | StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the end of an export says: the newest head and how many events stand in the file."""

    head: Head | None
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A station's record in a file: `entries` can be read again from the start.

    `closing` is asked after the last entry, and says None where the end is cut off; a journal
    has none. `partial`: a selection of kinds, in which holes mean nothing; `as_text`: a program
    that takes it for text has changed the ends of its lines.
    """

    entries: Callable[[], Iterable[Entry]]
    station: str = ""
    partial: bool = False
    closing: Callable[[], Closing | None] | None = None
    as_text: bool = False


def wire_of(entry: Entry) -> bytes:
    """Return what travels, or would, of an entry."""
    return entry if isinstance(entry, bytes) else entry.wire


def link_of(wire: bytes) -> Link:
    """Return a message as a link; raises `ValueError` also where its names cannot be signed."""
    link = Link.of(wire)
    if type(link.seq) is not int or link.seq < 1:
        raise ValueError("its number is none")
    if not (is_name(link.station) and is_name(link.epoch)):
        raise ValueError("its station or epoch is no name")
    return link


def is_name(text: object) -> bool:
    """Return whether this is text that is safe to sign over and to print."""
    return isinstance(text, str) and text != "" and text.isascii() and text.isprintable()
