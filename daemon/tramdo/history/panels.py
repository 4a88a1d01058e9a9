"""The three panels of the picture: errors, EWMA, CUSUM, over one axis of time. No I/O."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from itertools import pairwise

import svg

from tramdo.drift.settings import ChartName
from tramdo.drift.statistic import ChartState
from tramdo.history.axes import Axis, dates, labels, ticks
from tramdo.history.replay import Step
from tramdo.history.series import Mark, Segment, Series
from tramdo.history.words import minute

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PIXELS_A_TICK = 26
Stairs = Sequence[tuple[float, float | None]]


def clean(text: str) -> str:
    """Return a text as it may stand in XML."""
    return escape(_NOT_XML.sub("�", text))


def label(text: str, x: float, y: float, *classes: str, anchor: str = "start") -> svg.Text:
    """Return a text at a place; `anchor` is start, middle or end."""
    return svg.Text(
        text=clean(text), x=x, y=y, class_=list(classes) or None, extra={"text-anchor": anchor}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One field with its two axes; `x` counts seconds since 1970."""

    x: Axis
    y: Axis

    def frame(self, zone: tzinfo | None, *, named: bool) -> Iterator[svg.Element]:
        """Yield grid, tick labels and frame; the dates only where they are `named`."""
        x, y = self.x, self.y
        values = ticks(y.low, y.high, round((y.start - y.end) / PIXELS_A_TICK))
        for value, text in zip(values, labels(values), strict=True):
            kind = "grid" if value else "zero"
            yield svg.Line(x1=x.start, x2=x.end, y1=y.at(value), y2=y.at(value), class_=[kind])
            yield label(text, x.start - 5, y.at(value) + 4, "label", anchor="end")
        begin, end = (datetime.fromtimestamp(one, zone).astimezone(zone) for one in (x.low, x.high))
        for at, text in dates(begin, end, zone):
            here = x.at(at.timestamp())
            yield self.upright(here, "grid")
            if named:
                middle = min(here, x.end - 22)  # the last one stays inside the picture
                yield label(text, middle, y.start + 16, "label", anchor="middle")
        yield svg.Rect(
            x=x.start, y=y.end, width=x.end - x.start, height=y.start - y.end, class_=["frame"]
        )

    def upright(self, here: float, kind: str) -> svg.Line:
        """Return a vertical line through the panel at a pixel."""
        return svg.Line(x1=here, x2=here, y1=self.y.end, y2=self.y.start, class_=[kind])

    def stairs(self, points: Stairs, end: float, kind: str) -> svg.Path | None:
        """Return a line that keeps each value until the next instant, with gaps where None."""
        steps: list[str] = []
        level: float | None = None
        for (at, value), (until, _) in pairwise([*points, (end, None)]):
            if value is None:
                level = None
                continue
            height = self.y.at(value)
            steps.append(f"M{self.x.at(at)} {height}" if level is None else f"V{height}")
            steps.append(f"H{self.x.at(until)}")
            level = value
        return svg.Path(d=" ".join(steps), class_=[kind]) if steps else None  # type: ignore[arg-type]

    def pixels(self, points: Sequence[tuple[float, float]]) -> list[svg.Point]:
        """Return where these values lie."""
        return [svg.Point(x=self.x.at(at), y=self.y.at(value)) for at, value in points]

    def run(self, points: Sequence[tuple[float, float]], kind: str) -> svg.Polyline:
        """Return a line from point to point."""
        return svg.Polyline(points=self.pixels(points), class_=[kind])


def time(mark: Mark) -> float:
    """Return when a result was found, in seconds since 1970."""
    return mark.entry.at.timestamp()


def per_segment(series: Series, x: Axis) -> Iterator[tuple[Segment, list[Mark], float]]:
    """Yield each charted segment, its marks, and where its lines end."""
    starts = [at for segment in series.segments for at in _begun(segment)]
    for segment in series.segments:
        marks = list(segment.charted)
        if marks:
            later = (one for one in starts if one > time(marks[-1]))
            yield segment, marks, next(later, x.high)


def _begun(segment: Segment) -> list[float]:
    if segment.adjustment is not None:
        return [segment.adjustment.at.timestamp()]
    return [time(one) for one in segment.marks[:1]]


def errors(panel: Panel, series: Series, zone: tzinfo | None) -> Iterator[svg.Element]:
    """Yield MPE lines, baseline, control limits, adjustments and the errors with their U."""
    yield from _limits(panel, series)
    for _, marks, end in per_segment(series, panel.x):
        yield from _baseline(panel, marks, end)
    yield from breaks(panel, series)
    for mark in series.marks:
        yield from _error(panel, mark, series, zone)


def breaks(panel: Panel, series: Series) -> Iterator[svg.Element]:
    """Yield a vertical line for each adjustment, and where a chart began anew without one."""
    for segment in series.segments:
        if segment.adjustment is not None:
            yield panel.upright(panel.x.at(segment.adjustment.at.timestamp()), "adjustment")
        elif segment is not series.segments[0] and segment.marks:
            yield panel.upright(panel.x.at(time(segment.marks[0])) - 4, "series")


def factors(series: Series) -> list[float]:
    """Return the factors of the limits beside the MPE that were recorded with the errors."""
    return sorted({float(one) for entry in series.entries for one in entry.lines if one != 1})


