"""Proof that records are complete and unchanged (OIML D 31:2023, 6.3.4.3). No I/O.

The seeded CRC is that document's example for the normal risk level; it shows accident, not
intent. Against intent stands the signature of the journal.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tramdo.proof import GENESIS, chained


def seeded_crc32(message: bytes, seed: int) -> int:
    """Return the CRC-32 of a message with a secret start value (as zlib's running value)."""
    return zlib.crc32(message, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFinding:
    """What consecutive numbers show: ranges that never came, and numbers that came again."""

    gaps: tuple[range, ...]
    duplicates: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether no number is missing; duplicates lose nothing."""
        return not self.gaps

    @property
    def missing_count(self) -> int:
        """How many numbers are missing."""
        return sum(map(len, self.gaps))

    def missing(self) -> Iterator[int]:
        """Yield each missing number, rising; one broken number can make these very many."""
        for gap in self.gaps:
            yield from gap


def inspect_sequence(
    numbers: Iterable[int], *, first: int | None = None, last: int | None = None
) -> SequenceFinding:
    """Return what is missing or doubled among consecutive numbers, in whatever order they came.

    `first` and `last` are the numbers known to have been sent: without them a loss at either end
    cannot be seen.
    """
    seen, again = set[int](), set[int]()
    for number in numbers:
        (again if number in seen else seen).add(number)
    before = [] if first is None else [first - 1]
    after = [] if last is None else [last + 1]
    inside = sorted(one for one in seen if _between(one, first, last))
    gaps = (range(one + 1, other) for one, other in pairwise([*before, *inside, *after]))
    return SequenceFinding(gaps=tuple(gap for gap in gaps if gap), duplicates=tuple(sorted(again)))


def _between(number: int, first: int | None, last: int | None) -> bool:
    return (first is None or number >= first) and (last is None or number <= last)


def chain(records: Iterable[bytes], genesis: bytes = GENESIS) -> list[bytes]:
    """Return the hash chain over records, as the journal keeps it."""
    links, link = list[bytes](), genesis
    for record in records:
        link = chained(link, record)
        links.append(link)
    return links


def first_broken(
    records: Sequence[bytes], links: Sequence[bytes], genesis: bytes = GENESIS
) -> int | None:
    """Return the index of the first record that its chain does not confirm; None: all confirmed.

    A record without link, or a link without record, is not confirmed.
    """
    for index, (computed, kept) in enumerate(zip(chain(records, genesis), links, strict=False)):
        if computed != kept:
            return index
    return None if len(records) == len(links) else min(len(records), len(links))
