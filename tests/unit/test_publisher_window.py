"""What decides when an event leaves, with given times: window, pace, patience."""

import json

import pytest

from tramdo.publisher.double import Double
from tramdo.publisher.endings import TAKEN, Patience
from tramdo.publisher.lanes import gaps, rest, urgent
from tramdo.publisher.pace import Meter, Pace
from tramdo.publisher.unacknowledged import Unacknowledged
from tramdo.publisher.window import Window


def test_the_window_grows_by_one_while_the_broker_is_quick() -> None:
    window = Window(most=16, size=4)
    sizes = [(window := window.after(0.05, now)).size for now in range(20)]
    assert sizes == [*range(5, 17), *[16] * 8]


def test_the_window_halves_when_it_is_slow_down_to_one() -> None:
    window = Window(most=16, size=16)
    sizes = [(window := window.after(1.5, now)).size for now in range(0, 20, 4)]
    assert sizes == [8, 4, 2, 1, 1]


def test_one_slow_spell_halves_it_once() -> None:
    window = Window(most=16, size=16)
    for late in range(16):  # all sent at 0, acknowledged one after the other from 2 s on
        window = window.after(2 + late / 10, 2 + late / 10)
    assert window.size == 8


def test_in_between_it_stays() -> None:
    assert Window(most=16, size=5).after(0.6, 1.0).size == 5


@pytest.mark.parametrize(
    ("size", "sizes", "fits"),
    [
        (4, [], 0),
        (4, [500] * 3, 3),
        (4, [500] * 9, 4),
        (4, [4096, 4096, 500], 2),
        (1, [30_000, 500], 1),
        (4, [2048, 2049, 2049], 2),
    ],
)
def test_a_long_message_takes_several_places(size: int, sizes: list[int], fits: int) -> None:
    assert Window(most=16, size=size).fitting(sizes) == fits


def test_the_pace_is_kept_on_the_average() -> None:
    pace, now, sent = Pace(200), 1000.0, 0
    while now < 1010.0:
        now += (wait := pace.wait(16, now)) or 0.001
        if not wait:
            pace.take(16)
            sent += 16
    assert 1900 < sent <= 2020


def test_after_a_rest_a_tenth_of_a_second_goes_at_once() -> None:
    pace = Pace(200)
    pace.wait(1, 0.0)
    assert pace.wait(16, 100.0) == 0
    assert pace.allows == 20
    pace.take(20)
    assert pace.wait(16, 100.0) == pytest.approx(16 / 200)


def test_a_slow_pace_still_lets_one_go() -> None:
    pace = Pace(1)
    assert pace.wait(16, 10.0) == 0
    pace.take(1)
    assert pace.wait(16, 10.5) == pytest.approx(0.5)


def test_the_meter_forgets_after_ten_seconds() -> None:
    meter = Meter()
    meter.add(50, 0.0)
    meter.add(50, 5.0)
    assert meter.per_second(9.0) == 10
    assert meter.per_second(12.0) == 5
    assert meter.per_second(30.0) == 0


def test_what_is_unacknowledged_is_due_after_a_while_then_ever_later() -> None:
    sent = Unacknowledged(first=60)
    assert not sent.due(1e9)
    assert sent.wait_until is None
    now, waits = 100.0, []
    for _ in range(7):
        sent.sent(1, now, urgent=False)
        assert sent.wait_until is not None
        waits.append(sent.wait_until - now)
        assert not sent.due(sent.wait_until - 0.1)
        now = sent.wait_until
        assert sent.due(now)
        sent.again(now)
    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_any_progress_begins_the_wait_anew() -> None:
    sent = Unacknowledged(first=60)
    sent.sent(1, 0.0, urgent=False)
    sent.again(60.0)
    sent.sent(1, 60.0, urgent=False)
    sent.sent(2, 60.0, urgent=False)
    sent.covered(1, 170.0)
    assert sent.numbers == {2}
    assert sent.wait_until == 230.0


def test_neither_lane_takes_the_other_ones_room() -> None:
    sent = Unacknowledged(first=60)
    for seq in range(500):
        sent.sent(seq, 0.0, urgent=True)
    assert (sent.room(urgent=True), sent.room(urgent=False)) == (0, 500)


