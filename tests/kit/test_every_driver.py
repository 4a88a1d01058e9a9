"""The driver kit over every driver that is installed."""

from pathlib import Path

import pytest

from tramdo.driver import installed
from tramdo_driver_kit import DriverContract
from tramdo_simulators.protocols import PROTOCOLS

FRAMES = Path(__file__).parents[1] / "frames"
# A register map is no protocol with frames of its own: tests/unit/test_modbus_map.py.
OURS = sorted(
    name
    for name, point in installed().items()
    if point.module.startswith("tramdo_drivers.") and name != "modbus-map"
)


def _contract(name: str) -> type[DriverContract]:
    members = {"driver": name, "frames": FRAMES / name, "simulated": PROTOCOLS.get(name, {})}
    return type(f"Test_{name.replace('-', '_')}", (DriverContract,), members)


for _name in OURS:
    globals()[f"Test_{_name.replace('-', '_')}"] = _contract(_name)


@pytest.mark.parametrize("name", OURS)
def test_each_driver_has_a_simulated_instrument(name: str) -> None:
    assert PROTOCOLS[name]
