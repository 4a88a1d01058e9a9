"""Who has which events: streams at a broker, numbers at a central."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tramdo.errors import RestoredCopy
from tramdo.journal.marks import Marks
from tramdo.journal.rows import Row

CHECKS, READINGS = ("check", "scale-1"), ("reading", "_all")


def row(seq: int, stream: tuple[str, str] = CHECKS) -> Row:
    return Row(seq, *stream, "", b"")


def marks(**more: object) -> Marks:
    one = Marks(**more)  # type: ignore[arg-type]
    for seq in range(1, 11):
        one.grown(CHECKS if seq % 2 else READINGS, seq)
    return one


def test_urgent_streams_are_told_apart_from_the_others() -> None:
    one = marks()
    assert one.pending((), urgent=True) == [(*CHECKS, 0)]
    assert one.pending((), urgent=False) == [(*READINGS, 0)]
    assert one.pending({CHECKS}, urgent=True) == []


def test_a_broker_confirms_each_stream_for_itself() -> None:
    one = marks()
    assert one.mark(row(9))
    assert not one.mark(row(7))
    assert one.pending((), urgent=True) == []
    assert one.lowest() == 0
    assert one.mark(row(10, READINGS))
    assert one.lowest() == 10


def test_what_was_only_sent_is_sent_again_after_a_rewind() -> None:
    one = marks(by_central=True)
    one.mark(row(9))
    assert one.pending((), urgent=True) == []
    one.rewind()
    assert one.pending((), urgent=True) == [(*CHECKS, 0)]
    one.acknowledge({"e1": 5}, [(1, "e1")], 10)
    assert one.pending((), urgent=True) == [(*CHECKS, 5)]


def test_an_acknowledgement_never_goes_down() -> None:
    one = marks(by_central=True)
    assert one.acknowledge({"e1": 7}, [(1, "e1")], 10) == 7
    assert one.acknowledge({"e1": 3}, [(1, "e1")], 10) == 7
    assert one.acknowledge({"another": 9}, [(1, "e1")], 10) == 7


def test_epochs_are_confirmed_in_their_order() -> None:
    epochs = [(1, "e1"), (6, "e2")]
    one = marks(by_central=True)
    assert one.acknowledge({"e2": 9}, epochs, 10) == 0
    assert one.acknowledge({"e1": 5, "e2": 9}, epochs, 10) == 9


def test_a_central_that_has_more_than_we_tells_of_a_restored_copy() -> None:
    with pytest.raises(RestoredCopy, match="up to 200, this file ends at 10"):
        marks(by_central=True).acknowledge({"e1": 200}, [(1, "e1")], 10)


@given(some.lists(some.integers(0, 10)))
def test_nothing_above_the_acknowledged_number_counts_as_delivered(acks: list[int]) -> None:
    one = marks(by_central=True)
    for upto in acks:
        one.acknowledge({"e1": upto}, [(1, "e1")], 10)
    one.rewind()
    most = max(acks, default=0)
    assert one.lowest() == most
    above = [mark for urgent in (True, False) for mark in one.pending((), urgent=urgent)]
    assert all(mark[2] == most for mark in above)
