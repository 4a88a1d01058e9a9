"""What a walk along a station's record finds: named kinds, and where. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

ALTERED = "altered"
DAMAGED = "damaged"
MISSING = "missing"
DECLARED_GONE = "declared gone"
UNRECORDED = "unrecorded"
REORDERED = "reordered"
REPEATED = "repeated"
FORGED = "forged"
UNSIGNED = "unsigned"
OTHER_STATION = "other station"
WRONG_KEY = "wrong key"
OLD_COPY = "old copy"
FORK = "fork"
EPOCH = "epoch"
CUT = "cut"

MOST_LISTED = 1000

PROVEN = "proven"
SIGNED = "signed"
OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found: its kind, the events `first` to `last` of an epoch, and what is wrong.

    `first` 0 means the file as a whole; without `fault` it is told and nothing is wrong.
    """

    kind: str
    epoch: str
    first: int
    last: int
    why: str
    fault: bool = True

    @property
    def where(self) -> str:
        """Return which events these are, in words."""
        if self.first == 0:
            return "the file"
        before = f"{self.epoch}." if self.epoch else ""
        if self.first == self.last:
            return f"event {before}{self.first}"
        return f"events {before}{self.first} to {before}{self.last}"

    @property
    def text(self) -> str:
        """Return the finding as a sentence."""
        return f"{self.where}: {self.why}"

    def covers(self, kind: str, epoch: str, seq: int) -> bool:
        """Return whether this says already that an event is of this kind."""
        return (self.kind, self.epoch) == (kind, epoch) and self.first <= seq <= self.last


class Findings:
    """Findings in the order they were made; neighbours become one, and the list is bounded."""

    def __init__(self) -> None:
        self._listed: list[Finding] = []
        self._latest: dict[tuple[str, str, str], int] = {}
        self._room = {True: MOST_LISTED, False: MOST_LISTED}
        self.unlisted = 0

    def add(
        self, kind: str, epoch: str, seqs: tuple[int, int], why: str, fault: bool = True
    ) -> None:
        """Add what was found of the events `seqs`, first and last."""
        key, (first, last) = (kind, epoch, why), seqs
        at = self._latest.get(key)
        if at is not None and self._listed[at].last + 1 >= first >= self._listed[at].first:
            whole = max(last, self._listed[at].last)
            self._listed[at] = replace(self._listed[at], last=whole)
        elif self._room[fault]:
            self._room[fault] -= 1
            self._latest[key] = len(self._listed)
            self._listed.append(
                Finding(kind=kind, epoch=epoch, first=first, last=last, why=why, fault=fault)
            )
        else:
            self.unlisted += 1

    def once(self, kind: str, epoch: str, seq: int, why: str) -> None:
        """Add what was found of one event, unless it is known to be of this kind."""
        if not self.says(kind, epoch, seq):
            self.add(kind, epoch, (seq, seq), why)

    def says(self, kind: str, epoch: str, seq: int) -> bool:
        """Return whether an event is known to be of this kind."""
        return any(one.covers(kind, epoch, seq) for one in self._listed)

    def drop(self, kind: str) -> bool:
        """Take back all findings of a kind; return whether there were any."""
        kept = [one for one in self._listed if one.kind != kind]
        some = len(kept) < len(self._listed)
        self._listed, self._latest = kept, {}
        return some

    def listed(self, epochs: Iterable[str]) -> tuple[Finding, ...]:
        """Return them by epoch, in this order of epochs, and number."""
        rank = {epoch: at for at, epoch in enumerate(epochs)}
        last = len(rank)
        return tuple(
            sorted(self._listed, key=lambda one: (rank.get(one.epoch, last), one.first, one.last))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a file holds of one epoch; `vouched` is the last number a proven signature covers."""

    epoch: str
    first: int
    last: int
    events: int
    vouched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a walk found; `proven` None means that no key was given to judge signatures with.

    `partial` says that the file is a selection, whose completeness cannot be judged; `unlisted`
    counts findings beyond those listed. `end` is "proven" where the other end knows the last event,
    "signed" where the station signed it, else "open".
    """

    station: str
    epochs: tuple[Span, ...]
    kinds: Mapping[str, int]
    signatures: int
    proven: int | None
    partial: bool
    findings: tuple[Finding, ...]
    unlisted: int
    end: str = OPEN

    @property
    def events(self) -> int:
        """How many events the file holds."""
        return sum(one.events for one in self.epochs)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that say something is wrong."""
        return tuple(one for one in self.findings if one.fault)

    @property
    def whole(self) -> bool:
        """Whether nothing wrong was found; whether somebody vouches for it is another question."""
        return not self.faults

    @property
    def vouched_for(self) -> bool:
        """Whether nothing wrong was found and signatures of a given key prove it."""
        return self.whole and bool(self.proven)

    @property
    def tail(self) -> range:
        """The newest numbers that no proven signature covers yet."""
        if not self.epochs:
            return range(0)
        newest = self.epochs[-1]
        return range(max(newest.first, newest.vouched + 1), newest.last + 1)
