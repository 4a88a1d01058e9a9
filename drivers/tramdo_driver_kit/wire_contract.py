"""What every driver must make of a simulated instrument, and of one on a bad line."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import ClassVar

from tramdo.driver import Driver, Listening
from tramdo.errors import InstrumentError
from tramdo.reading import Indication, Unit
from tramdo_driver_kit.bench import TIMEOUT, Bench, benched
from tramdo_driver_kit.named import Named
from tramdo_driver_kit.reading import Outcome
from tramdo_simulators.faults import (
    ByteByByte,
    Echo,
    Fault,
    Flipped,
    Foreign,
    Late,
    Lost,
    Merged,
    Short,
    Silent,
    Stray,
)
from tramdo_simulators.memory_port import MemoryPort, at_once
from tramdo_simulators.scale import Scale, ScaleSettings, Shown
from tramdo_simulators.simulated import Simulated

LOADS = (0.0, 0.01, 0.1, 1.0, 7.89, 12.34, 40.0, 59.99)
FAULTS: Mapping[str, Callable[[Simulated], Fault]] = {
    "byte by byte": lambda _: ByteByByte(0.0002),
    "lost bytes": lambda _: Lost(),
    "turned bits": lambda _: Flipped(),
    "stray prefix": lambda _: Stray(b"\x00\xff"),
    "late": lambda _: Late(TIMEOUT * 1.5),
    "silent": lambda _: Silent(),
    "short": lambda _: Short(7),
    "foreign before": lambda one: Foreign(one.foreign),
    "foreign instead": lambda one: Foreign(one.foreign, instead=True),
    "echo": lambda _: Echo(),
    "merged": lambda _: Merged(),
}
PATIENT = 0.5  # seconds: a byte alone takes a millisecond here
DICE = ("lost bytes", "turned bits")


class WireContract(Named):
    """The tests of a driver against its simulated instruments."""

    simulated: ClassVar[Mapping[str, Simulated]] = {}
    every_dialect: ClassVar[bool] = False  # on bad lines; the first one otherwise

    def test_it_reads_its_simulated_instrument(self) -> None:
        """Each load, at rest and moving, gross and net, comes out as the scale shows it."""
        for name, one in self.simulated.items():
            driver, scale = self.make(one.settings), _scale(one)
            port = MemoryPort(one.make(scale))
            for second, load in enumerate((*LOADS, -0.1) if one.tells_sign else LOADS):
                at = 10.0 * second
                scale.load(load, at)
                moments = (at + 0.05, at + 5.0) if one.tells_moving else (at + 5.0,)
                for moment in moments:
                    _compare(name, one, _read(driver, port, moment), scale.indication(moment))
            scale.load(5.0, 200.0)
            scale.tare(210.0)
            scale.load(8.0, 220.0)
            if one.tells_basis:
                _compare(name, one, _read(driver, port, 230.0), scale.indication(230.0))

    def test_it_gives_no_number_where_the_instrument_shows_none(self) -> None:
        """Overload, underload, a load cell that is gone: an error, never a number."""
        for name, one in self.simulated.items():
            driver, scale = self.make(one.settings), _scale(one)
            port = MemoryPort(one.make(scale))
            for second, load in enumerate((70.0, -5.0)):
                scale.load(load, 10.0 * second)
                found = _read(driver, port, 10.0 * second + 5.0)
                assert isinstance(found, InstrumentError), f"{name}, {load} kg on: {found}"
            scale.load(1.0, 30.0)
            scale.broken = True
            found = _read(driver, port, 35.0)
            assert isinstance(found, InstrumentError), f"{name}, broken: {found}"

    def test_it_changes_nothing_at_its_simulated_instrument(self) -> None:
        """Nothing it sends would change a real one."""
        for one in self.simulated.values():
            peer = one.make(_scale(one))
            _read(self.make(one.settings), MemoryPort(peer), 1.0)
            assert peer.witness.writes == 0

    def test_no_wrong_number_on_a_bad_line(self, tmp_path: Path) -> None:
        """Under each fault of a line no number but the right one; after it, the right one again."""
        most = None if self.every_dialect else 1
        for name, one in islice(self.simulated.items(), most):
            asyncio.run(_ordeals(self.make(one.settings), one, tmp_path / name))


async def _ordeals(driver: Driver, one: Simulated, place: Path) -> None:
    escaped: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: escaped.append(context))
    told = [fault for fault in FAULTS if one.foreign or "foreign" not in fault]
    await asyncio.gather(
        *(
            _ordeal(driver, one, fault, place.with_name(f"{place.name}-{number}"))
            for number, fault in enumerate(told)
        )
    )
    assert escaped == []


async def _ordeal(driver: Driver, one: Simulated, fault: str, link: Path) -> None:
    patience = PATIENT if fault == "byte by byte" else TIMEOUT
    async with benched(driver, one, link, patience) as bench:
        await bench.recover()
        bench.far.faults = [FAULTS[fault](one)]
        await bench.suffer(16 if fault in DICE else 4)
        if fault == "byte by byte" or (fault == "merged" and isinstance(bench.driver, Listening)):
            await bench.recover()
        bench.far.faults = []
        await bench.recover()
    assert bench.faults == [], fault
    unexplained = [one for one in bench.wrong if not _explained(b"".join(one.raw), bench)]
    assert unexplained == [], f"{fault}: {unexplained[0]}, {unexplained[0].raw}"


def _explained(frame: bytes, bench: Bench) -> bool:
    """Whether the right frame became this one by turned bits or lost bytes alone."""
    right = bench.right
    if len(frame) == len(right):
        return all((a ^ b).bit_count() <= 1 for a, b in zip(frame, right, strict=True))
    rest = iter(right)
    return all(octet in rest for octet in frame)


def _scale(one: Simulated) -> Scale:
    return Scale(ScaleSettings(unit=one.unit))


def _read(driver: Driver, port: MemoryPort, at: float) -> Outcome:
    port.begin(at)
    try:
        if isinstance(driver, Listening):
            return tuple(at_once(driver.listen(port)))
        return tuple(at_once(driver.read(port)))
    except InstrumentError as error:
        return error


def _compare(name: str, one: Simulated, found: Outcome, shown: Shown) -> None:
    assert isinstance(found, tuple), f"{name}, {shown}: {found!r}"
    first: Indication = found[0]
    has_unit = one.tells_unit and (shown.stable or one.tells_unit_moving)
    unit = Unit(shown.unit) if has_unit else None
    stable = shown.stable if one.tells_stable else None
    assert (first.value, first.unit, first.stable) == (shown.value, unit, stable), (
        f"{name}: {shown}"
    )
    assert first.value.as_tuple().exponent == shown.value.as_tuple().exponent
    if one.tells_basis:
        assert first.basis == ("net" if shown.net else "gross"), name