def test_what_was_sent_before_something_acknowledged_has_arrived() -> None:
    sent = Unacknowledged(first=60)
    for seq in range(1001, 1501):
        sent.sent(seq, 0.0, urgent=True)
    sent.sent(1, 0.0, urgent=False)
    sent.sent(1501, 0.0, urgent=True)
    sent.covered(1, 1.0)
    assert (sent.room(urgent=True), sent.room(urgent=False)) == (499, 500)
    assert len(sent.numbers) == 501
    sent.covered(1501, 2.0)
    assert not sent.numbers


def test_what_a_central_that_speaks_never_gets_does_not_stop_the_rest() -> None:
    sent = Unacknowledged(first=60)
    for seq in range(2, 502):
        sent.sent(seq, 0.0, urgent=True)
    sent.heard()
    assert sent.room(urgent=True) == 0
    assert sent.due(60.0), "it is sent again once, number 1 is not there"
    sent.again(60.0)
    for seq in range(2, 502):
        sent.sent(seq, 61.0, urgent=True)
    sent.heard()
    assert sent.wait_until is None
    assert not sent.due(1e6)
    assert sent.room(urgent=True) == 0
    sent.heard()
    assert sent.room(urgent=True) == 500


def test_a_silent_central_is_sent_everything_again_and_again() -> None:
    sent = Unacknowledged(first=60)
    sent.sent(2, 0.0, urgent=True)
    sent.heard()
    for at in (60.0, 180.0, 420.0):
        assert sent.due(at)
        sent.again(at)
        sent.sent(2, at, urgent=True)


def test_the_lanes_leave_out_all_other_kinds_and_what_is_held() -> None:
    held = {("alert", "scale-1")}
    streams = [("reading", "_all"), ("alert", "scale-1"), ("alert", "scale-2"), ("gap", "_all")]
    left = [[one for one in streams if one not in lane(held)] for lane in (gaps, urgent, rest)]
    assert left == [streams[3:], streams[2:], streams[:1]]
    assert "gap" not in gaps(held)


def waits(patience: Patience, state: str, lasted: float, times: int) -> list[float]:
    return [patience.after(state, lasted) for _ in range(times)]


def test_patience_doubles_and_only_progress_ends_it() -> None:
    patience = Patience()
    planned = [1, 2, 4, 8, 16, 32, 60, 60]
    for wait, plan in zip(waits(patience, "away", 5.0, 8), planned, strict=True):
        assert 0.75 * plan <= wait <= 1.25 * plan
    patience.progress()
    assert patience.after("away", 5.0) < 1.3


def test_a_long_connection_is_progress() -> None:
    patience = Patience()
    waits(patience, "away", 5.0, 8)
    assert patience.after("away", 61.0) < 1.3


def test_of_two_stations_with_one_id_each_stays_away_though_events_get_through() -> None:
    patience = Patience()
    found = []
    for _ in range(7):
        patience.progress()
        found.append(patience.after(TAKEN[0], 200.0))
    for wait, plan in zip(found, [10, 20, 40, 80, 160, 300, 300], strict=True):
        assert 0.75 * plan <= wait <= 1.25 * plan


@pytest.mark.parametrize(
    ("message", "retained", "born", "met"),
    [
        ({"session": 7, "online": True}, False, True, False),  # our own
        ({"session": 8, "online": True}, False, False, True),  # it writes while we are here
        ({"session": 8, "online": True}, True, True, True),  # it wrote over our birth
        ({"session": 8, "online": False}, True, True, True),  # and its will after that
        ({"session": 8, "online": True}, True, False, False),  # the daemon before this one
        ({"session": 8, "online": False}, False, True, False),  # the will of that one
        ({"online": True}, True, True, False),
        (["session"], True, True, False),
        ("[" * 5000, True, True, False),
    ],
)
def test_a_double_is_known_by_its_session(
    message: object, retained: bool, born: bool, met: bool
) -> None:
    double = Double(7)
    payload = message if isinstance(message, str) else json.dumps(message)
    assert double.hear(payload.encode(), retained=retained, born=born) is met
    assert double.met is met
