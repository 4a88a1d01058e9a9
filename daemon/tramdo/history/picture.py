"""One series as an SVG picture for page, print and phone: errors, EWMA, CUSUM, dates. No I/O."""

import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zlib import crc32

import svg

from tramdo.drift.forecast import DAY, Forecast
from tramdo.drift.settings import ChartName
from tramdo.history import panels
from tramdo.history.axes import Axis
from tramdo.history.panels import Panel, label
from tramdo.history.sentences import about_dates
from tramdo.history.series import Series
from tramdo.history.style import STYLE
from tramdo.history.words import Words, day, words, zone_name

WIDTH, LEFT, RIGHT = 520, 62, 502
# A character is about so wide, in pixels: the picture is drawn before any font is known.
CHARACTER = 6.6
KEY_HEIGHT, FIRST_KEY = 18, 66
ERRORS_HEIGHT, CHART_HEIGHT, GAP = 270, 104, 34
BAND_STEPS = 40
MOST_LIMITS = 4


def picture(
    series: Series, instrument: str, *, language: str = "vi", zone: tzinfo | None = UTC
) -> str:
    """Return a series as an SVG document; times in `zone` (None: this computer's)."""
    say = words(language)
    keys = list(_keys(series, say))
    top = FIRST_KEY + KEY_HEIGHT * (max(row for row, _, _, _ in keys) + 1) + 14
    fields = _panels(series, top)
    below = fields[2].y.start + 34
    first = below + (44 if series.forecast else 24)
    sentences = textwrap.wrap(about_dates(series, say, zone), 74)
    height = round(first + 16 * len(sentences))
    parts: list[svg.Element] = [
        svg.Style(text=STYLE),
        svg.Title(text=panels.clean(f"{instrument} {series.point}")),
        svg.Desc(text=panels.clean(" ".join(sentences))),
        svg.Rect(x=0, y=0, width=WIDTH, height=height, class_=["paper"]),
        *_head(series, instrument, say),
        *(one for row, x, kind, text in keys for one in _key(row, x, kind, text)),
        *_drawn(series, fields, say, zone, instrument),
        label(_date_axis(series, say, zone), RIGHT, below, "soft", "label", anchor="end"),
        *_when(series, fields[0], say, zone, below + 22),
        *(label(line, 14, first + 16 * n, "soft") for n, line in enumerate(sentences)),
    ]
    return svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, WIDTH, height),
        class_=["tramdo-history"],
        elements=parts,
        extra={"role": "img", "preserveAspectRatio": "xMidYMin meet"},
    ).as_str()


def _head(series: Series, instrument: str, say: Words) -> Iterator[svg.Element]:
    entry = series.entries[-1]
    title = say("picture_title", instrument=instrument, point=series.point)
    head = label(title, 14, 26, "title")
    # A long name becomes small before it leaves the picture.
    head.style = f"font-size: {min(17.0, (WIDTH - 28) / (0.7 * len(title))):.1f}px"
    yield head
    about = say(
        "picture_about",
        reference=entry.reference,
        value=entry.reference_value,
        reference_unit=entry.reference_unit,
    )
    yield label(about, 14, 46, "soft")


def _date_axis(series: Series, say: Words, zone: tzinfo | None) -> str:
    return say("date_axis", zone=zone_name(series.entries[-1].at, zone))


Key = tuple[int, float, str, str]


def _keys(series: Series, say: Words) -> Iterator[Key]:
    """Yield row, place, kind and words of what the picture's legend names."""
    texts = {"error": say("key_error")}
    if any(one.mpe for one in series.entries):
        texts["mpe"] = say("key_mpe")
    if any(one.step and one.step.states for one in series.marks):
        texts |= {kind: say(f"key_{kind}") for kind in ("mean", "control", "warning")}
    if any(one.adjustment for one in series.segments):
        texts["adjustment"] = say("key_adjustment")
    if series.forecast:
        texts["trend"] = say("key_trend")
    if any(one.in_chart and one.mpe and abs(one.error) > one.mpe for one in series.entries):
        texts["exceeds"] = say("key_exceeds")
    if not all(one.in_chart for one in series.entries):
        texts["apart"] = say("key_apart")
    for factor in panels.factors(series):
        texts["factor"] = f"±{factor:g} MPE"
    row, x = 0, 14.0
    for kind, text in texts.items():
        width = 28 + CHARACTER * len(text) + 18
        if x + width > WIDTH - 6:
            row, x = row + 1, 14.0
        yield row, x, kind, text
        x += width


def _key(row: int, x: float, kind: str, text: str) -> Iterator[svg.Element]:
    y = FIRST_KEY + KEY_HEIGHT * row
    middle = x + 11
    if kind in ("error", "apart"):
        if kind == "error":
            yield svg.Line(x1=middle, x2=middle, y1=y - 7, y2=y + 7, class_=["bar"])
        yield svg.Circle(cx=middle, cy=y, r=3.2, class_=[kind])
    elif kind == "exceeds":
        yield panels.diamond(middle, y)
    elif kind == "adjustment":
        yield svg.Line(x1=middle, x2=middle, y1=y - 8, y2=y + 8, class_=[kind])
    else:
        if kind == "trend":
            yield svg.Rect(x=x, y=y - 6, width=22, height=12, class_=["band"])
        yield svg.Line(x1=x, x2=x + 22, y1=y, y2=y, class_=[kind])
    yield label(text, x + 28, y + 4)


