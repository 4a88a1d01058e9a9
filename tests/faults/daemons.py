"""`tramdo run` as a process, with whatever stands before it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import Bench
from conftest import free_port

from tramdo.live import client

TRAMDO = [sys.executable, "-m", "tramdo"]
SMALL = """
[station]
id = "fault-01"
place = "a test"

[journal]
path = "{journal}"
commit_every_s = 0.05

[live]
listen = "{listen}"
"""


@dataclass
class Daemon:
    """A running daemon and the file that takes what it logs."""

    process: subprocess.Popen[bytes]
    log: Path
    listen: str

    def said(self) -> str:
        """Return the end of what it has logged."""
        return self.log.read_text()[-2000:]

    async def board(self) -> dict[str, Any]:
        """Return the board, {} while the daemon cannot be asked."""
        try:
            return await asyncio.to_thread(client.board, self.listen)
        except client.NotRunning:
            assert self.process.poll() is None, self.said()
            return {}

    async def journal(self) -> dict[str, Any]:
        """Return what the board says of the journal."""
        return (await self.board()).get("journal") or {}


def small_station(folder: Path, journal: Path, more: str = "") -> tuple[Path, str]:
    """Write the file of a station without instruments; return it and where its board is."""
    listen = f"127.0.0.1:{free_port()}"
    file = folder / "small.toml"
    file.write_text(SMALL.format(journal=journal, listen=listen) + more)
    return file, listen


def every_reading(bench: Bench, journal: Path | None = None) -> None:
    """Let the bench's station record every reading soon, in another place if one is given."""
    text, ours = bench.file.read_text(), f'path = "{bench.folder}/journal.db"'
    if ours in text and "commit_every_s" not in text:
        text = text.replace("period_s = 0.04", 'period_s = 0.04\nrecord = "every"')
        there = f'path = "{journal}"' if journal else ours
        text = text.replace(ours, f"{there}\ncommit_every_s = 0.2")
    bench.file.write_text(text)


@contextmanager
def daemon(
    file: Path, listen: str, *prefix: str, env: Mapping[str, str] | None = None
) -> Iterator[Daemon]:
    """Run it; at the end SIGTERM must end it cleanly, unless the test has killed it."""
    log = file.with_suffix(f".log-{free_port()}")
    command = [*prefix, *TRAMDO, "run", str(file)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stderr=out, stdout=out, env=env or os.environ)
    one = Daemon(process, log, listen)
    try:
        yield one
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=20)
    assert code in (0, -signal.SIGKILL), one.said()
    assert "Traceback" not in log.read_text(), one.said()


def tramdo(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*TRAMDO, *words], capture_output=True, text=True, timeout=30, check=False
    )
