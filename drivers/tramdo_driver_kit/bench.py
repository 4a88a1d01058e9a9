"""A driver on a real line with a simulated instrument at the far end, read by a real poller."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tramdo.driver import Driver
from tramdo.errors import DriverFault
from tramdo.line import silence_seconds
from tramdo.plan import BackOff
from tramdo.polling import Poller, Seat
from tramdo.port import Dialogue, Line
from tramdo.reading import Quantity, Reading, Unit
from tramdo.transport import serial_opener
from tramdo_simulators.line import Answering, Pty
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.simulated import Simulated

SHOWN = Decimal("12.34")
PERIOD, TIMEOUT, SETTLE = 0.01, 0.03, 0.005
BOUND = 10.0


@dataclass
class Bench:
    """A driver being read; `wrong` are readings of another value than the scale shows."""

    driver: Driver
    wanted: Simulated
    far: Pty
    readings: list[Reading] = field(default_factory=list)
    wrong: list[Reading] = field(default_factory=list)
    faults: list[Reading] = field(default_factory=list)
    right: bytes = b""

    def judge(self, reading: Reading) -> None:
        """Take a reading as right, wrong, or a fault of the driver's."""
        self.readings.append(reading)
        if isinstance(reading.error, DriverFault):
            self.faults.append(reading)
        elif self.good(reading):
            self.right = self.right or b"".join(reading.raw)
        elif reading.indications:
            self.wrong.append(reading)

    def good(self, reading: Reading) -> bool:
        """Whether it is what the scale shows."""
        one = reading.find(Quantity.WEIGHT)
        if one is None:
            return False
        unit = Unit(self.wanted.unit) if self.wanted.tells_unit else None
        stable = True if self.wanted.tells_stable else None
        return (one.value, one.unit, one.stable) == (SHOWN, unit, stable)

    async def recover(self) -> None:
        """Wait for a good reading, begun after whatever is being read now."""
        after = len(self.readings) + 1
        await within(lambda: any(map(self.good, self.readings[after:])), "a good reading")

    async def suffer(self, many: int) -> None:
        """Wait for that many readings."""
        after = len(self.readings) + many
        await within(lambda: len(self.readings) >= after, f"{many} readings")


async def within(true: Callable[[], object], what: str) -> None:
    """Return as soon as it is true; fail after `BOUND` seconds."""
    end = time.monotonic() + BOUND
    while not true():
        assert time.monotonic() < end, f"not within {BOUND:g} s: {what}"
        await asyncio.sleep(0.005)


def loaded(wanted: Simulated) -> Scale:
    """Return a scale that has long shown `SHOWN`."""
    scale = Scale(ScaleSettings(unit=wanted.unit))
    scale.load(float(SHOWN), -100.0)
    return scale


@asynccontextmanager
async def benched(
    driver: Driver, wanted: Simulated, link: Path, patience: float = TIMEOUT
) -> AsyncIterator[Bench]:
    """Read the simulated instrument at a pseudo-terminal of this name until the block ends."""
    peer = wanted.make(loaded(wanted))
    if not isinstance(peer, Answering):
        peer.period = PERIOD
    async with Pty(peer, link) as far:
        bench = Bench(driver, wanted, far)
        task = asyncio.create_task(_poller(bench, link, patience).run())
        yield bench
        assert not task.done(), "the poller has ended"
        task.cancel()
        await asyncio.wait([task])


def _poller(bench: Bench, link: Path, patience: float) -> Poller:
    clock = asyncio.get_running_loop().time
    opener = serial_opener(str(link), 115200, "8N1")
    line = Line(name="line", opener=opener, gap=silence_seconds(115200, "8N1"), settle=SETTLE)
    seat = Seat(
        instrument="scale",
        driver=bench.driver,
        dialogue=Dialogue(line=line, timeout=patience, clock=clock),
        period=PERIOD,
        back_off=BackOff(first=PERIOD, limit=2 * PERIOD),
    )
    again = BackOff(first=PERIOD, limit=2 * PERIOD)
    return Poller(line=line, seats=[seat], sink=bench.judge, origin=clock(), back_off=again)
