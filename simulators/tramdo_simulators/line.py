"""Lines with a simulated instrument at the far end: a pseudo-terminal, or a TCP port.

A peer is sans-I/O: `Answering` ones cut requests from a stream and answer them, `Streaming` ones
talk by themselves. What a line sends goes through its `faults`, which may be changed at any time.
A pty with a `setting` is understood by clients of the same setting only.
"""

import asyncio
import fcntl
import os
import struct
import termios
import tty
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Protocol, Self, runtime_checkable

from tramdo_simulators.clock import Clock
from tramdo_simulators.faults import Fault, spoil
from tramdo_simulators.uart import Setting, heard
from tramdo_simulators.witness import Witness

_UNREAD_MOST = 4000  # below a tty's 4096, so that a client's flush at opening empties it
_BAUDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[1:].isdigit()}
del _BAUDS[termios.B0]


@runtime_checkable
class Answering(Protocol):
    """An instrument that answers questions."""

    witness: Witness

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one request from what has come: (the request or b"", the rest)."""
        ...

    def wait(self, request: bytes, at: float, /) -> float:
        """Return the simulated seconds until it answers."""
        ...

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the answer, b"" for none."""
        ...


@runtime_checkable
class Streaming(Protocol):
    """An instrument that talks by itself, every `period` seconds of real time."""

    witness: Witness
    period: float

    def line(self, at: float) -> bytes:
        """Return what it sends at this simulated second."""
        ...

    def hear(self, octets: bytes) -> None:
        """Take note of what a client sends."""
        ...


Peer = Answering | Streaming
Receive = Callable[[], Awaitable[bytes]]
Send = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """How a line carries bytes: paced to `baud` (None: at once), faults drawn by `seed`.

    `setting`, as "1200 7E1", is that of the instrument at a pty; None: every client is understood.
    """

    baud: int | None = None
    seed: int = 0
    setting: str | None = None


