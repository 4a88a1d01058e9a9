"""Guided checks that outlive the daemon: a run is its recorded answers, wherever it was cut off."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from guided import (
    START,
    WEIGHED,
    Bench,
    Shown,
    carried_out,
    delivering,
    replayed,
    scale,
    weighed,
    weighing,
    weight,
)

from tramdo.guiding import Body, Guide, Procedure
from tramdo.procedures.substitution import Substitution
from tramdo.series import Series


def substituted() -> Procedure:
    plate: dict[str, Any] = {"max": Decimal(60000), "e": Decimal(20), "d": Decimal(20)}
    return Substitution(
        check="guided", subject=scale(**plate), load=weight("10000"), window=Decimal(100)
    )


SUBSTITUTED = {
    "with-1": "10000",
    "material-1": "10020",
    "with-2": "20060",
    "material-2": "20040",
    "with-3": "30040",
}


def proven() -> Procedure:
    return delivering(flows=("fast", "slow"), runs=2)


PROVEN = {
    f"{flow}-{run}/{name}": value
    for flow in ("fast", "slow")
    for run in (1, 2)
    for name, value in {
        "read": f"20.0{run}",
        "can_temperature": "31",
        "meter_temperature": "29.5",
    }.items()
} | {"slow-2/can_temperature": None}

RUNS: dict[str, tuple[Callable[[], Procedure], Shown]] = {
    "weighing": (weighed, WEIGHED),
    "substitution": (substituted, SUBSTITUTED),
    "prover": (proven, PROVEN),
}
WHOLE = {name: carried_out(made(), shown).bodies for name, (made, shown) in RUNS.items()}
CUTS = [(name, cut) for name, bodies in WHOLE.items() for cut in range(len(bodies) + 1)]


def phases(bodies: Sequence[Body]) -> list[str]:
    return [one["phase"] for one in bodies]


def kept(one: Guide) -> dict[str, Series]:
    """Return its series without the instants, which differ from run to run."""
    for series in one.series.values():
        series.points.clear()
    return one.series


@pytest.mark.parametrize(("name", "cut"), CUTS)
def test_a_run_that_was_cut_off_anywhere_ends_as_if_it_had_not_been(name: str, cut: int) -> None:
    made, shown = RUNS[name]
    again, told = replayed(made(), WHOLE[name][:cut])
    bench = Bench(guide=again, shown=shown, at=START + timedelta(minutes=20))
    if cut == 0:
        bench.begin()
    bench.go()
    whole = WHOLE[name][-1]
    assert again.run is None
    assert again.last is not None
    assert (again.last["how"], again.last["findings"]) == ("finished", whole["findings"])

    # The journal of both halves says the same once more, and every finding stands in it once.
    journal = [*WHOLE[name][:cut], *told, *bench.bodies]
    third, nothing = replayed(made(), journal)
    assert (third.run, third.last, nothing) == (None, again.last, [])
    assert kept(third) == kept(again)
    points = [one["point"] for one in journal if one["phase"] == "result"]
    assert points == [one["point"] for one in whole["findings"]]


@pytest.mark.parametrize(("name", "cut"), CUTS)
def test_a_group_of_steps_counts_as_a_whole_or_not_at_all(name: str, cut: int) -> None:
    made, _ = RUNS[name]
    again, told = replayed(made(), WHOLE[name][:cut])
    if again.run is None:
        assert phases(told) in ([], ["closed"]) or "result" in phases(told)
        return
    assert again.resumed
    given = {one.step for one in again.run.answers}
    groups: dict[str, set[bool]] = {}
    for step in again.run.steps:
        groups.setdefault(step.group, set()).add(step.key in given)
    assert all(len(whole) == 1 for whole in groups.values())
    before = phases(WHOLE[name][:cut]).count("step")
    assert told == [
        {
            "phase": "repeat",
            "run": "run-1",
            "check": "guided",
            "instrument": again.instrument,
            "kept": len(given),
            "cut_off": before - len(given),
        }
    ]


def test_a_run_may_be_cut_off_again_and_again() -> None:
    made, shown = RUNS["weighing"]
    journal: list[Body] = []
    for _ in range(200):
        again, told = replayed(made(), journal)
        bench = Bench(guide=again, shown=shown)
        if again.run is None:
            bench.begin()
        bench.go(3)
        journal += [*told, *bench.bodies]
        if again.run is None:
            break
    assert journal[-1]["findings"] == WHOLE["weighing"][-1]["findings"]


def test_every_body_says_what_it_belongs_to() -> None:
    for name, bodies in WHOLE.items():
        of = {(one["run"], one["check"], one["instrument"]) for one in bodies}
        assert of == {("run-1", "guided", "pump-1" if name == "prover" else "scale-1")}
        assert (bodies[0]["operator"], bodies[0]["at"]) == ("Lan", "2026-11-22T01:00:01.123Z")
        order = [key for key in phases(bodies) if key != "step"]
        assert order == ["begun", *["result"] * (len(order) - 2), "closed"]


@pytest.mark.parametrize(
    "changed",
    [
        weighed(loads=("5", "10", "20")),
        # The same steps, with another weight: its answers would say another error.
        weighed(loads=("6", "20")),
        weighed(supports=1),
        weighed(window=Decimal("0.6")),
        weighed(change_over=False),
        weighing(weight("5"), replace(weight("20"), value=Decimal("20.001"))),
        substituted(),
    ],
)
@pytest.mark.parametrize("cut", [1, 2, 4, 9])
def test_a_changed_station_file_ends_the_run(changed: Procedure, cut: int) -> None:
    again, told = replayed(changed, WHOLE["weighing"][:cut])
    assert again.run is None
    assert [(one["how"], one["why"], one["findings"]) for one in told] == [
        ("interrupted", "the check was changed in the station file", [])
    ]
    assert again.series == {}
    assert again.begin("run-2", "Minh", START).bodies


def test_a_run_of_another_version_without_fingerprint_is_known_by_its_steps() -> None:
    begun = {key: one for key, one in WHOLE["weighing"][0].items() if key != "steps"}
    again, _ = replayed(weighed(), [begun, *WHOLE["weighing"][1:4]])
    assert again.run is not None
    again, told = replayed(substituted(), [begun, *WHOLE["weighing"][1:4]])
    assert (again.run, told[0]["how"]) == (None, "interrupted")
