"""What a check must withstand: odd records, adjustments and clocks in the middle, coarse digits."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from bench import station_text
from desk import Desk, desk_in
from guided import (
    START,
    Bench,
    carried_out,
    delivering,
    guide,
    reading,
    scale,
    shows,
    weighing,
    weight,
)

from tramdo import build, stationfile
from tramdo.capture import Plateau
from tramdo.checking import Checker, Plan
from tramdo.drift import ControlChart
from tramdo.reading import Indication, Quantity, Unit
from tramdo.series import Series
from tramdo.stationfile import Loaded
from tramdo.uncertainty.unguided import of_weighing, resolution

PUMP_RUN = {
    "fast-1/read": "20.00",
    "fast-1/can_temperature": "30",
    "fast-1/meter_temperature": "30",
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_in(tmp_path) as one:
        yield one


def message(body: object, kind: str = "check") -> bytes:
    return json.dumps({"kind": kind, "body": body}).encode()


async def test_a_check_that_was_guided_under_this_id_is_passed_over(desk: Desk) -> None:
    begun = {"phase": "begun", "check": "scale-a-20kg", "instrument": "scale-a", "run": "r"}
    desk.assurance.replay([message(begun)])
    assert desk.assurance.checkers["scale-a"][0].series.chart.count == 0


async def test_a_record_that_cannot_be_taken_again_is_told_and_the_others_are(desk: Desk) -> None:
    told: list[str] = []
    desk.assurance.fault = lambda what, _: told.append(what)
    checker = desk.assurance.checkers["scale-a"][0]
    capture = Plateau(reference=checker.plan.reference, window=Decimal("0.5"), count=1)
    other = Checker(plan=checker.plan, capture=capture, series=checker.series.blank())
    done = other.feed(reading(START, shows("20.00"), instrument="scale-a"))
    assert done is not None
    body = done[0].body()
    odd = body | {"verdict": {"conformity": "of tomorrow"}}
    messages = [message({}, "adjustment"), b"{", message(body | {"error": None}), message(body)]
    desk.assurance.replay([message(odd | {"error": "?"}), *messages])
    assert told == ["replay"] * 4
    assert checker.series.chart == other.series.chart


async def test_an_adjustment_ends_the_run_under_way(desk: Desk) -> None:
    await desk.say("weighing", "begin", operator="Lan")
    await desk.send("/api/instruments/scale-a/adjustment", {"by": "Lan"})
    assert desk.running("weighing") is None
    closed = (await desk.recorded())[-1]
    assert (closed["how"], closed["why"]) == ("interrupted", "the instrument was adjusted")


def test_results_of_the_time_when_nobody_guided_are_in_no_run() -> None:
    bench = carried_out(delivering(), PUMP_RUN)
    result = next(one for one in bench.bodies if one["phase"] == "result")
    one = guide(delivering())
    one.replay(json.loads(json.dumps(result)) | {"point": "guided", "run": None})
    later = Bench(guide=one, shown=PUMP_RUN).begin()
    assert [found["point"] for found in later.go()[-1]["findings"]] == ["guided/fast"]


def test_a_clock_that_is_set_back_does_not_keep_a_run_for_years() -> None:
    bench = Bench(guide=guide(delivering()), shown={}).begin()
    assert bench.guide.left_alone(bench.at - timedelta(minutes=29)).bodies == ()
    (closed,) = bench.guide.left_alone(bench.at - timedelta(days=400)).bodies
    assert (closed["how"], closed["why"]) == ("interrupted", "the clock was set back")


def test_small_weights_on_a_display_finer_than_e_find_the_error_itself() -> None:
    fine = scale(e=Decimal("0.1"), d=Decimal("0.01"))
    one = weighing(weight("20"), subject=fine, tests=("loads",), change_over=True)
    found = carried_out(one, {"load-1/added": "5"}).results()["load-1"]
    assert Decimal(found["error"]) == 0


def test_a_corner_on_a_fine_display_is_held_against_its_own_zero() -> None:
    fine = scale(e=Decimal("0.02"), d=Decimal("0.002"))
    one = weighing(weight("20"), subject=fine, tests=("eccentricity",), supports=1)
    shown = {"corner-1/off": "0.010", "corner-1": "20.016"}
    assert Decimal(carried_out(one, shown).results()["corner-1"]["error"]) == Decimal("0.006")


def test_a_load_that_waited_is_taken_with_the_readings_of_the_hour() -> None:
    subject, budget = scale(), of_weighing(weight("20"), Decimal("0.02"), Unit.KG)
    one = Checker(
        plan=Plan(
            id="span", subject=subject, reference=weight("20"), budget=lambda _: budget, every=9.0
        ),
        capture=Plateau(reference=weight("20"), window=Decimal("0.5"), count=2),
        series=Series(subject=subject, chart=ControlChart(floor=0.006)),
    )
    start = datetime(2026, 11, 22, tzinfo=UTC)
    one.due = start.timestamp() + 50
    taken = [one.feed(reading(start + timedelta(seconds=i), shows("20.00"))) for i in range(51)]
    assert [done is not None for done in taken] == [False] * 50 + [True]
    assert [at.at.second for at in one.capture.evidence] == [49, 50]


@pytest.mark.parametrize(("digits", "known"), [("19.9", "0.1"), ("20.001", "0.01"), ("20", "1")])
def test_coarse_totals_are_known_by_their_own_digits(digits: str, known: str) -> None:
    shown = Indication(value=Decimal(digits), unit=Unit.L, quantity=Quantity.VOLUME)
    assert resolution(shown, Decimal("0.01"), Unit.L) == Decimal(known)


def test_a_guided_delivery_by_coarse_totals_is_less_certain() -> None:
    uncertainties = []
    for total, sold in (("1000.00", "20.00"), ("1000.0", "20.0")):
        shown = PUMP_RUN | {"fast-1/delivered": sold}
        bench = Bench(guide=guide(delivering()), shown=shown, total=Decimal(total)).begin()
        bench.go()
        uncertainties.append(Decimal(bench.results()["fast"]["uncertainty"]))
    assert uncertainties[1] > 2 * uncertainties[0]


def loaded(folder: Path, *changes: tuple[str, str]) -> Loaded:
    text = station_text(folder, "127.0.0.1:1")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "station.toml"
    file.write_text(text)
    return stationfile.read(file)


def test_an_unguided_delivery_by_coarse_totals_is_less_certain(tmp_path: Path) -> None:
    (one,) = build.checkers(loaded(tmp_path))["pump-1"]
    budgets = [
        one.plan.budget(Indication(value=Decimal(digits), unit=Unit.L, quantity=Quantity.VOLUME))
        for digits in ("20.00", "20.0")
    ]
    assert [round(found.expanded, 3) for found in budgets if found] == [0.06, 0.101]


def test_an_unguided_weighing_has_the_interval_of_its_range(tmp_path: Path) -> None:
    ranges = 'ranges = [{ max = 10, e = 0.01 }, { max = 60, e = 0.02 }]\nrules = "oiml-r76-2006"'
    plain = loaded(tmp_path)
    wide = loaded(tmp_path, ('rules = "oiml-r76-2006"', ranges))
    (one,), (other,) = (build.checkers(found)["scale-a"] for found in (plain, wide))
    narrow, broad = (found.plan.budget(shows("20.00")) for found in (one, other))
    assert narrow is not None
    assert broad is not None
    assert broad.expanded > 1.9 * narrow.expanded


def test_the_window_of_a_guided_check_is_compared_in_its_own_unit(tmp_path: Path) -> None:
    plate = 'unit = "kg"\naccuracy_class = "III"\nmax = 60\nmin = 0.2\ne = 0.01\nd = 0.01'
    grams = 'unit = "g"\naccuracy_class = "III"\nmax = 60000\nmin = 200\ne = 10\nd = 10'
    how = 'how = "weighing"\nreference = "w20"\nwindow = '
    found = loaded(tmp_path, (plate, grams), (how + "0.5", how + "100"))
    assert build.guides(found)["weighing"].run is None
