"""The relay itself: what passes, what is late, what is slow, what is refused."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from conftest import free_port
from faultproxy import FaultProxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(4096):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    port = free_port()
    server = await asyncio.start_server(_echo, "127.0.0.1", port)
    async with FaultProxy(port).up() as one:
        yield one
    server.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def call(proxy: FaultProxy) -> AsyncIterator[Ends]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_delay_and_a_rate_take_their_time(proxy: FaultProxy) -> None:
    async with call(proxy) as (reader, writer):
        for fault, least in ((lambda: proxy.delay(0.1), 0.2), (lambda: proxy.rate(80_000), 0.19)):
            proxy.heal()
            fault()
            start = time.monotonic()
            writer.write(bytes(2000))
            await reader.readexactly(2000)
            assert least < time.monotonic() - start < least + 1


async def test_a_black_hole_keeps_what_it_swallowed(proxy: FaultProxy) -> None:
    async with call(proxy) as (reader, writer):
        proxy.black_hole()
        writer.write(b"late")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(4), 0.1)
        proxy.heal()
        assert await asyncio.wait_for(reader.readexactly(4), 5) == b"late"


async def ended(reader: asyncio.StreamReader) -> bool:
    with suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(1), 5) == b""
    return True


async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"a")
    return await asyncio.wait_for(reader.readexactly(1), 5)


async def test_refused_then_healed(proxy: FaultProxy) -> None:
    async with call(proxy) as ends:
        assert await echoed(*ends) == b"a"
        proxy.refuse()
        assert await ended(ends[0])
    with pytest.raises(ConnectionRefusedError):
        async with call(proxy):
            pass
    proxy.heal()
    async with call(proxy) as ends:
        assert await echoed(*ends) == b"a"
        proxy.cut()
        assert await ended(ends[0])
    assert proxy.connections == 2
