"""Sentences for people: every step has its words in both languages, and gets what they need."""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from guided import Bench, can, carried_out, delivering, guide, scale, weighing, weight

import tramdo.uncertainty
import tramdo.words
from tramdo.conformity import Conformity
from tramdo.corrections import product
from tramdo.guiding import Procedure
from tramdo.live.guided import SIGNS, closing, prompt
from tramdo.procedures.proving import MasterMeter, Weighed
from tramdo.procedures.steps import Step, Want
from tramdo.procedures.substitution import Substitution
from tramdo.words import put_into_words, sentence

LANGUAGES = ("vi", "en")
STEPS = tomllib.loads(Path(tramdo.words.__file__).with_name("steps.toml").read_text("utf-8"))
NAMES = tomllib.loads(Path(tramdo.uncertainty.__file__).with_name("names.toml").read_text("utf-8"))


def every_procedure() -> Iterator[Procedure]:
    loads = (weight("5"), weight("20"))
    yield weighing(*loads)
    yield weighing(*loads, change_over=True)
    yield Substitution(
        check="guided", subject=scale(), load=weight("20"), window=Decimal("0.5"), times=2
    )
    both: dict[str, Any] = {"flows": ("fast", "slow"), "runs": 2}
    yield delivering(**both)
    petrol, window = product("petrol"), Decimal("0.5")
    yield delivering(MasterMeter(reference=can(), window=window, product=petrol), **both)
    yield delivering(
        Weighed(reference=can(), window=window, product=petrol, weighing_expanded=Decimal("0.002")),
        **both,
    )


PROCEDURES = list(every_procedure())
EVERY_STEP: list[Step] = [step for one in PROCEDURES for step in one.steps()]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", STEPS)
def test_every_sentence_is_there_in_both_languages_with_the_same_facts(name: str) -> None:
    assert set(STEPS[name]) == set(LANGUAGES)
    assert all(text.strip() and text.strip()[-1] == "." for text in STEPS[name].values())
    assert placeholders(STEPS[name]["vi"]) == placeholders(STEPS[name]["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_sentence_and_every_fact_that_it_needs(language: str) -> None:
    for step in EVERY_STEP:
        text = sentence("steps", step.says, language, step.facts)
        assert "{" not in text
        for name in placeholders(STEPS[step.says][language]):
            assert step.facts[name] in text


def test_no_sentence_is_left_over() -> None:
    assert {step.says for step in EVERY_STEP} == set(STEPS)


def test_a_step_has_what_its_kind_needs() -> None:
    for step in EVERY_STEP:
        if step.want is Want.NUMBER:
            assert step.unit is not None
            assert (step.low is not None, step.high is not None) == (True, True)
        else:
            assert step.target is not None
            assert step.window is not None


def test_keys_are_used_once_and_groups_stand_together() -> None:
    for one in PROCEDURES:
        steps = one.steps()
        assert len({step.key for step in steps}) == len(steps)
        groups = [step.group for step in steps]
        ends = [
            group
            for group, after in zip(groups, [*groups[1:], None], strict=True)
            if group != after
        ]
        assert len(set(ends)) == len(ends)


def answers(procedure: Procedure) -> dict[str, str | None]:
    """Return numbers in the middle of what is allowed, so that a run can be finished."""
    known: dict[str, str | None] = {"weight": "14.8", "density": "740", "read": "20.00"}
    return {
        step.key: known.get(step.key.rsplit("/", 1)[-1], "20")
        for step in procedure.steps()
        if step.want is Want.NUMBER
    }


@pytest.mark.parametrize("turn", range(len(PROCEDURES)))
def test_every_word_of_every_budget_is_there_in_both_languages(turn: int) -> None:
    bench = carried_out(PROCEDURES[turn], answers(PROCEDURES[turn]))
    budgets = [one["budget"] for one in bench.bodies[-1]["findings"] if one["budget"]]
    assert budgets
    for budget in budgets:
        parts = [*budget["components"], *budget["corrections"]]
        used = {budget["title"], *(one["name"] for one in parts)}
        used |= {one["distribution"] for one in budget["components"]}
        assert {name for name in used if set(NAMES.get(name, ())) != set(LANGUAGES)} == set()


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("vi", "Đọc mức xăng dầu trên thang chia ở cổ bình.", "Độ không đảm bảo"),
        ("en", "Read the level on the scale of the neck.", "Uncertainty of a proving can run"),
    ],
)
def test_a_picture_is_put_into_words(language: str, text: str, title: str) -> None:
    procedure = delivering()
    bench = Bench(guide=guide(procedure), shown=answers(procedure)).begin()
    bench.go(1)
    step = put_into_words(bench.guide.picture(), language)["running"]["step"]
    assert (step["text"], step["key"]) == (text, "fast-1/read")
    bench.go()
    (one,) = put_into_words(bench.guide.picture(), language)["last"]["findings"]
    assert one["table"][0].startswith(title)
    assert "table" not in bench.bodies[-1]["findings"][0]


def test_a_check_that_never_ran_needs_no_words() -> None:
    picture = guide(delivering()).picture()
    assert put_into_words(picture, "vi") == picture


def test_a_run_that_found_nothing_has_no_tables() -> None:
    one = guide(delivering())
    one.begin("run-1", "Lan", Bench(guide=one).at)
    one.close("given_up", "rain")
    assert put_into_words(one.picture(), "en")["last"]["findings"] == []


def test_a_sentence_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        sentence("steps", "dance", "en", {})


def spoken(bench: Bench) -> dict[str, Any]:
    return put_into_words(bench.guide.picture(), "en")


def test_the_terminal_asks_with_number_and_what_is_allowed() -> None:
    procedure = delivering()
    bench = Bench(guide=guide(procedure), shown=answers(procedure)).begin()
    assert prompt(spoken(bench)["running"]) == (
        "[1/4] Fill 20 L at full flow into the wetted vessel and hang up, run 1 of 1."
    )
    bench.go(1)
    assert prompt(spoken(bench)["running"]) == (
        "[2/4] Read the level on the scale of the neck.\n  L, 19.5 to 20.5"
    )
    bench.go(1)
    assert prompt(spoken(bench)["running"]).splitlines() == [
        "[3/4] Measure the temperature of the product in the can.",
        "  °C, -20 to 60; empty: skip",
    ]


def test_the_terminal_shows_how_a_run_ended() -> None:
    procedure = delivering()
    bench = carried_out(procedure, answers(procedure))
    lines = closing(spoken(bench)["last"]).splitlines()
    assert lines[:5] == [
        "run-1: finished",
        "✔ guided/fast: within",
        "    error 0.000000 L is within MPE 0.1 L",
        "    1 x MPE = 0.1 L: within",
        "    1.5 x MPE = 0.15 L: within",
    ]
    assert "    can_temperature: 20 °C" in lines
    assert any(line.startswith("    Uncertainty of a proving can run") for line in lines)
    assert any("Relative error" in line for line in lines)


def test_the_terminal_says_that_nothing_of_a_broken_run_counts() -> None:
    one = guide(delivering())
    one.begin("run-1", "Lan", Bench(guide=one).at)
    (closed,) = one.close("given_up", "rain").bodies
    assert closing(closed) == "run-1: given_up: rain; nothing of it counts"


def test_every_conformity_has_its_sign() -> None:
    assert set(SIGNS) == set(Conformity)
