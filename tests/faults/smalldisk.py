"""A disk so small that it fills: a tmpfs that is ours alone."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BLOCK = 4096


@dataclass
class SmallDisk:
    """A mounted tmpfs."""

    place: Path

    @property
    def stuffing(self) -> Path:
        return self.place / "stuffing"

    def free(self) -> int:
        below = os.statvfs(self.place)
        return below.f_bavail * below.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Take all space but `leave` bytes."""
        with self.stuffing.open("ab", buffering=0) as file:
            while self.free() > leave:
                try:
                    file.write(bytes(min(65_536, max(BLOCK, self.free() - leave))))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def give_back(self) -> None:
        """Free all that `fill` took."""
        self.stuffing.unlink(missing_ok=True)

    def remount(self, how: str) -> None:
        """Remount "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.place], check=True)


@contextmanager
def small_disk(place: Path, megabytes: float) -> Iterator[SmallDisk]:
    """Mount one; the test skips where we may not mount."""
    place.mkdir(parents=True, exist_ok=True)
    size = f"size={int(megabytes * 1024)}k"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk here: {done.stderr.strip() or 'mount failed'}")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "-l", place], check=True)