def _limits(panel: Panel, series: Series) -> Iterator[svg.Element]:
    at = [panel.x.low, *map(time, series.marks[1:])]
    for factor in (1.0, *factors(series)):
        kind = "mpe" if factor == 1 else "factor"
        for side in (-1, 1):
            values = [_times(one.entry.mpe, side * factor) for one in series.marks]
            line = panel.stairs(list(zip(at, values, strict=True)), panel.x.high, kind)
            if line is not None:
                yield line


def _times(mpe: object, factor: float) -> float | None:
    return None if mpe is None else float(str(mpe)) * factor


def _baseline(panel: Panel, marks: Sequence[Mark], end: float) -> Iterator[svg.Element]:
    def stairs(value: Callable[[Step], float | None], kind: str) -> Iterator[svg.Element]:
        points = [(time(one), value(one.step)) for one in marks if one.step]
        line = panel.stairs([(at, one) for at, one in points], end, kind)
        if line is not None:
            yield line

    def limit(step: Step, side: int) -> float | None:
        state = step.state("shewhart")
        return step.figures.mean + side * state.action * step.figures.sigma if state else None

    yield from stairs(lambda step: step.figures.mean if step.states else None, "mean")
    yield from stairs(lambda step: limit(step, -1), "control")
    yield from stairs(lambda step: limit(step, 1), "control")


def _error(panel: Panel, mark: Mark, series: Series, zone: tzinfo | None) -> Iterator[svg.Element]:
    entry = mark.entry
    x, y = panel.x.at(time(mark)), panel.y.at(float(entry.error))
    if entry.uncertainty:
        ends = [panel.y.at(float(entry.error + side * entry.uncertainty)) for side in (-1, 1)]
        yield svg.Line(x1=x, x2=x, y1=ends[0], y2=ends[1], class_=["bar"])
    told = f"{minute(entry.at, zone)}: {entry.error:+f} {series.unit}; {entry.why}"
    yield point(mark, x, y, told)


def point(mark: Mark, x: float, y: float, told: str = "") -> svg.Element:
    """Return an error's sign: a dot, a diamond beyond the MPE, a ring where in no chart."""
    entry = mark.entry
    title: list[svg.Element] | None = [svg.Title(text=clean(told))] if told else None
    if entry.in_chart and entry.mpe is not None and abs(entry.error) > entry.mpe:
        return diamond(x, y, title)
    kind = "error" if entry.in_chart else "apart"
    return svg.Circle(cx=x, cy=y, r=3.2, class_=[kind], elements=title)


def diamond(x: float, y: float, title: list[svg.Element] | None = None) -> svg.Polygon:
    """Return the sign of an error beyond the MPE."""
    corners = [(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)]
    points = [svg.Point(x=round(a, 2), y=round(b, 2)) for a, b in corners]
    return svg.Polygon(points=points, class_=["exceeds"], elements=title)


def ewma(panel: Panel, series: Series) -> Iterator[svg.Element]:
    """Yield the EWMA of each segment with its action and warning limits."""
    yield from breaks(panel, series)
    for _, marks, end in per_segment(series, panel.x):
        yield from chart_limits(panel, "ewma", marks, end)
        states = [(time(one), one.step.state("ewma")) for one in marks if one.step]
        points = [(at, state.z) for at, state in states if state]
        yield from _walk(panel, points, (state for _, state in states if state))


def cusum(panel: Panel, series: Series) -> Iterator[svg.Element]:
    """Yield both sums of each segment, the low one below zero, with their limits."""
    yield from breaks(panel, series)
    for _, marks, end in per_segment(series, panel.x):
        yield from chart_limits(panel, "cusum", marks, end)
        steps = [(time(one), one.step) for one in marks if one.step and one.step.states]
        for side in (1, -1):
            points = [(at, side * (one.high if side > 0 else one.low)) for at, one in steps]
            states = (one.state("cusum") for _, one in steps)
            yield from _walk(panel, points, (one for one in states if one))


def chart_limits(
    panel: Panel, name: ChartName, marks: Sequence[Mark], end: float
) -> Iterator[svg.Element]:
    """Yield a chart's action and warning limits on both sides."""
    states = [(time(one), one.step.state(name)) for one in marks if one.step]
    for side in (-1, 1):
        for kind in ("control", "warning"):
            points = [(at, _limit(state, kind, side)) for at, state in states]
            line = panel.stairs(points, end, kind)
            if line is not None:
                yield line


def _limit(state: ChartState | None, kind: str, side: int) -> float | None:
    if state is None:
        return None
    return side * (state.action if kind == "control" else state.warning)


def _walk(
    panel: Panel, points: Sequence[tuple[float, float]], states: Iterable[ChartState]
) -> Iterator[svg.Element]:
    """Yield a line from value to value, with a ring where the value is beyond its limit."""
    if points:
        yield panel.run(points, "run")
    for (at, value), state in zip(points, states, strict=True):
        x, y = panel.x.at(at), panel.y.at(value)
        yield svg.Circle(cx=x, cy=y, r=1.6, class_=["error"])
        if abs(value) > state.action:
            yield svg.Circle(cx=x, cy=y, r=4, class_=["alarm"])
