"""The board in a terminal: readable at 80 columns, in the sun, and by the colour-blind."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from tramdo.check import Conformity
from tramdo.drift import Control
from tramdo.errors import BadFrame, DriverFault, NoReply, OutOfRange, PortLost, Refused
from tramdo.live import terminal

NOW = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)
STATES = [
    "ok",
    "starting",
    *(one.state for one in (NoReply, BadFrame, Refused, PortLost, DriverFault)),
    *OutOfRange.STATES,
]


def check(error: str = "0.02", mpe: str | None = "0.04", **more: Any) -> dict[str, Any]:
    return {
        "at": "2026-11-22T08:00:00.000Z",
        "error": error,
        "mpe": mpe,
        "conformity": "within",
        "control": "in_control",
        "history": [0.5, -0.5] * 12,
        **more,
    }


def row(name: str, shown: str = "20.02", unit: str | None = "kg", **more: Any) -> dict[str, Any]:
    state = more.pop("state", "ok")
    key = "values" if state == "ok" else "last_values"
    return {
        "instrument": name,
        "label": "Cân đóng gói",
        "state": state,
        "since": "2026-11-22T08:04:56.000Z",
        key: [{"quantity": "weight", "value": shown, "unit": unit}],
        "checks": {"span": check()},
        **more,
    }


def board(*rows: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"station": "tn-01", "clock": "unknown", "instruments": list(rows), **facts}


def drawn(picture: dict[str, Any], width: int = 80, *, colour: bool = False) -> list[str]:
    paper = io.StringIO()
    system = "truecolor" if colour else None
    console = Console(file=paper, width=width, color_system=system, force_terminal=colour)  # type: ignore[arg-type]
    console.print(terminal.table(picture, NOW, width))
    return paper.getvalue().splitlines()


def text(lines: Sequence[str]) -> str:
    return "\n".join(lines)


NORMAL = board(
    row("scale-a"),
    row("scale-b", "0.00", checks={"span": check("-0.02")}),
    row("pump-1", "20.01", "L"),
    row("hopper", checks={}),
    broker={"state": "online", "waiting": 3},
    journal={"events": 1234, "failing": ""},
)
TROUBLED = board(
    row("scale-01", "150.050", checks={"span": check(conformity="undecided", mpe=None)}),
    row("pump-02", "123456.78", "L", checks={"can": check("-0.114", "0.1", conformity="exceeds")}),
    row("hopper", "20.000", checks={"span": check(control="out_of_control")}),
    row("scale-02", state="driver_fault", checks={"span": check(control="learning")}),
)


def test_a_normal_board_fits_80_columns_with_nothing_cut() -> None:
    lines = drawn(NORMAL)
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in text(lines)
    for word in ("scale-a", "20.02 kg", "20.01 L", "● ok 4 s", "+0.02 / ±0.04", "-0.02 / ±0.04"):
        assert word in text(lines)
    assert text(lines).count("✔ within") == text(lines).count("✔ in control") == 3
    assert "no check yet" in text(lines)


@pytest.mark.parametrize("picture", [NORMAL, TROUBLED], ids=["normal", "troubled"])
@pytest.mark.parametrize("width", [60, 80, 100, 119])
def test_no_line_is_wider_than_the_terminal(picture: dict[str, Any], width: int) -> None:
    assert max(map(cell_len, drawn(picture, width))) <= width


def test_a_troubled_board_cuts_no_value_and_no_verdict_at_80_columns() -> None:
    found = text(drawn(TROUBLED)).replace("… learning", "")
    assert "…" not in found
    for word in ("123456.78 L", "-0.114 / ±0.1", "✖ EXCEEDS", "? undecided", "✖ driver fault"):
        assert word in found


def test_no_number_is_cut_however_narrow_the_terminal() -> None:
    assert "150.050 kg" in text(drawn(TROUBLED, 60))


def test_a_wide_terminal_shows_labels_age_and_more_history() -> None:
    narrow, wide = text(drawn(NORMAL)), text(drawn(NORMAL, 140))
    assert "Cân đóng gói" in wide
    assert "5 min ago" in wide
    assert "▆▃" * (terminal.BARS_SHOWN_WIDE // 2) in wide
    assert "Cân đóng gói" not in narrow


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_word_and_only_ok_looks_good(state: str) -> None:
    found = terminal.state(row("scale-1", state=state), NOW)
    sign, *words = found.plain.split(" ")
    assert " ".join(words) == f"{state.replace('_', ' ')} 4 s"
    assert sign == {"ok": "●", "starting": "○"}.get(state, "✖")
    assert ("green" in str(found.style)) == (state == "ok")


@pytest.mark.parametrize("table", [terminal.CONFORMITY, terminal.CONTROL])
def test_no_two_verdicts_look_alike_without_colour(table: dict[str, tuple[str, str]]) -> None:
    words = [word for word, _ in table.values()]
    assert len(set(words)) == len(words)
    assert all(len(word.split(" ", 1)[1]) > 3 for word in words)


def test_every_verdict_can_be_drawn() -> None:
    assert set(terminal.CONFORMITY) == set(Conformity)
    assert set(terminal.CONTROL) == set(Control)
    for conformity in Conformity:
        for control in Control:
            checks = {"span": check(conformity=conformity, control=control)}
            lines = text(drawn(board(row("s", checks=checks)), 120))
            assert terminal.CONFORMITY[conformity][0] in lines
            assert terminal.CONTROL[control][0] in lines


def test_an_old_value_is_struck_out_and_a_new_one_is_not() -> None:
    old, new = row("scale-1", state="no_reply"), row("scale-1")
    assert (terminal.value(old).plain, terminal.value(new).plain) == ("(20.02 kg)", "20.02 kg")
    assert "strike" in str(terminal.value(old).style)
    assert "strike" not in str(terminal.value(new).style)
    struck = [line for line in drawn(board(old), colour=True) if "20.02 kg" in line]
    assert "\x1b[2;9m(20.02 kg)\x1b[0m" in text(struck)


def test_an_old_value_is_marked_without_a_terminals_help() -> None:
    old = terminal.value(row("scale-1", state="no_reply")).plain
    assert old != terminal.value(row("scale-1")).plain


def test_the_main_quantity_is_shown_and_motion_marked() -> None:
    one = row("pump-1")
    one["values"] = [
        {"quantity": "unit_price", "value": "23500", "unit": "VND/L"},
        {"quantity": "volume_total", "value": "1.0", "unit": "L"},
        {"quantity": "volume", "value": "20.01", "unit": "L", "stable": False},
    ]
    assert terminal.value(one).plain == "20.01 L ~"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([], "–"),
        ([{"quantity": "weight", "value": "1", "unit": None}], "1 ?"),
        ([{"quantity": "weight", "value": "1.50", "unit": "kg", "stable": True}], "1.50 kg"),
    ],
)
def test_no_value_and_no_unit_are_said(values: list[dict[str, Any]], shown: str) -> None:
    assert terminal.value({"values": values}).plain == shown


@pytest.mark.parametrize("quantity", ["mass_flow", "density", "temperature", "count"])
def test_an_instrument_of_another_quantity_shows_it(quantity: str) -> None:
    values = [{"quantity": quantity, "value": "15.5", "unit": "1"}]
    assert "15.5" in terminal.value({"values": values}).plain


@pytest.mark.parametrize(
    ("ratios", "bars"),
    [
        ([], ""),
        ([-1.0, 0.0, 1.0], "▁▅█"),
        ([-5.0, 5.0], "▁█"),
        ([-1.0, -0.72, -0.43, -0.15, 0.15, 0.43, 0.72, 1.0], "▁▂▃▄▅▆▇█"),
    ],
)
def test_the_sparkline_spans_minus_one_to_plus_one_mpe(ratios: list[float], bars: str) -> None:
    assert terminal.spark(ratios) == bars


def test_80_columns_show_the_latest_eight_errors() -> None:
    history = [-1.0] * 20 + [1.0] * 8
    lines = text(drawn(board(row("s", checks={"span": check(history=history)}))))
    assert "█" * 8 in lines
    assert "▁" not in lines


@pytest.mark.parametrize(
    ("error", "mpe", "shown"),
    [
        ("0.0000", "0.04", "+0 / ±0.04"),
        ("-0.0200", "0.040", "-0.02 / ±0.04"),
        ("20", "4E+1", "+20 / ±40"),
        ("0.1", None, "+0.1 / ±?"),
        ("0.022771", "0.060061374", "+0.0228 / ±0.0601"),
        ("-0.00001", "0.003", "-0.00001 / ±0.003"),
        ("-0.0000004", "0.06", "+0 / ±0.06"),
    ],
)
def test_error_and_mpe_are_plain_digits_with_their_sign(
    error: str, mpe: str | None, shown: str
) -> None:
    assert shown in text(drawn(board(row("s", checks={"span": check(error, mpe)}))))


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        ("2026-11-22T08:05:00.000Z", "0 s"),
        ("2026-11-22T08:06:00.000Z", "0 s"),  # a clock that was set back
        ("2026-11-22T08:04:01.000Z", "59 s"),
        ("2026-11-22T08:04:00.000Z", "1 min"),
        ("2026-11-22T07:05:01.000Z", "59 min"),
        ("2026-11-22T07:05:00.000Z", "1 h"),
        ("2026-11-21T08:05:01.000Z", "23 h"),
        ("2026-11-20T08:05:00.000Z", "2 d"),
    ],
)
def test_an_age_is_said_in_the_largest_unit(since: str, shown: str) -> None:
    assert terminal.age(since, NOW) == shown


def test_two_checks_of_one_instrument_are_two_lines_with_their_names() -> None:
    checks = {"span": check(), "zero": check("-0.01", conformity="undecided")}
    lines = [line for line in drawn(board(row("scale-1", checks=checks)), 100) if "/ ±" in line]
    assert [line.split()[0] for line in lines] == ["span", "zero"]
    assert "? undecided" in lines[1]


def test_points_are_named_as_shortly_as_tells_them_apart_at_80_columns() -> None:
    points = ("s-1-full/corner-4", "s-1-full/repeatability", "s-1-full/fast", "s-1-old/fast")
    lines = drawn(board(row("s-1", checks={one: check("-0.0397") for one in points})))
    found = [line.split()[0] for line in lines if "/ ±" in line]
    assert found == ["corner-4", "repeatability", "full/fast", "old/fast"]
    assert text(lines).count("✔ in control") == 4
    assert max(map(cell_len, lines)) <= 80


def test_a_guided_check_under_way_stands_below() -> None:
    run = {"check": "s-1-full", "operator": "Lan", "done": 5, "of": 18}
    found = text(drawn(board(row("s-1", guided=[run]))))
    assert "s-1: guided check under way: s-1-full, 5 of 18 steps, by Lan" in found


def test_the_dates_of_a_trend_stand_below_and_one_that_is_not_foreseeable_is_said() -> None:
    dates = {"act_by": "2026-12-01T01:00:00Z", "expected": "2027-02-03T01:00:00Z", "latest": None}
    found = text(drawn(board(row("s-1", checks={"s-1-20kg": check(dates=dates)})), 120))
    said = "trend reaches the MPE about 2027-02-03, act by 2026-12-01, at the latest far off"
    assert f"s-1-20kg: {said}" in found


def test_signals_that_stand_are_said_below() -> None:
    found = text(drawn(board(row("p-1", signals={"signals": ["total_jump"], "since": 3}))))
    assert "p-1: between checks: total jump" in found
    assert "between" not in text(drawn(board(row("p-1", signals={"since": 3}))))


def test_causes_stand_below_in_full() -> None:
    cause = "/dev/serial/by-id/usb-FTDI is in use by pid 123 (minicom -D /dev/ttyUSB0)"
    lines = drawn(board(row("scale-1", state="port_lost", cause=cause)))
    assert f"scale-1: {cause}".split() == text(lines[-2:]).split()


def test_the_title_says_how_the_record_and_the_broker_are() -> None:
    journal = {"events": 7, "failing": ""}
    broker = {"state": "away", "waiting": 12}
    good = terminal.title(board(journal=journal, broker=broker)).plain
    assert good == (
        "tramdo tn-01  MQTT away, 12 waiting for the broker  clock unknown\n7 events recorded"
    )
    failing = terminal.title(board(journal={"events": 7, "failing": "disk full"})).plain
    assert "NOT RECORDING: disk full" in failing
    assert "recorded" not in failing


def test_a_verdict_from_before_an_adjustment_is_marked() -> None:
    checks = {"span": check(before_adjustment=True)}
    assert "↻ adjusted" in text(drawn(board(row("s", checks=checks)), 120))
