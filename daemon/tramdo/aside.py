"""Work that a line must not wait for, done in order by one thread."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore

MOST_WAITING = 10_000


class Aside:
    """Does what it is given, one after the other; what is waiting is done before the program ends.

    More than `most` waiting things, as with a disk that hangs, are not taken.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._room = BoundedSemaphore(most)

    def put(self, work: Callable[[], None]) -> bool:
        """Take one thing to do, or return False; never waits."""
        if not self._room.acquire(blocking=False):
            return False
        with suppress(RuntimeError):  # the program is ending
            self._thread.submit(work).add_done_callback(self._done)
            return True
        self._room.release()
        return False

    def _done(self, _: "Future[None]") -> None:
        self._room.release()

    def finish(self) -> None:
        """Wait until everything is done; nothing is taken afterwards."""
        self._thread.shutdown()
