"""Several check standards used together are one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from guided import can, weight

from tramdo.reading import Unit
from tramdo.reference import UnitMismatch, combine

BIG = weight("20.0002", nominal=Decimal(20), expanded_uncertainty=Decimal("0.0003"))
SMALL = weight(
    "4999.8",
    unit=Unit.G,
    id="w5",
    nominal=Decimal(5000),
    expanded_uncertainty=Decimal("0.1"),
    certificate="K-8",
    valid_until=date(2027, 1, 31),
)


def test_one_alone_stays_what_it_is() -> None:
    assert combine([SMALL]) is SMALL


def test_values_marks_and_uncertainties_add_up_in_the_unit_of_the_first() -> None:
    both = combine([BIG, SMALL])
    assert (both.value, both.nominal, both.unit) == (Decimal("25.0000"), Decimal(25), Unit.KG)
    # Weights of one set share their calibration: U adds up, it does not grow as a root.
    assert both.expanded_uncertainty == Decimal("0.0004")
    assert (both.id, both.certificate) == ("w20.0002+w5", "K-7; K-8")
    assert (both.kind, both.quantity) == (BIG.kind, BIG.quantity)


def test_grams_first_gives_grams() -> None:
    both = combine([SMALL, BIG])
    assert (both.value, both.unit) == (Decimal("25000.0"), Unit.G)
    assert both.expanded_uncertainty == Decimal("0.4")


def test_the_first_certificate_to_end_ends_the_whole() -> None:
    assert combine([BIG, SMALL]).valid_until == date(2027, 1, 31)
    assert combine([SMALL, BIG]).valid_until == date(2027, 1, 31)
    endless = replace(BIG, valid_until=None)
    assert combine([endless, SMALL]).valid_until == date(2027, 1, 31)
    assert combine([endless, endless]).valid_until is None


def test_a_weight_without_a_mark_counts_with_its_value() -> None:
    both = combine([replace(BIG, nominal=None), SMALL])
    assert both.nominal == Decimal("25.0002")


def test_no_certificate_leaves_none() -> None:
    bare = replace(BIG, certificate=None)
    assert combine([bare, bare]).certificate is None
    assert combine([bare, SMALL]).certificate == "K-8"


def test_a_weight_and_a_can_are_no_one() -> None:
    with pytest.raises(UnitMismatch, match=r"L cannot be said in kg"):
        combine([BIG, can()])
