"""Instruments that count what they have served: the witness of what should be at the other end.

One Modbus/TCP server, several unit ids; the register of each holds how many answers it has given,
this one included, so that a value names the answer it came in.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from conftest import free_port

MAP = """name = "served"
maker = "test"
models = ["a counter of its own answers"]
kind = "meter"
source = "tests/faults/counting.py"
proof = "unverified"
function = 3
address_base = 0
word_order = "ABCD"

[[value]]
quantity = "count"
register = 0
type = "u32"
decimals = 0
unit = "1"
"""


@dataclass
class Counting:
    """The server; `served` says when each answer of a unit was given, by monotonic seconds."""

    units: int
    port: int = field(default_factory=free_port)
    silent: bool = False
    counts: Counter[int] = field(default_factory=Counter)
    served: dict[int, list[float]] = field(default_factory=dict)

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Counting"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        async with server:
            yield self

    async def _serve(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                request = await source.readexactly(12)
                if self.silent:
                    continue
                sink.write(self._answer(request))
                await sink.drain()
        sink.close()

    def _answer(self, request: bytes) -> bytes:
        unit = request[6]
        self.counts[unit] += 1
        self.served.setdefault(unit, []).append(time.monotonic())
        value = self.counts[unit].to_bytes(4, "big")
        return request[:4] + b"\x00\x07" + bytes((unit, 3, 4)) + value


def instruments(counting: Counting, period_s: float) -> str:
    """Return the station file's tables for all units, each recorded at every reading."""
    port = f"""[[port]]
name = "line"
kind = "tcp"
host = "127.0.0.1"
tcp_port = {counting.port}
gap_ms = 0
"""
    return port + "".join(
        f"""
[[instrument]]
id = "meter-{unit}"
driver = "modbus-map"
port = "line"
address = {unit}
kind = "meter"
unit = "1"
period_s = {period_s}
timeout_s = 2
record = "every"

[instrument.settings]
map = "served.toml"
wire = "tcp"
"""
        for unit in range(1, counting.units + 1)
    )
