"""Guided checks of a scale, with the numbers of R 76 and errors worked out by hand."""

from decimal import Decimal
from math import sqrt
from typing import Any

import pytest
from answers import vector
from guided import Bench, carried_out, findings, guide, scale, shows, weighing, weight

from tramdo.check import Finding, Subject
from tramdo.limits import Range, Stage
from tramdo.procedures.run import Unanswered
from tramdo.procedures.weighing import Weighing
from tramdo.reading import Unit
from tramdo.reference import ReferenceValue

G: dict[str, Any] = {"unit": Unit.G, "max": Decimal(6000)}


def in_g(e: object, d: object = None) -> Subject:
    return scale(**G, e=Decimal(str(e)), d=None if d is None else Decimal(str(d)))


def component(found: Finding, name: str) -> float:
    assert found.budget is not None
    return next(one.value for one in found.budget.components if one.name == name)


def u_of(found: Finding) -> float:
    assert found.budget is not None
    return found.budget.expanded


def changed_over(given: dict[str, Any], *tests: str) -> dict[str, Finding]:
    load = weight(str(given["load_L_g"]), unit=Unit.G)
    one = weighing(
        load,
        subject=in_g(given["e_g"], given["e_g"]),
        window=Decimal(20),
        tests=tests,
        change_over=True,
    )
    # E0 = 0 + e/2 - dL0 - 0, so these weights make the zero error of the example.
    at_zero = Decimal(str(given["e_g"])) / 2 - Decimal(str(given["zero_error_E0_g"]))
    shown = {
        "zero": "0",
        "zero/added": f"{at_zero}",
        "load-1": str(given["indication_I_g"]),
        "load-1/added": str(given["delta_L_g"]),
    }
    return findings(one, shown)


def test_change_over_points_give_the_error_and_the_corrected_error_of_the_example() -> None:
    example = vector("r76_changeover_point_example")
    given, wanted = example["inputs"], example["expected"]
    found = changed_over(given, "zero", "loads")
    assert float(found["zero"].error) == pytest.approx(given["zero_error_E0_g"])
    assert float(found["load-1"].error) == pytest.approx(wanted["Ec_g"], abs=example["tolerance"])
    alone = changed_over(given, "loads")["load-1"]
    assert float(alone.error) == pytest.approx(wanted["E_g"], abs=example["tolerance"])


def test_the_zero_error_is_held_against_the_mpe() -> None:
    found = changed_over(vector("r76_changeover_point_example")["inputs"], "zero")
    assert found["zero"].limit is None


def test_small_weights_are_in_grams_where_the_scale_is_in_kilograms() -> None:
    one = weighing(weight("10"), tests=("loads",), change_over=True)
    _, added = one.steps()
    assert (added.unit, added.low, added.high, added.more) == (
        Unit.G,
        Decimal(0),
        Decimal(40),
        Decimal("0.02"),
    )
    assert added.facts == {"tenth": "2 g"}
    # P = 10.00 + 0.010 - 0.006, so E = +4 g though the display says nothing is wrong.
    found = findings(one, {"load-1": "10.00", "load-1/added": "6"})
    assert found["load-1"].error == Decimal("0.004")


def test_a_number_is_refused_while_the_display_has_not_stepped() -> None:
    procedure = weighing(weight("10"), tests=("loads",), change_over=True)
    bench = Bench(guide=guide(procedure)).begin()
    bench.go(1)
    with pytest.raises(Unanswered, match=r"shows 10; add small weights until it shows 10\.02 "):
        bench.guide.enter("6", bench.later())
    assert [body["phase"] for body in bench.bodies] == ["begun", "step"]
    bench.feed(shows("10.02"))
    assert [one["phase"] for one in bench.guide.enter("6", bench.later()).bodies] == [
        "step",
        "result",
        "closed",
    ]


def fine_display(zero: str, shown: str, d: object, *tests: str) -> dict[str, Finding]:
    given = vector("r76_high_resolution_error")["inputs"]
    load = weight(str(given["load_L_g"]), unit=Unit.G)
    one = weighing(load, subject=in_g(given["e_g"], d), window=Decimal(20), tests=tests)
    return findings(one, {"zero": zero, "load-1": shown})


def test_a_display_of_high_resolution_gives_the_error_of_the_example() -> None:
    example = vector("r76_high_resolution_error")
    given, wanted = example["inputs"], example["expected"]
    shown = str(given["indication_high_res_g"])
    found = fine_display(
        str(given["zero_error_E0_g"]), shown, given["d_high_resolution_g"], "zero", "loads"
    )
    assert float(found["load-1"].error) == pytest.approx(wanted["Ec_g"], abs=example["tolerance"])
    alone = fine_display("0", shown, given["d_high_resolution_g"], "loads")["load-1"]
    assert float(alone.error) == pytest.approx(wanted["E_g"], abs=example["tolerance"])


