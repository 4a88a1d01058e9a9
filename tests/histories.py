"""Journals of checks for the tests of the history, made with the daemon's own store and chart."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sin
from pathlib import Path
from typing import Any

from rich.console import Console

from tramdo.clock import Stamp
from tramdo.drift import ControlChart, sigma_floor
from tramdo.events import Event, iso
from tramdo.history.series import History, history
from tramdo.history.text import page
from tramdo.journal import Store

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
D = Decimal("0.001")
INSTRUMENT = "scale-01"
POINT = "scale-01-span"


def event(kind: str, at: datetime, body: dict[str, Any], instrument: str = INSTRUMENT) -> Event:
    stamp = Stamp(at=at, monotonic=0.0, quality="synchronised")
    return Event(kind=kind, instrument=instrument, stamp=stamp, body=body)


REFERENCE = {
    "id": "w20", "quantity": "weight", "value": "20.0000", "unit": "kg",
    "expanded_uncertainty": "0.0003", "kind": "weight", "nominal": "20",
    "certificate": "K-1", "valid_until": "2027-12-31",
}  # fmt: skip
HEAD = {
    "phase": "result", "check": POINT, "point": POINT, "instrument": INSTRUMENT, "run": None,
    "operator": None, "reference": REFERENCE, "unit": "kg", "mpe": "0.020",
    "lines": [
        {"factor": "1", "limit": "0.020", "within": True},
        {"factor": "1.5", "limit": "0.030", "within": True},
    ],
    "uncertainty": "0.0020", "budget": None, "stage": "in_service", "rules": "oiml-r76-2006",
    "conditions": {}, "evidence": ["53 20 53"],
}  # fmt: skip


def result(error: str, at: datetime, chart: ControlChart, **more: Any) -> dict[str, Any]:
    """Return the body of a result as the daemon writes it."""
    value = Decimal(20) + Decimal(error)
    indication = {"value": f"{value:f}", "unit": "kg", "quantity": "weight", "stable": True}
    verdict = {
        "conformity": "within" if abs(Decimal(error)) <= Decimal("0.020") else "exceeds",
        "decision": "simple",
        "control": chart.control,
        "why": f"error {error} kg against MPE 0.02 kg",
    }
    figures = {name: getattr(chart, name) for name in ("z", "limit", "mean", "sigma", "count")}
    found = {"indication": indication, "error": error, "verdict": verdict, "at": iso(at)}
    return {**HEAD, **found, **figures, **more}


OLD_LACK = ("phase", "point", "lines", "uncertainty", "run", "operator", "budget", "conditions")


def as_of_old(body: dict[str, Any]) -> dict[str, Any]:
    """Return a result as an older daemon wrote it, without the newer keys."""
    verdict = {key: one for key, one in body["verdict"].items() if key != "decision"}
    kept = {key: one for key, one in body.items() if key not in OLD_LACK}
    return {**kept, "verdict": verdict}


class Story:
    """Events in the order in which they happen, a week apart; the chart is the daemon's."""

    def __init__(self, at: datetime = START) -> None:
        self.at, self.events = at, list[Event]()
        self.chart = ControlChart(floor=sigma_floor(D))

    def check(self, error: str, *, old: bool = False, counts: bool = True, **more: Any) -> None:
        after = self.chart.add(float(error))
        body = result(error, self.at, after if counts else self.chart, **more)
        self.chart = after if counts else self.chart
        self.events.append(event("check", self.at, as_of_old(body) if old else body))
        self.at += WEEK

    def checks(self, errors: Iterable[str]) -> None:
        for error in errors:
            self.check(error)

    def adjust(self, **more: Any) -> None:
        body = {
            "instrument": INSTRUMENT, "at": iso(self.at - WEEK / 2), "by": "Lan",
            "why": "span set", "seal_before": "A-17", "seal_after": "A-18",
            "before": {}, "after": {}, **more,
        }  # fmt: skip
        self.events.append(event("adjustment", self.at - WEEK / 2, body))
        self.chart = self.chart.anew("adjustment")

    def phase(self, phase: str, run: str, **more: Any) -> None:
        body = {"phase": phase, "run": run, "check": POINT, "instrument": INSTRUMENT, **more}
        self.events.append(event("check", self.at, body))

    def alert(self, alert: str, why: str) -> None:
        body = {"alert": alert, "check": POINT, "why": why}
        self.events.append(event("alert", self.at, body))

    def store(self, path: Path) -> Path:
        store = Store(path, "tn-01")
        store.store(self.events, ())
        store.close()
        return path


def drifting(count: int, per_check: float, start: float = 0.0) -> list[str]:
    """Return errors that grow by so much a check, with a scatter of a scale interval or so."""
    errors = (start + per_check * n + 0.0012 * sin(2.3 * n * n) for n in range(count))
    return [f"{round(one, 3) + 0.0:.3f}" for one in errors]


def whole() -> Story:
    """Return a long story: drift, an adjustment, drift again, a broken run, an old body, alerts."""
    story = Story()
    story.check("0.001", old=True)
    story.checks(drifting(19, 0.0009)[1:])
    story.alert("out_of_control", "errors at +4.10 sigma, limit 2.96 sigma")
    story.check("0.021")
    story.adjust()
    story.checks(drifting(5, 0.0, -0.001))
    story.phase("begun", "run-7", operator="Lan", at=iso(story.at))
    story.phase("step", "run-7", answer={"key": "zero"})
    story.check("0.015", run="run-7", operator="Lan", counts=False)
    story.phase("closed", "run-7", how="interrupted", why="power cut", findings=[])
    story.phase("begun", "run-8", operator="Minh", at=iso(story.at))
    story.check("-0.001", run="run-8", operator="Minh")
    story.phase("closed", "run-8", how="finished", why="", findings=["loads within MPE"])
    story.checks(drifting(16, 0.0005))
    return story


def messages(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the events as the journal's messages say them."""
    return [
        {
            "kind": one.kind,
            "instrument": one.instrument,
            "time": iso(one.stamp.at),
            "seq": seq,
            "body": json.loads(json.dumps(one.body, default=str)),
        }
        for seq, one in enumerate(events, start=1)
    ]


def told(story: Story, **more: Any) -> History:
    """Return the history that a story leaves."""
    return history(messages(story.events), INSTRUMENT, **more)


def printed(found: History, width: int = 80, **more: Any) -> list[str]:
    """Return a history's page line by line, as a terminal of that width shows it."""
    console = Console(width=width, record=True, file=io.StringIO(), highlight=False)
    console.print(page(found, width=width, **more))
    return console.export_text().splitlines()
