from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tramdo.capture import Delivery, Plateau
from tramdo.errors import InstrumentError, NoReply, OutOfRange
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo.reference import ReferenceValue

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def reading(*indications: Indication, error: InstrumentError | None = None) -> Reading:
    return Reading(
        instrument="S1", sequence=1, at=AT, monotonic=0.0, indications=indications, error=error
    )


def weight(value: str, stable: bool | None = True, unit: Unit | None = Unit.KG) -> Reading:
    return reading(Indication(value=Decimal(value), unit=unit, stable=stable))


def total(value: str) -> Reading:
    live = Indication(value=Decimal("7.77"), unit=Unit.L, quantity=Quantity.VOLUME)
    return reading(
        live, Indication(value=Decimal(value), unit=Unit.L, quantity=Quantity.VOLUME_TOTAL)
    )


def volume(value: str, unit: Unit | None = Unit.L) -> Reading:
    return reading(Indication(value=Decimal(value), unit=unit, quantity=Quantity.VOLUME))


FAILED = reading(error=NoReply("silence"))
OVERLOAD = reading(error=OutOfRange("overload"))
MOTION = reading(error=OutOfRange("motion"))


def reference(quantity: Quantity, value: str, unit: Unit) -> ReferenceValue:
    return ReferenceValue(
        id="R",
        quantity=quantity,
        value=Decimal(value),
        unit=unit,
        expanded_uncertainty=Decimal("0.001"),
        kind="weight" if quantity is Quantity.WEIGHT else "proving_can",
    )


PLATEAU = Plateau(
    reference=reference(Quantity.WEIGHT, "20.0002", Unit.KG), window=Decimal("0.5"), count=3
)
DELIVERY = Delivery(
    reference=reference(Quantity.VOLUME, "20.00", Unit.L), window=Decimal("0.5"), count=2
)


State = TypeVar("State", Plateau, Delivery)


def follow(state: State, *readings: Reading) -> tuple[State, list[Indication]]:
    """Return the last state and everything captured on the way."""
    captured = []
    for one in readings:
        state, found = state.add(one)
        captured += [found] if found else []
    return state, captured


def values(state: State, *readings: Reading) -> list[str]:
    return [str(one.value) for one in follow(state, *readings)[1]]


def test_a_steady_weight_is_captured_at_the_last_of_its_readings() -> None:
    on = [weight("19.98"), weight("20.00"), weight("20.02")]
    state, captured = follow(PLATEAU, weight("0.00"), *on)
    assert captured == [on[-1].indications[0]]
    assert state.evidence == tuple(on)


def test_a_weight_left_on_is_one_weighing_and_put_on_twice_is_two() -> None:
    on = [weight("20.00")] * 5
    assert values(PLATEAU, *on, *on) == ["20.00"]
    assert values(PLATEAU, *on, weight("0.00"), *on) == ["20.00", "20.00"]


@pytest.mark.parametrize("away", [weight("9.00", stable=False), weight("20.51"), OVERLOAD])
def test_a_load_seen_outside_the_window_has_left(away: Reading) -> None:
    on = [weight("20.00")] * 3
    assert values(PLATEAU, *on, away, *on) == ["20.00", "20.00"]


@pytest.mark.parametrize("blind", [FAILED, MOTION, weight("20.00", stable=False), reading()])
def test_a_load_not_seen_has_not_left(blind: Reading) -> None:
    on = [weight("20.00")] * 3
    assert values(PLATEAU, *on, blind, *on) == ["20.00"]


@pytest.mark.parametrize(
    "break_",
    [
        FAILED,
        MOTION,
        OVERLOAD,
        reading(),
        weight("20.00", stable=False),
        weight("20.51"),
        weight("19.50"),
        weight("20.00", unit=Unit.LB),
        weight("20.00", unit=None),
        weight("NaN"),
        reading(
            Indication(value=Decimal("20.00"), unit=Unit.KG, stable=True, flags=("not_zeroed",))
        ),
    ],
)
def test_whatever_is_not_the_reference_at_rest_starts_again(break_: Reading) -> None:
    on = weight("20.00")
    assert values(PLATEAU, on, on, break_, on, on) == []
    assert values(PLATEAU, on, on, break_, on, on, on) == ["20.00"]


def test_the_window_is_compared_across_metric_units() -> None:
    _, captured = follow(PLATEAU, *[weight("20010", unit=Unit.G)] * 3)
    assert [(one.value, one.unit) for one in captured] == [(Decimal(20010), Unit.G)]


@pytest.mark.parametrize(
    ("shown", "captured"),
    [("20.5002", True), ("19.5002", True), ("20.5003", False), ("19.5001", False)],
)
def test_the_window_includes_its_ends(shown: str, captured: bool) -> None:
    assert values(PLATEAU, *[weight(shown)] * 3) == [shown] * captured


def test_without_a_flag_stability_is_derived_from_the_spread() -> None:
    state = replace(PLATEAU, d=Decimal("0.01"))
    creeping = [weight(one, stable=None) for one in ("19.90", "19.94", "19.97", "19.98")]
    _, captured = follow(state, *creeping, weight("19.98", stable=None))
    assert [str(one.value) for one in captured] == ["19.98"]
    assert captured[0].flags == ("stability_derived",)
    assert captured[0].stable is None


def test_without_flag_and_d_only_equal_readings_are_stable() -> None:
    assert values(PLATEAU, *[weight("20.00", stable=None), weight("20.01", stable=None)] * 5) == []
    assert values(PLATEAU, *[weight("20.00", stable=None)] * 3) == ["20.00"]


def test_a_flagged_weight_carries_no_derived_flag() -> None:
    _, captured = follow(PLATEAU, *[weight("20.00")] * 3)
    assert captured[0].flags == ()


