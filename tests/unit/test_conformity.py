"""The legal answer: simple or guarded, at the exact limits; and what stands before the error."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from guided import START, can, dispenser, scale, shows, weight
from hypothesis import given
from hypothesis import strategies as st

from tramdo.check import CheckRecord, Finding, Made, Subject, judge, record
from tramdo.conformity import Conformity, Decision, plain, rule, undecided
from tramdo.drift import ControlChart
from tramdo.reading import Unit
from tramdo.uncertainty.budget import Budget, Component

MPE = Decimal("0.30")
MADE = Made(at=START, on=START.date())


@pytest.mark.parametrize(
    ("uncertainty", "decision"),
    [
        ("0", Decision.SIMPLE),
        ("0.0999", Decision.SIMPLE),
        ("0.1", Decision.SIMPLE),  # three times U is the MPE itself
        ("0.1001", Decision.GUARDED),
        ("0.30", Decision.GUARDED),
        ("0.31", Decision.GUARDED),
    ],
)
def test_u_up_to_a_third_of_the_mpe_decides_simply(uncertainty: str, decision: Decision) -> None:
    assert rule(Decimal(0), MPE, Decimal(uncertainty), Unit.KG).decision is decision


@pytest.mark.parametrize(
    ("error", "simple"),
    [
        ("0", Conformity.WITHIN),
        ("0.30", Conformity.WITHIN),
        ("0.3001", Conformity.EXCEEDS),
        ("0.50", Conformity.EXCEEDS),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_simple_acceptance_takes_the_mpe_itself(error: str, simple: Conformity, sign: int) -> None:
    found = rule(sign * Decimal(error), MPE, Decimal("0.1"), Unit.KG)
    assert (found.conformity, found.decision) == (simple, Decision.SIMPLE)


@pytest.mark.parametrize(
    ("error", "guarded"),
    [
        ("0", Conformity.PASS),
        ("0.18", Conformity.PASS),  # MPE - U
        ("0.1801", Conformity.CONDITIONAL_PASS),
        ("0.30", Conformity.CONDITIONAL_PASS),  # MPE
        ("0.3001", Conformity.CONDITIONAL_FAIL),
        ("0.42", Conformity.CONDITIONAL_FAIL),  # MPE + U
        ("0.4201", Conformity.FAIL),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_guarded_decision_at_its_four_zones(error: str, guarded: Conformity, sign: int) -> None:
    found = rule(sign * Decimal(error), MPE, Decimal("0.12"), Unit.KG)
    assert (found.conformity, found.decision) == (guarded, Decision.GUARDED)


def test_where_u_is_larger_than_the_mpe_nothing_passes_for_certain() -> None:
    found = rule(Decimal(0), MPE, Decimal("0.31"), Unit.KG)
    assert found.conformity is Conformity.CONDITIONAL_PASS
    assert rule(Decimal("0.61"), MPE, Decimal("0.31"), Unit.KG).conformity is (
        Conformity.CONDITIONAL_FAIL
    )


_AMOUNTS = st.decimals(min_value=0, max_value=2, places=4)


@given(error=_AMOUNTS, mpe=_AMOUNTS, uncertainty=_AMOUNTS)
def test_u_never_turns_an_error_within_the_mpe_into_a_fail(
    error: Decimal, mpe: Decimal, uncertainty: Decimal
) -> None:
    found = rule(error, mpe, uncertainty, Unit.KG).conformity
    good = {Conformity.WITHIN, Conformity.PASS, Conformity.CONDITIONAL_PASS}
    assert (found in good) == (error <= mpe)
    certain = found in (Conformity.PASS, Conformity.FAIL)
    assert not certain or abs(error - mpe) >= uncertainty


@pytest.mark.parametrize(
    ("error", "uncertainty", "why"),
    [
        ("0.30", "0.1", "error 0.30 kg is within MPE 0.3 kg"),
        ("-0.31", "0.1", "error -0.31 kg is beyond MPE 0.3 kg"),
        ("0.1", "0.12", "error 0.1 kg is within, by U: MPE 0.3 kg, U 0.12 kg, more than MPE/3"),
        (
            "0.31",
            "0.12",
            "error 0.31 kg is beyond, by less than U: MPE 0.3 kg, U 0.12 kg, more than MPE/3",
        ),
    ],
)
def test_the_sentence_has_the_figures(error: str, uncertainty: str, why: str) -> None:
    assert rule(Decimal(error), MPE, Decimal(uncertainty), Unit.KG).why == why


def test_a_plain_number_has_no_exponent() -> None:
    assert [plain(Decimal(one)) for one in ("100", "0.40", "0", "1E+3", "4E-7")] == [
        "100",
        "0.4",
        "0",
        "1000",
        "0.0000004",
    ]


def test_undecided_is_no_rule() -> None:
    found = undecided("why")
    assert (found.conformity, found.decision, found.why) == (
        Conformity.UNDECIDED,
        Decision.NONE,
        "why",
    )


def budget(expanded: str) -> Budget:
    part = Component.normal("reference_weights", float(expanded), "kg", 2)
    return Budget(title="check_weighing", unit="kg", components=(part,))


def finding(error: str = "0.02", **more: Any) -> Finding:
    facts: dict[str, Any] = {"reference": weight("20"), "budget": budget("0.002")} | more
    return Finding(
        check="span", point="span", indication=shows("20.02"), error=Decimal(error), **facts
    )


def judged(one: Finding, subject: Subject | None = None) -> CheckRecord:
    return record(one, subject or scale(), MADE, ControlChart(floor=0.006))


DOUBTFUL = weight(
    "20", expanded_uncertainty=Decimal("0.02"), valid_until=date(2026, 11, 21), certificate="K-9"
)


def test_reasons_against_the_standard_come_before_the_error_in_this_order() -> None:
    no_e = replace(scale(), characteristics=replace(scale().characteristics, e=None))
    one = finding("5", reference=DOUBTFUL, refused="can_temperature was not measured", budget=None)
    unsaid = "oiml-r76-2006: needs e; it is not given; allowed: above 0"
    assert judge(one, no_e, MADE) == (undecided(unsaid), None)
    assert judge(one, scale(), MADE)[0].why == "can_temperature was not measured"
    one = replace(one, refused=None)
    assert judge(one, scale(), MADE)[0].why == (
        "check standard w20 (certificate K-9) was valid until 2026-11-21, 1 day before 2026-11-22"
    )
    one = replace(one, reference=replace(DOUBTFUL, valid_until=date(2026, 11, 22)))
    assert judge(one, scale(), MADE)[0].why == (
        "check standard w20 (certificate K-9) has U 0.02 kg, more than a third of the MPE 0.04 kg"
    )
    one = replace(one, reference=weight("20"))
    assert judge(one, scale(), MADE)[0].why == "the uncertainty of this check is not known"
    one = replace(one, budget=budget("0.002"))
    assert judge(one, scale(), MADE)[0].conformity is Conformity.EXCEEDS


@pytest.mark.parametrize("spread", [True, False])
def test_a_refused_finding_is_undecided_and_keeps_its_mpe(*, spread: bool) -> None:
    found = judged(finding("9", refused="odd", spread=spread))
    assert (found.verdict.conformity, found.verdict.decision) == (
        Conformity.UNDECIDED,
        Decision.NONE,
    )
    assert (found.mpe, found.error, found.verdict.why) == (Decimal("0.04"), Decimal(9), "odd")


@pytest.mark.parametrize(
    ("expanded", "conformity"),
    [
        # A third of the MPE of 0.04 kg is 0.01333 kg; U has two digits, rounded upwards.
        ("0.013", Conformity.EXCEEDS),
        ("0.0131", Conformity.CONDITIONAL_FAIL),
    ],
)
def test_u_is_rounded_upwards_before_it_decides(expanded: str, conformity: Conformity) -> None:
    found = judged(finding("0.05", budget=budget(expanded)))
    assert found.verdict.conformity is conformity


def delivery(error: str, **more: Any) -> CheckRecord:
    one = finding(error, reference=can(), **more)
    return judged(one, dispenser())


@pytest.mark.parametrize(
    ("error", "within", "conformity"),
    [
        ("0.1", [True, True], Conformity.WITHIN),
        ("-0.1", [True, True], Conformity.WITHIN),
        ("0.1001", [False, True], Conformity.EXCEEDS),
        ("0.15", [False, True], Conformity.EXCEEDS),
        ("-0.1501", [False, False], Conformity.EXCEEDS),
    ],
)
def test_the_lines_at_one_and_one_and_a_half_mpe(
    error: str, within: list[bool], conformity: Conformity
) -> None:
    found = delivery(error)
    assert [(line.factor, line.limit) for line in found.lines] == [
        (Decimal(1), Decimal("0.1")),
        (Decimal("1.5"), Decimal("0.15")),
    ]
    assert [line.within for line in found.lines] == within
    assert found.verdict.conformity is conformity


def test_the_worst_error_is_judged_and_the_mean_is_the_error() -> None:
    found = delivery("0.05", worst=Decimal("-0.12"))
    assert [line.within for line in found.lines] == [False, True]
    assert (found.error, found.verdict.conformity) == (Decimal("0.05"), Conformity.EXCEEDS)
    assert found.verdict.why == "error -0.12 L is beyond MPE 0.1 L"


def test_a_rule_set_with_one_line_reports_none_beside_the_mpe() -> None:
    assert judged(finding()).lines == ()


@pytest.mark.parametrize(
    ("error", "conformity"), [("0.04", Conformity.WITHIN), ("0.041", Conformity.EXCEEDS)]
)
def test_a_spread_is_held_against_its_own_limit_without_u(
    error: str, conformity: Conformity
) -> None:
    assert judged(finding(error, spread=True, budget=None)).verdict.conformity is conformity


def test_a_limit_of_the_test_itself_stands_in_the_place_of_the_mpe() -> None:
    found = judged(finding("0.011", limit=Decimal("0.01")))
    assert (found.mpe, found.verdict.conformity) == (
        Decimal("0.01"),
        Conformity.EXCEEDS,
    )
