"""Rest derived over a window, for protocols that do not tell it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tramdo.errors import NoReply
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.stability import DERIVED, Rest

AT = datetime(2026, 11, 23, tzinfo=UTC)


def reading(
    at: float, value: str | None, *, stable: bool | None = None, basis: str | None = None
) -> Reading:
    if value is None:
        return Reading(instrument="a", sequence=0, at=AT, monotonic=at, error=NoReply("silence"))
    shown = Indication(value=Decimal(value), unit=Unit.KG, stable=stable, basis=basis)
    tare = Indication(value=Decimal(1), unit=Unit.KG, quantity=Quantity.TARE)
    return Reading(instrument="a", sequence=0, at=AT, monotonic=at, indications=(shown, tare))


def told(readings: Sequence[Reading], d: str = "0.01") -> list[bool | None]:
    rest, found = Rest(window=1.0, d=Decimal(d)), list[bool | None]()
    for one in readings:
        rest, out = rest.add(one)
        shown = out.find(Quantity.WEIGHT)
        found.append(shown.stable if shown else None)
    return found


def at_half_seconds(*values: str | None) -> list[Reading]:
    return [reading(0.5 * number, value) for number, value in enumerate(values)]


def test_at_rest_once_the_window_is_full() -> None:
    assert told(at_half_seconds("5.00", "5.00", "5.01", "5.01")) == [False, False, True, True]


def test_more_than_a_scale_interval_is_motion() -> None:
    assert told(at_half_seconds("5.00", "5.01", "5.02", "5.02")) == [False, False, False, True]


def test_where_d_is_not_known_all_must_be_equal() -> None:
    assert told(at_half_seconds("5.00", "5.01", "5.01", "5.01"), d="0")[-2:] == [False, True]


def test_two_readings_far_apart_are_no_rest() -> None:
    assert told([reading(0, "5.00"), reading(60, "5.00")]) == [False, False]


def test_slow_polls_rest_after_three() -> None:
    assert told([reading(at, "5.00") for at in (0, 2, 4, 6)]) == [False, False, True, True]
    assert told([reading(at, "5.00") for at in (0, 0.9, 1.8, 2.7)])[-1] is True


def test_an_error_ends_the_rest() -> None:
    found = told(at_half_seconds("5.00", "5.00", "5.00", None, "5.00", "5.00", "5.00"))
    assert found == [False, False, True, None, False, False, True]


def test_a_tare_taken_is_no_rest() -> None:
    run = [reading(0.5 * n, "0.00", basis="net" if n > 2 else "gross") for n in range(6)]
    assert told(run) == [False, False, True, False, False, True]


@pytest.mark.parametrize("stable", [True, False])
def test_an_instrument_that_tells_is_believed(stable: bool) -> None:
    rest, out = Rest(window=1.0).add(reading(0, "5.00", stable=stable))
    assert out.indications[0].stable is stable
    assert out.indications[0].flags == ()
    assert rest.seen == ()


def test_it_is_marked_and_the_tare_is_left_alone() -> None:
    _, out = Rest(window=1.0).add(reading(0, "5.00"))
    assert out.indications[0].flags == (DERIVED,)
    assert out.indications[1].stable is None
    assert out.indications[1].flags == ()


def test_a_second_cell_s_rest_is_not_the_first_one_s() -> None:
    rest, out = Rest(window=1.0), reading(0, "5.00")
    for at in range(5):
        first = Indication(value=Decimal("5.00"), unit=Unit.KG)
        second = Indication(value=Decimal(at * 17), unit=Unit.KG, flags=("cell_2",))
        both = Reading(
            instrument="a", sequence=at, at=AT, monotonic=at, indications=(first, second)
        )
        rest, out = rest.add(both)
    assert [one.stable for one in out.indications] == [True, None]
