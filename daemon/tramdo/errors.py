"""The error tree: the type says what the caller does next.

    TramdoError
    ├── SettingsError       the station file is wrong: do not start, name the key
    ├── InstrumentError     one instrument failed to give a value; the others go on
    │   ├── NoReply         silence or "busy": ask again later, back off
    │   ├── BadFrame        bytes came that are no answer: count, ask again, back off
    │   ├── Refused         the instrument answered "no": report its reason
    │   ├── OutOfRange      it says that it cannot show a value: overload, motion, not zeroed
    │   ├── WrongUnit       it shows another unit than the station file says: no value for us
    │   ├── PortLost        the line is gone or was never there: reopen with back-off
    │   └── DriverFault     the driver itself failed: a defect to report
    ├── JournalError        nothing can be recorded: say so and stop claiming to record
    │   ├── JournalRefused  this file is not for us to write: do not start
    │   ├── JournalDamaged  it is no journal any more: set it aside, begin a new one
    │   ├── DiskFull        give up readings, keep evidence, wait for space
    │   └── RestoredCopy    the other end has more of it than we: begin a new epoch
    └── BrokerError         the broker is away or refuses: events wait in the journal
        ├── BrokerAway
        ├── PublishRefused
        └── PublishHeld

Every `InstrumentError` has a `state`: the word that the board, the retained state and the
availability event show.
"""

from dataclasses import dataclass
from typing import ClassVar


class TramdoError(Exception):
    """Root of all errors that tramdo raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a settings file: where, what stands there, what is allowed."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class SettingsError(TramdoError):
    """A file of settings is wrong; holds every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class InstrumentError(TramdoError):
    """An instrument gave no value; `state` names why."""

    state: str = "error"


class NoReply(InstrumentError):
    """Nothing, or nothing complete, came in time; or the instrument says that it is busy."""

    state = "no_reply"


class BadFrame(InstrumentError):
    """Bytes came that are no valid answer; `frame` is the evidence."""

    state = "bad_frame"

    def __init__(self, expected: str, frame: bytes) -> None:
        super().__init__(f"{expected}; got {frame.hex(' ') or 'nothing'}")
        self.expected = expected
        self.frame = bytes(frame)


class Refused(InstrumentError):
    """The instrument understood and answered with an error of its own; `reason` names it."""

    state = "refused"

    def __init__(self, reason: str, frame: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.frame = bytes(frame)


class OutOfRange(InstrumentError):
    """The instrument says that it has no value to show now; `state` is one of `STATES`."""

    STATES: ClassVar[tuple[str, ...]] = ("overload", "underload", "motion", "not_zeroed", "fault")

    def __init__(self, state: str, frame: bytes = b"") -> None:
        if state not in self.STATES:
            raise ValueError(f"{state!r} is not one of {', '.join(self.STATES)}")
        super().__init__(state.replace("_", " "))
        self.state = state
        self.frame = bytes(frame)


class WrongUnit(InstrumentError):
    """A value came in another unit than the station file gives the instrument.

    Somebody has switched the unit, or a character was lost on the line ("kg" that became "g").
    """

    state = "wrong_unit"


class PortLost(InstrumentError):
    """The line cannot be used: unplugged, refused, in use by another program."""

    state = "port_lost"


class DriverFault(InstrumentError):
    """A driver raised something outside this tree, or did not return in time."""

    state = "driver_fault"


class JournalError(TramdoError):
    """The journal cannot record; events shown as recorded before are safe."""


class JournalRefused(JournalError):
    """The file is another station's, a newer tramdo's, or in use: nothing may be written to it."""


class JournalDamaged(JournalError):
    """The file is no journal any more."""


class DiskFull(JournalError):
    """The file system has no room."""


class RestoredCopy(JournalError):
    """The file is an old copy: the other end has later events of the same epoch."""


class BrokerError(TramdoError):
    """A message did not get through; the event stays in the journal."""


class BrokerAway(BrokerError):
    """The broker is not reachable or the connection ended before the acknowledgement."""


class PublishRefused(BrokerError):
    """The broker answered with a reason code of 0x80 or more (MQTT 5, 2.4)."""


class PublishHeld(BrokerError):
    """The broker took the message but had no subscriber for it (MQTT 5, reason code 0x10)."""
