"""Passive signals of a meter: volume that stands, total that creeps, noise that has gone."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tramdo.errors import NoReply
from tramdo.passive import Creep, FrozenNoise, Part, Signal, StuckVolume
from tramdo.reading import Indication, Quantity, Reading, Unit

START = datetime(2026, 3, 2, tzinfo=UTC)
UNITS = {
    Quantity.VOLUME: Unit.L,
    Quantity.VOLUME_TOTAL: Unit.L,
    Quantity.VOLUME_FLOW: Unit.L_PER_MIN,
    Quantity.FREQUENCY: Unit.HZ,
    Quantity.TEMPERATURE: Unit.CELSIUS,
}
WEEK = 7 * 86_400


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


def told(signals: Iterable[Signal]) -> list[tuple[str, bool, float]]:
    return [(one.name, one.begins, (one.at - START).total_seconds()) for one in signals]


@pytest.mark.parametrize("quantity", ["volume", "volume_total"])
def test_a_volume_that_stands_in_the_flow_is_found_after_five_readings_and_a_litre(
    quantity: str,
) -> None:
    stands = [shows(n, **{quantity: "7.77", "volume_flow": "40.0"}) for n in range(20)]
    moves = [shows(20 + n, **{quantity: f"8.{n}", "volume_flow": "40.0"}) for n in range(3)]
    _, signals = follow(StuckVolume(), [*stands, *moves])
    assert told(signals) == [("volume_stuck", True, 5.0), ("volume_stuck", False, 20.0)]
    assert "3.3 L should have flowed" in signals[0].why


@pytest.mark.parametrize(
    "readings",
    [
        [shows(n, volume="7.77", volume_flow="0.4") for n in range(600)],
        [shows(n, volume="7.77", volume_flow="40") for n in range(5)],
        [shows(n * 10, volume="7.77", volume_flow="40") for n in range(20)],
        [shows(n, volume=str(n), volume_total="500", volume_flow="40") for n in range(20)],
        [shows(n, volume_total="500") for n in range(20)],
        [shows(n, volume_flow="40") for n in range(20)],
        [shows(n, volume_total="16777216", volume_flow="40") for n in range(6)],
        [failed(n) for n in range(20)],
    ],
    ids=[
        "noise",
        "short",
        "seldom",
        "total at the end",
        "no flow",
        "no volume",
        "steps of a float",
        "silence",
    ],
)
def test_a_volume_that_may_stand_is_not_stuck(readings: list[Reading]) -> None:
    assert follow(StuckVolume(), readings)[1] == []


def test_a_total_that_creeps_without_flow_is_found_at_the_fifth_step() -> None:
    crept = [
        shows(n, volume_total=f"{500 + n // 2 * 0.01:.2f}", volume_flow="0") for n in range(30)
    ]
    flows = [shows(30, volume_total="501.00", volume_flow="12")]
    _, signals = follow(Creep(d=Decimal("0.01")), [*crept, *flows])
    assert told(signals) == [("total_creeps", True, 10.0), ("total_creeps", False, 30.0)]


@pytest.mark.parametrize("every", [1, 60])
def test_sales_seen_by_their_flow_or_not_watched_are_no_creep(every: int) -> None:
    flow = ("0", "30", "0")
    readings = [
        shows(n * every, volume_total=str(500 + n), volume_flow=flow[n % 3] if every == 1 else "0")
        for n in range(90)
    ]
    assert follow(Creep(), readings)[1] == []


def noisy(start: int, seconds: int, every: int = 30) -> list[Reading]:
    return [
        shows(start + n, frequency=f"121.{n % 7}", temperature="30.1")
        for n in range(0, seconds, every)
    ]


def still(start: int, seconds: int, every: int = 30) -> list[Reading]:
    return [
        shows(start + n, frequency="121.5", temperature="30.1") for n in range(0, seconds, every)
    ]


def test_a_digit_that_never_rested_in_a_week_and_rests_for_an_hour_is_found() -> None:
    frozen = [*noisy(0, WEEK + 60), *still(WEEK + 60, 7200), *noisy(WEEK + 7260, 60)]
    part, signals = follow(FrozenNoise(), frozen)
    assert [one[:2] for one in told(signals)] == [("noise_gone", True), ("noise_gone", False)]
    begun = signals[0].at - START - timedelta(seconds=WEEK + 60)
    assert timedelta(hours=1) <= begun <= timedelta(hours=1, seconds=60)
    again = FrozenNoise().restored(part.memory())
    assert told(follow(again, still(0, 7200))[1]) == [("noise_gone", True, 3600.0)]


@pytest.mark.parametrize(
    "readings",
    [
        lambda: [*noisy(0, WEEK // 2), *still(WEEK // 2, 7200)],
        lambda: [
            *(*noisy(0, 7200), *still(7200, 1200)),
            *(*noisy(8400, WEEK), *still(WEEK + 8400, 7200)),
        ],
        lambda: [*noisy(0, WEEK + 60), *still(WEEK + 60, 7200, every=90)],
        lambda: [*noisy(0, WEEK + 60), *(failed(WEEK + 60 + n) for n in range(7200))],
        lambda: still(0, 2 * WEEK),
    ],
    ids=["half a week", "rested before", "not watched", "silence", "never moved"],
)
def test_a_rest_that_may_be_is_no_signal(readings: Callable[[], list[Reading]]) -> None:
    assert follow(FrozenNoise(), readings())[1] == []
