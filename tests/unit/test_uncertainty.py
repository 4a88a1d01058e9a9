"""Budgets: their arithmetic, their recorded form and the printed table."""

import json
import math
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tramdo.uncertainty
from tramdo.corrections import Correction, material, product
from tramdo.uncertainty import (
    Budget,
    BudgetError,
    CheckWeighing,
    Component,
    GravimetricRun,
    MasterMeterRun,
    ProverRun,
    assumption,
    printed,
)
from tramdo.uncertainty.digits import at_place, significant, upwards

PACKAGE = Path(tramdo.uncertainty.__file__).parent
LIMITS = Component.within("neck_reading", 0.003, "L")
CAN = Component.normal("can", 0.008, "L", 2)
HEAT = Component.within("can_temperature", 0.5, "°C", -0.023)
READ = Correction(name="can_expansion", before=20.03, after=20.04050974, unit="L")
ERROR = Correction(name="relative_error", before=-0.149775, after=0.037952, unit="%")


def budget(*components: Component, k: float = 2) -> Budget:
    return Budget(
        title="prover_run", unit="L", components=components, corrections=(READ, ERROR), k=k
    )


def test_standard_uncertainties() -> None:
    assert CAN.u == pytest.approx(0.004)
    assert LIMITS.u == pytest.approx(0.003 / math.sqrt(3))
    # 0.5 °C x 0.023 L/°C = 0.0115 L, / 1.7320508
    assert HEAT.u == pytest.approx(0.00663953, abs=1e-8)
    triangular = Component(
        name="x", value=6, unit="L", distribution="triangular", divisor=math.sqrt(6)
    )
    assert triangular.u == pytest.approx(math.sqrt(6))


def test_components_add_as_squares() -> None:
    whole = budget(Component.normal("can", 3, "L"), Component.normal("drainage", 4, "L"), k=3)
    assert (whole.combined, whole.expanded) == (5, 15)
    assert budget().expanded == 0


@pytest.mark.parametrize(("value", "divisor"), [(-1, 1), (math.nan, 1), (1, 0), (math.inf, 1)])
def test_a_component_must_be_sound(value: float, divisor: float) -> None:
    with pytest.raises(BudgetError, match=r"can: value .*; allowed: finite"):
        Component.normal("can", value, "L", divisor)


def test_the_body_has_the_recorded_shape() -> None:
    body = budget(CAN, LIMITS, HEAT).body()
    assert list(body) == [
        *("title", "unit", "components", "combined", "k", "expanded", "corrections"),
    ]
    assert body["components"][2] == {
        "name": "can_temperature",
        "value": "0.5",
        "unit": "°C",
        "distribution": "rectangular",
        "divisor": "1.7321",
        "sensitivity": "-0.023",
        "u": "0.00664",
        "assumed": False,
    }
    # u² = 16 + 3 + 44.0833 (mL²) = 63.0833: u 7.942 mL, U 15.885 mL, upwards 16 mL
    assert (body["combined"], body["k"], body["expanded"]) == ("0.00794", "2", "0.016")
    assert body["corrections"] == [
        {
            "name": "can_expansion",
            "from": "20.0300",
            "to": "20.0405",
            "effect": "0.0105",
            "unit": "L",
        },
        {"name": "relative_error", "from": "-0.150", "to": "0.038", "effect": "0.188", "unit": "%"},
    ]
    assert json.loads(json.dumps(body)) == body


@given(st.floats(1e-9, 1e9))
def test_u_is_never_said_too_small(value: float) -> None:
    said = upwards(value)
    assert said >= Decimal(f"{value:.11g}") * (1 - Decimal("1e-9"))
    assert said <= Decimal(value) * Decimal("1.11")
    assert len(said.as_tuple().digits) == 2
    text = budget(Component.normal("can", value, "L"), k=1).body()["expanded"]
    assert "E" not in text
    assert Decimal(text) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0161, "0.017"),
        (0.0160, "0.016"),
        (0.1 + 0.2, "0.30"),
        (0.0996, "0.10"),
        (574, "580"),
        (0, "0"),
    ],
)
def test_u_has_two_digits_rounded_upwards(value: float, said: str) -> None:
    assert f"{upwards(value):f}" == said


