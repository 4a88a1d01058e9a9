"""The picture of a history: its points lie where their values say, and it is whole XML."""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from histories import INSTRUMENT, START, WEEK, Story, drifting, told, whole

from tramdo.history.axes import MOST_DATES, Axis, dates, labels, ticks
from tramdo.history.picture import WIDTH, file_name, picture
from tramdo.history.series import Series

HOUR = timedelta(hours=1)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def series() -> Series:
    return told(whole()).series[0]


@pytest.fixture(scope="module")
def drawn(series: Series) -> Element:
    return parsed(series)


def parsed(series: Series, language: str = "en") -> Element:
    root: Element = fromstring(picture(series, INSTRUMENT, language=language))
    return root


def fields(root: Element) -> list[Element]:
    """Return the three panels: errors, EWMA, CUSUM."""
    return root.findall(f"{SVG}g")


def of_kind(within: Element, kind: str) -> list[Element]:
    return [one for one in within.iter() if one.get("class") == kind]


def place(sign: Element) -> tuple[float, float]:
    """Return the middle of a dot, a ring or a diamond."""
    if sign.tag == f"{SVG}circle":
        return float(sign.attrib["cx"]), float(sign.attrib["cy"])
    corners = [tuple(map(float, one.split(","))) for one in sign.attrib["points"].split()]
    middle = [sum(one) / len(corners) for one in zip(*corners, strict=True)]
    return middle[0], middle[1]


def heights(within: Element, kind: str) -> list[float]:
    """Return at which heights the stairs of a kind run."""
    found = (re.findall(r"(?:M\S+ |V)(\S+)", one.attrib["d"]) for one in of_kind(within, kind))
    return [float(height) for one in found for height in one]


def shown(root: Element) -> str:
    return " ".join("".join(one.itertext()) for one in root.iter(f"{SVG}text"))


def signs(root: Element) -> list[tuple[float, float]]:
    errors = fields(root)[0]
    kinds = ("error", "exceeds", "apart")
    found = [one for one in errors.iter() if one.get("class") in kinds]
    return [place(one) for one in found]


def test_every_result_is_drawn_where_its_error_and_its_time_are(
    series: Series, drawn: Element
) -> None:
    upper, lower = sorted(set(heights(fields(drawn)[0], "mpe")))
    zero, per_kg = (upper + lower) / 2, (lower - upper) / 0.040
    at = signs(drawn)
    assert len(at) == len(series.entries)
    first, last = series.entries[0].at, series.entries[-1].at
    for entry, (x, y) in zip(series.entries, at, strict=True):
        assert y == pytest.approx(zero - float(entry.error) * per_kg, abs=0.05)
        share = (entry.at - first) / (last - first)
        assert x == pytest.approx(at[0][0] + share * (at[-1][0] - at[0][0]), abs=0.05)


def test_bars_are_as_long_as_u(series: Series, drawn: Element) -> None:
    upper, lower = sorted(set(heights(fields(drawn)[0], "mpe")))
    bars = of_kind(fields(drawn)[0], "bar")
    assert len(bars) == sum(one.uncertainty is not None for one in series.entries) == 42
    for one in bars:
        length = abs(float(one.attrib["y1"]) - float(one.attrib["y2"]))
        assert length == pytest.approx((lower - upper) * 0.004 / 0.040, abs=0.05)


def test_each_kind_of_result_has_a_shape_of_its_own(drawn: Element) -> None:
    errors = fields(drawn)[0]
    assert [len(of_kind(errors, kind)) for kind in ("error", "exceeds", "apart")] == [41, 1, 1]
    assert of_kind(errors, "exceeds")[0].tag == f"{SVG}polygon"
    (beyond,) = of_kind(errors, "exceeds")
    assert place(beyond)[1] < min(heights(errors, "mpe"))


def test_the_line_at_one_and_a_half_mpe_lies_there(drawn: Element) -> None:
    errors = fields(drawn)[0]
    mpe, factor = heights(errors, "mpe"), heights(errors, "factor")
    assert max(factor) - min(factor) == pytest.approx(1.5 * (max(mpe) - min(mpe)), abs=0.1)
    assert "±1.5 MPE" in shown(drawn)


def test_an_adjustment_is_a_line_between_the_segments_in_every_panel(
    series: Series, drawn: Element
) -> None:
    before = len(series.segments[0].marks)
    at = signs(drawn)
    for field in fields(drawn):
        (line,) = of_kind(field, "adjustment")
        assert line.attrib["x1"] == line.attrib["x2"]
        assert at[before - 1][0] < float(line.attrib["x1"]) < at[before][0]


def test_baseline_and_limits_end_where_their_segment_does(drawn: Element) -> None:
    first, second = (one.attrib["d"] for one in of_kind(fields(drawn)[0], "mean"))
    (line,) = of_kind(fields(drawn)[0], "adjustment")
    assert float(re.findall(r"H(\S+)", first)[-1]) == float(line.attrib["x1"])
    assert float(re.findall(r"M(\S+)", second)[0]) > float(line.attrib["x1"])


def test_the_ewma_panel_rings_what_the_chart_calls_out_of_control(
    series: Series, drawn: Element
) -> None:
    steps = [one.step for one in series.marks if one.step and one.step.states]
    beyond = [
        one for one in steps for two in one.states if two.name == "ewma" if abs(two.z) > two.action
    ]
    ewma = fields(drawn)[1]
    assert len(of_kind(ewma, "error")) == len(steps)
    assert len(of_kind(ewma, "alarm")) == len(beyond) > 0


