"""Check standards on a day, and for an MPE."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tramdo.reading import Quantity, Unit
from tramdo.reference import ReferenceValue, UnitMismatch
from tramdo.standards import State, standing, suitable

TODAY = date(2026, 6, 1)


def weight(*, u: str = "0.0010", until: date | None = date(2027, 2, 28)) -> ReferenceValue:
    return ReferenceValue(
        id="w20",
        quantity=Quantity.WEIGHT,
        value=Decimal("20.0003"),
        unit=Unit.KG,
        expanded_uncertainty=Decimal(u),
        kind="weight",
        nominal=Decimal(20),
        certificate="ĐL-26-1183",
        valid_until=until,
    )


@pytest.mark.parametrize(
    ("days", "state", "within", "said"),
    [
        (61, State.VALID, None, "valid"),
        (60, State.EXPIRES, 60, "expires in 60 days"),
        (31, State.EXPIRES, 60, "expires in 31 days"),
        (30, State.EXPIRES, 30, "expires in 30 days"),
        (8, State.EXPIRES, 30, "expires in 8 days"),
        (7, State.EXPIRES, 7, "expires in 7 days"),
        (1, State.EXPIRES, 7, "expires in 1 day"),
        (0, State.EXPIRES, 7, "expires today"),
        (-1, State.EXPIRED, None, "expired 1 day ago"),
        (-400, State.EXPIRED, None, "expired 400 days ago"),
    ],
)
def test_a_certificate_stands_by_its_days(
    days: int, state: State, within: int | None, said: str
) -> None:
    found = standing(TODAY + timedelta(days=days), TODAY)
    assert (found.state, found.days, found.within, str(found)) == (state, days, within, said)


def test_a_certificate_without_a_last_day_is_valid() -> None:
    found = standing(None, TODAY)
    assert (found.state, found.days, str(found)) == (State.VALID, None, "valid")


def test_the_last_good_day_is_good_and_the_next_is_not() -> None:
    assert suitable(weight(until=TODAY), Decimal("0.02"), Unit.KG, TODAY) is None
    refusal = suitable(weight(until=TODAY), Decimal("0.02"), Unit.KG, TODAY + timedelta(days=1))
    assert refusal is not None
    assert (refusal.cause, refusal.why) == (
        "expired",
        (
            "check standard w20 (certificate ĐL-26-1183) was valid until 2026-06-01, 1 day before "
            "2026-06-02"
        ),
    )


def test_a_third_of_the_mpe_is_allowed_and_no_more() -> None:
    assert suitable(weight(u="0.010"), Decimal("0.030"), Unit.KG, TODAY) is None
    refusal = suitable(weight(u="0.010001"), Decimal("0.030"), Unit.KG, TODAY)
    assert refusal is not None
    assert (refusal.cause, refusal.why) == (
        "uncertain",
        (
            "check standard w20 (certificate ĐL-26-1183) has U 0.010001 kg, more than a third of "
            "the MPE 0.03 kg"
        ),
    )


def test_the_mpe_may_stand_in_another_unit() -> None:
    assert suitable(weight(), Decimal(3), Unit.G, TODAY) is None
    assert suitable(weight(), Decimal("2.9"), Unit.G, TODAY) is not None
    with pytest.raises(UnitMismatch):
        suitable(weight(), Decimal(1), Unit.L, TODAY)


def test_expired_comes_before_uncertain() -> None:
    refusal = suitable(weight(u="9", until=date(2026, 5, 31)), Decimal("0.02"), Unit.KG, TODAY)
    assert refusal is not None
    assert refusal.cause == "expired"
