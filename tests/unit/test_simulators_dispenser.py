"""The simulated dispenser: what truly flowed, and what its meter says of it."""

import math
import time
from decimal import Decimal
from typing import Any

import pytest

from tramdo_simulators.dispenser import Dispenser, MeterSettings, Nozzle
from tramdo_simulators.proving_can import PETROL, ProvingCan
from tramdo_simulators.scale import DAY
from tramdo_simulators.script import Fill, Fillings

CYCLE = 48.0  # idle 10, calling 3, 30 of flow, finished 5
SALE_AT = 10.0  # the first lift of the nozzle


def a_dispenser(fills: tuple[Fill, ...] = (Fill(),), **settings: Any) -> Dispenser:
    return Dispenser(MeterSettings(**settings), Fillings(fills=fills))


def test_a_sale_goes_through_its_states() -> None:
    dispenser = a_dispenser()
    seen = [dispenser.at(at) for at in (9.0, 11.0, 28.0, 44.0, 49.0, 59.0)]
    assert [one.nozzle for one in seen] == [
        Nozzle.IDLE,
        Nozzle.CALLING,
        Nozzle.FUELLING,
        Nozzle.FINISHED,
        Nozzle.IDLE,
        Nozzle.CALLING,
    ]
    assert [str(one.volume) for one in seen] == ["0.00", "0.00", "10.00", "20.00", "20.00", "0.00"]
    assert [one.flow for one in seen] == [0, 0, 40, 0, 0, 0]
    assert [one.number for one in seen] == [0, 1, 1, 1, 1, 2]


def test_amount_is_volume_times_unit_price() -> None:
    dispenser = a_dispenser((Fill(12.34),), unit_price=Decimal(23_570))
    assert str(dispenser.at(45.0).amount) == "290854"


def test_the_totalizer_grows_by_exactly_what_the_sales_showed() -> None:
    dispenser = a_dispenser((Fill(20.0), Fill(7.5, 10.0), Fill(33.3)), drift=1.0, total=1000.0)
    shown: dict[int, float] = {}
    for tick in range(20_000):
        one = dispenser.at(tick * 0.5)
        shown[one.number] = one.metered
        assert math.isclose(one.metered_total, 1000 + sum(shown.values()))
    assert len(shown) > 100


def test_meter_drift_shows_in_sale_total_and_pulses_but_not_in_the_witness() -> None:
    dispenser = a_dispenser(drift=0.001 / 30, pulses_per_litre=100.0)
    turns = round(60 * DAY / CYCLE)
    one = dispenser.at(turns * CYCLE + 45.0)
    assert one.true_volume == 20.0
    assert one.volume == Decimal("20.04")
    assert one.true_total == 20.0 * (turns + 1)
    assert math.isclose(one.metered_total / one.true_total, 1.001, rel_tol=1e-5)
    assert one.pulses == int(one.metered_total * 100)


def test_looking_often_or_once_gives_the_same_total() -> None:
    often, once = a_dispenser(drift=0.001), a_dispenser(drift=0.001)
    end = 3 * DAY
    for tick in range(3000):
        often.at(end * tick / 3000)
    assert math.isclose(often.at(end).metered_total, once.at(end).metered_total, rel_tol=1e-6)


def test_an_adjustment_holds_from_the_next_sale_on() -> None:
    dispenser = a_dispenser(error=0.01)
    dispenser.adjust(30.0, error=0.0)
    assert dispenser.at(45.0).volume == Decimal("20.20")
    assert dispenser.at(CYCLE + 45.0).volume == Decimal("20.00")


def test_a_new_rate_goes_on_from_the_error_reached() -> None:
    dispenser = a_dispenser(drift=0.001)
    dispenser.drift(10 * DAY, -0.001)
    assert math.isclose(dispenser.error(10 * DAY), 0.01)
    assert math.isclose(dispenser.error(15 * DAY), 0.005)


def test_pace_shortens_the_programme_but_not_the_flow_reported() -> None:
    paced = Dispenser(MeterSettings(), Fillings(pace=8.0))
    assert paced.at(28.0 / 8).flow == 40.0
    assert paced.at(45.0 / 8).volume == Decimal("20.00")
    assert paced.at((CYCLE + 45.0) / 8).number == 2


