"""The steps of a guided check, and the answers to them. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tramdo.events import indication_body, iso
from tramdo.reading import Indication, Quantity, Unit
from tramdo.reference import ReferenceValue


class Want(StrEnum):
    """What a step waits for."""

    REST = "rest"  # the instrument at rest near the target
    DELIVERY = "delivery"  # a delivery of about the target, from rest to rest
    NUMBER = "number"  # a number that the operator reads somewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do; `group` is repeated as a whole when it is cut off in the middle.

    `says` names the sentence that asks for it, `facts` what is put into it. REST and DELIVERY
    capture the instrument within `window` of `target` (in its unit). NUMBER takes a number in
    `unit` from `low` to `high`, or the indication of `offered` where the instrument has it. An
    `optional` one may be skipped. `after` names a captured step: the number is taken only once
    the instrument shows `more` (a scale interval) than it did there (a change-over point).
    """

    key: str
    group: str
    want: Want
    says: str
    facts: Mapping[str, str] = field(default_factory=dict)
    target: ReferenceValue | None = None
    window: Decimal | None = None
    unit: Unit | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    offered: Quantity | None = None
    optional: bool = False
    after: str | None = None
    more: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a step was answered with; `value` None: skipped. `frames` are raw, in hex.

    `by` is "instrument" or "operator". `seen` holds what else the instrument showed then.
    """

    step: str
    value: Decimal | None
    unit: Unit | None
    at: datetime
    by: str
    indication: Indication | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """Return the answer ready for JSON."""
        return {
            "step": self.step,
            "value": None if self.value is None else f"{self.value:f}",
            "unit": self.unit,
            "at": iso(self.at),
            "by": self.by,
            "indication": indication_body(self.indication) if self.indication else None,
            "seen": dict(self.seen),
            "frames": list(self.frames),
        }


def answer_of(body: Mapping[str, Any]) -> Answer:
    """Return a recorded answer; raises KeyError or ValueError where it is not one."""
    shown, unit = body["indication"], body["unit"]
    return Answer(
        step=body["step"],
        value=None if body["value"] is None else Decimal(body["value"]),
        unit=Unit(unit) if unit else None,
        at=datetime.fromisoformat(body["at"]),
        by=body["by"],
        indication=_indication(shown) if shown else None,
        seen=body["seen"],
        frames=tuple(body["frames"]),
    )


def _indication(body: Mapping[str, Any]) -> Indication:
    return Indication(
        quantity=Quantity(body["quantity"]),
        value=Decimal(body["value"]),
        unit=Unit(body["unit"]) if body["unit"] else None,
        stable=body.get("stable"),
        basis=body.get("basis"),
        flags=tuple(body.get("flags", ())),
    )
