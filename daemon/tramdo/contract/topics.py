"""From a topic to the message that belongs there. No I/O."""

from dataclasses import dataclass

from tramdo.contract.schemas import MESSAGES
from tramdo.events import KINDS

_SINGLE = ("status", "head", "ack")


class NoSuchTopic(ValueError):
    """A topic below tramdo/ that the contract does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Of which station a topic is, and which of `MESSAGES` belongs there.

    `instrument` is the last level of events and pictures, "" elsewhere. `retained` says whether
    the message stands there for those who come later.
    """

    station: str
    message: str
    instrument: str = ""

    @property
    def event(self) -> bool:
        """Whether it bears events."""
        return self.message in KINDS

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the message."""
        return self.message in (*_SINGLE, "state")


def topic_of(text: str) -> Topic:
    """Return what a topic says; raises `NoSuchTopic`."""
    match text.split("/"):
        case ["tramdo", "v1", station, "ev", kind, instrument] if kind in KINDS:
            return Topic(station=station, message=kind, instrument=instrument)
        case ["tramdo", "v1", station, "state", instrument]:
            return Topic(station=station, message="state", instrument=instrument)
        case ["tramdo", "v1", station, "cmd", verb] if f"cmd-{verb}" in MESSAGES:
            return Topic(station=station, message=f"cmd-{verb}")
        case ["tramdo", "v1", station, name] if name in _SINGLE:
            return Topic(station=station, message=name)
    raise NoSuchTopic(f"{text}: the contract has no such topic")
