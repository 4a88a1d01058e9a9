"""Which events are signed: some each for itself, of the others one now and then. No I/O."""

from dataclasses import dataclass

from tramdo.journal.rows import URGENT

MOST_UNSIGNED = 100
LONGEST_UNSIGNED = 60.0


@dataclass(slots=True)
class Sealing:
    """Counts what no signature vouches for yet; `signed_at` is monotonic, in seconds."""

    signed_at: float
    unsigned: int = 0

    def wants(self, kind: str, now: float, *, ends_commit: bool) -> bool:
        """Return whether this event, the next in order, is to be signed."""
        self.unsigned += 1
        late = ends_commit and now - self.signed_at >= LONGEST_UNSIGNED
        if not (kind in URGENT or late or self.unsigned >= MOST_UNSIGNED):
            return False
        self.unsigned, self.signed_at = 0, now
        return True