def test_one_delivery_on_demand_goes_through_its_states() -> None:
    dispenser = Dispenser(MeterSettings(total=100.0))
    assert dispenser.at(50.0).nozzle is Nozzle.IDLE
    made = dispenser.deliver(20.0, 40.0, 60.0)
    seen = [dispenser.at(at) for at in (59.0, 61.0, 78.0, made.stops + 1, made.over + 1)]
    assert [one.nozzle for one in seen] == [*Nozzle, Nozzle.IDLE]
    assert [str(one.volume) for one in seen] == ["0.00", "0.00", "10.00", "20.00", "20.00"]
    assert [one.flow for one in seen] == [0, 0, 40, 0, 0]
    assert [str(one.total) for one in seen] == ["100.00", "100.00", "110.00", "120.00", "120.00"]


def test_deliveries_follow_one_another_and_a_programme() -> None:
    dispenser = a_dispenser()
    first = dispenser.deliver(5.0, 5.0, 50.0)
    second = dispenser.deliver(20.0, 40.0, first.over)
    shown = dispenser.at(second.over)
    assert (shown.number, shown.true_volume, shown.true_total) == (3, 20.0, 45.0)


def test_no_delivery_begins_while_another_goes_on() -> None:
    dispenser = Dispenser(MeterSettings())
    dispenser.deliver(20.0, 40.0, 0.0)
    with pytest.raises(ValueError, match="at second 10 the nozzle is fuelling, not idle"):
        dispenser.deliver(20.0, 40.0, 10.0)


@pytest.mark.parametrize(("volume", "flow"), [(0.0, 40.0), (20.0, 0.0)])
def test_a_delivery_of_nothing_is_refused(volume: float, flow: float) -> None:
    with pytest.raises(ValueError, match="allowed: both above 0"):
        Dispenser(MeterSettings()).deliver(volume, flow, 0.0)


@pytest.mark.parametrize(
    ("flow", "shown"), [(40.0, "20.02"), (60.0, "20.02"), (22.5, "19.98"), (5.0, "19.94")]
)
def test_the_meter_errs_otherwise_at_low_flow(flow: float, shown: str) -> None:
    dispenser = Dispenser(MeterSettings(error=0.001, slow_error=-0.004))
    made = dispenser.deliver(20.0, flow, 0.0)
    assert str(dispenser.at(made.over).volume) == shown
    assert str(dispenser.at(made.over).total) == shown


def test_a_repeated_programme_has_the_error_of_each_flow() -> None:
    dispenser = a_dispenser((Fill(20.0, 40.0), Fill(20.0, 5.0)), slow_error=0.01)
    assert [str(dispenser.at(at).volume) for at in (45.0, 58.0 + 3 + 240 + 1)] == ["20.00", "20.20"]


def test_a_person_fills_a_can_to_its_mark_and_reads_the_error() -> None:
    dispenser, can = Dispenser(MeterSettings(error=0.003)), ProvingCan()
    dispenser.warm(29.0)
    warm = dispenser.settings.temperature
    made = dispenser.deliver(can.filling(20.0, warm, 31.0, PETROL), 40.0, 100.0)
    shown = dispenser.at(made.over)
    read = can.read(shown.true_volume, warm, 31.0, PETROL)
    assert read.value == 20
    in_litres_of_the_meter = 20.0 * (1 + can.beta * 11) * (1 - 2 * PETROL)
    error = float(shown.volume) / in_litres_of_the_meter - 1
    assert error == pytest.approx(0.003, abs=0.0003)


def test_a_year_looked_at_every_week_is_quick() -> None:
    dispenser = a_dispenser(drift=0.001 / 30)
    begun = time.perf_counter()
    weeks = [dispenser.at(week * 7 * DAY).true_total for week in range(53)]
    assert time.perf_counter() - begun < 0.2
    assert weeks == sorted(weeks)
    assert weeks[-1] > 20 * 52 * 7 * DAY / CYCLE * 0.99