@pytest.mark.parametrize(
    ("d", "error"),
    [("1", "5"), ("1.25", "10"), ("5", "10")],
)
def test_a_display_of_a_fifth_of_e_is_fine_enough_to_take_off_the_zero_error(
    d: str, error: str
) -> None:
    found = fine_display("5", "1010", d, "zero", "loads")
    assert found["load-1"].error == Decimal(error)


def test_the_budget_by_hand() -> None:
    found = findings(
        weighing(weight("20", expanded_uncertainty=Decimal("0.0003")), tests=("loads",)),
        {"load-1": "20.02"},
    )["load-1"]
    # d/2 twice and mpe/4 (three times U over four) are limits; s is assumed, 0.41 d.
    squares = [
        *[(0.01**2) / 3] * 2,
        (0.41 * 0.02) ** 2,
        (0.0003 / 2) ** 2,
        (3 * 0.0003 / 4) ** 2 / 3,
    ]
    assert u_of(found) == pytest.approx(2 * sqrt(sum(squares)))


def test_small_weights_make_only_what_they_were_used_for_finer() -> None:
    loads = (weight("20"),)
    shown = {"load-1": "20.00", "load-1/added": "10"}
    tests = ("loads", "eccentricity")
    found = findings(weighing(*loads, tests=tests, change_over=True, supports=1), shown)
    assert component(found["load-1"], "resolution_at_load") == pytest.approx(0.001)
    assert component(found["corner-1"], "resolution_at_load") == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("stage", "key"), [(Stage.INITIAL, "mpe_initial_g"), (Stage.IN_SERVICE, "mpe_in_service_g")]
)
def test_eccentricity_is_tested_with_a_third_of_max(stage: Stage, key: str) -> None:
    example = vector("r76_eccentricity_limit")
    given, wanted = example["inputs"], example["expected"]
    e = Decimal(given["e_g"])
    subject = scale(stage, unit=Unit.G, max=Decimal(given["max_g"]), e=e, d=e)
    loads = [weight(one, unit=Unit.G) for one in ("5000", "20000", "60000")]
    one = weighing(
        *loads,
        subject=subject,
        window=Decimal(200),
        tests=("eccentricity",),
        supports=given["supports"],
    )
    bench = carried_out(one, {"corner-3": "20040"})
    found = bench.results()
    assert sorted(found) == ["corner-1", "corner-2", "corner-3", "corner-4"]
    assert {float(one["reference"]["value"]) for one in found.values()} == {wanted["test_load_g"]}
    assert {float(one["mpe"]) for one in found.values()} == {wanted[key]}
    assert [one["error"] for one in found.values()] == ["0", "0", "40", "0"]


@pytest.mark.parametrize(("supports", "load"), [(1, "20"), (4, "20"), (5, "15"), (6, "12")])
def test_more_supports_take_a_smaller_load(supports: int, load: str) -> None:
    loads = [weight(one) for one in ("5", "12", "15", "20", "60")]
    one = weighing(*loads, tests=("eccentricity",), supports=supports)
    corners = [step for step in one.steps() if step.says == "put_on_corner"]
    assert len(corners) == supports
    assert {step.target.value for step in corners if step.target} == {Decimal(load)}


def test_the_load_comes_off_before_each_repetition_and_corner() -> None:
    one = weighing(weight("20"), tests=("repeatability", "eccentricity"), supports=2, repeats=2)
    assert [(step.key, step.group, step.says) for step in one.steps()] == [
        (f"{name}{off}", name, "take_all_off" if off else says)
        for name, says in [
            ("repeat-1", "put_on_again"),
            ("repeat-2", "put_on_again"),
            ("corner-1", "put_on_corner"),
            ("corner-2", "put_on_corner"),
        ]
        for off in ("/off", "")
    ]


def repeated(*shown: str, stage: Stage = Stage.IN_SERVICE) -> Bench:
    tests = ("loads", "repeatability")
    one = weighing(weight("5"), weight("20"), subject=scale(stage), tests=tests, repeats=len(shown))
    return carried_out(one, {f"repeat-{turn}": each for turn, each in enumerate(shown, 1)})


@pytest.mark.parametrize(
    ("shown", "stage", "error", "conformity"),
    [
        (("20.02", "20.04", "20.00"), Stage.IN_SERVICE, "0.04", "within"),
        (("20.02", "20.06", "20.00"), Stage.IN_SERVICE, "0.06", "exceeds"),
        # All of them 3 e too high: they repeat well, and repeatability is all that is asked here.
        (("20.06", "20.06", "20.06"), Stage.IN_SERVICE, "0.00", "within"),
        (("20.02", "20.00", "20.02"), Stage.INITIAL, "0.02", "within"),
        (("20.02", "20.00", "19.98"), Stage.INITIAL, "0.04", "exceeds"),
    ],
)
def test_repeated_weighings_may_spread_as_far_as_the_mpe_there(
    shown: tuple[str, ...], stage: Stage, error: str, conformity: str
) -> None:
    bench = repeated(*shown, stage=stage)
    found = bench.results()["repeatability"]
    assert (found["error"], found["verdict"]["conformity"]) == (error, conformity)
    assert found["conditions"] == {"weighings": f"{', '.join(shown)} kg"}
    assert (found["charted"], found["uncertainty"]) == (False, None)
    assert bench.guide.series_of("guided/repeatability").chart.count == 0
    assert len(found["evidence"]) == 2 * 2 * len(shown)


