"""How fast events leave: a bound, and what it was lately. Pure: the time is given, in seconds."""

from collections import deque
from dataclasses import dataclass, field

LATELY = 10.0
SHORTEST = 0.001
TINY = 1e-6


@dataclass(slots=True)
class Pace:
    """A token bucket: `per_second` on the average, at most a tenth of a second's worth at once."""

    per_second: float
    at: float = 0.0
    tokens: float = 0.0

    def wait(self, many: int, now: float) -> float:
        """Return in how many seconds `many` may go, or as many as ever go at once; 0: now."""
        most = max(1.0, self.per_second / 10)
        earned = max(0.0, now - self.at) * self.per_second
        self.tokens, self.at = min(most, self.tokens + earned), now
        short = min(many, most) - self.tokens
        return max(SHORTEST, short / self.per_second) if short > TINY else 0.0

    def take(self, many: int) -> None:
        """Note that so many go."""
        self.tokens -= many

    @property
    def allows(self) -> int:
        """How many may go at the instant of the last `wait`."""
        return int(self.tokens + TINY)


@dataclass(slots=True)
class Meter:
    """Counts what got through in the last ten seconds."""

    counts: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, many: int, now: float) -> None:
        """Note that so many got through."""
        self.counts.append((now, many))
        self._forget(now)

    def per_second(self, now: float) -> float:
        """Return the rate of the last ten seconds."""
        self._forget(now)
        return sum(many for _, many in self.counts) / LATELY

    def _forget(self, now: float) -> None:
        while self.counts and now - self.counts[0][0] > LATELY:
            self.counts.popleft()
