"""A named state with its cause; changes are logged, a few an hour."""

import time

from tramdo.statelog import StateLog


class Standing:
    """How one thing stands: `state` is `good`, or the word for what is wrong with it."""

    def __init__(self, name: str, good: str, state: str = "") -> None:
        self.name, self.good = name, good
        self.state, self.cause = state or good, ""
        self.since = time.monotonic()
        self._log = StateLog(good=good)

    def enter(self, state: str, cause: str = "") -> None:
        """Stand so from now on."""
        if state != self.state:
            self.since = time.monotonic()
            self._log.changed(self.name, state, cause, self.since)
        self.state, self.cause = state, cause

    def well(self) -> None:
        """Stand well."""
        self.enter(self.good)
