"""One instrument at one reference point over time: chart, trend, last verdict. No I/O."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from tramdo.alerts import Alert, changed
from tramdo.check import (
    NOTHING_AHEAD,
    CheckRecord,
    Finding,
    Made,
    Outlook,
    Subject,
    Verdict,
    limit_at,
    record,
)
from tramdo.conformity import Conformity, Decision
from tramdo.drift import Control, ControlChart
from tramdo.events import iso
from tramdo.limits import LimitsError

SHOWN_ERRORS = 24
# Two years of weekly checks: an older error says little about next month's.
TREND_ERRORS = 104
# How far ahead a crossing is worth an alert where the station file names no next verification.
AHEAD = timedelta(days=365)
# The internal guard band: the share of the MPE at which ILAC-G24 / OIML D 10:2022 shorten an
# interval. It is held against a mean, because one rounded error may lie there by chance.
NEAR, LATEST, LEAST_LATEST = 0.8, 8, 5


@dataclass(slots=True, kw_only=True)
class Series:
    """The errors found at one point since the last adjustment, and what they say together."""

    subject: Subject
    chart: ControlChart
    verdict: Verdict | None = None
    ratios: deque[float] = field(default_factory=lambda: deque(maxlen=SHOWN_ERRORS))
    points: deque[tuple[datetime, float]] = field(
        default_factory=lambda: deque(maxlen=TREND_ERRORS)
    )
    _kept: tuple[str, str, str] | None = None
    _adjusted: bool = False

    def take(self, finding: Finding, made: Made) -> tuple[CheckRecord, Alert | None]:
        """Judge and chart one finding; return its record and the alert it deserves."""
        if not finding.charted:
            found = record(finding, self.subject, made, self.chart)
            # A range of repeated results has no chart; beyond its limit it is told every time.
            beyond = finding.spread and found.verdict.conformity is Conformity.EXCEEDS
            return found, Alert.EXCEEDS if beyond else None
        unit, rules = self.subject.characteristics.unit, self.subject.rules.id
        self._belong((unit, finding.reference.id, rules))
        self.chart = self.chart.add(float(finding.error))
        # At the instant as it is recorded, so that a replay gives the same trend.
        at = datetime.fromisoformat(iso(made.at))
        self.points.append((at, float(finding.error)))
        outlook = self._outlook(made, limit_at(finding, self.subject))
        found = record(finding, self.subject, made, self.chart, outlook)
        self._remember(found.error, found.mpe)
        before, self.verdict = self.verdict, found.verdict
        alert = changed(before, found.verdict)
        if alert is None and self._adjusted:
            # What is wrong after an adjustment is news, whatever was wrong before it.
            alert = changed(None, found.verdict)
        self._adjusted = False
        return found, alert

    def replay(self, body: Mapping[str, Any]) -> None:
        """Take a recorded check again, so that chart and verdict go on where they stood.

        A check in another unit, against another reference or by other rules is another series:
        the chart begins anew.
        """
        if not body.get("charted", True):
            return
        self._belong((body["unit"], body["reference"]["id"], body["rules"]))
        error, mpe = Decimal(body["error"]), body["mpe"]
        self.chart = self.chart.add(float(error))
        self.points.append((datetime.fromisoformat(body["at"]), float(error)))
        self.verdict, self._adjusted = _verdict(body["verdict"]), False
        self._remember(error, Decimal(mpe) if mpe else None)

    def end_replay(self, reference: str) -> None:
        """Leave behind a chart that was kept in another unit, or against another reference."""
        unit, rules = self.subject.characteristics.unit, self.subject.rules.id
        if self._kept not in (None, (unit, reference, rules)):
            self.verdict = None
            self.begin_anew("another unit, reference or rule set")

    def blank(self) -> "Series":
        """Return a series of the same subject on which nothing is charted yet."""
        return Series(subject=self.subject, chart=self.chart)

    def begin_anew(self, why: str) -> None:
        """Break the series: what came before an adjustment is never joined to what comes after."""
        self.chart = self.chart.anew(why)
        self._adjusted = True
        self.ratios.clear()
        self.points.clear()

    def _belong(self, key: tuple[str, str, str]) -> None:
        if self._kept not in (None, key):
            self.begin_anew("another unit, reference or rule set")
        self._kept = key

    def _outlook(self, made: Made, mpe: Decimal | LimitsError) -> Outlook:
        if isinstance(mpe, LimitsError):
            return NOTHING_AHEAD
        return Outlook(dates=self._dates(made, mpe), near_mpe=self._near(mpe))

    def _near(self, mpe: Decimal) -> bool:
        """Say whether the mean of the latest errors is beyond `NEAR` of the MPE."""
        latest = [error for _, error in self.points][-LATEST:]
        return len(latest) >= LEAST_LATEST and abs(fmean(latest)) > NEAR * float(mpe)

    def _dates(self, made: Made, mpe: Decimal) -> dict[str, Any] | None:
        from tramdo.drift.forecast import forecast  # noqa: PLC0415  only once there are checks

        found = forecast(tuple(self.points), mpe=float(mpe), floor=self.chart.floor)
        if found is None:
            return None
        return {
            "act_by": _day(found.act_by),
            "expected": _day(found.expected),
            "latest": _day(found.latest),
            "confidence": found.confidence,
            "limit": found.limit,
            "ahead": _ahead(found.act_by, made, self.subject.verified_until),
        }

    def _remember(self, error: Decimal, mpe: Decimal | None) -> None:
        self.ratios.append(float(error / mpe) if mpe else 0.0)


def _ahead(act_by: datetime | None, made: Made, verified_until: date | None) -> bool:
    if act_by is None:
        return False
    until = verified_until if verified_until and verified_until > made.on else made.on + AHEAD
    return act_by.date() <= until


def _day(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _verdict(body: Mapping[str, Any]) -> Verdict:
    return Verdict(
        conformity=Conformity(body["conformity"]),
        control=Control(body["control"]),
        why=body["why"],
        decision=Decision(body.get("decision", Decision.SIMPLE)),
        crossing_ahead=body.get("crossing_ahead", False),
        near_mpe=body.get("near_mpe", False),
    )
