"""Guided checks with hand-made readings: somebody at the bench who does what each step asks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tramdo.check import Finding, Subject
from tramdo.corrections import material, product
from tramdo.drift import ControlChart
from tramdo.errors import NoReply
from tramdo.guiding import Body, Guide, Outcome, Procedure
from tramdo.limits import Characteristics, Stage, load
from tramdo.procedures.delivering import Delivering, Way
from tramdo.procedures.proving import ProvingCan
from tramdo.procedures.steps import Step, Want, answer_of
from tramdo.procedures.weighing import Weighing
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.reference import ReferenceValue
from tramdo.series import Series

START = datetime(2026, 11, 22, 1, 0, 0, 123456, tzinfo=UTC)
READINGS = 2
Shown = Mapping[str, str | None]


def weight(value: str, unit: Unit = Unit.KG, **more: Any) -> ReferenceValue:
    """Return a weight, certified to 15 parts in a million of its value."""
    facts: dict[str, Any] = {
        "id": f"w{value}",
        "expanded_uncertainty": Decimal(value) * Decimal("0.000015"),
        "certificate": "K-7",
        "valid_until": date(2027, 6, 30),
    } | more
    return ReferenceValue(
        quantity=Quantity.WEIGHT, value=Decimal(value), unit=unit, kind="weight", **facts
    )


def can(value: str = "20", **more: Any) -> ReferenceValue:
    """Return a proving can (or another standard of volume) of 20 L."""
    facts: dict[str, Any] = {
        "id": "can20",
        "kind": "proving_can",
        "nominal": Decimal(20),
        "expanded_uncertainty": Decimal("0.004"),
        "valid_until": date(2027, 6, 30),
    } | more
    return ReferenceValue(quantity=Quantity.VOLUME, value=Decimal(value), unit=Unit.L, **facts)


def scale(stage: Stage = Stage.IN_SERVICE, **plate: Any) -> Subject:
    """Return a class III scale, 60 kg with e = d = 20 g where nothing else is said."""
    said: dict[str, Any] = {
        "unit": Unit.KG,
        "max": Decimal(60),
        "e": Decimal("0.02"),
        "d": Decimal("0.02"),
    }
    characteristics = Characteristics(accuracy_class="III", **(said | plate))
    return Subject(
        instrument="scale-1",
        rules=load("oiml-r76-2006"),
        characteristics=characteristics,
        stage=stage,
    )


def dispenser(rules: str = "oiml-r117-line-a", **plate: Any) -> Subject:
    """Return a dispenser of class 0.5 that shows 0.01 L, its MMQ 2 L where nothing else is said."""
    said: dict[str, Any] = {"unit": Unit.L, "d": Decimal("0.01"), "mmq": Decimal(2)}
    return Subject(
        instrument="pump-1",
        rules=load(rules),
        characteristics=Characteristics(accuracy_class="0.5", **(said | plate)),
        stage=Stage.IN_SERVICE,
    )


def weighing(*loads: ReferenceValue, subject: Subject | None = None, **more: Any) -> Weighing:
    settings: dict[str, Any] = {"window": Decimal("0.5")} | more
    return Weighing(check="guided", subject=subject or scale(), loads=loads, **settings)


def proving(**more: Any) -> ProvingCan:
    """Return the way with a steel can and petrol."""
    settings: dict[str, Any] = {"reference": can(), "window": Decimal("0.5")} | more
    return ProvingCan(product=product("petrol"), material=material("stainless-304"), **settings)


def delivering(way: Way | None = None, subject: Subject | None = None, **more: Any) -> Delivering:
    settings: dict[str, Any] = {"flows": ("fast",), "runs": 1} | more
    return Delivering(
        check="guided",
        subject=subject or dispenser(),
        way=way or proving(),
        window=Decimal("0.5"),
        **settings,
    )


def guide(procedure: Procedure) -> Guide:
    """Return the guide of a procedure; two equal readings make a capture."""
    series = Series(subject=procedure.subject, chart=ControlChart(floor=0.006))
    return Guide(procedure=procedure, fresh=series, readings=READINGS)


def reading(at: datetime, *indications: Indication, instrument: str = "scale-1") -> Reading:
    return Reading(
        instrument=instrument,
        sequence=1,
        at=at,
        monotonic=at.timestamp(),
        indications=indications,
        raw=(b"S S 1",),
    )


def silence(at: datetime) -> Reading:
    return Reading(instrument="scale-1", sequence=1, at=at, monotonic=0.0, error=NoReply("silent"))


def shows(digits: str, unit: Unit = Unit.KG, stable: bool | None = True) -> Indication:
    return Indication(value=Decimal(digits), unit=unit, stable=stable)


@dataclass(slots=True, kw_only=True)
class Bench:
    """Somebody who answers each step as `shown` says by its key, and a clock that goes on.

    A step at rest without an entry shows its target. A delivery's entry is what the totals grow
    by; "<key>/display" is what the display shows, where that is something else.
    """

    guide: Guide
    shown: Shown = field(default_factory=dict)
    at: datetime = START
    total: Decimal = Decimal("1000.00")
    bodies: list[Body] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)

    def begin(self, run: str = "run-1") -> "Bench":
        self.note(self.guide.begin(run, "Lan", self.later()))
        return self

    def go(self, steps: int = 1000) -> list[Body]:
        """Answer so many steps, or all that are left; return every body so far."""
        for _ in range(steps):
            if self.guide.run is None or self.guide.run.step is None:
                break
            step = self.guide.run.step
            self.answer(step)
            left = self.guide.run is not None and self.guide.run.step is step
            assert not left, f"{step.key} was not answered"
        return self.bodies

    def answer(self, step: Step) -> None:
        match step.want:
            case Want.REST:
                self.rest(step)
            case Want.DELIVERY:
                self.deliver(step)
            case Want.NUMBER:
                self.number(step)

    def rest(self, step: Step) -> None:
        assert step.target is not None
        digits = self.shown.get(step.key) or f"{step.target.value:f}"
        for _ in range(READINGS):
            self.feed(shows(digits, step.target.unit))

    def deliver(self, step: Step) -> None:
        volume = self.shown.get(step.key) or "20.00"
        display = self.shown.get(f"{step.key}/display") or volume
        for sold, grown in (("0.00", "0"), (display, volume)):
            self.total += Decimal(grown)
            for _ in range(READINGS):
                self.feed(
                    Indication(value=Decimal(sold), unit=Unit.L, quantity=Quantity.VOLUME),
                    Indication(value=self.total, unit=Unit.L, quantity=Quantity.VOLUME_TOTAL),
                )

    def number(self, step: Step) -> None:
        if step.after is not None and self.guide.run is not None:
            before = next(one for one in self.guide.run.answers if one.step == step.after)
            assert before.value is not None
            self.feed(shows(f"{before.value + (step.more or 0):f}", before.unit or Unit.KG))
        text = self.shown[step.key]
        if text is None:
            self.note(self.guide.skip(self.later()))
        else:
            self.note(self.guide.enter(text, self.later()))

    def feed(self, *indications: Indication) -> None:
        self.note(self.guide.feed(reading(self.later(), *indications)))

    def later(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def note(self, outcome: Outcome) -> None:
        self.bodies += outcome.bodies
        self.alerts += [alert for _, alert in outcome.alerts]

    def results(self) -> dict[str, Body]:
        """Return what was recorded, by the last part of its point."""
        found = [one for one in self.bodies if one["phase"] == "result"]
        return {one["point"].split("/", 1)[1]: one for one in found}


def carried_out(procedure: Procedure, shown: Shown) -> Bench:
    """Return the bench after a whole run."""
    bench = Bench(guide=guide(procedure), shown=shown).begin()
    bench.go()
    return bench


def findings(procedure: Procedure, shown: Shown) -> dict[str, Finding]:
    """Return what a run with these readings finds, by the last part of its point."""
    bodies = carried_out(procedure, shown).bodies
    given = [answer_of(one["answer"]) for one in bodies if one["phase"] == "step"]
    found = procedure.findings({one.step: one for one in given})
    return {one.point.split("/", 1)[1]: one for one in found}


def weighed(**more: Any) -> Procedure:
    """Return all four tests of a scale, with small weights."""
    loads = more.pop("loads", ("5", "20"))
    settings: dict[str, Any] = {"change_over": True, "supports": 2, "repeats": 2} | more
    return weighing(*(weight(one) for one in loads), **settings)


WEIGHED = {
    "zero/added": "11",
    "load-1": "5.02",
    "load-1/added": "4,5",
    "load-2/added": "12",
    "repeat-2": "20.02",
    "corner-2": "20.06",
}


def recorded(bodies: Sequence[Body]) -> list[Body]:
    """Return bodies as they come back from the journal."""
    found: list[Body] = json.loads(json.dumps(bodies))
    return found


def replayed(procedure: Procedure, bodies: Sequence[Body]) -> tuple[Guide, list[Body]]:
    """Return a fresh guide after a replay, and what it recorded at its end."""
    fresh = guide(procedure)
    for body in recorded(bodies):
        fresh.replay(body)
    return fresh, list(fresh.end_replay().bodies)
