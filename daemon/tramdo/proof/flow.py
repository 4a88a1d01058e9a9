"""One unbroken run of numbers on the way along a record: who contradicts whom. No I/O.

Each message names the chain value before it, so an event is judged by its own signature, by the
value stored beside it, and by what the next event names. Two events are held back, because which
of two neighbours is wrong shows only in the one after them.
"""

from dataclasses import dataclass, field

from tramdo.proof import findings as found
from tramdo.proof.event import Event
from tramdo.proof.findings import Findings
from tramdo.proof.holes import Hole, holding

MOST_DISPLACED = 10_000

CONTENT = (
    "its bytes are not those that the next event follows; they were changed, or events since the "
    "last good signature were and the chain was computed anew up to here"
)
OWN_PROOF = "its bytes fit neither its own signature or stored chain value nor the next event"
PREVIOUS = "the chain value that it names as the one before it is not the one before it"
KEPT = "the chain value stored beside it is not that of its bytes"
CONTRADICTS = (
    "signed by the station, and so is the event before, which it does not follow: two records "
    "have been put together"
)
REPLACED = (
    "the signature of the last of these does not fit: one of these events, or that signature, was "
    "replaced and the chain computed anew from there"
)
ON_TOP = "signatures among these do not fit either: they stand on what was replaced"
CLOSING = "the closing line names another chain value than this event has"
BARE = "an event of this kind is always signed, and this one is not"


@dataclass(slots=True)
class Doubt:
    """Signatures that do not fit, in an unbroken chain, and since when no good one was seen.

    A good one after them clears nothing: a station that was started again on a changed file signs
    on top of the change.
    """

    since: int
    first: int
    last: int


