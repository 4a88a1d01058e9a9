"""Places that can fail."""

from pathlib import Path

import pytest

from faults import powercut


@pytest.fixture
def disk(tmp_path: Path) -> powercut.Disk:
    """Give a disk whose power can go; the test skips where FUSE cannot work."""
    powercut.needed()
    return powercut.Disk(tmp_path)
