"""A TCP relay to the broker that fails as links fail: refused, silent, late, slow, cut."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from conftest import free_port

CHUNK = 4096
SLICE = 256
MOST_UNDER_WAY = 64

Chunks = asyncio.Queue[tuple[float, bytes]]


@dataclass
class FaultProxy:
    """Relays its `port` to `target`; each fault stays until another one or `heal`.

    `connections` counts those that were taken. Nothing that was taken is ever dropped but by
    `cut` and `refuse`: a black hole keeps what it swallowed, as the sender's TCP would.
    """

    target: int
    port: int = field(default_factory=free_port)
    connections: int = 0
    _seconds: float = 0.0
    _bits: float | None = None
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _door: socket.socket | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def up(self) -> AsyncIterator["FaultProxy"]:
        """Relay while the block runs."""
        self.heal()
        try:
            yield self
        finally:
            self.refuse()
            tasks = list(self._tasks)
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def heal(self) -> None:
        """Relay as a good wire does."""
        self._seconds, self._bits = 0.0, None
        self._passing.set()
        if self._door is None:
            self._door = socket.create_server(("127.0.0.1", self.port))
            self._door.setblocking(False)
            self._begin(self._accept(self._door))

    def refuse(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._door is not None:
            asyncio.get_running_loop().remove_reader(self._door)
            self._door.close()
            self._door = None
        self.cut()

    def black_hole(self) -> None:
        """Take connections and bytes, and hand nothing on."""
        self._passing.clear()

    def delay(self, seconds: float) -> None:
        """Hand on every byte so much later, in each direction."""
        self._seconds = seconds

    def rate(self, bits_per_second: float) -> None:
        """Hand on no more than this in each direction of each connection."""
        self._bits = bits_per_second

    def cut(self) -> None:
        """Abort every connection without a farewell."""
        for one in self._ends:
            one.transport.abort()
        self._ends.clear()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, door: socket.socket) -> None:
        with suppress(OSError):  # the door was closed
            while True:
                near, _ = await asyncio.get_running_loop().sock_accept(door)
                self.connections += 1
                self._begin(self._relay(near))

    async def _relay(self, near: socket.socket) -> None:
        source, back = await asyncio.open_connection(sock=near)
        self._ends.add(back)
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            back.transport.abort()
            return
        self._ends.add(forth)
        try:
            await asyncio.gather(self._oneway(source, forth), self._oneway(far, back))
        finally:
            for one in (back, forth):
                one.transport.abort()
                self._ends.discard(one)
            await asyncio.gather(back.wait_closed(), forth.wait_closed(), return_exceptions=True)

    async def _oneway(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Take bytes as they come and hand them on when they are due; an end ends the other."""
        chunks: Chunks = asyncio.Queue(MOST_UNDER_WAY)
        taking = asyncio.create_task(self._take(source, chunks))
        try:
            with suppress(OSError):
                await self._hand_on(chunks, sink)
        finally:
            taking.cancel()
            sink.transport.abort() if source.exception() else sink.close()

    async def _take(self, source: asyncio.StreamReader, chunks: Chunks) -> None:
        chunk = b"begin"
        while chunk:
            try:
                chunk = await source.read(CHUNK)
            except OSError:
                chunk = b""
            await chunks.put((asyncio.get_running_loop().time() + self._seconds, chunk))

    async def _hand_on(self, chunks: Chunks, sink: asyncio.StreamWriter) -> None:
        while True:
            due, chunk = await chunks.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            for at in range(0, len(chunk), SLICE):
                part = chunk[at : at + SLICE]
                await self._passing.wait()
                sink.write(part)
                await sink.drain()
                if self._bits:
                    await asyncio.sleep(8 * len(part) / self._bits)
            if not chunk:
                await self._passing.wait()
                return
