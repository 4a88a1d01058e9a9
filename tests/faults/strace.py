"""Faults of system calls, injected by `strace` into a program that we start."""

import subprocess
from functools import cache
from shutil import which

import pytest

KILL_AT_WRITE = "pwrite64:signal=KILL:when={n}"
KILL_AT_SYNC = "fdatasync:signal=KILL:when={n}"
EIO_ON_SYNC = "fdatasync:error=EIO:when={n}"
EIO_ON_WRITE = "pwrite64:error=EIO:when={n}"
FULL_AT_WRITE = "pwrite64:error=ENOSPC:when={n}"
SLOW_SYNC = "fdatasync:delay_exit={microseconds}"


@cache
def _why_not() -> str:
    if which("strace") is None:
        return "strace is missing (sudo apt-get install strace)"
    tried = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else tried.stderr.decode().strip().splitlines()[0]


def needed() -> None:
    """Skip the test where no program may be traced."""
    if why := _why_not():
        pytest.skip(f"no injected faults here: {why}")


def injecting(*faults: str) -> list[str]:
    """Return the words to put before a command; calls are counted for each thread."""
    calls = {one.split(":")[0] for one in faults}
    words = ["strace", "-f", "-qqq", "-o", "/dev/null"]
    words += ["-e", f"trace={','.join(sorted(calls))}"]
    return [*words, *(word for one in faults for word in ("-e", f"inject={one}"))]
