"""Passive signals of a dispenser: its total against its sales, its amounts against its prices."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tramdo.errors import NoReply
from tramdo.passive import Amounts, Part, Signal, Totals
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.script import Fill, Fillings

START = datetime(2026, 3, 2, tzinfo=UTC)
D = Decimal("0.01")
TOTALS = Totals(d=D)
AMOUNTS = Amounts(d=D)
UNITS = {
    Quantity.VOLUME: Unit.L,
    Quantity.VOLUME_TOTAL: Unit.L,
    Quantity.VOLUME_FLOW: Unit.L_PER_MIN,
    Quantity.AMOUNT: Unit.VND,
    Quantity.UNIT_PRICE: Unit.VND_PER_L,
}


def shows(second: float, **values: str) -> Reading:
    shown = tuple(
        Indication(value=Decimal(value), unit=UNITS[Quantity(name)], quantity=Quantity(name))
        for name, value in values.items()
    )
    at = START + timedelta(seconds=second)
    return Reading(instrument="P1", sequence=1, at=at, monotonic=second, indications=shown)


def failed(second: float) -> Reading:
    at = START + timedelta(seconds=second)
    error = NoReply("silence")
    return Reading(instrument="P1", sequence=1, at=at, monotonic=second, error=error)


def follow(part: Part, readings: Iterable[Reading]) -> tuple[Part, list[Signal]]:
    found = []
    for one in readings:
        part, signal = part.add(one)
        found += [signal] if signal else []
    return part, found


def told(signals: Iterable[Signal]) -> list[tuple[str, bool]]:
    return [(one.name, one.begins) for one in signals]


def pairs(*shown: tuple[str, str], start: float = 0.0, times: int = 4) -> list[Reading]:
    """Return readings a second apart: each volume and total shown so many times."""
    each = [pair for pair in shown for _ in range(times)]
    return [
        shows(start + n, volume=volume, volume_total=total)
        for n, (volume, total) in enumerate(each)
    ]


def sale(
    litres: str, total: str, *, start: float, counted: str | None = None, lazy: bool = False
) -> list[Reading]:
    """Return a sale of 0.5 L a second from 0 on; its total grows by `counted` (lazy: late)."""
    whole, before = Decimal(litres), Decimal(total)
    after = before + (whole if counted is None else Decimal(counted))
    steps = int(whole / Decimal("0.5"))
    live = [
        (str(n * Decimal("0.5")), str(before if lazy else min(before + n * Decimal("0.5"), after)))
        for n in range(1, steps)
    ]
    last = [(litres, total if lazy else str(after))] * 4 + [(litres, str(after))] * 4
    shown = [("0.00", total)] * 4 + live + last
    return pairs(*shown, start=start, times=1)


def sales(*each: tuple[str, str], lazy: bool = False, total: str = "5000.00") -> list[Reading]:
    """Return several sales after each other: litres shown and counted."""
    readings: list[Reading] = []
    for litres, counted in each:
        readings += sale(litres, total, start=float(len(readings)), counted=counted, lazy=lazy)
        total = str(Decimal(total) + Decimal(counted))
    return readings


GOOD = ("20.00", "20.00")


@pytest.mark.parametrize("lazy", [False, True])
def test_sales_that_the_total_follows_are_no_signal(lazy: bool) -> None:
    state, signals = follow(TOTALS, sales(GOOD, ("5.50", "5.51"), ("30.00", "29.99"), lazy=lazy))
    assert signals == []
    assert state.facts()["totals"]["total"] == "5055.50"
    assert state.facts()["totals"]["unseen"] == "0"


@pytest.mark.parametrize("lazy", [False, True])
def test_a_total_that_counts_too_much_is_found_when_the_sale_rests(lazy: bool) -> None:
    readings = sales(GOOD, ("20.00", "20.10"), GOOD, lazy=lazy)
    _, signals = follow(TOTALS, readings)
    assert told(signals) == [("total_ahead", True), ("total_ahead", False)]
    assert signals[0].at <= readings[len(sales(GOOD)) * 2 - 1].at
    assert signals[0].figures == {"grown": "20.10", "sold": "20.00", "unit": "L"} or not lazy


@pytest.mark.parametrize("lazy", [False, True])
def test_a_total_that_counts_too_little_is_found_at_the_second_sale(lazy: bool) -> None:
    short = ("20.00", "19.90")
    _, signals = follow(TOTALS, sales(GOOD, short, short, GOOD, GOOD, lazy=lazy))
    assert told(signals) == [("total_behind", True), ("total_behind", False)]
    assert signals[0].at <= START + timedelta(seconds=3 * len(sales(GOOD)))


def test_a_total_that_does_not_move_at_all_is_found_when_the_third_sale_begins() -> None:
    _, signals = follow(TOTALS, sales(GOOD, *[("20.00", "0.00")] * 3))
    assert told(signals) == [("total_behind", True)]
    assert signals[0].at <= START + timedelta(seconds=3 * len(sales(GOOD)) + 3)


def test_a_total_that_moves_without_a_sale_is_found_at_three_equal_readings() -> None:
    readings = [*sales(GOOD), *pairs(("20.00", "5021.00"), start=100.0, times=9)]
    readings = [replace(one, monotonic=float(n)) for n, one in enumerate(readings)]
    _, signals = follow(TOTALS, readings)
    assert told(signals) == [("total_without_sale", True)]
    assert signals[0].at == START + timedelta(seconds=102)


def test_a_total_that_falls_is_found_at_three_equal_readings_and_is_over_with_a_good_sale() -> None:
    fall = pairs(("20.00", "5020.00"), ("20.00", "4020.00"))
    after = sale("20.00", "4020.00", start=8.0)
    _, signals = follow(TOTALS, [*fall, *after])
    assert told(signals) == [("total_fell", True), ("total_fell", False)]
    assert signals[0].at == START + timedelta(seconds=6)
    assert signals[0].why == "the total fell from 5020.00 L to 4020.00 L"


def test_a_total_that_fell_while_nobody_looked_is_found_after_the_restart() -> None:
    known = TOTALS.restored({"total": "5020.00", "unseen": "7.50"})
    _, signals = follow(known, pairs(("20.00", "5010.00")))
    assert told(signals) == [("total_fell", True)]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_total_that_rolls_over_in_a_sale_it_follows_is_no_signal(lazy: bool) -> None:
    before = sale("20.00", "999990.00", start=0.0, lazy=lazy)
    rolled = [
        shows(
            one.monotonic,
            volume=str(one.indications[0].value),
            volume_total=str(one.indications[1].value % 1_000_000),
        )
        for one in before
    ]
    assert follow(TOTALS, rolled)[1] == []


@pytest.mark.parametrize(
    ("before", "after", "unseen"),
    [("999990.00", "100.00", "110.00"), ("42949670.00", "2.04", "5.00")],
    ids=["all nines", "32 bits of 0.01 L"],
)
def test_a_roll_over_nobody_saw_is_believed_when_little_went_unseen(
    before: str, after: str, unseen: str
) -> None:
    known = TOTALS.restored({"total": before, "unseen": "0"})
    state, signals = follow(known, pairs(("20.00", after)))
    assert (signals, state.memory()["unseen"]) == ([], unseen)


@pytest.mark.parametrize("after", ["600000.00", "20000.00"])
def test_a_roll_over_is_not_believed_when_too_much_would_have_gone_unseen(after: str) -> None:
    known = TOTALS.restored({"total": "999990.00", "unseen": "0"})
    assert told(follow(known, pairs(("20.00", after)))[1]) == [("total_fell", True)]


@pytest.mark.parametrize("blind", ["silence", "errors", "restart"])
def test_what_customers_bought_while_nobody_looked_is_unseen_and_no_fault(blind: str) -> None:
    before, after = sales(GOOD), pairs(("12.00", "5333.33"), start=5000.0)
    state, first = follow(TOTALS, before)
    if blind == "errors":
        state, _ = follow(state, [failed(100.0 + n) for n in range(50)])
    if blind == "restart":
        state = TOTALS.restored(state.memory())
        after = pairs(("12.00", "5333.33"))
    state, second = follow(state, after)
    assert first + second == []
    assert state.memory() == {"total": "5333.33", "unseen": "313.33"}


def test_a_look_away_amid_a_sale_and_a_total_not_yet_moved_are_no_fault() -> None:
    lazy = sale("20.00", "5000.00", start=0.0, lazy=True)
    for cut in range(len(lazy)):
        rest = sale("30.00", "5020.00", start=float(len(lazy)), lazy=True)
        state, _ = follow(TOTALS, [*lazy[cut:], *rest])
        assert state.standing == ()


def test_a_sale_topped_up_many_times_is_one_sale() -> None:
    stops = ["18.00", "19.00", "19.50", "19.90", "20.00"]
    for lazy in (False, True):
        shown = [(one, "5000.00" if lazy else str(5000 + Decimal(one))) for one in stops]
        _, signals = follow(
            TOTALS,
            [
                *pairs(("0.00", "5000.00")),
                *pairs(
                    *((f"{n}.00", shown[0][1] if lazy else f"{5000 + n}.00") for n in range(18)),
                    start=4.0,
                    times=1,
                ),
                *pairs(*shown, ("20.00", "5020.00"), start=22.0),
                *sale("9.00", "5020.00", start=46.0, lazy=lazy),
            ],
        )
        assert signals == []


def test_single_missed_polls_do_not_blind_the_watch() -> None:
    readings = [one for n, one in enumerate(sales(GOOD, ("20.00", "20.10"))) if n % 7]
    holes = [failed(one.monotonic) for n, one in enumerate(sales(GOOD)) if not n % 7]
    mixed = sorted([*readings, *holes], key=lambda one: one.monotonic)
    state, signals = follow(TOTALS, mixed)
    assert told(signals) == [("total_ahead", True)]
    assert state.memory()["unseen"] == "0"


def sold_with_holes(*shown: tuple[float, str, str]) -> list[Reading]:
    return [shows(second, volume=volume, volume_total=total) for second, volume, total in shown]


def test_a_sale_whose_beginning_fell_between_two_polls_is_no_fault() -> None:
    small = pairs(("0.00", "5000.00"), ("0.30", "5000.30"))
    hole = sold_with_holes((11.0, "1.00", "5001.30"), (12.0, "3.00", "5003.30"))
    state, signals = follow(TOTALS, [*small, *hole, *pairs(("5.00", "5005.30"), start=13.0)])
    assert signals == []
    assert state.memory() == {"total": "5005.30", "unseen": "0"}


def test_a_sale_whose_end_fell_between_two_polls_is_unseen() -> None:
    begun = [*pairs(("0.00", "5000.00")), *sold_with_holes((4.0, "2.00", "5002.00"))]
    state, signals = follow(TOTALS, [*begun, *pairs(("0.00", "5007.00"), start=8.0)])
    assert signals == []
    assert state.memory() == {"total": "5007.00", "unseen": "7.00"}


def test_a_damaged_digit_in_the_volume_is_no_sale() -> None:
    damaged = pairs(("2.00", "5020.00"), *[("20.00", "5020.00")] * 4, times=1)
    more = [sale("30.00", str(5020 + 30 * n), start=100.0 * n + 53.0) for n in range(3)]
    readings = [*sales(GOOD), *damaged, *(one for each in more for one in each)]
    # One reading a second throughout: what is not watched is not judged.
    close = [replace(one, monotonic=float(n)) for n, one in enumerate(readings)]
    assert follow(TOTALS, close)[1] == []


def test_a_total_that_follows_only_when_the_next_nozzle_is_up_is_no_fault() -> None:
    readings = pairs(
        *[("0.00", "5000.00"), ("2.00", "5000.00"), ("0.00", "5000.00"), ("0.00", "5002.00")],
        *[("3.00", "5002.00"), ("0.00", "5002.00"), ("0.00", "5005.00"), ("1.00", "5005.00")],
    )
    assert follow(TOTALS, readings)[1] == []


def test_a_total_shown_more_seldom_than_the_volume_is_compared_all_the_same() -> None:
    def seldom(*each: tuple[str, str]) -> list[Reading]:
        readings = sales(*each)
        still = [replace(readings[-1], monotonic=readings[-1].monotonic + n) for n in range(1, 40)]
        return [
            one if n % 8 == 0 else replace(one, indications=one.indications[:1])
            for n, one in enumerate([*readings, *still])
        ]

    assert follow(TOTALS, seldom(GOOD, GOOD, GOOD))[1] == []


def test_a_meter_without_sales_is_watched_for_a_fall_only() -> None:
    rising = [shows(float(n), volume_total=str(100 + n // 5)) for n in range(60)]
    state, signals = follow(TOTALS, rising)
    assert (signals, state.memory()["unseen"]) == ([], "0")
    fallen = [shows(60.0 + n, volume_total="50") for n in range(3)]
    assert told(follow(state, fallen)[1]) == [("total_fell", True)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.booleans(), st.integers(0, 12), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_no_honest_dispenser_is_ever_accused(
    each: list[tuple[int, bool, int, bool]], lazy: bool
) -> None:
    part: Part = TOTALS
    total, clock = Decimal("5000.00"), 0.0
    for halves, fast, hole, restart in each:
        litres = Decimal(halves) / 2
        readings = sale(f"{litres:.2f}", f"{total:.2f}", start=clock, lazy=lazy)
        keep = readings[:: 3 if fast else 1]
        part, signals = follow(part, [*keep[:hole], *keep[hole + hole % 5 :]])
        assert signals == []
        total, clock = total + litres, readings[-1].monotonic + 1
        if restart:
            part, clock = TOTALS.restored(part.memory()), 0.0


def simulated(
    dispenser: Dispenser, seconds: Iterable[float], extra: Decimal = Decimal(0)
) -> Iterator[Reading]:
    for second in seconds:
        one = dispenser.at(second)
        yield shows(
            second,
            volume=str(one.volume),
            volume_total=str(one.total + extra * one.number),
            volume_flow=str(one.flow),
            amount=str(one.amount),
            unit_price=str(one.unit_price),
        )


def test_the_simulated_dispenser_agrees_and_its_tampered_total_is_found_in_one_sale() -> None:
    fillings = Fillings(fills=(Fill(20.0), Fill(7.53, 10.0), Fill(33.33)))
    meter = MeterSettings(error=0.0013, total=123_456.0)
    _, signals = follow(TOTALS, simulated(Dispenser(meter, fillings), range(2000)))
    assert signals == []
    tampered = simulated(Dispenser(meter, fillings), range(60), extra=Decimal("0.2"))
    # The total jumps when the nozzle is lifted, before anything flows.
    assert told(follow(TOTALS, tampered)[1])[0] == ("total_without_sale", True)


def priced(volume: str, amount: str, price: str, start: float, times: int = 4) -> list[Reading]:
    return [shows(start + n, volume=volume, amount=amount, unit_price=price) for n in range(times)]


IDLE = priced("0.00", "0", "23570", 0.0)


@pytest.mark.parametrize("amount", ["290855", "290854", "290900", "290800", "291000", "290700"])
def test_an_amount_within_the_rounding_is_right(amount: str) -> None:
    assert follow(AMOUNTS, [*IDLE, *priced("12.34", amount, "23570", 4.0)])[1] == []


@pytest.mark.parametrize("amount", ["293801", "287899", "29085"])
def test_a_wrong_amount_is_found_at_the_third_reading_at_rest(amount: str) -> None:
    exact = replace(AMOUNTS, step=Decimal(1))
    part, signals = follow(exact, [*IDLE, *priced("12.34", amount, "23570", 4.0)])
    assert [(one.name, one.at) for one in signals] == [
        ("amount_wrong", START + timedelta(seconds=6))
    ]
    assert "290853.80 VND" in signals[0].why
    again = [*priced("0.00", "0", "23570", 8.0), *priced("10.00", "235700", "23570", 12.0)]
    assert told(follow(part, again)[1]) == [("amount_wrong", False)]


def test_a_price_changed_during_or_after_a_sale_is_no_fault() -> None:
    during = [*IDLE, *priced("5.00", "117850", "23570", 4.0), *priced("9", "999999", "24000", 8.0)]
    after = [*priced("9.00", "212130", "23570", 12.0), *priced("9.00", "212130", "25000", 16.0)]
    joined = priced("9.00", "212130", "25000", 0.0, times=9)
    assert follow(AMOUNTS, [*during, *after])[1] == []
    assert follow(AMOUNTS, joined)[1] == []


def test_a_price_changed_while_nobody_looked_is_no_fault() -> None:
    sold = [*IDLE, *priced("5.00", "117850", "23570", 4.0)]
    later = priced("5.00", "117850", "25000", 900.0)
    assert follow(AMOUNTS, [*sold, *later])[1] == []


def test_amounts_are_not_judged_while_fuel_flows_or_without_their_quantities() -> None:
    flows = [
        shows(4.0 + n, volume="5.00", amount="1", unit_price="23570", volume_flow="30")
        for n in range(9)
    ]
    lacks = [shows(20.0 + n, volume="5.00", amount="1") for n in range(9)]
    assert follow(AMOUNTS, [*IDLE, *flows, *lacks, failed(40.0)])[1] == []


def test_the_amount_interval_seen_so_far_is_allowed_for() -> None:
    rounded = [*IDLE, *priced("1.11", "26000", "23570", 4.0)]
    part, signals = follow(AMOUNTS, rounded)
    assert isinstance(part, Amounts)
    assert (signals, part.common) == ([], 1000)
    fine = [*priced("0.00", "0", "23570", 8.0), *priced("1.11", "26163", "23570", 12.0)]
    wrong = [*priced("0.00", "0", "23570", 16.0), *priced("1.11", "27000", "23570", 20.0)]
    assert told(follow(part, [*fine, *wrong])[1]) == [("amount_wrong", True)]


@pytest.mark.parametrize("interval", ["1", "50", "100"])
def test_simulated_amounts_are_right(interval: str) -> None:
    meter = MeterSettings(error=-0.0021, amount_interval=Decimal(interval))
    fillings = Fillings(fills=(Fill(20.0), Fill(7.53, 10.0), Fill(33.33)))
    assert follow(AMOUNTS, simulated(Dispenser(meter, fillings), range(2000)))[1] == []
