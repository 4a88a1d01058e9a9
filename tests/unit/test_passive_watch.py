"""The watch of one instrument: what applies, registered values, memory, ordinary months."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tramdo.driver import Kind
from tramdo.errors import InstrumentError, NoReply, OutOfRange
from tramdo.limits import Characteristics
from tramdo.passive import Signal, Watch
from tramdo.reading import Indication, Quantity, Reading, Unit
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.scale import Scale, ScaleSettings
from tramdo_simulators.script import Fill, Fillings, Step, Weighings

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR = 86_400.0, 3600.0
D = Decimal("0.01")
SCALE = Characteristics(accuracy_class="III", unit=Unit.KG, max=Decimal(60), e=D, d=D)
PUMP = Characteristics(accuracy_class="0.5", unit=Unit.L, mmq=Decimal(2), d=D)


def reading(
    second: float, *shown: Indication, error: InstrumentError | None = None, raw: bytes = b""
) -> Reading:
    return Reading(
        instrument="X1",
        sequence=1,
        at=START + timedelta(seconds=second),
        monotonic=second,
        indications=shown,
        error=error,
        raw=(raw,) if raw else (),
    )


def one(quantity: Quantity, value: str, unit: Unit = Unit.ONE, *flags: str) -> Indication:
    return Indication(value=Decimal(value), unit=unit, quantity=quantity, flags=flags)


def feed(watch: Watch, readings: Iterable[Reading]) -> list[Signal]:
    return [signal for each in readings for signal in watch.add(each)]


def events(*values: str) -> list[Reading]:
    return [reading(n, one(Quantity.EVENT_COUNT, value)) for n, value in enumerate(values)]


def restarted(watch: Watch, kind: Kind, plate: Characteristics) -> Watch:
    fresh = Watch.of(kind, plate)
    fresh.restore(json.loads(json.dumps(watch.memory())))
    return fresh


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.SCALE, {"frozen", "zero", "left_load", "registered"}),
        (Kind.DISPENSER, {"totals", "amounts", "stuck", "creep", "noise", "registered"}),
        (Kind.METER, {"totals", "amounts", "stuck", "creep", "noise", "registered"}),
        (Kind.TANK_GAUGE, {"registered"}),
    ],
)
def test_each_kind_has_its_parts(kind: Kind, parts: set[str]) -> None:
    assert set(Watch.of(kind, SCALE).parts) == parts


def test_a_scale_whose_plate_gives_no_interval_has_no_zero_to_judge() -> None:
    plate = replace(SCALE, e=None, d=None)
    assert set(Watch.of(Kind.SCALE, plate).parts) == {"frozen", "registered"}


@pytest.mark.parametrize(
    "mark", [one(Quantity.EVENT_COUNT, "7"), one(Quantity.ADJUSTMENT_COUNT, "7.0")]
)
def test_a_counter_that_changes_is_found_at_the_second_reading(mark: Indication) -> None:
    watch = Watch.of(Kind.DISPENSER, PUMP)
    changed = replace(mark, value=Decimal(8))
    readings = [reading(n, mark if n < 5 else changed) for n in range(10)]
    (signal,) = feed(watch, readings)
    assert signal.at == START + timedelta(seconds=6)
    assert signal.body() == {
        "alert": "signal",
        "signal": "counter_changed",
        "state": "begins",
        "fault": True,
        "why": f"{mark.quantity} is 8, registered is 7",
        "at": "2026-03-02T00:00:06.000Z",
        "figures": {"counter": mark.quantity, "old": "7", "new": "8"},
    }
    assert watch.facts()["counters"] == {mark.quantity: {"registered": "7", "shown": "8"}}


def test_serial_number_and_software_id_are_compared_with_what_was_registered() -> None:
    registered = {"serial": "B123", "software": "1.02"}
    watch = Watch.of(Kind.SCALE, SCALE, registered)
    shown = one(Quantity.WEIGHT, "1.00", Unit.KG, "serial:B124", "software:1.03")
    found = feed(watch, [reading(n, shown) for n in range(9)])
    assert [(each.figures["counter"], each.figures["old"]) for each in found] == [
        ("serial", "B123"),
        ("software", "1.02"),
    ]


def test_a_value_given_by_the_station_file_stands_over_restart_and_adjustment() -> None:
    watch = Watch.of(Kind.METER, PUMP)
    feed(watch, events("8", "8"))
    given = Watch.of(Kind.METER, PUMP, {"event_count": "7"})
    given.restore(watch.memory())
    given.adjusted()
    assert [each.figures["old"] for each in feed(given, events("8", "8", "8"))] == ["7"]


@pytest.mark.parametrize(
    "values", [["7"] * 9, ["7", "7", "9", "7", "9", "7"], ["7", "8"]], ids=["same", "odd", "start"]
)
def test_a_counter_that_keeps_its_value_or_shows_another_once_is_no_signal(
    values: list[str],
) -> None:
    assert feed(Watch.of(Kind.METER, PUMP), events(*values)) == []


def test_a_changed_counter_stands_over_a_restart_and_ends_with_the_adjustment() -> None:
    watch = Watch.of(Kind.METER, PUMP)
    assert [each.begins for each in feed(watch, events("7", "7", "8", "8", "9", "9"))] == [True]
    watch = restarted(watch, Kind.METER, PUMP)
    assert feed(watch, events("8", "8", "8")) == []
    assert watch.facts()["signals"] == ["counter_changed"]
    watch.adjusted()
    assert [each.begins for each in feed(watch, events("8", "8", "8"))] == [False]
    assert "signals" not in watch.facts()


def test_a_counter_changed_while_the_daemon_was_off_is_found() -> None:
    watch = Watch.of(Kind.METER, PUMP)
    feed(watch, events("7", "7"))
    watch = restarted(watch, Kind.METER, PUMP)
    assert [each.figures["old"] for each in feed(watch, events("8", "8"))] == ["7"]


@pytest.mark.parametrize(
    "memory",
    [
        {},
        {"totals": None, "registered": 3},
        {"totals": {"standing": []}},
        {"totals": {"standing": [], "total": "many", "unseen": "0"}},
        {"noise": {"standing": 4, "watched": 1, "longest": 2}},
        {"stranger": {}},
    ],
)
def test_a_memory_that_cannot_be_read_leaves_the_watch_as_it_was(memory: dict[str, object]) -> None:
    watch = Watch.of(Kind.DISPENSER, PUMP)
    watch.restore(memory)
    assert watch.parts == Watch.of(Kind.DISPENSER, PUMP).parts


def blinks(readings: Iterable[Reading], *errors: InstrumentError) -> Iterator[Reading]:
    for number, each in enumerate(readings):
        failing = number % 97 >= 95
        wrong = errors[number // 97 % len(errors)]
        yield replace(each, indications=(), error=wrong) if failing else each


def scale_readings(scale: Scale, day: int) -> Iterator[Reading]:
    """Yield a day: two minutes of trade twice, and a look every five minutes between."""
    trade = [*range(120), *range(120, 30_000, 300)]
    for second in [day * DAY + at for at in [*trade, *(30_000 + one for one in trade)]]:
        shown = scale.indication(second)
        weight = Indication(value=shown.value, unit=Unit.KG, stable=shown.stable)
        yield reading(second, weight, raw=f"{shown.value} {shown.stable}".encode())


def pump_readings(pump: Dispenser, day: int) -> Iterator[Reading]:
    """Yield a day: three minutes of sales twice; what is sold between goes unseen."""
    for second in [day * DAY + hour * HOUR + at for hour in (1, 9) for at in range(180)]:
        shown = pump.at(second)
        yield reading(
            second,
            one(Quantity.VOLUME, str(shown.volume), Unit.L),
            one(Quantity.AMOUNT, str(shown.amount), Unit.VND),
            one(Quantity.UNIT_PRICE, str(shown.unit_price), Unit.VND_PER_L),
            one(Quantity.VOLUME_TOTAL, str(shown.total), Unit.L),
            one(Quantity.VOLUME_FLOW, str(shown.flow), Unit.L_PER_MIN),
            one(Quantity.EVENT_COUNT, "12"),
        )


@pytest.mark.parametrize("flagged", [True, False])
def test_thirty_days_of_weighings_with_lost_readings_and_restarts_are_no_signal(
    flagged: bool,
) -> None:
    steps = (Step(9.0), Step(5.0, 20.0), Step(2.0, 5.0, 50.0), Step(4.0, 0.3, 1.0))
    settings = ScaleSettings(noise=0.0012, creep=0.0001, span_drift=0.0003)
    scale = Scale(settings, Weighings(steps=steps))
    watch, found = Watch.of(Kind.SCALE, SCALE), []
    for day in range(30):
        shown = blinks(scale_readings(scale, day), NoReply("silence"), OutOfRange("motion"))
        found += feed(watch, shown if flagged else map(unflagged, shown))
        watch = restarted(watch, Kind.SCALE, SCALE) if day % 5 == 4 else watch
    assert found == []
    assert len(watch.facts()["zero"]["last"]) == 24
    assert len(watch.facts()["zero"]["days"]) >= 20


def unflagged(each: Reading) -> Reading:
    return replace(
        each, indications=tuple(replace(shown, stable=None) for shown in each.indications)
    )


def test_thirty_days_of_sales_with_lost_readings_and_restarts_are_no_signal() -> None:
    fills = (Fill(20.0), Fill(7.53, 10.0), Fill(2.13), Fill(33.33))
    meter = MeterSettings(error=0.002, drift=0.0001, total=123_456.0)
    pump = Dispenser(meter, Fillings(fills=fills))
    watch, found = Watch.of(Kind.DISPENSER, PUMP), []
    for day in range(30):
        found += feed(watch, blinks(pump_readings(pump, day), NoReply("silence")))
        watch = restarted(watch, Kind.DISPENSER, PUMP) if day % 5 == 4 else watch
    assert found == []
    assert Decimal(watch.facts()["totals"]["unseen"]) > 100_000
    assert watch.facts()["counters"] == {"event_count": {"registered": "12", "shown": None}}


def test_a_month_on_the_first_tampered_sale_is_found() -> None:
    pump = Dispenser(MeterSettings(), Fillings())
    watch = Watch.of(Kind.DISPENSER, PUMP)
    assert feed(watch, pump_readings(pump, 0)) == []
    tampered = (
        replace(
            each,
            indications=tuple(
                replace(shown, value=shown.value + 2000)
                if shown.quantity is Quantity.AMOUNT and shown.value
                else shown
                for shown in each.indications
            ),
        )
        for each in pump_readings(pump, 1)
    )
    found = feed(watch, tampered)
    assert [(each.name, each.begins) for each in found] == [("amount_wrong", True)]
    assert found[0].at <= START + timedelta(days=1, hours=1, seconds=100)
