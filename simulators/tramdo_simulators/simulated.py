"""What a simulator module says of itself: the ways its instrument speaks, and who reads them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tramdo_simulators.line import Peer
from tramdo_simulators.scale import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One dialect: its peer, and the name and settings of the driver that reads it.

    `lines` are the settings that the line may have, the most usual first. `foreign` is a frame
    of this protocol or of a like one that carries no weight this driver may take. What begins
    with `tells` says what a frame can tell beside the digits: `tells_moving` whether it gives a
    weight while it moves, `tells_unit_moving` whether that one has a unit.
    """

    driver: str
    make: Callable[[Scale], Peer]
    settings: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ("9600 8N1",)
    foreign: bytes = b""
    unit: str = "kg"
    tells_unit: bool = True
    tells_stable: bool = True
    tells_basis: bool = True
    tells_blank: bool = True
    tells_moving: bool = True
    tells_unit_moving: bool = True
    tells_sign: bool = True