def test_the_trend_meets_the_mpe_on_the_expected_day(series: Series, drawn: Element) -> None:
    errors = fields(drawn)[0]
    (trend,) = of_kind(errors, "trend")
    points = [tuple(map(float, one.split(","))) for one in trend.attrib["points"].split()]
    upper = min(heights(errors, "mpe"))
    (left, above), (right, below) = next(
        (a, b) for a, b in pairwise(points) if a[1] >= upper >= b[1]
    )
    crossing = left + (right - left) * (above - upper) / (above - below)
    lines = [float(one.attrib["x1"]) for one in of_kind(drawn, "when")]
    assert lines[1] == pytest.approx(crossing, abs=0.1)
    assert lines[0] < lines[1]


def test_the_three_dates_are_named_and_one_beyond_the_picture_has_an_arrow(
    series: Series, drawn: Element
) -> None:
    found = series.forecast
    assert found is not None
    text = shown(drawn)
    for name, at in (("act by", found.act_by), ("expected", found.expected)):
        assert at is not None
        assert f"{name} {at:%Y-%m-%d} " in text
    assert found.latest is not None
    assert f"latest {found.latest:%Y-%m-%d} →" in text
    assert len(of_kind(drawn, "when")) == 2


def test_axes_are_named_with_their_units_in_both_languages(series: Series) -> None:
    for language, words in (
        ("en", ("error, kg", "EWMA of standardised errors, σ", "date (UTC)", "±MPE")),
        ("vi", ("sai số, kg", "EWMA của sai số chuẩn hóa, σ", "ngày (UTC)", "hiệu chỉnh")),
    ):
        text = shown(parsed(series, language))
        for one in words:
            assert one in text


def test_it_scales_and_it_has_colours_for_dark_screens(drawn: Element) -> None:
    assert drawn.get("width") is None
    assert drawn.attrib["viewBox"].startswith(f"0 0 {WIDTH} ")
    style = "".join(one.text or "" for one in drawn.iter(f"{SVG}style"))
    assert "@media screen and (prefers-color-scheme: dark)" in style
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{", "", style))
    assert rules
    for selector in rules:
        assert all(one.strip().startswith(".tramdo-history ") for one in selector.split(","))


def test_texts_do_not_cover_each_other(series: Series) -> None:
    for language in ("vi", "en"):
        boxes = [box(one) for one in parsed(series, language).iter(f"{SVG}text") if one.text]
        boxes = [one for one in boxes if one is not None]
        for n, (x, y, wide) in enumerate(boxes):
            assert 0 <= x <= x + wide <= WIDTH + 4
            for left, line, width in boxes[n + 1 :]:
                apart = abs(y - line) >= 9 or left >= x + wide or x >= left + width
                assert apart, (x, y, left, line)


def box(text: Element) -> tuple[float, float, float] | None:
    """Return where a text begins, its line and about how wide it is; badges are left out."""
    kind = text.get("class") or ""
    if "number" in kind or "title" in kind:
        return None
    wide = (5.8 if "label" in kind else 6.2) * len(text.text or "")
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib["text-anchor"]]
    return float(text.attrib["x"]) - shift * wide, float(text.attrib["y"]), wide


def test_what_stands_in_the_journal_cannot_break_out_of_the_picture() -> None:
    story = Story()
    story.check("0.001", point="<script>alert(1)</script> & \x00\ufffe")
    text = picture(told(story).series[0], INSTRUMENT)
    assert fromstring(text) is not None
    assert "<script" not in text


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_short_series_are_drawn_too(count: int) -> None:
    story = Story()
    story.check("0.000", mpe=None, lines=[], uncertainty=None)
    story.checks(drifting(count, 0.001))
    root = parsed(told(story).series[0])
    assert len(signs(root)) == count + 1


def test_equal_histories_give_equal_pictures() -> None:
    first, second = (picture(told(whole()).series[0], INSTRUMENT) for _ in range(2))
    assert first == second


def test_the_file_name_is_safe() -> None:
    story = Story()
    story.check("0.001", point="../../etc/w 20 kg/repeatability")
    assert file_name(told(story).series[0], INSTRUMENT) == (
        "scale-01-..-..-etc-w-20-kg-repeatability.svg"
    )


# ---------------------------------------------------------------- axes


def test_ticks_are_round_and_within() -> None:
    assert ticks(-0.0233, 0.0233, 5) == pytest.approx([-0.02, -0.01, 0.0, 0.01, 0.02])
    assert labels(ticks(-0.0233, 0.0233, 5)) == ["-0.02", "-0.01", "0", "+0.01", "+0.02"]
    assert labels(ticks(-6, 6, 5)) == ["-5.0", "-2.5", "0", "+2.5", "+5.0"]


@pytest.mark.parametrize("span", [1, 3, 30, 100, 200, 400, 1000, 3000, 9000])
def test_a_few_dates_are_named_whatever_the_span(span: int) -> None:
    end = START + timedelta(days=span)
    found = dates(START, end, UTC)
    assert 1 <= len(found) <= MOST_DATES + 1
    assert all(START <= at <= end for at, _ in found)


def test_dates_are_those_of_the_zone() -> None:
    begin, end = datetime(2026, 1, 31, 20, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
    here, there = (
        [name for _, name in dates(begin, end, zone)] for zone in (UTC, timezone(7 * HOUR))
    )
    assert here == ["2026-02", "2026-03", "2026-04", "2026-05"]
    assert there == here[1:]


def test_an_axis_maps_its_ends() -> None:
    axis = Axis(low=-1, high=1, start=300, end=100)
    assert [axis.at(one) for one in (-1, 0, 1)] == [300, 200, 100]


def test_a_week_is_wide_enough_to_see_both_checks() -> None:
    story = Story()
    story.checks(["0.001", "0.002"])
    (x1, _), (x2, _) = signs(parsed(told(story).series[0]))
    assert x2 - x1 > WIDTH / 2
    assert story.at - START == 2 * WEEK