@dataclass(slots=True)
class Flow:
    """A run of numbers, across epochs where the numbers go on; `partial`: holes mean nothing.

    `since_parent` is its first number after it branched off `parent`; `named`: events name the
    chain value before them; `unsigned` events since `unsigned_from` bear no signature.
    """

    newest: Event
    findings: Findings
    partial: bool = False
    parent: "Flow | None" = None
    since_parent: int = 1
    pending: Event | None = None
    holes: list[Hole] = field(default_factory=list)
    displaced: list[Event] = field(default_factory=list)
    damaged: list[tuple[int, int]] = field(default_factory=list)
    named: bool = False
    unsigned: int = 0
    unsigned_from: int = 1
    since: int = 1
    vouched: int = 0
    doubt: Doubt | None = None
    proven: int = 0

    def __post_init__(self) -> None:
        self.since = self.since_parent

    def count(self, seq: int, *, signed: bool) -> None:
        """Count events since the last one that bears a signature, whoever made it."""
        if signed:
            self.unsigned = 0
            return
        if not self.unsigned:
            self.unsigned_from = seq
        self.unsigned += 1

    def take(self, event: Event, place: int | None) -> None:
        """Take the next event of the file; `place` is the number of its row, where it has one."""
        if place is not None and place != event.seq:
            self._displace(event, place)
            return
        if self._stands_before(event):
            self._put_newest_aside()
        if event.seq <= self.newest.seq:
            self._late(event)
        else:
            self._append(event)

    def broken(self, place: int | None) -> None:
        """Note that what stands here is no event; its number is the row's, or the next."""
        seq = self.next_number if place is None else place
        if self.damaged and self.damaged[-1][1] + 1 == seq:
            self.damaged[-1] = (self.damaged[-1][0], seq)
        else:
            self.damaged.append((seq, seq))

    @property
    def next_number(self) -> int:
        """The number that would follow what was seen."""
        last = self.damaged[-1][1] if self.damaged else 0
        return max(self.newest.seq, last) + 1

    def _stands_before(self, event: Event) -> bool:
        """Whether the newest event jumped ahead, and this one stands where it should have been."""
        hole = self.holes[-1] if self.holes else None
        return hole is not None and hole.right is self.newest and event.seq in hole

    def _put_newest_aside(self) -> None:
        ahead, hole = self.newest, self.holes.pop()
        if self.pending is not None:
            self.newest, self.pending = self.pending, None
        self._displace(ahead, hole.first)

    def _displace(self, event: Event, place: int) -> None:
        seqs = (min(event.seq, place), max(event.seq, place))
        why = "the first or the last of these stands in the place of the other"
        self.findings.add(found.REORDERED, event.epoch, seqs, why)
        self._alone(event)
        if len(self.displaced) < MOST_DISPLACED:
            self.displaced.append(event)

    def _late(self, event: Event) -> None:
        elsewhere = self.partial and event.seq != self.newest.seq
        if elsewhere or holding(self.holes, event.seq) is not None:
            self._displace(event, self.next_number)
            return
        same = event.value is not None and event.value == self.newest.value
        why = "stands here again" if same else "another event bears the same number"
        self.findings.add(found.REPEATED, event.epoch, (event.seq, event.seq), why)

    def _alone(self, event: Event) -> None:
        """Judge an event that does not stand in its place by its own signature."""
        self.proven += event.signed is True
        if event.signed is False:
            self.findings.add(found.FORGED, event.epoch, (event.seq, event.seq), REPLACED)

    def _append(self, event: Event) -> None:
        newest = self.newest
        if event.seq == newest.seq + 1:
            if event.previous is not None and newest.value is not None:
                newest.fits = event.previous == newest.value
        else:
            self.holes.append(Hole.between(newest, event))
        if self.pending is not None:
            self._judge(self.pending, newest)
        self.pending, self.newest = newest, event
        if self.partial:
            del self.holes[:-1]

    def end(self, head: Event | None) -> None:
        """Judge what was held back; `head` is what is signed to stand at the end."""
        newest = self.newest
        if head is not None and newest.value is not None and head.value is not None:
            newest.fits = head.value == newest.value
        if self.pending is not None:
            self._judge(self.pending, newest)
        self._judge(newest, head)
        if head is not None:
            self._close_with(head)
        self._flush()

    def _close_with(self, head: Event) -> None:
        if head.blamed:
            self.findings.add(found.CUT, head.epoch, (head.seq, head.seq), CLOSING)
        elif self.newest.fits is not False and head.signed:
            self._vouch(head.seq)
        elif self.newest.fits is not False and head.signed is False:
            self._suspect(head.seq)

    def _judge(self, one: Event, after: Event | None) -> None:
        """Judge an event, all there is to know about it known."""
        if one.fits is False:
            self._of_two(one, after)
        if one.virtual:
            return
        if one.blamed:
            self._altered(one, one.since if one.blamed == CONTENT else one.seq, one.blamed)
        elif one.kept is False:
            self._altered(one, one.seq, KEPT)
        elif one.signed is False:
            self._suspect(one.seq)
        elif one.bare:
            self.findings.add(found.UNSIGNED, one.epoch, (one.seq, one.seq), BARE)
        if one.signed:
            self._vouch(one.seq)
        if after is not None and after.seq != one.seq + 1 and after.seq != one.seq:
            self._flush()
            self.since = after.seq

    def _of_two(self, one: Event, after: Event | None) -> None:
        """Say which of two neighbours is wrong that contradict each other."""
        if after is None:
            return
        if one.signed and after.signed:
            self.findings.add(found.FORK, after.epoch, (after.seq, after.seq), CONTRADICTS)
        elif one.signed:
            after.blamed = after.blamed or PREVIOUS
        elif one.blamed or one.shown_bad:
            one.blamed = one.blamed or OWN_PROOF
        elif not after.signed and (after.shown_bad or after.fits is False):
            after.blamed = after.blamed or PREVIOUS
        else:
            one.blamed = CONTENT

    def _altered(self, one: Event, first: int, why: str) -> None:
        self.findings.add(found.ALTERED, one.epoch, (first, one.seq), why)
        self._flush()
        self.since = one.seq + 1

    def _suspect(self, seq: int) -> None:
        if self.doubt is None:
            self.doubt = Doubt(max(self.since, self.vouched + 1), seq, seq)
        self.doubt.last = seq

    def _vouch(self, seq: int) -> None:
        self.proven += 1
        self._flush()
        self.vouched = max(seq, self.vouched)

    def _flush(self) -> None:
        """Call forged what stands under signatures that do not fit."""
        if (doubt := self.doubt) is None:
            return
        epoch = self.newest.epoch
        first = min(doubt.since, doubt.first)
        self.findings.add(found.FORGED, epoch, (first, doubt.first), REPLACED)
        if doubt.last > doubt.first:
            self.findings.add(found.FORGED, epoch, (doubt.first + 1, doubt.last), ON_TOP)
        self.doubt = None
