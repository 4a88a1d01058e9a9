import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from weighings import CHART, EXACT, SCALE, WEIGHT, weigh

from tramdo.check import CheckRecord
from tramdo.conformity import Conformity
from tramdo.drift import Control, ControlChart
from tramdo.limits import Characteristics, Stage, load
from tramdo.reading import Indication, Quantity, Unit
from tramdo.reference import ReferenceValue, UnitMismatch


def deliver(shown: str, can: str) -> CheckRecord:
    dispenser = Characteristics(accuracy_class="0.5", unit=Unit.L, mmq=Decimal(2))
    reference = ReferenceValue(
        id="C20",
        quantity=Quantity.VOLUME,
        value=Decimal(can),
        unit=Unit.L,
        expanded_uncertainty=Decimal("0.02"),
        kind="proving_can",
    )
    found, _ = weigh(
        shown,
        indication=Indication(value=Decimal(shown), unit=Unit.L, quantity=Quantity.VOLUME),
        reference=reference,
        rules=load("oiml-r117-class-0.5"),
        characteristics=dispenser,
    )
    return found


@pytest.mark.parametrize(
    ("shown", "error", "conformity", "why"),
    [
        ("20.02", "0.0198", Conformity.WITHIN, "error 0.0198 kg is within MPE 0.04 kg"),
        ("20.04", "0.0398", Conformity.WITHIN, "error 0.0398 kg is within MPE 0.04 kg"),
        ("20.06", "0.0598", Conformity.EXCEEDS, "error 0.0598 kg is beyond MPE 0.04 kg"),
        ("19.96", "-0.0402", Conformity.EXCEEDS, "error -0.0402 kg is beyond MPE 0.04 kg"),
    ],
)
def test_simple_acceptance(shown: str, error: str, conformity: Conformity, why: str) -> None:
    found, _ = weigh(shown)
    assert (str(found.error), found.mpe) == (error, Decimal("0.04"))
    assert (found.verdict.conformity, found.verdict.why) == (conformity, why)


def test_the_stage_decides() -> None:
    found, _ = weigh("20.04", stage=Stage.INITIAL)
    assert found.mpe == Decimal("0.02")
    assert found.verdict.conformity is Conformity.EXCEEDS


@pytest.mark.parametrize(
    ("can", "conformity"),
    [
        ("20.06", Conformity.WITHIN),
        ("19.88", Conformity.EXCEEDS),
        # 0.100 L would be within an MPE taken at the 20.00 L shown; it is beyond that at 19.90 L.
        ("19.90", Conformity.EXCEEDS),
    ],
)
def test_the_mpe_of_a_delivery_is_taken_at_the_reference(can: str, conformity: Conformity) -> None:
    found = deliver("20.00", can)
    assert found.mpe == Decimal(can) / 200
    assert found.verdict.conformity is conformity


@pytest.mark.parametrize(
    ("uncertainty", "conformity"), [("13.3", Conformity.WITHIN), ("13.4", Conformity.UNDECIDED)]
)
def test_a_reference_too_uncertain_decides_nothing(
    uncertainty: str, conformity: Conformity
) -> None:
    found, _ = weigh("20.00", reference=reference(expanded_uncertainty=Decimal(uncertainty)))
    assert found.verdict.conformity is conformity


def test_a_third_of_the_mpe_is_certain_enough() -> None:
    plate = replace(SCALE, e=Decimal("0.03"))
    exact = reference(expanded_uncertainty=Decimal(20))
    found, _ = weigh("20.00", reference=exact, characteristics=plate)
    assert found.mpe == 3 * Decimal("0.020")
    assert found.verdict.conformity is Conformity.WITHIN


def reference(**other: Any) -> ReferenceValue:
    return replace(WEIGHT, **other)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (
            {"reference": reference(expanded_uncertainty=Decimal(50))},
            (
                "check standard W20 (certificate TN-123) has U 0.050 kg, more than a third of the "
                "MPE 0.04 kg"
            ),
        ),
        (
            {"reference": reference(valid_until=date(2026, 3, 30))},
            (
                "check standard W20 (certificate TN-123) was valid until 2026-03-30, 1 day before "
                "2026-03-31"
            ),
        ),
        (
            {"characteristics": replace(SCALE, e=None)},
            "oiml-r76-2006: needs e; it is not given; allowed: above 0",
        ),
    ],
)
def test_undecided_says_why_and_is_charted_all_the_same(other: dict[str, Any], why: str) -> None:
    found, after = weigh("25.00", **other)
    assert (found.verdict.conformity, found.verdict.why) == (Conformity.UNDECIDED, why)
    assert (after.count, found.count) == (1, 1)


