"""A history as text and as tables: what a technician and a spreadsheet read."""

import csv
import io
import json
from datetime import UTC
from typing import Any

import pytest
from histories import START, Story, event, printed, told, whole

from tramdo.alerts import Alert
from tramdo.history.plot import plot
from tramdo.history.series import History
from tramdo.history.tables import COLUMNS, csv_text, json_text
from tramdo.history.words import words, zone_name


@pytest.fixture(scope="module")
def found() -> History:
    return told(whole())


# ---------------------------------------------------------------- text

TABLE = """\
date               error  ±MPE       U  E/MPE  verdict    chart
───────────────────────────────────────────────────────────────────────
2026-05-11 01:00  +0.015  0.02  0.0020   +75%  ✔ within   ✖ drifting?
2026-05-18 01:00  +0.021  0.02  0.0020  +105%  ✖ EXCEEDS  ✖ drifting?
│ adjusted 2026-05-21 13:00, Lan: span set; seal A-17 → A-18
2026-05-25 01:00  -0.001  0.02  0.0020    -5%  ✔ within   … learning
2026-06-01 01:00  +0.000  0.02  0.0020    +0%  ✔ within   … learning
2026-06-08 01:00  -0.001  0.02  0.0020    -5%  ✔ within   … learning
2026-06-15 01:00  +0.000  0.02  0.0020    +0%  ✔ within   … learning
2026-06-22 01:00  -0.002  0.02  0.0020   -10%  ✔ within   … learning
2026-06-29 01:00  +0.015  0.02  0.0020   +75%  ✔ within   ○ not counted
2026-07-06 01:00  -0.001  0.02  0.0020    -5%  ✔ within   … learning
2026-07-13 01:00  +0.000  0.02  0.0020    +0%  ✔ within   … learning
2026-07-20 01:00  +0.001  0.02  0.0020    +5%  ✔ within   ✔ in control
""".splitlines()


def test_the_table_reads_so(found: History) -> None:
    lines = [line.rstrip() for line in printed(found, language="en", last=25)]
    start = lines.index(TABLE[0])
    assert lines[start : start + len(TABLE)] == TABLE
    assert "(18 older checks)" in lines


def test_no_line_is_wider_than_the_terminal_in_either_language(found: History) -> None:
    for language in ("vi", "en"):
        assert max(map(len, printed(found, language=language, last=50))) <= 80


def test_an_interrupted_run_is_marked_and_a_finished_one_is_not(found: History) -> None:
    lines = printed(found, 200, language="en")
    (first,) = [one for one in lines if "INTERRUPTED, not counted" in one]
    (second,) = [one for one in lines if "✔ finished" in one]
    assert "Lan" in first
    assert "power cut" in first
    assert "Minh" in second


def test_alerts_of_checks_and_of_signals_are_listed() -> None:
    story = whole()
    story.events.append(event("alert", story.at, {"alert": "signal", "signal": "zero", "why": "z"}))
    lines = printed(told(story), 200, language="en")
    assert any("scale-01-span: drifting?; errors at +4.10 sigma" in one for one in lines)
    assert any("zero: signal; z" in one for one in lines)


