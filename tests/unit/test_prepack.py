"""Lots of packs, against worked examples; packs are in g."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from answers import cases, vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.prepack import (
    LotDecision,
    LotVerdict,
    PrepackError,
    available,
    fill_target,
    judge,
    largest_measuring_error,
    load,
    tolerable_deficiency,
)

CIRCULAR = load("circular-21-2014")
EU = load("eu-76-211")
TEA = vector("prepack_lot_100g_tea_accept")
TRAP = vector("vn_blog_small_sample_trap")
GOOD, T1, T2 = Decimal(102), Decimal(95), Decimal(90)  # of 100 g, where T is 4.5 g


def exact(value: float) -> Decimal:
    return Decimal(str(value))


def verdict(
    packs: Sequence[Decimal], lot: int, plan: str = "circular-21-2014", nominal: int = 100
) -> LotVerdict:
    deficiency = tolerable_deficiency(Decimal(nominal))
    return judge(packs, lot=lot, deficiency=deficiency, plan=load(plan))


def drawn(packs: int, t1: int = 0, t2: int = 0) -> list[Decimal]:
    return [T1] * t1 + [T2] * t2 + [GOOD] * (packs - t1 - t2)


@pytest.mark.parametrize("case", cases("prepack_tolerable_deficiency"))
def test_tolerable_deficiency(case: dict[str, Any]) -> None:
    found = tolerable_deficiency(exact(case["qn"]))
    limits = (found.t, found.t1_limit, found.t2_limit)
    assert limits == tuple(exact(case[key]) for key in ("T", "T1_limit", "T2_limit"))


@pytest.mark.parametrize(
    ("nominal", "kind", "t"),
    [
        ("5", "length", "0"),
        ("6", "length", "0.12"),
        ("2", "area", "0.06"),
        ("50", "count", "0"),
        ("150", "count", "2"),
    ],
)
def test_tolerable_deficiency_of_other_goods(nominal: str, kind: Any, t: str) -> None:
    assert tolerable_deficiency(Decimal(nominal), kind).t == Decimal(t)


@pytest.mark.parametrize("nominal", ["0", "-1", "NaN", "Infinity"])
def test_no_deficiency_without_a_nominal_quantity(nominal: str) -> None:
    with pytest.raises(PrepackError, match=r"nominal quantity is .*; allowed: above 0"):
        tolerable_deficiency(Decimal(nominal))


def test_packs_of_100_g_must_be_weighed_to_0_9_g() -> None:
    assert largest_measuring_error(tolerable_deficiency(Decimal(100))) == Decimal("0.9")


@pytest.mark.parametrize("plan", ["circular-21-2014", "oiml-r87-2004"])
@pytest.mark.parametrize("case", cases("prepack_sampling_plan_r87_2004"))
def test_sampling_plan(case: dict[str, Any], plan: str) -> None:
    row, close = load(plan).row(case["N"]), vector("prepack_sampling_plan_r87_2004")["tolerance"]
    (sample,) = row.samples
    assert float(row.k) == pytest.approx(case["k"], abs=close)
    assert (sample.packs, sample.accept, sample.reject) == (case["n"], case["c"], case["c"] + 1)
    assert row.mean_of == case["n"]


@pytest.mark.parametrize(
    ("plan", "lot", "key", "index"),
    [
        ("eu-76-211", 100, "non_destructive", 0),
        ("eu-76-211", 500, "non_destructive", 0),
        ("eu-76-211", 501, "non_destructive", 1),
        ("eu-76-211", 3201, "non_destructive", 1),
        ("eu-76-211-destructive", 100, "destructive", 0),
        ("eu-76-211-destructive", 9999, "destructive", 0),
    ],
)
def test_eu_mean_criterion(plan: str, lot: int, key: str, index: int) -> None:
    one, row = vector("eu_76_211_mean_criterion"), load(plan).row(lot)
    expected = one["expected"][key][index]
    assert row.mean_of == expected["n"]
    assert float(row.k) == pytest.approx(expected["k"], abs=one["tolerance"])


def test_eu_lots_below_100_are_weighed_whole_and_their_mean_reaches_the_nominal() -> None:
    assert verdict(drawn(30), 99, "eu-76-211").required == 99
    packs = [Decimal(100)] * 98
    assert verdict([*packs, Decimal(100)], 99, "eu-76-211").decision is LotDecision.ACCEPT
    assert verdict([*packs, Decimal("99.9")], 99, "eu-76-211").decision is LotDecision.REJECT


def test_vn_blog_example_lot() -> None:
    one = vector("vn_blog_example_lot")
    (sample,) = CIRCULAR.row(one["inputs"]["lot"]).samples
    deficiency = tolerable_deficiency(exact(one["inputs"]["qn_g"]))
    assert one["expected"] == {
        "sample": sample.packs,
        "T_g": float(deficiency.t),
        "T1_limit_g": float(deficiency.t1_limit),
        "allowed_T1": sample.accept,
    }


def test_vn_blog_small_sample_trap() -> None:
    inputs, expected, close = TRAP["inputs"], TRAP["expected"], TRAP["tolerance"]
    packs = [exact(one) for one in inputs["sample_g"]]
    found = verdict(packs, inputs["lot"], nominal=inputs["qn_g"])
    assert float(found.mean) == pytest.approx(expected["mean_g"], abs=close)
    assert float(found.sd or 0) == pytest.approx(expected["sd_g"], abs=close)
    assert found.t1_count == expected["packs_below_T1"]
    assert found.required == expected["required_sample"]
    assert found.decision is LotDecision.NOT_DECIDABLE
    assert found.why[0].startswith(expected["verdict"])
    assert "5 packs; the plan wants 125" in found.why[0]
    assert (found.mean_ok, found.criterion, found.allowed_t1) == (None, None, None)


def test_prepack_lot_100g_tea_accept() -> None:
    inputs, expected, close = TEA["inputs"], TEA["expected"], TEA["tolerance"]
    packs = [exact(one) for one in inputs["sample_g"]]
    found = verdict(packs, inputs["lot"], nominal=inputs["qn_g"])
    assert float(found.mean) == pytest.approx(expected["mean"], abs=close)
    assert float(found.sd or 0) == pytest.approx(expected["sd"], abs=close)
    assert float(found.criterion or 0) == pytest.approx(expected["criterion"], abs=close)
    assert found.mean_ok is expected["mean_ok"]
    assert (found.t1_count, found.t2_count) == (expected["n_T1"], expected["n_T2"])
    assert found.allowed_t1 == inputs["allowed_T1"]
    assert (found.decision is LotDecision.ACCEPT) is expected["accept"]


def test_the_same_lot_0_7_g_lighter_fails_by_its_mean() -> None:
    packs = [exact(one) - Decimal("0.7") for one in TEA["inputs"]["sample_g"]]
    found = verdict(packs, 400)
    assert (found.decision, found.mean_ok) == (LotDecision.REJECT, False)
    assert found.why == ("mean 99.394 is below 99.49636",)


@pytest.mark.parametrize(
    ("t1", "t2", "decision"),
    [(3, 0, "accept"), (4, 0, "reject"), (0, 1, "reject"), (3, 1, "reject")],
)
def test_counts_of_a_sample_of_50(t1: int, t2: int, decision: str) -> None:
    found = verdict(drawn(50, t1, t2), 400)
    assert (found.decision, found.t1_count, found.t2_count) == (decision, t1 + t2, t2)


def test_a_pack_exactly_at_a_limit_is_no_error() -> None:
    found = verdict([*drawn(48), Decimal("95.5"), Decimal(91)], 400)
    assert (found.t1_count, found.t2_count) == (1, 0)


@pytest.mark.parametrize("case", cases("prepack_n_equals_N"))
def test_n_equals_the_lot(case: dict[str, Any]) -> None:
    found = verdict(drawn(case["N"], case["T1"]), case["N"])
    assert (found.decision is LotDecision.ACCEPT) is case["ok"]
    assert found.criterion == 100


def test_a_whole_lot_has_no_allowance_on_its_mean() -> None:
    packs = [Decimal(100), Decimal(100), Decimal("99.9")]
    assert verdict(packs, 3).decision is LotDecision.REJECT
    assert verdict([*packs[:2], Decimal(100)], 3).decision is LotDecision.ACCEPT
    assert verdict([Decimal(100)], 1).sd is None


@pytest.mark.parametrize(
    ("packs", "t1", "decision", "required"),
    [
        (30, 1, "accept", 30),
        (30, 2, "second_sample", 60),
        (30, 3, "reject", 30),
        (60, 4, "accept", 60),
        (60, 5, "reject", 60),
    ],
)
def test_the_double_plan_of_the_eu(packs: int, t1: int, decision: str, required: int) -> None:
    found = verdict(drawn(packs, t1), 500, "eu-76-211")
    assert (found.decision, found.required) == (decision, required)


def test_a_second_sample_does_not_change_the_mean() -> None:
    first = drawn(30, 2)
    later = [Decimal(99)] * 30
    assert verdict(first + later, 500, "eu-76-211").mean == verdict(first, 500, "eu-76-211").mean


@pytest.mark.parametrize(
    ("packs", "word", "required"), [(49, "small", 50), (51, "large", 50), (399, "large", 50)]
)
def test_a_sample_of_another_size_decides_nothing(packs: int, word: str, required: int) -> None:
    found = verdict(drawn(packs, 3 if word == "small" else 20), 400)
    assert (found.decision, found.required) == (LotDecision.NOT_DECIDABLE, required)
    assert f"sample too {word} ({packs} packs; the plan wants {required})" in found.why[0]


def test_what_no_further_pack_could_mend_rejects_at_once() -> None:
    assert verdict(drawn(10, t1=4), 400).decision is LotDecision.REJECT
    assert verdict(drawn(10, t1=3), 400).decision is LotDecision.NOT_DECIDABLE
    found = verdict(drawn(60, t2=1), 400)
    assert (found.decision, found.why) == (
        LotDecision.REJECT,
        ("1 packs are short by more than 2T; allowed: 0",),
    )


@given(st.integers(0, 50), st.integers(1, 50))
def test_an_early_rejection_stands_when_the_sample_is_complete(t1: int, seen: int) -> None:
    packs = drawn(50, t1)
    if verdict(packs[:seen], 400).decision is LotDecision.REJECT:
        assert verdict(packs, 400).decision is LotDecision.REJECT


@pytest.mark.parametrize(("packs", "lot"), [(0, 400), (5, 4)])
def test_packs_and_lot_must_fit(packs: int, lot: int) -> None:
    with pytest.raises(PrepackError, match=rf"{packs} packs weighed of a lot of {lot}; allowed"):
        verdict(drawn(packs), lot)


def test_a_quantity_must_be_a_number() -> None:
    with pytest.raises(PrepackError, match="a quantity is NaN; allowed: finite"):
        verdict([*drawn(49), Decimal("NaN")], 400)


@pytest.mark.parametrize("case", cases("fill_target_quantity"))
def test_fill_target(case: dict[str, Any]) -> None:
    deficiency = tolerable_deficiency(exact(case["qn"]))
    assert float(deficiency.t) == case["T"]
    found = fill_target(deficiency, case["s"])
    close = vector("fill_target_quantity")["tolerance"]
    assert found.quantity == pytest.approx(case["target"], abs=close)
    assert found.binding == case["binding"]


def test_plans_of_a_site_come_first_and_errors_name_the_file(tmp_path: Path) -> None:
    assert "eu-76-211" in available()
    (tmp_path / "house.toml").write_text('title = "x"\nrows = []\nmore = 1\n')
    with pytest.raises(PrepackError, match=r"house\.toml: rows: .*\n.*more: ") as caught:
        load("house", [tmp_path])
    assert "certainty" in str(caught.value)
    (tmp_path / "eu-76-211.toml").write_text("= broken")
    with pytest.raises(PrepackError, match=r"eu-76-211\.toml: "):
        load("eu-76-211", [tmp_path])
    with pytest.raises(PrepackError, match="no sampling plan is called 'hb133'; there are: circ"):
        load("hb133")
