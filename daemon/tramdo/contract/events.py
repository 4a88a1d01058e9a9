"""The envelope that all events share, and an event of each kind. No I/O."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tramdo.contract.alerts import Alert
from tramdo.contract.checks import Check
from tramdo.contract.happenings import (
    Adjustment,
    Availability,
    Clock,
    Config,
    Gap,
    Security,
    Transaction,
)
from tramdo.contract.indications import Readings
from tramdo.contract.shape import ABSENT, Boot, Digest, Instant, Name, Seq, Shape, Signature
from tramdo.events import STATION_WIDE

Quality = Literal["synchronised", "free-running", "unknown"]
Instrument = Annotated[str, Field(pattern=rf"^([a-z0-9][a-z0-9-]{{0,31}}|{STATION_WIDE})$")]


class Event(Shape):
    """What every event says beside its body: who, which number, when, after what."""

    v: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\.[0-9A-Za-z]{1,64}\.[1-9][0-9]*$")]
    """`{station}.{epoch}.{seq}`: it stays with an event for ever, also when that comes twice."""
    seq: Seq
    station: Name
    instrument: Instrument
    """An instrument's name; "_all" where it is about several or about the station."""
    time: Instant
    """By the station's clock; order is by `seq`."""
    monotonic: float
    """Seconds by a clock that nobody sets, within one boot."""
    clock: Quality
    boot: Boot = ABSENT
    """Left out in events recorded before 0.2."""
    prev: Digest = ABSENT
    """The chain value before this event; left out in events recorded before 0.2."""
    sig: Signature = ABSENT
    """Under this event's chain value; the chain does not cover it. Not every event has one."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        station, _, seq = self.id.rsplit(".", 2)
        if (station, seq) != (self.station, str(self.seq)):
            raise ValueError(f"id {self.id} contradicts station {self.station}, seq {self.seq}")
        return self


class ReadingEvent(Event):
    """Readings of the whole station."""

    kind: Literal["reading"]
    body: Readings


class CheckEvent(Event):
    """A check's result, or a step of a guided run."""

    kind: Literal["check"]
    body: Check


class AlertEvent(Event):
    """What somebody must hear of."""

    kind: Literal["alert"]
    body: Alert


class AvailabilityEvent(Event):
    """An instrument is in another named state."""

    kind: Literal["availability"]
    body: Availability


class TransactionEvent(Event):
    """Reserved: a sale."""

    kind: Literal["transaction"]
    body: Transaction


class AdjustmentEvent(Event):
    """An instrument was adjusted."""

    kind: Literal["adjustment"]
    body: Adjustment


class ClockEvent(Event):
    """The station's clock was set."""

    kind: Literal["clock"]
    body: Clock


class ConfigEvent(Event):
    """The daemon has started."""

    kind: Literal["config"]
    body: Config


class SecurityEvent(Event):
    """Something that concerns who may say what to the station."""

    kind: Literal["security"]
    body: Security


class GapEvent(Event):
    """What the record lacks, and why."""

    kind: Literal["gap"]
    body: Gap
