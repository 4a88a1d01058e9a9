"""A wall clock that a test sets, for one program: libfaketime, the monotonic clock left alone."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

LIBRARIES = (
    *Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
    *Path("/usr/lib/faketime").glob("libfaketime.so.1"),
)


@dataclass
class WallClock:
    """The file that says what time it is; `environment` makes a program believe it."""

    file: Path

    def __post_init__(self) -> None:
        if not LIBRARIES:
            pytest.skip("no false clocks here: libfaketime is missing (sudo apt-get install it)")
        self.shift("+0")

    def shift(self, by: str) -> None:
        """Set the clock off by so much, "-2h" or "+3d", from now on."""
        self._say(by)

    def set(self, at: datetime) -> None:
        """Set the clock to an instant; it goes on from there."""
        self._say(f"{(at - datetime.now(UTC)).total_seconds():+.0f}")

    def _say(self, text: str) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{text}\n")
        draft.replace(self.file)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
            "NO_FAKE_STAT": "1",
        }
