"""Passive signals of a scale: zero returns, a load left on, frozen frames."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tramdo.errors import NoReply, OutOfRange
from tramdo.passive import FrozenMotion, LeftLoad, Part, Signal, ZeroReturns
from tramdo.passive.zero import KEPT
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.script import Step, Weighings

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0
E = Decimal("0.01")
ZERO = ZeroReturns.of(Unit.KG, E, E)
LEFT = LeftLoad(unit=Unit.KG, d=E)


def weight(
    value: str,
    second: float = 0.0,
    stable: bool | None = True,
    basis: str | None = None,
    raw: tuple[bytes, ...] = (),
) -> Reading:
    one = Indication(value=Decimal(value), unit=Unit.KG, stable=stable, basis=basis)
    return bare(second, one, raw=raw)


def bare(second: float, *shown: Indication, raw: tuple[bytes, ...] = ()) -> Reading:
    at = START + timedelta(seconds=second)
    return Reading(instrument="S1", sequence=1, at=at, monotonic=second, indications=shown, raw=raw)


def failed(second: float, error: NoReply | OutOfRange) -> Reading:
    at = START + timedelta(seconds=second)
    return Reading(instrument="S1", sequence=1, at=at, monotonic=second, error=error)


def follow(part: Part, readings: Iterable[Reading]) -> tuple[Part, list[Signal]]:
    found = []
    for one in readings:
        part, signal = part.add(one)
        found += [signal] if signal else []
    return part, found


def weighings(zeros: Iterable[str], every: float = 10.0, start: float = 0.0) -> Iterator[Reading]:
    for number, zero in enumerate(zeros):
        second = start + number * every
        yield weight("12.34", second)
        yield weight("3.21", second + 1, stable=False)
        yield weight(zero, second + 2)
        yield weight("0.00", second + 3)


def told(signals: Iterable[Signal]) -> list[tuple[str, bool]]:
    return [(one.name, one.begins) for one in signals]


def test_the_first_rest_near_zero_after_a_load_is_a_return() -> None:
    zero, signals = follow(ZERO, weighings(["0.00", "0.01", "-0.01"]))
    assert signals == []
    assert zero.facts()["zero"]["last"] == ["0.00", "0.01", "-0.01"]
    assert zero.facts()["zero"]["limit"] == "0.0025"


@pytest.mark.parametrize("off", ["0.01", "-0.01", "0.05"])
def test_a_zero_that_is_off_is_found_at_the_fifth_return_and_ends_at_the_fifth_good_one(
    off: str,
) -> None:
    returns = list(weighings([off] * 9 + ["0.00"] * 9))
    _, signals = follow(ZERO, returns)
    assert told(signals) == [("zero_off", True), ("zero_off", False)]
    assert [one.at for one in signals] == [returns[4 * 4 + 2].at, returns[13 * 4 + 2].at]
    assert f"{off}, {off}" in signals[0].why


@pytest.mark.parametrize(
    "zeros",
    [["0.01"] * 4 + ["0.00"], ["0.01", "-0.01"] * 3, ["0.06"] * 9, ["0.00"] * 9],
    ids=["four of five", "both sides", "too far: goods", "all well"],
)
def test_less_than_five_on_one_side_near_zero_is_no_signal(zeros: list[str]) -> None:
    assert follow(ZERO, weighings(zeros * 3))[1] == []


@pytest.mark.parametrize(
    "zero",
    [
        weight("0.01", basis="net"),
        weight("0.01", stable=False),
        weight("0.01", stable=None),
        failed(0.0, NoReply("silence")),
        failed(0.0, OutOfRange("motion")),
        bare(0.0),
        bare(0.0, Indication(value=Decimal("0.01"), unit=Unit.LB, stable=True)),
        bare(0.0, Indication(value=Decimal("NaN"), unit=Unit.KG, stable=True)),
        bare(
            0.0,
            Indication(value=Decimal("0.01"), unit=Unit.KG, stable=True),
            Indication(value=Decimal("0.35"), unit=Unit.KG, quantity=Quantity.TARE),
        ),
    ],
)
def test_what_is_no_zero_at_rest_counts_for_nothing(zero: Reading) -> None:
    state, signals = follow(ZERO, [weight("12.34"), zero] * 20)
    assert (signals, state.facts()) == ([], {})


def test_without_load_there_is_no_return() -> None:
    assert follow(ZERO, [weight("0.01"), weight("0.20")] * 20)[0].facts() == {}


def test_without_a_stability_flag_five_equal_readings_are_rest() -> None:
    once = [weight("12.34", stable=None), *[weight("0.01", stable=None)] * 5]
    _, signals = follow(ZERO, once * 5)
    assert told(signals) == [("zero_off", True)]


def test_of_gross_and_net_together_the_gross_is_taken() -> None:
    both = [
        Indication(value=Decimal(one), unit=Unit.KG, stable=True, basis=basis)
        for one, basis in (("-0.35", "net"), ("0.01", "gross"))
    ]
    _, signals = follow(ZERO, [weight("12.34", basis="gross"), bare(0.0, *both)] * 5)
    assert told(signals) == [("zero_off", True)]


def test_a_trend_over_seven_days_is_found_before_the_zero_is_off() -> None:
    fine = ZeroReturns.of(Unit.KG, E, Decimal("0.001"))
    readings = [
        one
        for day in range(9)
        for one in weighings([f"{day * 0.0006 - 0.0024:.4f}"] * 3, start=day * DAY)
    ]
    _, signals = follow(fine, readings)
    assert told(signals)[0] == ("zero_trend", True)
    assert signals[0].at.date() == (START + timedelta(days=7)).date()


def test_the_state_stays_small_and_is_the_same_when_replayed() -> None:
    readings = list(weighings(["0.00", "0.01"] * 40, every=4 * HOUR))
    first, _ = follow(ZERO, readings)
    again, _ = follow(ZERO, readings)
    assert first == again
    assert len(first.facts()["zero"]["last"]) == KEPT
    assert len(first.facts()["zero"]["days"]) == 13


def simulated(scale: Scale, seconds: Iterable[float]) -> Iterator[Reading]:
    for second in seconds:
        shown = scale.indication(second)
        one = Indication(value=shown.value, unit=Unit.KG, stable=shown.stable, basis="gross")
        frame = f"{shown.value} {shown.stable}".encode()
        yield bare(second, one, raw=(frame,))


def test_a_drifting_zero_is_found_within_five_returns_of_a_whole_interval() -> None:
    steps = (Step(600.0), Step(600.0, 20.0), Step(1200.0, 5.0, 50.0))
    scale = Scale(ScaleSettings(zero_drift=0.001), Weighings(steps=steps))
    readings = simulated(scale, range(0, int(10 * DAY), 300))
    _, signals = follow(ZERO, readings)
    assert told(signals) == [("zero_off", True)]
    shown_since = START + timedelta(days=5)  # half an interval
    assert shown_since < signals[0].at <= shown_since + timedelta(seconds=6 * 2400)


def test_a_load_left_is_a_state_that_begins_after_four_hours_and_ends_when_it_goes() -> None:
    lying = [weight("12.34" if n % 7 else "12.35", n * 60.0) for n in range(300)]
    state, signals = follow(LEFT, lying)
    assert told(signals) == [("left_load", True)]
    assert (signals[0].at, signals[0].fault) == (START + timedelta(hours=4), False)
    assert state.facts()["left_load"]["since"] == "2026-03-02T00:00:00.000Z"
    state, signals = follow(state, [weight("0.00", 300 * 60.0)])
    assert told(signals) == [("left_load", False)]
    assert state.facts() == {}


@pytest.mark.parametrize("value", ["0.00", "0.20", "-3.00"])
def test_an_empty_scale_is_no_left_load(value: str) -> None:
    assert follow(LEFT, [weight(value, n * 60.0) for n in range(600)])[1] == []


def test_a_long_look_away_begins_the_time_of_a_load_anew() -> None:
    before = [weight("12.34", n * 60.0) for n in range(200)]
    after = [weight("12.34", 5 * HOUR + n * 60.0) for n in range(200)]
    assert follow(LEFT, [*before, *after])[1] == []


def moving(frames: Iterable[str], every: float = 1.0, start: float = 0.0) -> list[Reading]:
    return [
        weight(one, start + n * every, stable=False, raw=(one.encode(),))
        for n, one in enumerate(frames)
    ]


def test_equal_frames_in_motion_are_frozen_after_five_minutes_and_300_of_them() -> None:
    frames = moving(["5.00"] * 400)
    state, signals = follow(FrozenMotion(), frames)
    assert [(one.name, one.begins, one.at) for one in signals] == [
        ("frozen", True, START + timedelta(seconds=300))
    ]
    _, signals = follow(state, [weight("5.01", 401.0, stable=False, raw=(b"5.01",))])
    assert told(signals) == [("frozen", False)]


@pytest.mark.parametrize(
    "readings",
    [
        moving(["5.00"] * 1200, every=0.2),
        moving(["5.00"] * 299, every=10.0),
        moving(["5.00", "5.01"] * 400),
        [weight("5.00", n, raw=(b"5.00",)) for n in range(800)],
        [weight("5.00", n, stable=None, raw=(b"5.00",)) for n in range(800)],
        [weight("5.00", n, stable=False) for n in range(800)],
        [failed(n, OutOfRange("motion")) for n in range(800)],
        [
            *moving(["5.00"] * 200),
            failed(200, NoReply("silence")),
            *moving(["5.00"] * 200, start=201),
        ],
    ],
    ids=["fast", "few", "lively", "at rest", "no flag", "no raw", "motion", "silence"],
)
def test_what_may_move_or_rest_is_not_frozen(readings: list[Reading]) -> None:
    assert follow(FrozenMotion(), readings)[1] == []
