"""The contract as one class: by frame tables, by the simulator, on bad lines."""

from tramdo_driver_kit.frame_contract import FrameContract
from tramdo_driver_kit.wire_contract import WireContract


class DriverContract(FrameContract, WireContract):
    """Subclass it as `TestMine`; name the driver, its frame tables, its simulated instruments."""