def test_one_result_is_not_drawn_but_two_are() -> None:
    story = Story()
    story.check("0.001")
    assert not any("●" in one for one in printed(told(story), language="en"))
    story.check("0.002")
    assert any("● error" in one for one in printed(told(story), language="en"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_alert_has_a_word(language: str) -> None:
    say = words(language)
    assert [one for one in Alert if say.of(one) == one and "_" in one] == []


def test_an_alert_of_the_trend_tells_its_dates_and_not_the_error() -> None:
    story, chart = Story(), "the trend reaches the MPE about 2027-01-02"
    body = {"alert": "crossing_ahead", "point": "p", "why": "error 0.01", "chart": chart}
    story.check("0.001")
    story.events.append(event("alert", story.at, body))
    story.events.append(event("alert", story.at, body | {"alert": "exceeds"}))
    lines = printed(told(story), 200, language="en")
    assert any(f"p: MPE ahead; {chart}" in one for one in lines)
    assert any("p: EXCEEDS; error 0.01" in one for one in lines)


def test_a_name_that_steers_the_terminal_is_shown_harmless() -> None:
    story = Story()
    story.check("0.001")
    story.adjust(by="\x1b[2JLan")
    text = "\n".join(printed(told(story)))
    assert "\x1b" not in text
    assert "[2JLan" in text


def test_an_instrument_with_only_an_adjustment_says_so() -> None:
    story = Story()
    story.adjust()
    lines = printed(told(story), language="en")
    assert "No check has been recorded yet." in lines
    assert any("seal A-17" in one for one in lines)


def test_both_languages_have_the_same_words_with_the_same_facts() -> None:
    fields = {
        language: {
            name: sorted(part.split("}")[0] for part in text.split("{")[1:])
            for name, text in words(language)._words.items()
        }
        for language in ("vi", "en")
    }
    assert fields["vi"] == fields["en"]
    with pytest.raises(ValueError, match="allowed: vi, en"):
        words("fr")


def test_the_zone_is_named() -> None:
    assert zone_name(START, UTC) == "UTC"


# ---------------------------------------------------------------- the plot


def rows_of(lines: list[str], sign: str) -> set[int]:
    return {n for n, line in enumerate(lines) if sign in line[10:]}


def test_the_plot_puts_errors_between_their_limits(found: History) -> None:
    (series,) = found.series
    lines = plot(series, series.marks, 80)
    assert len(lines) == 13
    upper, lower = sorted(rows_of(lines, "─"))
    assert (lines[upper][:9].strip(), lines[lower][:9].strip()) == ("+0.02", "-0.02")
    assert rows_of(lines, "✖") == {upper}
    assert all(upper < row < lower for row in rows_of(lines, "●"))
    (bar,) = {line.index("│") for line in lines}
    assert bar > lines[upper].index("✖")
    assert rows_of(lines, "○") < set(range(upper + 1, 6))


def test_the_plot_of_one_error_and_of_none() -> None:
    story = Story()
    story.check("0.000", mpe=None)
    (series,) = told(story).series
    assert [line for line in plot(series, series.marks, 80) if "●" in line] == [
        f"{'0':>9} ●{'·' * 69}"
    ]
    assert plot(series, (), 80) == []


# ---------------------------------------------------------------- tables


def test_csv_read_back_equals_json(found: History) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    checks = [one for series in json.loads(json_text(found))["series"] for one in series["checks"]]
    assert len(rows) == len(checks) == len(found.series[0].entries)
    for row, check in zip(rows, checks, strict=True):
        assert tuple(row) == tuple(check) == COLUMNS
        for name, value in check.items():
            assert row[name] == in_a_cell(value), name


def in_a_cell(value: Any) -> str:
    if value is None or value == {}:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def test_decimals_keep_the_digits_that_were_recorded(found: History) -> None:
    row = next(csv.DictReader(io.StringIO(csv_text(found))))
    assert (row["error"], row["mpe"], row["reference_value"]) == ("0.001", "0.020", "20.0000")
    assert row["at"] == "2026-01-05T01:00:00.000Z"


def test_a_negative_error_stays_a_number_and_a_formula_becomes_text() -> None:
    for text in ("=1+1", "+1", "-1", "@A1", "\t=1", " =1", "＝1"):
        story = Story()
        story.check("-0.001", operator=text)
        (row,) = csv.DictReader(io.StringIO(csv_text(told(story))))
        assert row["operator"] == f"'{text}"
        assert row["error"] == "-0.001"


def test_json_holds_charts_dates_runs_adjustments_and_alerts(found: History) -> None:
    body = json.loads(json_text(found))
    (series,) = body["series"]
    assert [len(one["chart"]) for one in series["segments"]] == [20, 22]
    last = series["segments"][-1]["chart"][-1]
    assert abs(last["ewma"]["z"]) > last["ewma"]["action"]
    assert series["dates"]["act_by"] < series["dates"]["expected"] < series["dates"]["latest"]
    assert series["settings"]["checks_between_false_alarms"] == pytest.approx(500, abs=5)
    assert series["next_check"]["why"] == "control_chart"
    assert body["adjustments"][0]["seal_after"] == "A-18"
    assert [one["how"] for one in body["runs"]] == ["interrupted", "finished"]
    assert body["alerts"][0]["alert"] == "out_of_control"
