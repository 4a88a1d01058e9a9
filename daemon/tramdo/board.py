"""What is true now: one row per instrument. No I/O; whoever shows it asks for pictures."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tramdo.availability import Availability
from tramdo.events import indication_body, iso
from tramdo.reading import Reading

SHOWN_OF_A_CHECK = ("at", "error", "mpe", "unit", "rules", "z", "limit", "count")
ALSO_SHOWN = ("uncertainty", "dates", "operator")


@dataclass(slots=True, kw_only=True)
class Row:
    """One instrument: its state, last value and last check; `version` moves with every change."""

    instrument: str
    label: str
    kind: str
    driver: str
    proof: str
    port: str
    availability: Availability
    shown: Reading | None = None
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    guided: dict[str, dict[str, Any]] = field(default_factory=dict)
    signals: Callable[[], dict[str, Any]] = dict
    counts: Counter[str] = field(default_factory=Counter)
    exchanges: Iterable[Any] = ()
    schedule: Callable[[], dict[str, Any]] = dict
    clock: Callable[[], float] = float
    stale_after: float = float("inf")
    version: int = 0

    def take(self, reading: Reading) -> Availability | None:
        """Put in one reading; return the availability before it when the state has changed."""
        before = self.availability
        self.availability = before.after(reading)
        if reading.error is None:
            self.shown = reading
            self.counts["ok"] += 1
        else:
            self.counts[reading.error.state] += 1
        self.version += 1
        return before if before.state != self.availability.state else None

    def note(self, body: Mapping[str, Any], ratios: list[float]) -> None:
        """Put in a recorded check by its body, and the latest errors as shares of the MPE."""
        self.checks[body.get("point", body["check"])] = {
            **{key: body[key] for key in SHOWN_OF_A_CHECK},
            **{key: body.get(key) for key in ALSO_SHOWN},
            **body["verdict"],
            "reference": body["reference"]["id"],
            "history": [round(one, 3) for one in ratios],
        }
        self.version += 1

    def adjusted(self) -> None:
        """Mark every check as made before the adjustment: its verdict is about another state."""
        self.checks = {key: one | {"before_adjustment": True} for key, one in self.checks.items()}
        self.version += 1

    def guide(self, picture: dict[str, Any]) -> None:
        """Put in where a guided check of the instrument stands."""
        if self.guided.get(picture["check"]) != picture:
            self.guided[picture["check"]] = picture
            self.version += 1

    @property
    def state(self) -> str:
        """The named state; "stale" where it is "ok" and no reading has come for too long."""
        state = self.availability.state
        if state == "ok" and self.shown is not None:
            age = self.clock() - self.shown.monotonic
            return "stale" if age > self.stale_after else state
        return state

    def picture(self) -> dict[str, Any]:
        """Return the row for a message: never a value without its age, never an old one as new.

        `values` are there only in the state "ok"; `last_values` says what was shown before.
        """
        picture: dict[str, Any] = {
            "instrument": self.instrument,
            "label": self.label,
            "kind": self.kind,
            "driver": self.driver,
            "proof": self.proof,
            "state": self.state,
            "since": iso(self.availability.since),
            "checks": self.checks,
        }
        if running := [one["running"] for one in self.guided.values() if one["running"]]:
            picture["guided"] = running
        if signals := self.signals():
            picture["signals"] = signals
        if self.availability.cause:
            picture["cause"] = self.availability.cause
        if self.shown is not None:
            key = "values" if self.state == "ok" else "last_values"
            picture[key] = [indication_body(one) for one in self.shown.indications]
            picture["at"] = iso(self.shown.at)
        return picture

    def details(self) -> dict[str, Any]:
        """Return the picture with what a technician needs to find a fault."""
        return {
            **self.picture(),
            "port": self.port,
            "counts": dict(self.counts),
            "schedule": self.schedule(),
            "exchanges": [_exchange_body(one) for one in self.exchanges],
        }


def _exchange_body(one: Any) -> dict[str, Any]:
    return {
        "at": round(one.at, 3),
        "sent": one.sent.hex(" "),
        "received": one.received.hex(" "),
        "outcome": one.outcome,
    }


@dataclass(slots=True)
class Board:
    """All rows, in the order of the station file."""

    station: str
    started: datetime
    rows: dict[str, Row] = field(default_factory=dict)
    facts: Callable[[], dict[str, Any]] = dict

    def changed(self, seen: dict[str, int]) -> list[Row]:
        """Return the rows that have changed since `seen`, and bring `seen` up to date."""
        fresh = [row for row in self.rows.values() if seen.get(row.instrument) != row.version]
        seen.update((row.instrument, row.version) for row in fresh)
        return fresh

    def picture(self) -> dict[str, Any]:
        """Return the whole station as it is now."""
        return {
            "station": self.station,
            "started": iso(self.started),
            **self.facts(),
            "instruments": [row.picture() for row in self.rows.values()],
        }