def test_an_mpe_that_cannot_be_said_is_none() -> None:
    found, _ = weigh("20.00", characteristics=replace(SCALE, e=None))
    assert found.mpe is None
    assert found.body()["mpe"] is None


def test_the_error_is_in_the_unit_of_the_plate() -> None:
    found, after = weigh("0", indication=Indication(value=Decimal(20040), unit=Unit.G))
    assert (str(found.error), found.unit) == ("0.0398", Unit.KG)
    assert after.recent == (0.0398,)


def test_a_foreign_unit_is_refused() -> None:
    with pytest.raises(UnitMismatch):
        weigh("0", indication=Indication(value=Decimal(20), unit=Unit.LB))


def morning(shown: list[str]) -> list[CheckRecord]:
    records, chart = [], CHART
    for one in shown:
        found, chart = weigh(one, chart=chart)
        records.append(found)
    return records


SEVEN = ["20.00", "20.02", "20.00", "19.98", "20.00", "20.02", "19.98"]


def test_the_two_verdicts_are_apart() -> None:
    records = morning([*["20.00"] * 7, *["20.04"] * 9])
    assert [one.verdict.control for one in records[:7]] == [Control.LEARNING] * 7
    assert records[-1].verdict.conformity is Conformity.WITHIN
    assert records[-1].verdict.control is Control.OUT_OF_CONTROL


def test_recorded_bodies_rebuild_the_chart() -> None:
    records = morning([*SEVEN, "20.02", "20.04"])
    stored = [json.loads(json.dumps(one.body())) for one in records]
    rebuilt = reduce(ControlChart.add, (float(one["error"]) for one in stored), CHART)
    last = records[-1]
    numbers = (rebuilt.z, rebuilt.limit, rebuilt.mean, rebuilt.sigma, rebuilt.count)
    assert numbers == (last.z, last.limit, last.mean, last.sigma, last.count)
    assert rebuilt.control is last.verdict.control


BODY: dict[str, Any] = {
    "phase": "result",
    "check": "morning",
    "point": "morning",
    "charted": True,
    "instrument": "S1",
    "run": None,
    "operator": None,
    "reference": {
        "id": "W20",
        "quantity": "weight",
        "value": "20000.2",
        "unit": "g",
        "expanded_uncertainty": "0.3",
        "kind": "weight",
        "nominal": None,
        "certificate": "TN-123",
        "valid_until": "2026-12-31",
    },
    "indication": {
        "value": "20.00",
        "unit": "kg",
        "quantity": "weight",
        "stable": True,
        "basis": None,
        "flags": [],
    },
    "error": "-0.0002",
    "judged": "-0.0002",
    "mpe": "0.040",
    "lines": [],
    "uncertainty": "0.00030",
    "budget": EXACT.body(),
    "unit": "kg",
    "stage": "in_service",
    "rules": "oiml-r76-2006",
    "edition": "2006",
    "digest": "",
    "plate": {
        "accuracy_class": "III",
        "unit": "kg",
        "max": "60",
        "min": None,
        "e": "0.02",
        "d": "0.02",
        "mmq": None,
        "ranges": [],
    },
    "verdict": {
        "conformity": "within",
        "control": "learning",
        "why": "error -0.0002 kg is within MPE 0.04 kg",
        "decision": "simple",
        "crossing_ahead": False,
        "near_mpe": False,
    },
    "dates": None,
    "conditions": {},
    "z": 0.0,
    "limit": None,
    "mean": -0.0002,
    "sigma": 0.006,
    "count": 1,
    "at": "2026-03-31T02:00:00.000Z",
    "evidence": ["53 20 53", "0d 0a"],
}


def test_the_body_is_json_with_all_its_digits() -> None:
    found, _ = weigh("20.00", evidence=("53 20 53", "0d 0a"))
    assert json.loads(json.dumps(found.body())) == BODY


def test_a_certified_value_just_above_a_step_does_not_double_the_mpe() -> None:
    certified = replace(WEIGHT, value=Decimal("10000.05"), nominal=Decimal(10000))
    found, _ = weigh(
        "10.00",
        indication=Indication(value=Decimal("10.00"), unit=Unit.KG, stable=True),
        reference=certified,
        stage=Stage.INITIAL,
    )
    assert found.mpe == Decimal("0.010")
