"""Which driver a contract is about."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tramdo.driver import Driver, make


class Named:
    """A driver by its name; override `make` for one that is not installed."""

    driver: ClassVar[str]

    def make(self, settings: Mapping[str, Any]) -> Driver:
        """Return the driver with these settings."""
        return make(self.driver, settings)