def test_digits() -> None:
    assert significant(math.sqrt(3), 5) == "1.7321"
    assert significant(2.0, 4) == "2"
    assert significant(123456.0, 3) == "123000"
    assert significant(0.000012, 6) == "0.000012"
    assert at_place(-0.00001, -3) == "0.000"
    assert at_place(20.0405, -2) == "20.04"


def test_the_table_is_vietnamese_first() -> None:
    lines = budget(CAN, HEAT).lines()
    assert lines[0] == "Độ không đảm bảo của phép kiểm tra bằng bình chuẩn (L)"
    assert lines[1].split("  ")[0] == "Thành phần"
    assert lines[2].startswith("Bình chuẩn (giấy chứng nhận)")
    assert "Độ không đảm bảo mở rộng U (k = 2): 0.016 L" in lines
    assert "  Sai số tương đối: -0.150 → 0.038 % (+0.188)" in lines


def test_the_table_in_english_has_aligned_columns_and_says_why_a_verdict_changed() -> None:
    lines = budget(CAN, HEAT).lines("en")
    columns = {line.index(word) for line, word in zip(lines[1:4], ("Div", "2", "1.7"), strict=True)}
    assert len(columns) == 1
    assert lines[-3:] == [
        "Corrections applied:",
        "  Expansion of the can: 20.0300 → 20.0405 L (+0.0105)",
        "  Relative error: -0.150 → 0.038 % (+0.188)",
    ]
    assert printed(budget(CAN, HEAT).body(), "en") == lines


def test_a_budget_without_corrections_lists_none() -> None:
    lines = Budget(title="prover_run", unit="L", components=(CAN,)).lines("en")
    assert lines[-1] == "Expanded uncertainty U (k = 2): 0.0080 L"


def test_assumed_components_are_marked() -> None:
    plain = CheckWeighing(unit="kg", interval=0.01, repeatability=0.002, weights_mpe=0.001)
    assert "*" not in "".join(plain.budget().lines())
    guessed = CheckWeighing(unit="kg", interval=0.01, weights_mpe=0.001).budget().lines()
    assert guessed[-1] == "* giá trị giả định, chưa đo tại trạm"
    assert sum(" *" in line for line in guessed) == 1


def test_an_unnamed_key_stands_for_itself() -> None:
    other = Component.normal("vibration", 1, "kg")
    assert Budget(title="mine", unit="kg", components=(other,)).lines()[0] == "mine (kg)"


def everything() -> list[Budget]:
    shared: dict[str, Any] = {
        "meter_temperature": 29,
        "product": product("petrol"),
        "interval": 0.01,
        "indicated": 20,
        "evaporation": 0.002,
    }
    weighing = CheckWeighing(unit="kg", interval=1, weights_expanded=1, eccentricity=1)
    steel = material("stainless-304")
    can: dict[str, Any] = {
        "read": 20,
        "can_expanded": 0.01,
        "can_temperature": 31,
        "material": steel,
    }
    master: dict[str, Any] = {"master": 20, "master_expanded": 0.01, "master_interval": 0.01}
    weighed: dict[str, Any] = {"weighed": 15, "weighing_expanded": 0.002, "density": 745}
    return [
        weighing.budget(),
        ProverRun(**shared, **can).budget(),
        ProverRun(**shared, **can, taken_from="totals").budget(),
        MasterMeterRun(**shared, **master, master_temperature=28).budget(),
        GravimetricRun(**shared, **weighed, product_temperature=30).budget(),
    ]


def test_every_key_has_words_in_both_languages() -> None:
    known = tomllib.loads((PACKAGE / "names.toml").read_text("utf-8"))
    assert all(set(words) == {"vi", "en"} for words in known.values())
    used = {"base_temperature"}
    for one in everything():
        used |= {one.title, *(part.name for part in one.components)}
        used |= {part.name for part in one.corrections}
    assert used <= set(known)


def test_assumptions_say_why_and_how_sure() -> None:
    for name in tomllib.loads((PACKAGE / "assumed.toml").read_text("utf-8")):
        one = assumption(name)
        assert one.value > 0
        assert one.why
        assert one.certainty in {"likely", "unsure"}