def _panels(series: Series, top: float) -> tuple[Panel, Panel, Panel]:
    x = _time_axis(series)
    height = _highest(series)
    second = top + ERRORS_HEIGHT + GAP
    third = second + CHART_HEIGHT + GAP
    return (
        Panel(x=x, y=Axis(low=-height, high=height, start=top + ERRORS_HEIGHT, end=top)),
        Panel(x=x, y=_chart_axis(series, "ewma", second)),
        Panel(x=x, y=_chart_axis(series, "cusum", third)),
    )


def _time_axis(series: Series) -> Axis:
    """Show the past, and of the time to come at most as much again."""
    at = [panels.time(one) for one in series.marks]
    at += [one.adjustment.at.timestamp() for one in series.segments if one.adjustment]
    first, last = min(at), max(at)
    span = max(last - first, DAY.total_seconds())
    ahead = [one.timestamp() for one in _crossings(series.forecast).values() if one]
    end = max(last, min(max(ahead, default=last), last + span))
    return Axis(low=first - 0.03 * span, high=end + 0.03 * span, start=LEFT, end=RIGHT)


def _highest(series: Series) -> float:
    shown = [0.0]
    for entry in series.entries:
        shown.append(float(abs(entry.error) + (entry.uncertainty or 0)))
        if entry.mpe is not None:
            shown.append(max([1.0, *panels.factors(series)]) * float(entry.mpe))
    return max(shown) * 1.12 or 4 * float(series.d)


def _chart_axis(series: Series, name: ChartName, top: float) -> Axis:
    """Show the limits well: a line that runs far beyond them leaves the panel."""
    states = [one.step.state(name) for one in series.marks if one.step]
    actions = [one.action for one in states if one] or [1.0]
    sizes = [abs(one.z) for one in states if one]
    height = min(max([*sizes, *actions]), MOST_LIMITS * max(actions)) * 1.12
    return Axis(low=-height, high=height, start=top + CHART_HEIGHT, end=top)


def _drawn(
    series: Series,
    fields: tuple[Panel, Panel, Panel],
    say: Words,
    zone: tzinfo | None,
    instrument: str,
) -> Iterator[svg.Element]:
    name = f"field-{crc32(f'{instrument} {series.point} {series.unit}'.encode()):08x}"
    names = (say("error_axis", unit=series.unit), say("ewma_title"), say("cusum_title"))
    contents = (
        [*_trend(fields[0], series), *panels.errors(fields[0], series, zone)],
        list(panels.ewma(fields[1], series)),
        list(panels.cusum(fields[2], series)),
    )
    for n, (field, title, inside) in enumerate(zip(fields, names, contents, strict=True)):
        yield from field.frame(zone, named=n == len(fields) - 1)
        yield label(title, LEFT, field.y.end - 7)
        yield svg.ClipPath(id=f"{name}-{n}", elements=[_field(field)])
        yield svg.G(clip_path=f"url(#{name}-{n})", elements=inside)


def _field(panel: Panel) -> svg.Rect:
    x, y = panel.x, panel.y
    return svg.Rect(x=x.start, y=y.end, width=x.end - x.start, height=y.start - y.end)


def _trend(panel: Panel, series: Series) -> Iterator[svg.Element]:
    """Yield the line through the last segment's errors and the band of the next ones."""
    found = series.forecast
    if found is None:
        return
    begin, end = found.since.timestamp(), panel.x.high
    times = [begin + (end - begin) * n / BAND_STEPS for n in range(BAND_STEPS + 1)]
    days = [(at - begin) / DAY.total_seconds() for at in times]
    sides = [found.line.interval(one, found.confidence) for one in days]
    lower = [(at, side[0]) for at, side in zip(times, sides, strict=True)]
    upper = [(at, side[1]) for at, side in zip(times, sides, strict=True)]
    yield svg.Polygon(points=panel.pixels([*lower, *reversed(upper)]), class_=["band"])
    yield panel.run(
        [(at, found.line.at(one)) for at, one in zip(times, days, strict=True)], "trend"
    )


def _crossings(found: Forecast | None) -> dict[str, datetime | None]:
    if found is None:
        return {}
    return {"act_by": found.act_by, "expected": found.expected, "latest": found.latest}


def _when(
    series: Series, panel: Panel, say: Words, zone: tzinfo | None, below: float
) -> Iterator[svg.Element]:
    """Yield the three dates: numbered lines in the panel, and their names below."""
    x = 22.0
    for n, (name, at) in enumerate(_crossings(series.forecast).items()):
        here = panel.x.at(at.timestamp()) if at else panel.x.end + 1
        inside = panel.x.start <= here <= panel.x.end
        if inside:
            yield panel.upright(here, "when")
            # Each number has a height of its own, so that near dates cannot cover each other.
            yield from _badge(n + 1, here, panel.y.start - 12 - 18 * n)
        text = say(name, day=day(at, zone) if at else say("never"))
        text = text if inside or not at else f"{text} →"
        yield from _badge(n + 1, x, below - 4)
        yield label(text, x + 12, below, "label")
        x += 30 + CHARACTER * len(text)


def _badge(number: int, x: float, y: float) -> Iterator[svg.Element]:
    yield svg.Circle(cx=x, cy=y, r=8, class_=["badge"])
    yield label(str(number), x, y + 3.5, "number", anchor="middle")


def file_name(series: Series, instrument: str) -> str:
    """Return a name for the picture's file that every file system takes."""
    name = re.sub(r"[^\w.-]+", "-", f"{instrument}-{series.point}", flags=re.ASCII).strip(".-")
    return f"{name}.svg"
