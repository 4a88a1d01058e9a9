"""Fifty Modbus/TCP units that tell when they changed: a process of its own, not measured.

    python units.py 50      listens on 50 free ports, prints them, and serves until it is killed

Eight registers like those of a weighing transmitter: status, gross (u32), net (u32), two empty
ones, errors. Gross is the monotonic time of the unit's last change in tenths of a millisecond:
whoever sees a value knows how old it is. Units change every 0.93 to 1.11 s, out of step with polls.
"""

import asyncio
import struct
import sys
import time
from typing import cast

TICKS_PER_SECOND = 10_000
STABLE = 1 << 11
TARE = 2_000
REQUEST = struct.Struct(">HHHBBHH")
REPLY = struct.Struct(">HHHBBBHIIHHH")


def changed_at(unit: int, now: float) -> int:
    """Return when a unit last changed before `now` (s, monotonic), in tenths of a millisecond."""
    period = 0.93 + 0.0037 * unit
    return int(now // period * period * TICKS_PER_SECOND) & 0xFFFFFFFF


def answer(unit: int, transaction: int, address: int, now: float) -> bytes:
    """Return the reply of a unit to a read of its eight registers."""
    gross = changed_at(unit, now)
    net = max(0, gross - TARE)
    return REPLY.pack(transaction, 0, 19, address, 3, 16, STABLE, gross, net, 0, 0, 0)


class Unit(asyncio.Protocol):
    """One connection to one unit."""

    def __init__(self, unit: int) -> None:
        self.unit = unit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each read of all eight registers; anything else ends the connection."""
        for at in range(0, len(data), REQUEST.size):
            transaction, *_, address, function, start, count = REQUEST.unpack_from(data, at)
            if (function, start, count) != (3, 0, 8):
                self.transport.abort()
                return
            self.transport.write(answer(self.unit, transaction, address, time.monotonic()))


async def serve(count: int) -> None:
    """Serve `count` units, each on a port of its own."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda unit=unit: Unit(unit), "127.0.0.1", 0)  # type: ignore[misc]
        for unit in range(count)
    ]
    print(*(one.sockets[0].getsockname()[1] for one in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
