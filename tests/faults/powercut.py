"""Power cuts: a folder on a disk that forgets what was not synced (`forgetful.py`)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree, which

import pytest

PROGRAM = Path(__file__).with_name("forgetful.py")
BOUND = 10.0


def needed() -> None:
    """Skip the test where FUSE cannot work."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("no power cuts here: /dev/fuse cannot be opened")
    if which("fusermount3") is None:
        pytest.skip("no power cuts here: fusermount3 is missing (sudo apt-get install fuse3)")


@dataclass
class Disk:
    """`folder` is what is on the disk; `mount` is where programs see it while it has power."""

    root: Path
    folder: Path = field(init=False)
    mount: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder, self.mount = self.root / "disk", self.root / "mount"
        for one in (self.folder, self.mount):
            one.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def powered(self, *how: str) -> Iterator[subprocess.Popen[bytes]]:
        """Mount it, with options of `forgetful.py`; power goes at the end of the block at last."""
        command = [
            sys.executable,
            "-W",
            "ignore",
            *map(str, (PROGRAM, self.folder, self.mount)),
            *how,
        ]
        with subprocess.Popen(command) as process:
            try:
                self._wait_for(process)
                yield process
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
                subprocess.run(["fusermount3", "-u", "-q", "-z", self.mount], check=True)
        self._forget_the_nameless()

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + BOUND
        while not self.mount.is_mount():
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the file system did not mount: {process.returncode}")
            time.sleep(0.005)

    def _forget_the_nameless(self) -> None:
        for pattern in (".nameless-*", ".removed-*"):
            for one in self.folder.glob(pattern):
                one.unlink()

    def read_only(self, *, on: bool) -> None:
        """Let every change fail with EROFS, as after an error of the card, or no more."""
        mark = self.root / "read-only"
        mark.touch() if on else mark.unlink()

    def erase(self) -> None:
        """Begin with a new, empty disk."""
        rmtree(self.folder)
        self.folder.mkdir()
