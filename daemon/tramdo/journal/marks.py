"""How far the other side has the events: by stream at a broker, by number at a central. No I/O."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from tramdo.errors import RestoredCopy
from tramdo.journal.rows import URGENT, Mark, Row, Stream


@dataclass(slots=True, kw_only=True)
class Marks:
    """What has been sent, and what the other side has confirmed to have.

    A broker confirms each stream, that is each topic, for itself: somebody may want alerts and
    nothing else. A central confirms every event up to a number; then `sent` is only how far this
    connection has come. `holes` are numbers given up before it had them.
    """

    by_central: bool = False
    acked: int = 0
    newest: dict[Stream, int] = field(default_factory=dict)
    confirmed: dict[Stream, int] = field(default_factory=dict)
    sent: dict[Stream, int] = field(default_factory=dict)
    moved: set[Stream] = field(default_factory=set)
    holes: list[tuple[int, int]] = field(default_factory=list)

    def grown(self, stream: Stream, seq: int) -> None:
        """Note a newly recorded event."""
        self.newest[stream] = max(seq, self.newest.get(stream, 0))

    def upto(self, stream: Stream) -> int:
        """Return the number up to which nothing of a stream needs to be sent now."""
        if self.by_central:
            return max(self.acked, self.sent.get(stream, 0))
        return self.confirmed.get(stream, 0)

    def pending(self, but: Container[Stream], *, urgent: bool) -> list[Mark]:
        """Return the streams with something to send, and above which number."""
        streams = (one for one in self.newest if (one[0] in URGENT) is urgent and one not in but)
        return [(*one, self.upto(one)) for one in streams if self.newest[one] > self.upto(one)]

    def mark(self, row: Row) -> bool:
        """Note that an event of a stream and those before it have got through; False: known."""
        if row.seq <= self.upto(row.stream):
            return False
        if self.by_central:
            self.sent[row.stream] = row.seq
        else:
            self.confirmed[row.stream] = row.seq
            self.moved.add(row.stream)
        return True

    def gone(self, runs: Iterable[tuple[int, int]]) -> None:
        """Note numbers given up before a central had them; neighbours are one hole."""
        for first, last in runs:
            if last <= self.acked:
                continue
            joins = bool(self.holes) and self.holes[-1][1] + 1 == first
            self.holes.append((self.holes.pop()[0] if joins else first, last))

    def waiting(self, last: int) -> int:
        """Return how many of the numbers up to `last` a central lacks and could still be sent."""
        gone = (end - max(first, self.acked + 1) + 1 for first, end in self.holes)
        return last - self.acked - sum(many for many in gone if many > 0)

    def rewind(self) -> None:
        """Begin again at what is confirmed: a connection ended, or nobody confirms."""
        self.sent.clear()

    def acknowledge(
        self, upto: Mapping[str, int], epochs: Iterable[tuple[int, str]], last: int
    ) -> int:
        """Take a central's word, epoch by epoch; return the number that all is confirmed to.

        `epochs` are (first number, id) in order. It never goes down. Raises `RestoredCopy` where
        the central has more of the newest epoch than was ever recorded here.
        """
        spans = list(epochs)
        ends = [first - 1 for first, _ in spans[1:]] + [last]
        if upto.get(spans[-1][1], 0) > last:
            raise RestoredCopy(
                f"the central has events up to {upto[spans[-1][1]]}, this file ends at {last}"
            )
        for (first, epoch), end in zip(spans, ends, strict=True):
            has = min(upto.get(epoch, first - 1), end)
            self.acked = max(self.acked, has)
            if has < end:
                break
        self.holes = [hole for hole in self.holes if hole[1] > self.acked]
        return self.acked

    def lowest(self) -> int:
        """Return the number up to which the other side has everything, whoever it is."""
        if self.by_central:
            return self.acked
        behind = (self.upto(one) for one, newest in self.newest.items() if newest > self.upto(one))
        return min(behind, default=max(self.newest.values(), default=0))