class Line:
    """What every line does: cut requests, wait, answer, spoil, pace."""

    def __init__(
        self, peer: Peer, *, clock: Clock | None = None, settings: LineSettings | None = None
    ) -> None:
        self.peer = peer
        self.clock = clock or Clock()
        self.settings = settings or LineSettings()
        self.faults: Sequence[Fault] = ()
        self._chance = Random(self.settings.seed)

    @property
    def witness(self) -> Witness:
        """What the instrument was asked and what it sent."""
        return self.peer.witness

    async def _talk(self, receive: Receive, send: Send) -> None:
        if isinstance(self.peer, Answering):
            await self._answer(self.peer, receive, send)
            return
        stream = asyncio.create_task(self._stream(self.peer, send), name="simulated stream")
        try:
            while octets := await receive():
                self.peer.hear(octets)
        finally:
            stream.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await stream

    async def _answer(self, peer: Answering, receive: Receive, send: Send) -> None:
        buffer = b""
        while octets := await receive():
            buffer += octets
            request, buffer = peer.take(buffer)
            while request:
                await asyncio.sleep(peer.wait(request, self.clock.now()) / self.clock.speed)
                await self._send(peer.answer(request, self.clock.now()), request, send)
                request, buffer = peer.take(buffer)

    async def _stream(self, peer: Streaming, send: Send) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._send(peer.line(self.clock.now()), b"", send)
            due = max(due + peer.period, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _send(self, answer: bytes, request: bytes, send: Send) -> None:
        for chunk in spoil(answer, request, tuple(self.faults), self._chance):
            if chunk.after:
                await asyncio.sleep(chunk.after)
            await self._pace(chunk.octets, send)

    async def _pace(self, octets: bytes, send: Send) -> None:
        if not self.settings.baud:
            await send(octets)
            return
        for start in range(0, len(octets), 8):
            piece = octets[start : start + 8]
            await asyncio.sleep(10 * len(piece) / self.settings.baud)
            await send(piece)


class _Terminal:
    """Both ends of a pty: we hold the slave too, so that it stays raw with no client there."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self._closed = False
        asyncio.get_running_loop().add_reader(self.master, self._read)

    async def receive(self) -> bytes:
        """Return the next bytes a client has written."""
        return await self._came.get()

    async def send(self, octets: bytes) -> None:
        """Write, or lose the bytes as a full receive buffer or a pulled cable does."""
        if self._closed:
            return
        unread = struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, b"\0" * 4))[0]
        if unread + len(octets) <= _UNREAD_MOST:
            with suppress(BlockingIOError):
                os.write(self.master, octets)

    def client(self, own: Setting) -> Setting:
        """Return the client's setting as far as the slave shows it, and the rest from `own`."""
        if self._closed:
            return own
        shown = termios.tcgetattr(self.slave)
        control, local, baud = shown[2], shown[3], shown[4]
        if not local & termios.ECHOE:
            # Means nothing on a raw line. But glibc fails an opening that asks for parity on a pty
            # and changes nothing that the pty keeps, as the second of the same client would.
            shown[3] = local | termios.ECHOE
            termios.tcsetattr(self.slave, termios.TCSANOW, shown)
        parity = own.parity
        if control & termios.PARODD:
            parity = "O"
        elif parity == "O":
            parity = "N"
        stop = 2 if control & termios.CSTOPB else 1
        return replace(own, baud=_BAUDS.get(baud, own.baud), parity=parity, stop=stop)

    def close(self) -> None:
        """Close both ends: a client's file is dead from here on."""
        self._closed = True
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        os.close(self.slave)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self._came.put_nowait(os.read(self.master, 4096))


class Pty(Line):
    """A serial line: a pseudo-terminal, with a link of a steady name if wanted.

    Linux keeps of what a client sets on a pty only the baud, the stop bits and whether parity is
    odd. The rest is taken to be as the instrument's, unless `client` says how the client is set.
    """

    def __init__(
        self,
        peer: Peer,
        link: Path | None = None,
        *,
        clock: Clock | None = None,
        settings: LineSettings | None = None,
    ) -> None:
        super().__init__(peer, clock=clock, settings=settings)
        self.link = link
        self.client: Setting | None = None
        written = self.settings.setting
        self._setting = Setting.parse(written) if written else None
        self._terminal: _Terminal | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def path(self) -> str:
        """The path for a client to open."""
        if self.link:
            return str(self.link)
        if not self._terminal:
            raise RuntimeError("the line is unplugged: there is no path to open")
        return self._terminal.path

    def unplug(self) -> None:
        """Pull the cable: the client's file dies, the link is gone."""
        if not self._terminal or not self._task:
            return
        self._task.cancel()
        self._terminal.close()
        self._terminal = None
        if self.link:
            self.link.unlink(missing_ok=True)

    def replug(self, link: Path | None = None) -> None:
        """Plug it in again, under another link if one is given."""
        self.unplug()
        self.link = link or self.link
        terminal = _Terminal()
        try:
            self._place(terminal.path)
        except OSError:
            terminal.close()
            raise
        self._terminal = terminal
        talk = self._talk(*self._ends(terminal))
        self._task = asyncio.create_task(talk, name=f"simulated line {self.path}")

    async def __aenter__(self) -> Self:
        self.replug()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.unplug()
        if self._task:
            with suppress(asyncio.CancelledError):
                await self._task

    def _ends(self, terminal: _Terminal) -> tuple[Receive, Send]:
        if (own := self._setting) is None:
            return terminal.receive, terminal.send

        def _client() -> Setting:
            shown = terminal.client(own)
            return self.client or shown

        async def _receive() -> bytes:
            octets = b""
            while not octets:
                octets = heard(await terminal.receive(), _client(), own, self._chance)
            return octets

        async def _send(octets: bytes) -> None:
            await terminal.send(heard(octets, own, _client(), self._chance))

        return _receive, _send

    def _place(self, path: str) -> None:
        """Put the link there; an old link gives way, a file that is no link does not."""
        if self.link:
            if self.link.is_symlink():
                self.link.unlink()
            self.link.symlink_to(path)


class TcpPort(Line):
    """A TCP port that keeps connections open and serves several clients; port 0: any free one."""

    def __init__(
        self,
        peer: Peer,
        host_and_port: tuple[str, int] = ("127.0.0.1", 0),
        *,
        clock: Clock | None = None,
        settings: LineSettings | None = None,
    ) -> None:
        super().__init__(peer, clock=clock, settings=settings)
        self.host, self.port = host_and_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def drop(self) -> None:
        """End every connection, and go on listening."""
        for task in self._tasks:
            task.cancel()

    async def unplug(self) -> None:
        """Stop listening and end every connection."""
        if not self._server:
            return
        self._server.close()
        self._server = None
        self.drop()
        for left in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(left, Exception):
                raise left

    async def replug(self) -> None:
        """Listen again, on the same port."""
        await self.unplug()
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.replug()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.unplug()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A coroutine given to start_server reports its own cancelling as an error.
        task = asyncio.create_task(self._serve(reader, writer), name="simulated connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def _send(octets: bytes) -> None:
            writer.write(octets)
            await writer.drain()

        try:
            with suppress(ConnectionError):
                await self._talk(lambda: reader.read(4096), _send)
        finally:
            writer.close()
