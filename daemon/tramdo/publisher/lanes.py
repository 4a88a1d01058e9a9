"""Which streams go in which lane: gaps before all, what is urgent before the rest. No I/O."""

from collections.abc import Container

from tramdo.journal import URGENT, Stream

# Without these a central cannot pass the holes of which they tell.
GAPS = frozenset({"gap"})


class Lane:
    """The streams to leave out so that some kinds are left, and of these not the held ones."""

    def __init__(self, kinds: Container[str], held: Container[Stream], *, others: bool) -> None:
        self._kinds, self._held, self._others = kinds, held, others

    def __contains__(self, stream: object) -> bool:
        if not isinstance(stream, tuple):
            return False
        return (stream[0] in self._kinds) is self._others or stream in self._held


def gaps(held: Container[Stream]) -> Lane:
    """Return what to leave out so that gap events are left."""
    return Lane(GAPS, held, others=False)


def urgent(held: Container[Stream]) -> Lane:
    """Return what to leave out so that urgent kinds are left."""
    return Lane(URGENT, held, others=False)


def rest(held: Container[Stream]) -> Lane:
    """Return what to leave out so that the other kinds are left."""
    return Lane(URGENT, held, others=True)
