"""An instrument's history for other programs: one CSV row per result, or JSON with charts. No I/O.

Decimals keep the digits that were recorded, times are ISO 8601 in UTC.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from tramdo.drift.settings import stated_arl
from tramdo.events import iso
from tramdo.history.records import Adjustment, Run
from tramdo.history.replay import Step
from tramdo.history.sentences import next_check
from tramdo.history.series import History, Mark, Segment, Series

# A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXTS = frozenset({
    "instrument", "point", "check", "run", "reference", "stage", "rules", "conformity",
    "decision", "why", "control", "operator", "conditions", "unit", "reference_unit",
    "indication_unit",
})  # fmt: skip


def csv_text(found: History) -> str:
    """Return all results as CSV with a heading; columns may be added at the end, never renamed."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    for row in rows(found):
        writer.writerow({name: _cell(name, value) for name, value in row.items()})
    return out.getvalue()


def json_text(found: History) -> str:
    """Return the history as JSON: results, charts, dates, adjustments, runs, alerts."""
    body = {
        "instrument": found.instrument,
        "series": [_series(found, one) for one in found.series],
        "adjustments": [_adjustment(one) for one in found.adjustments],
        "runs": [_run(one) for one in found.runs],
        "alerts": [
            {
                "seq": one.seq,
                "at": iso(one.at),
                "alert": one.alert,
                "about": one.about,
                "why": one.why,
            }
            for one in found.alerts
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1)


def rows(found: History) -> Iterator[dict[str, Any]]:
    """Yield each result with its column names, series after series."""
    for series in found.series:
        yield from _rows(found.instrument, series)


def _rows(instrument: str, series: Series) -> Iterator[dict[str, Any]]:
    for number, segment in enumerate(series.segments, start=1):
        for mark in segment.marks:
            yield _row(instrument, number, mark)


def _row(instrument: str, segment: int, mark: Mark) -> dict[str, Any]:
    entry, figures = mark.entry, mark.entry.figures
    return {
        "seq": entry.seq,
        "at": iso(entry.at),
        "instrument": instrument,
        "point": entry.point,
        "check": entry.check,
        "run": entry.run,
        "counted": entry.counted,
        "charted": entry.charted,
        "segment": segment,
        "reference": entry.reference,
        "reference_value": _digits(entry.reference_value),
        "reference_unit": str(entry.reference_unit),
        "indication": _digits(entry.indication),
        "indication_unit": str(entry.indication_unit),
        "error": _digits(entry.error),
        "mpe": _digits(entry.mpe),
        "uncertainty": _digits(entry.uncertainty),
        "unit": str(entry.unit),
        "stage": entry.stage,
        "rules": entry.rules,
        "conformity": entry.conformity,
        "decision": entry.decision,
        "why": entry.why,
        "control": figures.control,
        "z": figures.z,
        "limit": figures.limit,
        "mean": figures.mean,
        "sigma": figures.sigma,
        "count": figures.count,
        "operator": entry.operator,
        "conditions": dict(entry.conditions),
    }


COLUMNS = (
    "seq", "at", "instrument", "point", "check", "run", "counted", "charted", "segment",
    "reference", "reference_value", "reference_unit", "indication", "indication_unit", "error",
    "mpe", "uncertainty", "unit", "stage", "rules", "conformity", "decision", "why", "control",
    "z", "limit", "mean", "sigma", "count", "operator", "conditions",
)  # fmt: skip


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _cell(name: str, value: Any) -> str:
    """Return a CSV cell; a text that a spreadsheet would run gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"'{text}" if name in TEXTS and text.lstrip(" ").startswith(FORMULA) else text


def _series(found: History, series: Series) -> dict[str, Any]:
    settings = series.settings
    return {
        "point": series.point,
        "unit": str(series.unit),
        "d": _digits(series.d),
        "d_known": series.d_known,
        "disagreeing": series.disagreeing,
        "settings": {
            **{name: getattr(settings, name) for name in settings.__slots__},
            "checks_between_false_alarms": stated_arl(settings),
        },
        "segments": [_segment(n, one) for n, one in enumerate(series.segments, start=1)],
        "dates": _dates(series),
        "next_check": _next_check(series),
        "checks": list(_rows(found.instrument, series)),
    }


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    return {
        "segment": number,
        "adjustment": segment.adjustment.seq if segment.adjustment else None,
        "chart": [{"seq": one.entry.seq, **_step(one.step)} for one in segment.charted if one.step],
    }


def _step(step: Step) -> dict[str, Any]:
    figures = step.figures
    return {
        "count": figures.count,
        "mean": figures.mean,
        "sigma": figures.sigma,
        "control": figures.control,
        "cusum_high": step.high,
        "cusum_low": step.low,
        **{
            one.name: {"z": one.z, "warning": one.warning, "action": one.action}
            for one in step.states
        },
    }


def _dates(series: Series) -> dict[str, Any] | None:
    found = series.forecast
    if found is None:
        return None
    return {
        "act_by": _instant(found.act_by),
        "expected": _instant(found.expected),
        "latest": _instant(found.latest),
        "limit": found.limit,
        "confidence": found.confidence,
        "p": found.p,
        "since": iso(found.since),
        "slope_per_day": found.line.slope,
    }


def _next_check(series: Series) -> dict[str, Any] | None:
    found = next_check(series.segments[-1].marks, series.forecast)
    return None if found is None else found._asdict()


def _instant(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _adjustment(one: Adjustment) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "at": iso(one.at),
        "by": one.by,
        "why": one.why,
        "seal_before": one.seal_before,
        "seal_after": one.seal_after,
    }


def _run(one: Run) -> dict[str, Any]:
    return {
        "run": one.id,
        "check": one.check,
        "operator": one.operator,
        "begun": _instant(one.begun),
        "steps": one.steps,
        "how": one.how,
        "why": one.why,
        "findings": list(one.findings),
    }
