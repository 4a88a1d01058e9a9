"""Contract tests that any driver runs by naming itself; for tests only, it needs pytest.

class TestExample(DriverContract):
driver = "example"
frames = Path(__file__).with_name("frames")
simulated = {"usual": Simulated(driver="example", make=ExampleBench)}
"""

import pytest

# Before they are imported, or a failed assertion would not say what it saw.
pytest.register_assert_rewrite(
    "tramdo_driver_kit.frame_contract", "tramdo_driver_kit.wire_contract"
)

from tramdo_driver_kit.contract import DriverContract  # noqa: E402
from tramdo_driver_kit.frames import Frame, Table, tables  # noqa: E402
from tramdo_driver_kit.script import Script  # noqa: E402

__all__ = ["DriverContract", "Frame", "Script", "Table", "tables"]
