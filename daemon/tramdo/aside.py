"""Work that a line must not wait for, done in order by one thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

MOST_WAITING = 10_000
MOST_BYTES = 8_000_000


class Aside:
    """Does what it is given, one after the other; what is waiting is done before the program ends.

    More than `most` waiting things, or `most_bytes` in them, as with a disk that hangs, are not
    taken.
    """

    def __init__(self, most: int = MOST_WAITING, most_bytes: int = MOST_BYTES) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._lock = Lock()
        self._things, self._bytes = most, most_bytes

    def put(self, work: Callable[[], None], size: int = 0) -> bool:
        """Take one thing to do that holds `size` bytes, or return False; never waits for work."""
        if not self._room_for(size):
            return False
        with suppress(RuntimeError):  # the program is ending
            self._thread.submit(work).add_done_callback(lambda _: self._done(size))
            return True
        self._done(size)
        return False

    def _room_for(self, size: int) -> bool:
        with self._lock:
            if self._things < 1 or self._bytes < size:
                return False
            self._things, self._bytes = self._things - 1, self._bytes - size
            return True

    def _done(self, size: int) -> None:
        with self._lock:
            self._things, self._bytes = self._things + 1, self._bytes + size

    def finish(self) -> None:
        """Wait until everything is done; nothing is taken afterwards."""
        self._thread.shutdown()
