"""A weighbridge checked with too few weights, worked by hand."""

from decimal import Decimal
from math import sqrt
from typing import Any

import pytest
from guided import carried_out, findings, scale, weight

from tramdo.limits import Range
from tramdo.procedures.substitution import Substitution
from tramdo.reference import ReferenceValue

BLOCKS = weight("10000", id="blocks", expanded_uncertainty=Decimal("0.5"))
# The first material is 20 kg heavier than the blocks, the second shows 20 kg less than before:
#   load 1: 10000 true               shown 10000  E   0   material 1 shown 10020: it is 10020
#   load 2: 10020 + 10000 = 20020    shown 20060  E +40   material 2 shown 20040: it is 20000
#   load 3: 20000 + 10000 = 30000    shown 30040  E +40
SHOWN = {
    "with-1": "10000",
    "material-1": "10020",
    "with-2": "20060",
    "material-2": "20040",
    "with-3": "30040",
}


def substitution(load: ReferenceValue = BLOCKS, times: int = 2, **plate: Any) -> Substitution:
    said = {"max": Decimal(60000), "e": Decimal(20), "d": Decimal(20)} | plate
    return Substitution(
        check="guided", subject=scale(**said), load=load, window=Decimal(100), times=times
    )


def test_the_error_at_each_load_by_hand() -> None:
    found = findings(substitution(), SHOWN)
    assert [(key, one.error, one.reference.value) for key, one in found.items()] == [
        ("with-1", Decimal(0), Decimal(10000)),
        ("with-2", Decimal(40), Decimal(20020)),
        ("with-3", Decimal(40), Decimal(30000)),
    ]
    materials = [one.conditions["material"] for one in found.values()]
    assert materials == ["0 kg", "10020 kg", "20000 kg"]


def test_each_load_is_held_against_the_mpe_there() -> None:
    bench = carried_out(substitution(), SHOWN)
    # In service: 500 e and below 1 e; above 500 e and up to 2000 e 2 e.
    assert [one["mpe"] for one in bench.results().values()] == ["20.0", "40.0", "40.0"]


@pytest.mark.parametrize(
    ("material", "on_top", "mpe"), [("20000", "40000", "40.0"), ("20020", "40020", "60.0")]
)
def test_the_mpe_is_that_of_the_load_which_was_really_on(
    material: str, on_top: str, mpe: str
) -> None:
    load = weight("20000", id="blocks", nominal=Decimal(20000))
    shown = {"with-1": "20000", "material-1": material, "with-2": on_top}
    found = carried_out(substitution(load, times=1), shown).results()["with-2"]
    # 2000 e is 40000 kg, and belongs to the lower step.
    assert (found["reference"]["nominal"], found["mpe"]) == (on_top, mpe)


def test_a_certified_value_off_the_mark_places_no_load_in_the_next_step() -> None:
    load = weight("10000.4", id="blocks", nominal=Decimal(10000))
    found = carried_out(substitution(load, times=1), {"with-1": "10000", "material-1": "10000"})
    assert found.results()["with-1"]["mpe"] == "20.0"


def test_the_uncertainty_grows_with_every_replacement() -> None:
    found = list(findings(substitution(), SHOWN).values())
    for turn, one in enumerate(found, 1):
        d, u = 20 * sqrt(2 * turn - 1), 0.5 * turn
        squares = [2 * (d / 2) ** 2 / 3, (0.41 * d) ** 2, (u / 2) ** 2, (3 * u / 4) ** 2 / 3]
        assert one.budget is not None
        assert one.budget.expanded == pytest.approx(2 * sqrt(sum(squares)))


def test_material_and_the_weights_on_top_of_it_are_one_group() -> None:
    steps = [(step.key, step.group, step.says) for step in substitution().steps()]
    assert steps == [
        ("zero", "zero", "take_all_off"),
        ("with-1", "with-1", "put_on"),
        ("material-1", "with-2", "replace_by_material"),
        ("with-2", "with-2", "add_weights"),
        ("material-2", "with-3", "replace_by_material"),
        ("with-3", "with-3", "add_weights"),
    ]


def test_errors_do_not_hide_in_the_material() -> None:
    # Every load shows 0.4 % too much: the weights say so each time, 40 kg more at each load.
    shown = {
        "with-1": "10040",
        "material-1": "10040",
        "with-2": "20080",
        "material-2": "20080",
        "with-3": "30120",
    }
    found = findings(substitution(), shown)
    assert [one.error for one in found.values()] == [Decimal(40), Decimal(80), Decimal(120)]


def test_a_multi_interval_weighbridge_needs_no_d() -> None:
    ranges = (Range(max=Decimal(15000), e=Decimal(10)), Range(max=Decimal(60000), e=Decimal(20)))
    found = findings(substitution(d=None, e=None, ranges=ranges, times=1), SHOWN)
    sizes = [one.budget.components[0].value for one in found.values() if one.budget]
    assert sizes == pytest.approx([5, 10 * sqrt(3)])