def test_the_spread_of_the_repetitions_goes_into_the_budget_of_every_load() -> None:
    one = weighing(weight("20"), tests=("loads", "repeatability"))
    shown = {"repeat-1": "20.00", "repeat-2": "20.02", "repeat-3": "20.04"}
    found = findings(one, shown)["load-1"]
    assert component(found, "repeatability") == pytest.approx(0.02)


RANGES = (
    Range(max=Decimal(3), e=Decimal("0.001")),
    Range(max=Decimal(6), e=Decimal("0.002")),
    Range(max=Decimal(15), e=Decimal("0.005")),
)


def multi(*loads: ReferenceValue, **more: Any) -> Weighing:
    plate = {"ranges": RANGES, "e": None, "max": Decimal(15), "d": more.pop("d", None)}
    subject = scale(more.pop("stage", Stage.INITIAL), **plate)
    return weighing(*loads, subject=subject, window=Decimal("0.1"), **more)


@pytest.mark.parametrize(
    ("load", "mpe"),
    [
        # 1000 e of 1 g; 2500 e of 2 g; 2000 e and 3000 e of 5 g: the MPE is 1 e or 1.5 e.
        ("1", "0.001"),
        ("5", "0.003"),
        ("10", "0.005"),
        ("15", "0.0075"),
    ],
)
def test_a_multi_interval_scale_has_the_mpe_of_the_range(load: str, mpe: str) -> None:
    found = carried_out(multi(weight(load), tests=("loads",)), {}).results()["load-1"]
    assert Decimal(found["mpe"]) == Decimal(mpe)


@pytest.mark.parametrize("d", [None, Decimal("0.001")])
@pytest.mark.parametrize(("load", "e"), [("1", 0.001), ("5", 0.002), ("10", 0.005)])
def test_a_multi_interval_scale_shows_the_interval_of_the_range(
    load: str, e: float, d: Decimal | None
) -> None:
    found = findings(multi(weight(load), tests=("loads",), d=d), {})["load-1"]
    assert component(found, "resolution_at_load") == pytest.approx(e / 2)


def test_small_weights_on_a_multi_interval_scale_follow_the_range() -> None:
    one = multi(weight("10"), tests=("loads",), change_over=True, d=Decimal("0.001"))
    _, added = one.steps()
    assert (added.facts, added.high, added.more) == (
        {"tenth": "0.5 g"},
        Decimal(10),
        Decimal("0.005"),
    )
    # P is half of e less 1.5 g above what is shown.
    found = findings(one, {"load-1": "10.000", "load-1/added": "1.5"})
    assert found["load-1"].error == Decimal("0.001")


def test_a_certified_value_a_little_above_a_range_stays_in_the_range_of_its_mark() -> None:
    load = weight("3.0002", nominal=Decimal(3))
    one = multi(load, tests=("loads",), change_over=True)
    found = findings(one, {"load-1": "3.000", "load-1/added": "0.4"})["load-1"]
    # With e of 1 g: P = 3.000 + 0.0005 - 0.0004; with that of the next range it would be 3.0006.
    assert found.error == Decimal("-0.0001")
    assert component(found, "resolution_at_load") == pytest.approx(0.00005)


def test_a_verdict_of_every_test_comes_out_of_one_run() -> None:
    one = weighing(weight("5"), weight("20"), weight("60"), supports=3)
    bench = carried_out(one, {"zero": "0.00", "load-2": "20.06", "corner-2": "19.94"})
    conformities = {key: one["verdict"]["conformity"] for key, one in bench.results().items()}
    bad = {key for key, one in conformities.items() if one not in ("within", "pass")}
    assert {"load-2", "corner-2"} <= bad
    assert list(conformities) == [
        *("zero", "load-1", "load-2", "load-3", "repeatability"),
        *("corner-1", "corner-2", "corner-3"),
    ]
    assert bench.bodies[-1]["how"] == "finished"
    assert [one["point"].split("/")[1] for one in bench.bodies[-1]["findings"]] == (
        list(conformities)
    )


def test_without_e_there_is_no_change_over_point() -> None:
    one = weighing(weight("20"), subject=scale(e=None), change_over=True)
    with pytest.raises(ValueError, match="instrument scale-1 has no e"):
        one.steps()
