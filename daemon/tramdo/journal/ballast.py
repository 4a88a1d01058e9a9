"""A file that is given back when the disk is full, so that evidence can still be recorded."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SIZE = 4 << 20
# Below this much free space readings are given up before anything fails.
FLOOR = 8 << 20


@dataclass(frozen=True, slots=True)
class Ballast:
    """The ballast beside a journal."""

    path: Path
    size: int = SIZE
    floor: int = FLOOR

    def free(self) -> int:
        """Return how many bytes the file system has for us; raises `OSError`."""
        facts = os.statvfs(self.path.parent)
        return facts.f_bavail * facts.f_frsize

    @property
    def there(self) -> bool:
        """Whether there is something to give back."""
        try:
            return self.path.exists()
        except OSError:
            return False

    def scarce(self) -> bool:
        """Return whether free space is below the floor."""
        try:
            return self.free() < self.floor
        except OSError:
            return False

    def restore(self) -> bool:
        """Make the file where the floor stays free beside it; return whether it stands."""
        try:
            if self.path.exists() and self.path.stat().st_size >= self.size:
                return not self.scarce()
            if self.free() < self.size + self.floor:
                return False
            self._allocate()
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> bool:
        """Give the space back; return whether there was any to give."""
        with suppress(OSError):
            self.path.unlink()
            return True
        return False

    def _allocate(self) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, self.size)
        finally:
            os.close(file)
