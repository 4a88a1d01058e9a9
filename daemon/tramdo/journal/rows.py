"""What stands in the journal: recorded events as rows. No I/O."""

from typing import NamedTuple

from tramdo.proof import sealed
from tramdo.proof.chain import SIGNED_AT_ONCE

Stream = tuple[str, str]
Mark = tuple[str, str, int]
# Signed each for itself, sent before all others, given up last.
URGENT = SIGNED_AT_ONCE


class Row(NamedTuple):
    """One recorded event; `message` is its canonical bytes."""

    seq: int
    kind: str
    instrument: str
    time: str
    message: bytes
    signature: bytes | None = None
    epoch: str = ""

    @property
    def stream(self) -> Stream:
        """The kind and instrument whose events are sent in order."""
        return self.kind, self.instrument

    @property
    def wire(self) -> bytes:
        """The message as it travels, with its signature where it bears one."""
        return sealed(self.message, self.signature)


class Stored(NamedTuple):
    """One event as a file holds it, for proving: its number, what would travel, its chain value."""

    seq: int
    wire: bytes
    hash: bytes
