"""What a series says in sentences: its three dates and their past, its chart, the next check.

No I/O.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from tramdo.drift.chart import Control
from tramdo.drift.forecast import DAY, Forecast
from tramdo.drift.intervals import by_chart, proposal, staircase
from tramdo.drift.settings import stated_arl
from tramdo.history.replay import LEAST, tried
from tramdo.history.series import Mark, Series
from tramdo.history.words import Words, day

DIGITS = 4
# A verification lasts a year for most scales and dispensers in Vietnam (unverified).
LEGAL_DAYS = 365.0


class NextCheck(NamedTuple):
    """How many days to wait after the last check and why; so far they were `current` apart."""

    days: float
    why: str
    current: float


def next_check(marks: Sequence[Mark], forecast: Forecast | None) -> NextCheck | None:
    """Return the interval that the checks of one segment propose; None below two, or without MPE.

    ILAC-G24 / OIML D 10, methods 1 (staircase) and 2 (control chart), and the legal period.
    """
    charted = [one for one in marks if one.step]
    at = [one.entry.at for one in charted]
    gaps = [gap / DAY for a, b in pairwise(at) if (gap := b - a) > timedelta(0)]
    if not gaps or not (last := charted[-1].entry).mpe:
        return None
    days, control = median(gaps), Control(last.figures.control)
    act_by = forecast.act_by if forecast else None
    methods = [
        ("staircase", staircase(days, float(last.error), float(last.mpe))),
        ("control_chart", by_chart(days, control, (act_by - last.at) / DAY if act_by else None)),
    ]
    found = proposal(methods, legal=LEGAL_DAYS)
    return NextCheck(found.days, found.why.replace(" ", "_"), days)


def about_dates(series: Series, say: Words, zone: tzinfo | None) -> str:
    """Return the sentence with the three dates, or why there are none."""
    found = series.forecast
    marks = series.segments[-1].charted
    if found is not None:
        return _three(found, series, say, zone)
    if len(marks) < LEAST:
        return say("few", count=len(marks), least=LEAST)
    return say("no_trend" if marks[-1].entry.mpe is not None else "no_mpe")


def _three(found: Forecast, series: Series, say: Words, zone: tzinfo | None) -> str:
    crossings = {"act_by": found.act_by, "expected": found.expected, "latest": found.latest}
    if not any(crossings.values()):
        return say("no_crossing", limit=f"{found.limit:+g}", unit=series.unit)
    days = {name: day(at, zone) if at else say("never") for name, at in crossings.items()}
    return say(
        "three_dates",
        limit=f"{found.limit:+g}",
        unit=series.unit,
        confidence=f"{found.confidence:.0%}",
        p=f"{found.p:.1g}",
        **days,
    )


def after(series: Series, say: Words, zone: tzinfo | None) -> Iterator[str]:
    """Yield the sentences below a series' drawing."""
    yield about_dates(series, say, zone)
    past = (tried(one.points, series.mpe, series.floor) for one in reversed(series.segments))
    if found := next((one for one in past if one and one.crossing and one.forecasts), None):
        crossed = day(found.crossing, zone) if found.crossing else ""
        yield say("backtest", crossing=crossed, held=found.held, forecasts=found.forecasts)
    yield say(
        "settings",
        kind=say.of(series.settings.decides),
        learn=series.settings.learn,
        refix=series.settings.refix,
        arl=f"{stated_arl(series.settings):.0f}",
    )
    if steps := [one.step.figures for one in series.segments[-1].charted if one.step]:
        yield say(
            "baseline",
            mean=f"{steps[-1].mean:+.{DIGITS}g}",
            sigma=f"{steps[-1].sigma:.{DIGITS}g}",
            unit=series.unit,
            count=steps[-1].count,
        )
    if wait := next_check(series.segments[-1].marks, series.forecast):
        facts = {"days": f"{wait.days:.0f}", "current": f"{wait.current:.0f}"}
        yield say("next_check", why=say.of(wait.why), **facts)
    if series.disagreeing:
        yield say("differs", count=series.disagreeing)
