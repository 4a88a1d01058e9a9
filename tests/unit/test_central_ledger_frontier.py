"""The walk along an epoch, without a database."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import Station, signer

from tramdo.proof import Link, unsealed
from tramdo_central.admission import declared
from tramdo_central.frontier import Frontier, Kept, Range, Walk, holes


def kept(wire: bytes) -> Kept:
    link = Link.of(wire)
    assert link.previous is not None
    return Kept(link.seq, link.previous, link.value(link.previous), link.signature)


def proves(seq: int, value: bytes, signature: bytes) -> bool:
    return signature == signer().sign("tn-01", "e1", seq, value)


def walk(
    wires: Sequence[bytes],
    frontier: Frontier = Frontier(),  # noqa: B008
    ranges: Sequence[Range] = (),
) -> Walk:
    events = {one.seq: one for one in map(kept, wires)}
    one = Walk(
        epoch="e1",
        frontier=frontier,
        proves=proves,
        declared=lambda seq: [run for run in ranges if run.first <= seq <= run.last],
        stored=lambda seq: events[seq].value if seq in events else None,
    )
    one.along(events[seq] for seq in sorted(events) if seq > frontier.upto)
    return one


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 20), max_size=4))
def test_a_walk_in_parts_is_one_walk(cuts: list[int]) -> None:
    station = Station()
    for n in range(1, 21):
        station.add("check" if n % 7 == 0 else "reading")
    frontier = Frontier()
    for cut in [*sorted(cuts), 20]:
        frontier = walk(station.wires[:cut], frontier).frontier
    assert frontier == Frontier(upto=20, value=station.values[20], proven=14)


def test_a_walk_ends_at_a_hole() -> None:
    station = Station()
    wires = station.many(5)
    assert walk([*wires[:2], *wires[3:]]).frontier.upto == 2
    assert walk(wires[1:]).frontier.upto == 0


def test_a_declared_hole_at_the_end_is_passed_too() -> None:
    station = Station()
    wires = station.many(5)
    (run,) = declared(Link.of(station.shed(4, 5)))
    done = walk(wires[:3], ranges=[run])
    assert (done.frontier.upto, done.frontier.value) == (5, station.values[5])


def test_a_walk_goes_on_from_an_altered_events_own_value() -> None:
    station = Station()
    wires = station.many(4)
    wires[1] = wires[1].replace(b'"n":2', b'"n":3')
    done = walk(wires)
    assert [(seq, name) for seq, name, _ in done.notes] == [(3, "altered")]
    assert done.frontier == Frontier(upto=4, value=station.values[4])


def test_events_that_changed_places_are_altered() -> None:
    station = Station()
    first, second, third = station.many(3)
    events = [kept(first), kept(third)._replace(seq=2), kept(second)._replace(seq=3)]
    done = walk([])
    done.along(events)
    assert [(seq, name) for seq, name, _ in done.notes] == [(2, "altered"), (3, "altered")]


@pytest.mark.parametrize("spoil", [{"prev": None, "message": b"x"}, {"value": bytes(32)}])
def test_a_signature_is_judged_under_the_events_own_value(spoil: dict[str, bytes]) -> None:
    event = kept(Station().add("check"))._replace(**spoil)  # type: ignore[arg-type]  # two fields
    event = event._replace(value=spoil.get("value"))
    done = walk([])
    done.along([event])
    assert [(seq, name) for seq, name, _ in done.notes] == [(1, "forged")]
    assert (done.frontier.upto, done.frontier.proven) == (1, 0)


def test_a_head_vouches_when_the_walk_reaches_it() -> None:
    station = Station()
    wires = station.many(4)
    head = Frontier(head=3, head_value=station.values[3])
    assert walk(wires[:2], head).frontier.proven == 0
    assert walk(wires, head).frontier.proven == 3
    assert walk(wires, Frontier(head=3, head_value=bytes(32))).notes[0][:2] == (3, "altered")


def test_a_message_is_the_same_with_and_without_its_signature() -> None:
    wire = Station().add("check")
    assert kept(wire)[:3] == kept(unsealed(wire)[0])[:3]


spans = st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda one: (one[0], sum(one)))


@settings(deadline=None)
@given(missing=st.sets(st.integers(1, 50)), covers=st.lists(spans, max_size=8))
def test_holes_are_what_is_missing_and_not_declared(
    missing: set[int], covers: list[tuple[int, int]]
) -> None:
    found = [n for a, b in holes(_runs(missing), covers) for n in range(a, b + 1)]
    gone = {n for a, b in covers for n in range(a, b + 1)}
    assert found == sorted(missing - gone)


def _runs(numbers: set[int]) -> list[tuple[int, int]]:
    starts = sorted(n for n in numbers if n - 1 not in numbers)
    ends = sorted(n for n in numbers if n + 1 not in numbers)
    return list(zip(starts, ends, strict=True))
