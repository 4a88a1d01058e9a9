"""The driver contract, and discovery by the entry-point group `tramdo.drivers`.

A driver is a frozen dataclass whose fields are its settings. It speaks one protocol: asks or
listens, parses, returns indications, or raises one of `tramdo.errors`. It opens nothing, keeps
no clock, retries nothing, logs nothing, converts no units and remembers nothing between calls.
It holds no command that could change an instrument.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol, runtime_checkable

from tramdo.errors import TramdoError
from tramdo.framing import Framing
from tramdo.reading import Indication

GROUP = "tramdo.drivers"


class Kind(StrEnum):
    """What sort of measuring instrument stands at the other end."""

    SCALE = "scale"
    DISPENSER = "dispenser"
    METER = "meter"
    TANK_GAUGE = "tank_gauge"


class Proof(StrEnum):
    """How a driver or a map is known to be right; shown wherever its values are shown."""

    DEVICE = "device"  # read beside a real instrument's display
    CAPTURE = "capture"  # bytes recorded from a real instrument
    MANUAL = "manual"  # the maker's published document
    CODE = "code"  # other public programs
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a driver says of itself.

    `lines`: the settings that its instruments' lines have, the most usual first. `dialects`:
    the settings of the driver that `tramdo probe` tries, the most usual first.
    """

    protocol: str
    source: str
    kinds: tuple[Kind, ...]
    proof: Proof
    lines: tuple[str, ...] = ("9600 8N1",)
    dialects: tuple[Mapping[str, Any], ...] = ({},)


class Port(Protocol):
    """What a driver may ask of the line; one driver at a time holds it."""

    async def exchange(self, request: bytes, until: Framing, *, pause: float = 0.0) -> bytes:
        """Send a request when the line has been silent and return the one frame that answers it.

        `pause`: seconds of rest this instrument needs before its next request. Raises `NoReply`,
        `BadFrame` or `PortLost`.
        """
        ...

    async def listen(self, until: Framing) -> bytes:
        """Return the next whole frame heard, sending nothing; raises as `exchange` does."""
        ...


class _Declared(Protocol):
    about: ClassVar[About]


@runtime_checkable
class Polled(_Declared, Protocol):
    """A driver for instruments that answer questions."""

    async def read(self, port: Port) -> Sequence[Indication]:
        """Ask once and return what the instrument shows now."""
        ...


@runtime_checkable
class Listening(_Declared, Protocol):
    """A driver for instruments that talk by themselves; it never sends."""

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return what the next frame heard says."""
        ...


@runtime_checkable
class Resyncing(Protocol):
    """A polled driver that can tell a late answer from the answer to its next question."""

    async def resync(self, port: Port) -> None:
        """Ask something harmless whose answer cannot be mistaken for a reading.

        Called before the next `read` when an answer was missed. Instruments answer in order, so
        once this answer is here, no older one can still come.
        """
        ...


Driver = Polled | Listening


class UnknownDriver(TramdoError):
    """No installed driver has this name."""


def installed() -> dict[str, EntryPoint]:
    """Return the entry point of each installed driver by name; raises if two share a name."""
    return dict(_installed(tuple(sys.path)))


@lru_cache(maxsize=1)
def _installed(_searched: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Look through every installed package, which takes some hundredths of a second."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in found and found[point.name].value != point.value:
            raise TramdoError(
                f"two drivers are called {point.name!r}: {found[point.name].value} and "
                f"{point.value}; uninstall one of them"
            )
        found[point.name] = point
    return found


def load(name: str) -> type[Any]:
    """Return the driver class of that name; raises `UnknownDriver`."""
    points = installed()
    if name not in points:
        raise UnknownDriver(f"no driver is called {name!r}; installed: {', '.join(sorted(points))}")
    loaded: type[Any] = points[name].load()
    return loaded


def make(name: str, settings: Mapping[str, Any]) -> Driver:
    """Return a driver with its settings; raises `UnknownDriver` or `TypeError`."""
    driver: Driver = load(name)(**settings)
    return driver