weighings = st.one_of(
    st.builds(
        weight,
        st.decimals("19.3", "20.7", places=2).map(str),
        st.sampled_from([True, True, None, False]),
    ),
    st.sampled_from([FAILED, MOTION, OVERLOAD, weight("0.00"), weight("20.00"), weight("20.00")]),
)


@given(st.lists(weighings, max_size=40))
def test_a_capture_is_in_the_window_and_at_rest_in_all_its_readings(loads: list[Reading]) -> None:
    state = PLATEAU
    for one in loads:
        state, captured = state.add(one)
        assert len(state.evidence) <= state.count
        if captured:
            shown = [seen.indications[0] for seen in state.evidence]
            assert len(shown) == state.count
            assert all(abs(seen.value - Decimal("20.0002")) <= Decimal("0.5") for seen in shown)
            assert not any(seen.stable is False for seen in shown)
            assert captured.value == shown[-1].value


@given(st.lists(weighings, max_size=40), st.integers(0, 40))
def test_replaying_the_readings_rebuilds_the_state(loads: list[Reading], cut: int) -> None:
    halfway, first = follow(PLATEAU, *loads[:cut])
    end, second = follow(halfway, *loads[cut:])
    assert (end, first + second) == follow(PLATEAU, *loads)


def test_a_delivery_is_the_difference_of_two_totals_at_rest() -> None:
    before, after = total("123436.78"), total("123456.80")
    flow = [total("123440.00"), total("123450.00")]
    state, captured = follow(DELIVERY, before, before, *flow, after, after, after)
    assert captured == [
        Indication(
            quantity=Quantity.VOLUME, value=Decimal("20.02"), unit=Unit.L, flags=("from_totals",)
        )
    ]
    assert state.evidence == (before, after, after)


def test_two_deliveries_in_a_row_are_two_captures() -> None:
    totals = [total(one) for one in ("100.0", "120.0", "139.9") for _ in range(2)]
    assert values(DELIVERY, *totals) == ["20.0", "19.9"]


def test_totals_in_another_unit_keep_it() -> None:
    in_m3 = [
        reading(Indication(value=Decimal(one), unit=Unit.M3, quantity=Quantity.VOLUME_TOTAL))
        for one in ("1.0000", "1.0000", "1.0201", "1.0201")
    ]
    _, captured = follow(DELIVERY, *in_m3)
    assert [(str(one.value), one.unit) for one in captured] == [("0.0201", Unit.M3)]


@pytest.mark.parametrize("delivered", ["119.49", "120.51"])
def test_a_customers_delivery_is_not_the_can(delivered: str) -> None:
    assert values(DELIVERY, *[total("100.00")] * 2, *[total(delivered)] * 3) == []


def test_a_window_wider_than_the_can_does_not_capture_nothing() -> None:
    assert values(replace(DELIVERY, window=Decimal(30)), *[total("100.00")] * 9) == []


def test_two_customers_do_not_add_up_to_the_can() -> None:
    totals = [total(one) for one in ("100.00", "108.00", "120.00") for _ in range(2)]
    assert values(DELIVERY, *totals) == []


def test_a_total_that_was_never_at_rest_is_no_start() -> None:
    assert values(DELIVERY, total("100.00"), *[total("120.00")] * 3) == []


def test_a_failed_reading_keeps_the_start_and_breaks_the_rest() -> None:
    before, after = [total("100.00")] * 2, total("120.00")
    assert values(DELIVERY, *before, FAILED, total("110.00"), FAILED, after, after) == ["20.00"]
    assert values(DELIVERY, *before, after, FAILED, after) == []
    assert values(DELIVERY, *before, after, FAILED, after, after) == ["20.00"]


def test_a_reading_without_the_total_is_passed_over() -> None:
    before, after = total("100.00"), total("120.00")
    live = volume("3.00")
    assert values(DELIVERY, before, live, before, live, after, live, after) == ["20.00"]


def test_a_total_that_falls_forgets_the_start() -> None:
    before, fallen, after = [total("100.00")] * 2, total("99.00"), [total("120.00")] * 2
    assert values(DELIVERY, *before, fallen, *after) == []
    assert values(DELIVERY, *before, total("0.00"), total("0.00"), total("20.00")) == []


def test_without_totals_the_live_volume_counts_from_its_zero() -> None:
    last_sale, zero, can = [volume("12.34")] * 3, volume("0.00"), volume("20.01")
    state, captured = follow(DELIVERY, *last_sale, zero, volume("8.00"), can, can, can)
    assert [(str(one.value), one.flags) for one in captured] == [("20.01", ())]
    assert state.evidence == (zero, can, can)


def test_a_live_volume_whose_zero_was_missed_is_not_taken() -> None:
    assert values(DELIVERY, *[volume("12.34")] * 3, volume("0.80"), *[volume("20.01")] * 3) == []


def test_a_total_that_appears_takes_over_from_the_live_volume() -> None:
    early = [volume("0.00"), volume("0.00")]
    assert values(DELIVERY, *early, *[total("20.00")] * 3, *[total("40.00")] * 2) == ["20.00"]


@given(st.lists(st.one_of(st.integers(0, 45).map(lambda n: total(str(n))), st.just(FAILED))))
def test_a_captured_delivery_is_in_the_window_and_bounded(readings: list[Reading]) -> None:
    state = DELIVERY
    for one in readings:
        state, captured = state.add(one)
        assert len(state.run) <= 2
        assert len(state.evidence) <= 3
        if captured:
            seen = [kept.indications[1].value for kept in state.evidence]
            assert captured.value == seen[-1] - seen[0] == 20
            assert seen[1] == seen[2]
