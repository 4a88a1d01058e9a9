"""How many messages may be under way at once, by how long the broker takes. Pure: time is given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

SLOW = 1.0
QUICK = 0.3
# On a link of 64 kbit/s this takes a quarter of a second.
BYTES_A_PLACE = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `size` under way: halved when an acknowledgement was slow, one more when quick.

    One slow spell halves it once: what was sent before the last halving says nothing new.
    """

    most: int
    size: int
    halved_at: float = float("-inf")

    def after(self, took: float, now: float) -> "Window":
        """Return the window after an acknowledgement; times in seconds, monotonic."""
        if took > SLOW and now - took >= self.halved_at:
            return replace(self, size=max(1, self.size // 2), halved_at=now)
        if took < QUICK and self.size < self.most:
            return replace(self, size=self.size + 1)
        return self

    def fitting(self, sizes: Sequence[int]) -> int:
        """Return how many messages of these sizes, in bytes, go at once: never none of some.

        A long one takes the place of several.
        """
        left = self.size
        for index, size in enumerate(sizes):
            left -= -(-size // BYTES_A_PLACE)
            if left < 0:
                return max(1, index)
        return len(sizes)
