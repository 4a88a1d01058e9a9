"""What a walk along a record has passed: epochs, kinds, signatures. No I/O."""

from collections import Counter
from dataclasses import dataclass, field

from tramdo.proof.findings import Span
from tramdo.proof.flow import Flow
from tramdo.proof.known import Points


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was seen of one epoch."""

    flow: Flow
    first: int
    last: int
    events: int = 0


@dataclass(slots=True, kw_only=True)
class Course:
    """What a walk has passed so far; `epoch` is that of the last event taken."""

    station: str
    points: Points
    epoch: str = ""
    taken: int = 0
    signatures: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    epochs: dict[str, Seen] = field(default_factory=dict)

    def note(self, epoch: str, seq: int, flow: Flow) -> None:
        """Count an event."""
        seen = self.epochs.setdefault(epoch, Seen(flow=flow, first=seq, last=seq))
        seen.first, seen.last = min(seen.first, seq), max(seen.last, seq)
        seen.events += 1
        self.epoch = epoch

    def flow(self, epoch: str) -> Flow | None:
        """Return the run of numbers that an epoch belongs to; None: not seen yet."""
        seen = self.epochs.get(epoch)
        return seen.flow if seen else None

    @property
    def flows(self) -> list[Flow]:
        """The runs of numbers, in the order in which they begin."""
        return list({id(seen.flow): seen.flow for seen in self.epochs.values()}.values())

    def spans(self) -> tuple[Span, ...]:
        """Return the epochs; one that another goes on from is vouched for up to there by it."""
        for flow in reversed(self.flows):
            if flow.parent is not None and flow.vouched:
                flow.parent.vouched = max(flow.parent.vouched, flow.since_parent - 1)
        return tuple(
            Span(
                epoch=epoch,
                first=seen.first,
                last=seen.last,
                events=seen.events,
                vouched=min(seen.last, seen.flow.vouched) if seen.flow.vouched >= seen.first else 0,
            )
            for epoch, seen in self.epochs.items()
        )
