"""Which streams may go when: gaps before all, what is urgent before the rest. No I/O."""

from collections.abc import Container

from tramdo.journal import URGENT, Stream

# Without these a central cannot pass the holes of which they tell.
GAPS = frozenset({"gap"})


class AllBut:
    """The streams to leave out so that only some kinds are left, and of these not the held ones."""

    def __init__(self, kinds: Container[str], held: Container[Stream]) -> None:
        self._kinds, self._held = kinds, held

    def __contains__(self, stream: object) -> bool:
        if not isinstance(stream, tuple):
            return False
        return stream[0] not in self._kinds or stream in self._held


__all__ = ["GAPS", "URGENT", "AllBut"]
