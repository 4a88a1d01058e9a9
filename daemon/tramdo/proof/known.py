"""What the other end knows of a record, and whether the file agrees. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tramdo.proof import findings as found
from tramdo.proof.findings import Findings

BEYOND = "the other end has these already, so this file is an old copy"
OTHERWISE = "the other end has another event under this number: two records went on from one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A number that the other end has, and the chain value it has there; epoch "": any epoch."""

    seq: int
    value: bytes
    epoch: str = ""


class Points:
    """Chain values at numbers that matter: what is known elsewhere, and where epochs branch off."""

    def __init__(self, known: Sequence[Known], branches: Iterable[tuple[str, int]]) -> None:
        self._known = known
        self._wanted = {one.seq for one in known} | {seq for _, seq in branches}
        self._seen: dict[tuple[str, int], bytes | None] = {}

    def note(self, epoch: str, seq: int, value: bytes | None) -> None:
        """Remember the chain value of an event, where its number matters."""
        if seq in self._wanted:
            self._seen.setdefault((epoch, seq), value)

    def value(self, epoch: str, seq: int) -> bytes | None:
        """Return the chain value that an event had, where it was seen."""
        return self._seen.get((epoch, seq))

    def judge(self, lasts: Mapping[str, int], findings: Findings) -> None:
        """Compare with what is known elsewhere; `lasts` is the last number of each epoch here."""
        for one in self._known:
            epoch = one.epoch or max(lasts, key=lambda name: lasts[name], default="")
            last = lasts.get(epoch, 0)
            if last < one.seq:
                findings.add(found.OLD_COPY, epoch, (last + 1, one.seq), BEYOND)
            elif (values := self._at(one)) and one.value not in values:
                findings.add(found.FORK, epoch, (one.seq, one.seq), OTHERWISE)

    def reach(self, epoch: str, seq: int) -> bool:
        """Return whether the other end knows just this event, so that it knows this end."""
        value = self.value(epoch, seq)
        return value is not None and any(
            (one.seq, one.value) == (seq, value) and one.epoch in ("", epoch) for one in self._known
        )

    def _at(self, one: Known) -> list[bytes]:
        """Return the chain values seen at a known number."""
        return [
            value
            for (epoch, seq), value in self._seen.items()
            if seq == one.seq and value is not None and one.epoch in ("", epoch)
        ]
