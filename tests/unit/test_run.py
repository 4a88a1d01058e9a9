"""A run of a guided check: what it takes, what it refuses and how it says so, going back."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from guided import READINGS, START, reading, shows, silence, weight

from tramdo.procedures.proving import temperature
from tramdo.procedures.run import Run, Unanswered, picture
from tramdo.procedures.steps import Answer, Step, Want, answer_of
from tramdo.reading import Indication, Quantity, Unit


def rest(key: str, group: str, value: str = "20") -> Step:
    return Step(
        key=key,
        group=group,
        want=Want.REST,
        says="put_on",
        target=weight(value),
        window=Decimal("0.5"),
    )


def number(key: str, group: str, **more: Any) -> Step:
    said: dict[str, Any] = {"low": Decimal(0), "high": Decimal("40.5"), "unit": Unit.G} | more
    return Step(key=key, group=group, want=Want.NUMBER, says="add_small_weights", **said)


def run(*steps: Step, d: str | None = "0.02") -> Run:
    return Run(
        id="run-1",
        check="guided",
        instrument="scale-1",
        operator="Lan",
        begun=START,
        steps=steps,
        readings=READINGS,
        d=Decimal(d) if d else None,
    )


WARMTH = temperature("t", "t", "read_meter_temperature", Quantity.TEMPERATURE)


def fed(one: Run, *indications: Indication, at: float = 1) -> tuple[Run, Answer | None]:
    return one.feed(reading(START + timedelta(seconds=at), *indications))


def warmth(value: str, unit: Unit = Unit.CELSIUS) -> Indication:
    return Indication(value=Decimal(value), unit=unit, quantity=Quantity.TEMPERATURE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", "1.5"),
        ("1,5", "1.5"),
        (" 31,0 ", "31.0"),
        ("+2", "2"),
        (",5", "0.5"),
        ("7.", "7"),
        ("0", "0"),
        ("40.5", "40.5"),
    ],
)
def test_a_number_with_point_or_comma_keeps_its_digits(text: str, value: str) -> None:
    _, answer = run(number("n", "n")).enter(text, START)
    assert str(answer.value) == value
    assert (answer.unit, answer.by, answer.at) == (Unit.G, "operator", START)


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "abc", "1.000,5", "1,000.5", "1,2,3", "NaN", "inf", "1e1", "1e-999999999"),
        *("0e99", "1_0", "１", "3 1", "--1", ".", "-", "9" * 13),
    ],
)
def test_what_is_no_number_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(Unanswered) as found:
        run(number("n", "n")).enter(text, START)
    assert str(found.value) == f"{text!r} is no number; allowed: 0 to 40.5 g"


@pytest.mark.parametrize("text", ["-0,1", "40.51"])
def test_what_lies_outside_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(Unanswered) as found:
        run(number("n", "n")).enter(text, START)
    assert str(found.value) == f"{text} is out of range; allowed: 0 to 40.5 g"


def test_a_number_without_limits_or_unit_is_any() -> None:
    free = number("n", "n", low=None, high=None, unit=None)
    with pytest.raises(Unanswered, match=r"^'x' is no number; allowed: any to any$"):
        run(free).enter("x", START)
    assert run(free).enter("-99999", START)[1].value == Decimal(-99999)


def test_only_a_number_is_entered_and_only_what_is_optional_is_skipped() -> None:
    with pytest.raises(Unanswered, match="answered by the instrument, not by a number"):
        run(rest("load", "load")).enter("20", START)
    for one in (run(rest("load", "load")), run(number("n", "n")), run()):
        with pytest.raises(Unanswered, match="cannot be skipped"):
            one.skip(START)
    done, answer = run(number("t", "t", optional=True)).skip(START)
    assert (answer.value, answer.unit, done.step) == (None, None, None)


def test_a_plateau_answers_with_its_evidence() -> None:
    one, none = fed(run(rest("load", "load")), shows("20.02"))
    assert none is None
    one, answer = fed(one, shows("20.02"), at=2)
    assert answer is not None
    assert (answer.value, answer.unit, answer.by) == (Decimal("20.02"), Unit.KG, "instrument")
    assert answer.frames == (b"S S 1".hex(" "),) * READINGS
    assert (answer.at, one.touched) == (START + timedelta(seconds=2),) * 2
    assert one.step is None


@pytest.mark.parametrize(
    "shown",
    [
        [shows("20.60")] * 4,
        [shows("20.00", stable=False)] * 4,
        [shows("20.00"), shows("0.00")] * 2,
        [shows("20.00", Unit.LB)] * 4,
    ],
    ids=["outside the window", "in motion", "taken off again", "another unit"],
)
def test_nothing_else_answers_a_step_at_rest(shown: Sequence[Indication]) -> None:
    one = run(rest("load", "load"))
    for indication in shown:
        one, answer = fed(one, indication)
        assert answer is None


def test_a_temperature_that_the_instrument_has_is_taken_from_it() -> None:
    one, answer = fed(run(WARMTH), warmth("29.0"))
    assert answer is not None
    assert (answer.value, answer.by, one.step) == (Decimal("29.0"), "instrument", None)


@pytest.mark.parametrize(
    "offered",
    [warmth("-273.1"), warmth("60.1"), warmth("NaN"), warmth("29", Unit.HZ), shows("29")],
)
def test_a_temperature_that_cannot_be_true_is_left_to_the_operator(offered: Indication) -> None:
    one, answer = fed(run(WARMTH), offered)
    assert answer is None
    assert one.enter("29", START)[1].by == "operator"


def changing(more: str = "0.02", **plate: str | None) -> Run:
    """Return a run that waits for the sum of the small weights put to 20.00 kg."""
    steps = (rest("load", "load"), number("n", "load", after="load", more=Decimal(more)))
    one = run(*steps, **plate)
    for at in range(READINGS):
        one, _ = fed(one, shows("20.00"), at=at)
    return one


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (shows("20.00"), "20.00"),
        (shows("20.04"), "20.04"),
        (shows("19.98"), "19.98"),
        (shows("20.02", stable=False), "20.02, in motion"),
    ],
)
def test_small_weights_count_only_once_the_display_has_stepped(
    shown: Indication, says: str
) -> None:
    one, _ = fed(changing(), shown)
    with pytest.raises(Unanswered) as found:
        one.enter("3", START)
    assert str(found.value) == (
        f"the instrument shows {says}; add small weights until it shows 20.02 steadily, then "
        "enter their sum"
    )


def test_small_weights_do_not_count_while_the_instrument_is_silent() -> None:
    one, _ = changing().feed(silence(START))
    with pytest.raises(Unanswered, match="the instrument shows nothing; add small weights"):
        one.enter("3", START)


@pytest.mark.parametrize("stable", [True, None])
@pytest.mark.parametrize("d", ["0.02", None])
def test_small_weights_count_when_the_display_has_stepped(
    *, stable: bool | None, d: str | None
) -> None:
    one, _ = fed(changing(d=d), shows("20.02", stable=stable))
    assert one.enter("3", START)[1].value == Decimal(3)


def test_a_plate_without_d_bars_small_weights_too() -> None:
    one, _ = fed(changing(d=None), shows("20.00"))
    with pytest.raises(Unanswered, match=r"until it shows 20\.02 steadily"):
        one.enter("3", START)


THREE = (
    number("a", "a"),
    number("b/1", "b"),
    number("b/2", "b"),
    number("b/3", "b"),
    number("c/1", "c"),
    number("c/2", "c"),
)


def answered(count: int) -> Run:
    one = run(*THREE)
    for turn in range(count):
        one, _ = one.enter(str(turn), START + timedelta(minutes=turn))
    return one


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 4), (6, 4)],
)
def test_repeat_goes_back_to_the_beginning_of_a_group(given: int, kept: int) -> None:
    again = answered(given).repeat()
    assert [one.step for one in again.answers] == [step.key for step in THREE[:kept]]
    assert again.step == THREE[kept]


def test_repeat_again_goes_back_one_more_group() -> None:
    assert len(answered(6).repeat().repeat().answers) == 1
    assert len(answered(6).repeat().repeat().repeat().answers) == 0


@pytest.mark.parametrize("given", range(7))
def test_who_goes_back_has_not_left(given: int) -> None:
    one = answered(given)
    assert one.repeat().touched == one.touched


@pytest.mark.parametrize(
    ("given", "kept"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 6)]
)
def test_a_group_that_was_cut_off_is_done_again_as_a_whole(given: int, kept: int) -> None:
    assert len(answered(given).resumed().answers) == kept


@pytest.mark.parametrize("given", range(7))
def test_a_run_is_its_answers(given: int) -> None:
    live = answered(given)
    bodies = json.loads(json.dumps([one.body() for one in live.answers]))
    again = run(*THREE).at([answer_of(body) for body in bodies])
    assert again.step == live.step
    assert [(one.step, one.value) for one in again.answers] == [
        (one.step, one.value) for one in live.answers
    ]
    assert again.fits()


def test_answers_to_other_steps_do_not_fit() -> None:
    live = answered(3)
    assert not replace(live, steps=THREE[1:]).fits()
    assert not replace(live, steps=THREE[:2]).fits()
    assert not replace(live, steps=(THREE[0], THREE[2], THREE[1])).fits()


def test_a_captured_answer_survives_its_json() -> None:
    shown = replace(shows("20.020"), basis="gross", flags=("unit_assumed",))
    one, _ = fed(run(rest("load", "load")), shown, warmth("28.5"), at=0.001)
    _, answer = fed(one, shown, warmth("28.5"), at=0.002)
    assert answer is not None
    # The record keeps milliseconds.
    exact = replace(answer, at=START.replace(microsecond=125_000))
    assert answer_of(json.loads(json.dumps(answer.body()))) == exact
    assert exact.seen == {"temperature": "28.5 °C"}


def test_a_picture_says_where_it_stands() -> None:
    shown = picture(answered(2))
    assert (shown["done"], shown["of"], shown["operator"]) == (2, 6, "Lan")
    assert (shown["step"]["key"], shown["step"]["allowed"]) == ("b/2", "0 to 40.5")
    assert picture(answered(6))["step"] is None
    assert picture(run(rest("load", "load")))["step"]["allowed"] is None
    json.dumps(shown)


@pytest.mark.parametrize(("value", "offered"), [("29", True), ("-273.1", False)])
def test_a_picture_says_whether_the_instrument_will_answer(value: str, *, offered: bool) -> None:
    one, _ = fed(run(number("n", "n"), WARMTH), warmth(value))
    one, _ = one.enter("1", START)
    shown = picture(one)["step"]
    assert (shown["key"], shown["offered"]) == ("t/t", offered)
