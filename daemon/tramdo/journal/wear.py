"""How fast the journal grows, how long an outage it bridges, what goes to the card in a day."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

IO = Path("/proc/self/io")
DAY = 86_400.0
SPAN = 3600.0
SHORTEST = 60.0


def written(io: Path = IO) -> int | None:
    """Return how many bytes this program has had written to storage; None: cannot be told."""
    try:
        lines = io.read_text().splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines)
    return next((int(many) for name, many in found if name == "write_bytes:"), None)


@dataclass(slots=True)
class Wear:
    """Amounts over the last hour; every `now` is monotonic, in seconds."""

    began: float
    written_before: int | None = field(default_factory=written)
    _grown: deque[tuple[float, int]] = field(default_factory=deque)
    _sum: int = 0

    def grew(self, many: int, now: float) -> None:
        """Note bytes recorded; those of one second share an entry."""
        if self._grown and now - self._grown[-1][0] < 1.0:
            at, before = self._grown.pop()
            self._grown.append((at, before + many))
        else:
            self._grown.append((now, many))
        self._sum += many
        self._forget(now)

    def per_second(self, now: float) -> float | None:
        """Return bytes recorded in a second; None in the first minute."""
        self._forget(now)
        span = min(SPAN, now - self.began)
        return self._sum / span if span >= SHORTEST else None

    def hours_left(self, room: int, now: float) -> float | None:
        """Return after how many hours `room` bytes are used up; None: cannot be told."""
        rate = self.per_second(now)
        return max(0, room) / rate / 3600 if rate else None

    def written_per_day(self, now: float) -> int | None:
        """Return the bytes a day that go to storage at the rate since the start."""
        current = written()
        span = now - self.began
        if current is None or self.written_before is None or span < SHORTEST:
            return None
        return round((current - self.written_before) * DAY / span)

    def _forget(self, now: float) -> None:
        while self._grown and now - self._grown[0][0] > SPAN:
            self._sum -= self._grown.popleft()[1]
