"""Months of simulated checks at full speed, through the real drivers, checks and journal."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tramdo import stationfile
from tramdo.errors import BadFrame, JournalError, NoReply
from tramdo.framing import by_line
from tramdo.journal import Row, Store
from tramdo.proof import chained
from tramdo.stationfile import Loaded
from tramdo_simulators.fast_forward import BEGIN, Life, live
from tramdo_simulators.history import StampOf, Told, history, write
from tramdo_simulators.history_command import simulate_history
from tramdo_simulators.memory_port import MemoryPort, at_once
from tramdo_simulators.mt_sics import MtSics
from tramdo_simulators.peers import Ageing
from tramdo_simulators.scale import DAY, Scale
from tramdo_simulators.st_gs import StGs

STATION = (Path(__file__).parents[2] / "config" / "station.simulated.toml").read_text()
INSTRUMENTS = ("scale-a", "scale-b", "hopper", "pump-1", "pump-2")
WEEKLY = 'instrument = "scale-a"\nhow = "span"'


def station(folder: Path, text: str | None = None) -> Path:
    file = folder / "station.toml"
    file.write_text(text or STATION)
    return file


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return stationfile.read(station(tmp_path))


# --- the port in memory -----------------------------------------------------------------------


def test_the_port_answers_at_once_and_keeps_the_frames() -> None:
    port = MemoryPort(MtSics(Scale()))
    port.begin(10.0)
    said = at_once(port.exchange(b"SI\r\n", by_line()))
    assert said == b"S S       0.00 kg\r\n"
    assert port.frames == [said]
    port.begin(11.0)
    assert port.frames == []


def test_the_port_hears_a_stream() -> None:
    port = MemoryPort(StGs(Scale()))
    assert at_once(port.listen(by_line())).startswith(b"ST,GS,")
    with pytest.raises(NoReply, match="only talks by itself"):
        at_once(port.exchange(b"SI\r\n", by_line()))


def test_silence_and_half_an_answer_are_failures() -> None:
    port = MemoryPort(MtSics(Scale()))
    with pytest.raises(NoReply, match="only answers"):
        at_once(port.listen(by_line()))
    with pytest.raises(BadFrame, match="a whole frame"):
        at_once(port.exchange(b"SI\r\n", by_line(end=b"\x03")))


def test_a_driver_that_waits_for_something_else_is_told() -> None:
    with pytest.raises(RuntimeError, match="waited for something else"):
        at_once(asyncio.sleep(0))


# --- one life ---------------------------------------------------------------------------------


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_visit_makes_a_check_through_the_real_driver(loaded: Loaded, instrument: str) -> None:
    outcome = live(loaded, instrument, weeks=3)
    assert [one.record.at.date() for one in outcome.done] == [
        (BEGIN + timedelta(weeks=week)).date() for week in range(3)
    ]
    assert all(one.record.error == 0 for one in outcome.done)
    assert all(one.record.evidence for one in outcome.done)


def test_the_frames_of_a_check_are_those_of_the_wire(loaded: Loaded) -> None:
    (done,) = live(loaded, "scale-a", weeks=1).done
    assert bytes.fromhex(done.record.evidence[-1].replace(" ", "")) == b"S S      20.00 kg\r\n"


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_without_the_wire_the_errors_are_nearly_the_same(loaded: Loaded, instrument: str) -> None:
    ageing = Ageing(drift=0.5, noise=0.2, seed=4)
    wired, direct = (live(loaded, instrument, ageing, weeks=20, wire=one) for one in (True, False))
    step = 0.05 if instrument == "scale-b" else 0.01
    for one, other in zip(wired.done, direct.done, strict=True):
        assert abs(one.record.error - other.record.error) <= step
        assert one.true_error == pytest.approx(other.true_error, rel=1e-3, abs=1e-9)
    assert not any(one.record.evidence for one in direct.done)


def test_the_drift_is_in_e_a_month_at_the_reference(loaded: Loaded) -> None:
    outcome = live(loaded, "scale-a", Ageing(drift=0.1, offset=1.0), weeks=61)
    assert outcome.done[0].true_error == pytest.approx(0.01)
    assert outcome.done[60].true_error == pytest.approx(0.01 + 0.01 * 0.1 * 420 / 30, rel=1e-4)
    assert float(outcome.done[60].record.error) == pytest.approx(0.024, abs=0.005)


def test_alert_and_crossing_are_those_of_the_first_check_that_shows_them(loaded: Loaded) -> None:
    outcome = live(loaded, "scale-a", Ageing(drift=0.5, noise=0.1), weeks=40)
    crossing = next(one for one in outcome.done if abs(one.true_error) >= 0.02)
    assert outcome.crossing == crossing.record.at
    first, exceeds = outcome.first(), outcome.first("exceeds")
    assert first is not None
    assert exceeds is not None
    assert first < outcome.crossing < exceeds
    assert outcome.first("no_such_alert") is None


def test_without_drift_nothing_crosses(loaded: Loaded) -> None:
    assert live(loaded, "scale-b", Ageing(noise=0.1), weeks=30).crossing is None


def test_equal_seeds_give_equal_lives(loaded: Loaded) -> None:
    one, same, other = (
        live(loaded, "scale-a", Ageing(noise=0.8, seed=seed), weeks=20, wire=False)
        for seed in (1, 1, 2)
    )
    assert one == same
    assert [done.record.error for done in one.done] != [done.record.error for done in other.done]


def test_an_adjustment_takes_the_error_away_and_begins_new_charts(loaded: Loaded) -> None:
    life = Life(loaded, "scale-a", Ageing(offset=5.0))
    before = [done for week in range(10) for done in life.visit(week * 7 * DAY)]
    life.adjust(65 * DAY)
    (after,) = life.visit(70 * DAY)
    assert before[-1].record.count == 10
    assert (float(before[-1].record.error), before[-1].crossed) == (0.05, True)
    assert (after.record.count, after.crossed) == (1, False)
    assert after.record.error == 0


def test_a_check_that_is_due_every_week_is_made_every_week(tmp_path: Path) -> None:
    text = STATION.replace(WEEKLY, f'{WEEKLY}\nevery = "7 d"')
    assert text != STATION
    due = stationfile.read(station(tmp_path, text))
    assert len(live(due, "scale-a", weeks=60, wire=False).done) == 60


def test_an_instrument_without_checks_is_told(loaded: Loaded) -> None:
    unchecked = replace(loaded, station=loaded.station.model_copy(update={"checks": ()}))
    with pytest.raises(ValueError, match=r"scale-a has no \[\[check\]\]"):
        live(unchecked, "scale-a")


def test_two_years_of_weekly_checks_are_quick(loaded: Loaded) -> None:
    begun = time.perf_counter()
    for seed in range(3):
        live(loaded, "scale-a", Ageing(drift=0.1, noise=0.15, seed=seed), weeks=100)
    assert time.perf_counter() - begun < 6.0


# --- a whole history --------------------------------------------------------------------------


def rows(file: Path) -> list[Row]:
    store = Store(file, "demo-thai-nguyen")
    try:
        kinds = ("config", "check", "adjustment", "alert")
        return sorted(row for kind in kinds for row in store.of_kind(kind))
    finally:
        store.close()


def a_history(loaded: Loaded, file: Path) -> list[Row]:
    life = Life(loaded, "scale-a", Ageing(drift=1.0, noise=0.1))
    told = [Told(life, adjust_at=100 * DAY)]
    events = history(loaded, told, StampOf(BEGIN), upto=350 * DAY, every=DAY)
    assert write(file, loaded.station.station.id, events) == len(rows(file))
    return rows(file)


def test_the_journal_is_a_real_one_in_order_of_time(loaded: Loaded, tmp_path: Path) -> None:
    made = a_history(loaded, tmp_path / "new" / "journal.db")
    assert len(made) > 350
    assert [row.seq for row in made] == list(range(1, len(made) + 1))
    assert [row.time for row in made] == sorted(row.time for row in made)
    assert made[0].kind == "config"
    assert json.loads(made[0].message)["body"]["simulated"] is True
    link = bytes(32)
    for row in made:
        link = chained(link, row.message)
    assert len(link) == 32


def test_an_adjustment_stands_between_as_found_and_as_left(loaded: Loaded, tmp_path: Path) -> None:
    made = [json.loads(row.message) for row in a_history(loaded, tmp_path / "journal.db")]
    where = next(turn for turn, one in enumerate(made) if one["kind"] == "adjustment")
    found = [one for one in made[:where] if one["kind"] == "check"][-1]
    left = next(one for one in made[where:] if one["kind"] == "check")
    assert float(found["body"]["error"]) >= 0.03
    assert abs(float(left["body"]["error"])) <= 0.01
    assert left["body"]["count"] == 1
    assert made[where]["body"]["before"] == found["body"]["error"]
    assert found["time"] < made[where]["time"] < left["time"]


def test_an_alert_follows_its_check(loaded: Loaded, tmp_path: Path) -> None:
    made = [json.loads(row.message) for row in a_history(loaded, tmp_path / "journal.db")]
    alerts = [turn for turn, one in enumerate(made) if one["kind"] == "alert"]
    assert alerts
    for turn in alerts:
        before, alert = made[turn - 1], made[turn]
        assert (before["kind"], before["time"]) == ("check", alert["time"])
        assert alert["body"]["error"] == before["body"]["error"]


def test_a_journal_with_events_is_left_alone(loaded: Loaded, tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    before = a_history(loaded, file)
    with pytest.raises(FileExistsError, match=r"holds .* events already"):
        write(file, loaded.station.station.id, [])
    assert rows(file) == before
    with pytest.raises(JournalError, match="belongs to station"):
        write(file, "another", [])


# --- the command ------------------------------------------------------------------------------


def run(*arguments: object) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(simulate_history)
    done = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_the_command_writes_the_station_s_journal_and_sums_up(tmp_path: Path) -> None:
    text = STATION.replace("/tmp/tramdo/tramdo.db", "journal.db")  # noqa: S108
    code, said = run(
        station(tmp_path, text), "--months", 6, "--drift", "scale-a=1", "--begin", "2025-03-01"
    )
    assert code == 0, said
    assert "2025-03-01 to 2025-08-28, simulated." in said
    assert "scale-a: 26 checks" in said
    assert "true error reached the MPE: 2025-05-" in said
    assert said.count("reached the MPE: never") == 4
    made = rows(tmp_path / "journal.db")
    assert sum(row.kind == "check" for row in made) == 26 * 5
    assert made[0].time == "2025-03-01T01:00:00.000Z"


def test_without_a_begin_the_history_ends_today(tmp_path: Path) -> None:
    code, said = run(
        station(tmp_path), "--months", 1, "--every", "10 d", "--journal", tmp_path / "j.db"
    )
    assert code == 0, said
    today = datetime.now(UTC).date()
    assert any(f"to {today - timedelta(days=ago)}, simulated" in said for ago in (0, 1))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--drift", "scale-z=1", "'scale-z=1'; allowed: an instrument (scale-a, "),
        ("--drift", "scale-a=much", "'scale-a=much'; allowed"),
        ("--adjust", "scale-a", "'scale-a'; allowed"),
        ("--every", "7", "'7'; allowed: such as"),
    ],
)
def test_what_cannot_be_understood_is_told(
    tmp_path: Path, option: str, value: str, message: str
) -> None:
    code, said = run(station(tmp_path), "--journal", tmp_path / "j.db", option, value)
    assert code == 2
    assert message in said
    assert not (tmp_path / "j.db").exists()
