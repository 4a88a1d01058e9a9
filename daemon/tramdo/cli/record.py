"""`tramdo record`: the raw bytes of a line into a file; nothing is sent."""

import asyncio
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tramdo.cli.exits import FAILED, leave
from tramdo.cli.lines import line_words, opener_of
from tramdo.errors import PortLost
from tramdo.journal.bounds import MEGABYTE
from tramdo.transport import Opener
from tramdo.wirefile import WireFile, printable

SHOWN_EVERY = 1.0
# Where nobody watches, a line now and then is enough.
LOGGED_EVERY = 60.0
TAIL = 256
SHOWN = 80
_HEARD_NOTHING = (
    "nothing was heard on {port} in {took:.0f} s: does it talk by itself? `tramdo probe` can ask"
)
_ENDS = re.compile(rb"[\r\n\x02\x03]+")


@dataclass(slots=True, kw_only=True)
class Recording:
    """Hears a line and writes it down until `end` is set; `why` says what ended it early."""

    path: Path
    port: str
    line: str
    most: int
    end: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    count: int = 0
    tail: bytes = b""
    file: WireFile | None = None

    def begin(self, at: float) -> WireFile:
        """Begin the file at this loop time."""
        self.file = WireFile(
            self.path,
            port=self.port,
            line=self.line,
            start=datetime.now(UTC),
            origin=at,
            most=self.most,
            tell=self.stop,
        )
        self.file.begin()
        return self.file

    def hear(self, chunk: bytes, at: float) -> None:
        """Write down what came; nothing once it ends."""
        if self.end.is_set():
            return
        (self.file or self.begin(at)).note(at, False, chunk)
        self.count += len(chunk)
        self.tail = (self.tail + chunk)[-TAIL:]

    def lose(self, why: PortLost) -> None:
        """End because the line has ended; what ends it while we close it is ourselves."""
        if not self.end.is_set():
            self.stop(str(why))

    def stop(self, why: str) -> None:
        """End early."""
        self.why = why
        self.end.set()

    @property
    def last_line(self) -> str:
        """The last line, as far as it can be printed; what is not yet whole is left out."""
        lines = [one for one in _ENDS.split(self.tail) if one]
        whole = lines[:-1] if _ENDS.search(self.tail[-1:]) is None else lines
        return printable((whole or lines or [b""])[-1]).strip()


async def _record(opener: Opener, recording: Recording, seconds: float | None) -> float:
    """Record until it ends and return how many seconds that was; raises `PortLost`."""
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, recording.end.set)
    transport = await opener(recording.hear, recording.lose)
    began = loop.time()
    if recording.file is None:
        recording.begin(began)
    show = asyncio.create_task(_show(recording))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await recording.end.wait()
    finally:
        show.cancel()
        recording.end.set()
        await transport.close()
        if recording.file is not None:
            recording.file.close()
    return loop.time() - began


async def _show(recording: Recording) -> None:
    """Show bytes per second and the last line, in one place of a terminal."""
    watched = sys.stderr.isatty()
    every, before = SHOWN_EVERY if watched else LOGGED_EVERY, 0
    while True:
        await asyncio.sleep(every)
        rate, before = (recording.count - before) / every, recording.count
        text = f"{recording.count} bytes, {rate:.0f} bytes/s  {recording.last_line}"
        typer.echo(f"\r\x1b[K{text[:100]}" if watched else text, err=True, nl=not watched)


def record(
    port: Annotated[
        str, typer.Argument(metavar="PORT", help="A path, tcp://HOST:PORT or rfc2217://HOST:PORT.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the bytes are written.")],
    *,
    line: Annotated[str, typer.Option(help="Line settings.")] = "9600 8N1",
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long; without it until Ctrl-C.")
    ] = None,
    max_mb: Annotated[float, typer.Option(min=0.01, help="The newest so many are kept.")] = 10,
) -> None:
    """Record the raw bytes of a line. It listens only and sends nothing.

    An existing recording goes on. The bytes can be read, mailed, and given to `tramdo replay`.
    """
    opener = opener_of(port, line)
    named, most = line_words(port, line), int(max_mb * MEGABYTE)
    recording = Recording(path=file, port=port, line=named, most=most)
    try:
        took = asyncio.run(_record(opener, recording, seconds))
    except PortLost as lost:
        leave(_with_advice(str(lost)), FAILED)
    if sys.stderr.isatty():
        typer.echo(err=True)
    if recording.count:
        rate = f"{recording.count / took:.0f} bytes/s"
        typer.echo(
            f"{recording.count} bytes in {took:.1f} s, {rate}, in {typer.format_filename(file)}"
        )
        typer.echo(f"last line: {recording.last_line[-SHOWN:]}")
    if recording.why or not recording.count:
        leave(recording.why or _HEARD_NOTHING.format(port=port, took=took), FAILED)


def _with_advice(why: str) -> str:
    if "in use" not in why:
        return why
    return f"{why}; end that program first, or let the daemon record: `record` of the [[port]]"
