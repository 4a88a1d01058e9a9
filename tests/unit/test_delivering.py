"""Guided checks of a dispenser by can, master meter and scale; corrections that turn a verdict."""

from decimal import Decimal
from typing import Any

import pytest
from answers import vector
from guided import Bench, can, carried_out, delivering, dispenser, findings, guide, proving

from tramdo.check import Finding
from tramdo.corrections import product
from tramdo.guiding import Body
from tramdo.procedures.proving import MasterMeter, Weighed
from tramdo.procedures.run import Unanswered
from tramdo.reading import Indication, Quantity, Unit

LINE_B = "oiml-r117-line-b"


def run_into_can(
    read: str, in_can: str | None, at_meter: str | None, shown: str = "20.00", run: str = "fast-1"
) -> dict[str, str | None]:
    """Return the answers of one run: what the neck shows, and both temperatures."""
    return {
        f"{run}/delivered": shown,
        f"{run}/read": read,
        f"{run}/can_temperature": in_can,
        f"{run}/meter_temperature": at_meter,
    }


def test_the_prover_run_of_the_example() -> None:
    example = vector("prover_temperature_correction")
    given, wanted = example["inputs"], example["expected"]
    way = proving()
    assert (way.material.per_degree, way.product.per_degree) == (
        given["beta_prover_per_C"],
        given["alpha_fuel_per_C"],
    )
    shown = run_into_can(
        str(given["V_prover_read_at_20C_scale_L"]),
        str(given["t_prover_C"]),
        str(given["t_meter_C"]),
        f"{given['V_indicated_L']:.2f}",
    )
    one = findings(delivering(way), shown)["fast"]
    assert float(one.reference.value) == pytest.approx(wanted["V_ref_L"], abs=example["tolerance"])
    assert one.error == Decimal("20.00") - one.reference.value
    assert one.budget is not None
    moved = one.budget.corrections[-1]
    assert moved.after == pytest.approx(wanted["E_percent"], abs=example["tolerance"])
    assert moved.before == pytest.approx(wanted["E_percent_uncorrected"], abs=example["tolerance"])


@pytest.mark.parametrize(
    ("read", "in_can", "at_meter", "uncorrected", "corrected"),
    [
        # -0.13 L as read; the can is 11 K too warm, so large, and the fuel has grown by 2 K.
        ("20.13", "31", "29", "exceeds", "within"),
        ("20.08", "29", "31", "within", "exceeds"),
        ("19.87", "29", "31", "exceeds", "within"),
        ("19.93", "33", "29", "within", "exceeds"),
    ],
)
def test_a_correction_turns_the_verdict(
    read: str, in_can: str, at_meter: str, uncorrected: str, corrected: str
) -> None:
    as_read = carried_out(delivering(), run_into_can(read, "20", "20")).results()["fast"]
    assert Decimal(as_read["error"]) == 20 - Decimal(read)
    assert as_read["verdict"]["conformity"] == uncorrected
    found = carried_out(delivering(), run_into_can(read, in_can, at_meter)).results()["fast"]
    assert found["verdict"]["conformity"] == corrected
    grown = 1 + 47.7e-6 * (float(in_can) - 20)
    by_hand = float(read) * grown * (1 + 0.0012 * (float(at_meter) - float(in_can)))
    assert float(found["error"]) == pytest.approx(20 - by_hand, abs=1e-6)
    assert float(found["mpe"]) == pytest.approx(by_hand * 0.005, abs=1e-6)


def test_the_printed_budget_names_the_corrections() -> None:
    one = findings(delivering(), run_into_can("20.03", "31.0", "29.0"))["fast"]
    assert one.budget is not None
    text = "\n".join(one.budget.lines("en"))
    assert "Corrections applied:" in text
    assert "Expansion of the can: 20.0300 → 20.0405 L (+0.0105)" in text
    assert (
        "Product from the can's to the meter's temperature: 20.0405 → 19.9924 L (-0.0481)" in text
    )
    assert "Relative error: -0.150 → 0.038 % (+0.188)" in text
    assert "Giãn nở của bình: 20.0300 → 20.0405 L" in "\n".join(one.budget.lines("vi"))


def test_what_was_read_stands_in_the_record_with_its_units() -> None:
    found = carried_out(delivering(), run_into_can("20,03", "31.0", "29,0")).results()["fast"]
    assert found["conditions"] == {
        "delivered": "20.00 L",
        "read": "20.03 L",
        "can_temperature": "31.0 °C",
        "meter_temperature": "29.0 °C",
        "errors": "+0.0076 L",
    }
    assert (found["operator"], found["run"]) == ("Lan", "run-1")


def test_a_certificate_off_the_mark_moves_the_scale_of_the_neck() -> None:
    way = proving(reference=can("20.012"))
    one = findings(delivering(way), run_into_can("20.03", "20", "20"))["fast"]
    assert one.reference.value == Decimal("20.042")
    assert one.error == Decimal("-0.042")


@pytest.mark.parametrize("skipped", ["can_temperature", "meter_temperature"])
def test_a_skipped_temperature_leaves_it_undecided_recorded_and_not_charted(skipped: str) -> None:
    shown = run_into_can("20.03", "31", "29") | {f"fast-1/{skipped}": None}
    bench = carried_out(delivering(), shown)
    found = bench.results()["fast"]
    assert (found["verdict"]["conformity"], found["verdict"]["decision"]) == ("undecided", "none")
    assert found["verdict"]["why"] == f"{skipped} was not measured: the volume cannot be corrected"
    assert (found["error"], found["charted"]) == ("-0.030000", False)
    assert found["budget"]["title"] == "unmeasured_run"
    assert (bench.guide.series_of("guided/fast").chart.count, bench.alerts) == (0, [])
    assert (bench.bodies[-1]["how"], bench.guide.run) == ("finished", None)


def test_one_skipped_temperature_of_three_runs_spoils_mean_and_repeatability() -> None:
    shown = {
        **run_into_can("20.00", "20", "20", run="fast-1"),
        **run_into_can("20.00", None, "20", run="fast-2"),
        **run_into_can("20.00", "20", "20", run="fast-3"),
    }
    found = carried_out(delivering(runs=3), shown).results()
    assert [one["verdict"]["conformity"] for one in found.values()] == ["undecided"] * 2
    assert [one["charted"] for one in found.values()] == [False, False]


def test_a_dispenser_that_measures_temperature_answers_for_itself() -> None:
    bench = Bench(guide=guide(delivering()), shown=run_into_can("20.03", "31", None)).begin()
    bench.go(3)
    bench.feed(Indication(value=Decimal("29.0"), unit=Unit.CELSIUS, quantity=Quantity.TEMPERATURE))
    steps = [one["answer"] for one in bench.bodies if one["phase"] == "step"]
    assert [(one["step"], one["by"]) for one in steps][2:] == [
        ("fast-1/can_temperature", "operator"),
        ("fast-1/meter_temperature", "instrument"),
    ]
    assert float(bench.results()["fast"]["error"]) == pytest.approx(0.007587, abs=1e-6)


def three(*reads: str, **more: Any) -> Bench:
    shown: dict[str, str | None] = {}
    for turn, read in enumerate(reads, 1):
        shown |= run_into_can(read, "20", "20", run=f"fast-{turn}")
    return carried_out(delivering(runs=len(reads), **more), shown)


@pytest.mark.parametrize(
    ("reads", "spread", "conformity"),
    [
        # 0.4 of the MPE of 0.1 L at 20 L
        (("19.98", "20.00", "20.02"), "0.040000", "within"),
        (("19.97", "20.00", "20.02"), "0.050000", "exceeds"),
        (("19.92", "19.92", "19.92"), "0.000000", "within"),
    ],
)
def test_repeated_deliveries_may_spread_by_a_share_of_the_mpe(
    reads: tuple[str, ...], spread: str, conformity: str
) -> None:
    found = three(*reads).results()["fast-repeatability"]
    assert (found["error"], found["verdict"]["conformity"]) == (spread, conformity)
    assert Decimal(found["mpe"]) == Decimal("0.04")
    assert found["charted"] is False


def test_small_volumes_have_no_limit_of_repeatability() -> None:
    found = three("20.00", "20.00", subject=dispenser(mmq=Decimal(5))).results()
    verdict = found["fast-repeatability"]["verdict"]
    assert verdict["why"] == "oiml-r117-line-a limits no repeatability at 20 L"
    assert found["fast"]["verdict"]["conformity"] == "within"


def test_the_mean_is_charted_and_the_worst_run_judged() -> None:
    bench = three("19.95", "20.00", "20.11")
    found = bench.results()["fast"]
    assert found["error"] == "-0.020000"
    assert next(iter(bench.guide.series_of("guided/fast").points))[1] == -0.02
    assert found["verdict"]["why"].startswith("error -0.110000 L is beyond, by less than U")
    assert Decimal(found["mpe"]) == Decimal("0.10055")
    assert found["reference"]["value"] == "20.110000"
    assert [line["within"] for line in found["lines"]] == [False, True]
    assert found["conditions"]["errors"] == "+0.0500, +0.0000, -0.1100 L"


def test_the_worst_run_is_the_one_furthest_in_per_cent_of_its_own_volume() -> None:
    shown = {
        **run_into_can("20.1000", "20", "20", "20.20", run="fast-1"),  # 0.4975 %
        **run_into_can("19.9002", "20", "20", "20.00", run="fast-2"),  # 0.5015 %
        **run_into_can("20.0000", "20", "20", "20.00", run="fast-3"),
    }
    found = carried_out(delivering(runs=3), shown).results()["fast"]
    assert found["verdict"]["conformity"] == "conditional_fail"
    assert [line["within"] for line in found["lines"]] == [False, True]
    assert found["indication"]["value"] == "20.00"


@pytest.mark.parametrize(
    ("display", "why"),
    [
        ("20.00", None),
        ("20.02", None),  # two scale intervals: the rounding of both
        ("20.03", "the display showed 20.03 L, the totals grew by 20.00 L"),
        ("19.97", "the display showed 19.97 L, the totals grew by 20.00 L"),
    ],
)
def test_a_display_that_contradicts_the_totals_has_no_say_in_law(
    display: str, why: str | None
) -> None:
    shown = run_into_can("20.00", "20", "20") | {"fast-1/delivered/display": display}
    found = carried_out(delivering(), shown).results()["fast"]
    assert found["charted"] is (why is None)
    conformity = found["verdict"]["conformity"]
    assert conformity == ("within" if why is None else "undecided")
    assert why is None or found["verdict"]["why"] == why


def test_fast_and_slow_are_two_points() -> None:
    shown = {
        **run_into_can("20.00", "20", "20", run="fast-1"),
        **run_into_can("20.05", "20", "20", run="slow-1"),
    }
    bench = carried_out(delivering(flows=("fast", "slow")), shown)
    assert {key: one["error"] for key, one in bench.results().items()} == {
        "fast": "0.000000",
        "slow": "-0.050000",
    }
    assert {key: one.chart.count for key, one in bench.guide.series.items()} == {
        "guided/fast": 1,
        "guided/slow": 1,
    }


def test_the_neck_is_read_near_the_mark() -> None:
    bench = Bench(guide=guide(delivering())).begin()
    bench.go(1)
    with pytest.raises(Unanswered, match=r"^2003 is out of range; allowed: 19\.5 to 20\.5 L$"):
        bench.guide.enter("2003", bench.later())
    assert bench.guide.enter("20,03", bench.later()).bodies
    with pytest.raises(Unanswered, match=r"^88 is out of range; allowed: -20 to 60 °C$"):
        bench.guide.enter("88", bench.later())


def master(read: str, at_master: str | None, at_meter: str | None) -> Body:
    reference = can("19.98", id="master", kind="master_meter")
    way = MasterMeter(reference=reference, window=Decimal("0.5"), product=product("diesel"))
    shown = {
        "fast-1/delivered": "20.00",
        "fast-1/read": read,
        "fast-1/master_temperature": at_master,
        "fast-1/meter_temperature": at_meter,
    }
    return carried_out(delivering(way), shown).results()["fast"]


def test_a_master_meter_by_hand() -> None:
    found = master("20.050", "30", "28")
    # 20.050 x 19.98/20 = 20.02995 L through the master; x (1 - 0.00083 x 2) = 19.996700283 L
    assert found["reference"]["value"] == "19.996700"
    assert found["error"] == "0.003300"
    assert found["budget"]["title"] == "master_meter_run"
    assert [one["name"] for one in found["budget"]["corrections"]] == [
        "product_to_meter",
        "relative_error",
    ]


@pytest.mark.parametrize("missing", ["master_temperature", "meter_temperature"])
def test_a_master_meter_without_a_temperature_is_undecided(missing: str) -> None:
    found = master("20", *(None if name == missing else "30" for name in MASTER))
    assert found["verdict"]["why"] == f"{missing} was not measured: the volume cannot be corrected"


MASTER = ("master_temperature", "meter_temperature")


def weighed(air: str | None, *, at_meter: str | None = "29") -> Body:
    reference = can(id="balance", kind="balance", expanded_uncertainty=Decimal("0.0029"))
    way = Weighed(
        reference=reference,
        window=Decimal("0.5"),
        product=product("petrol"),
        weighing_expanded=Decimal("0.002"),
    )
    shown = {
        "fast-1/delivered": "20.00",
        "fast-1/weight": "14.800",
        "fast-1/density": "740.0",
        "fast-1/product_temperature": "30",
        "fast-1/meter_temperature": at_meter,
        "fast-1/air_temperature": air,
    }
    return carried_out(delivering(way), shown).results()["fast"]


def test_a_weighed_delivery_by_hand() -> None:
    found = weighed(None)
    # 14.800 kg at 740 kg/m3 are 20 L; x 0.99985/(1 - 1.2/740) = 20.0294802 L in air;
    # x (1 - 0.0012) at the meter = 20.0054449 L
    assert found["reference"]["value"] == "20.005445"
    assert found["error"] == "-0.005445"
    assert [(one["name"], one["unit"]) for one in found["budget"]["corrections"]] == [
        ("air_buoyancy", "L"),
        ("product_to_meter", "L"),
        ("relative_error", "%"),
    ]


def test_the_temperature_of_the_air_may_be_skipped_and_changes_little() -> None:
    cold, hot = (Decimal(weighed(one)["reference"]["value"]) for one in ("10", "35"))
    usual = Decimal(weighed(None)["reference"]["value"])
    # The density of air is 1.246 at 10 °C and 1.136 at 35 °C: 0.06 and 0.08 mL/L from the usual.
    assert cold - usual == pytest.approx(Decimal("0.00115"), abs=Decimal("0.0001"))
    assert usual - hot == pytest.approx(Decimal("0.0016"), abs=Decimal("0.0001"))


def test_a_weighed_delivery_without_the_meters_temperature_is_undecided() -> None:
    verdict = weighed(None, at_meter=None)["verdict"]
    assert verdict["why"].startswith("meter_temperature was not measured")


def test_the_wrong_kilograms_are_refused() -> None:
    way = Weighed(
        reference=can(kind="balance"),
        window=Decimal("0.5"),
        product=product("petrol"),
        weighing_expanded=Decimal("0.002"),
    )
    bench = Bench(guide=guide(delivering(way))).begin()
    bench.go(1)
    with pytest.raises(Unanswered, match=r"allowed: 11\.275 to 22\.55 kg$"):
        bench.guide.enter("148", bench.later())


def components(one: Finding) -> dict[str, float]:
    assert one.budget is not None
    return {part.name: part.value for part in one.budget.components}


def test_the_spread_of_three_runs_goes_into_the_budget_of_one() -> None:
    shown: dict[str, str | None] = {}
    for turn, read in enumerate(("19.98", "20.00", "20.02"), 1):
        shown |= run_into_can(read, "20", "20", run=f"fast-{turn}")
    found = findings(delivering(runs=3), shown)["fast"]
    assert components(found)["repeatability"] == pytest.approx(0.02)
    assert components(found)["can"] == pytest.approx(0.004)
    assert components(found)["totals_end"] == pytest.approx(0.005)


def test_a_dispenser_in_cubic_metres_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pump-1 shows m3; allowed for a guided check .*: L$"):
        delivering(subject=dispenser(unit=Unit.M3))


def test_another_rule_set_gives_another_verdict_on_the_same_run() -> None:
    shown = run_into_can("20.07", "20", "20")
    line_a = carried_out(delivering(), shown).results()["fast"]
    line_b = carried_out(delivering(subject=dispenser(LINE_B)), shown).results()["fast"]
    assert line_a["verdict"]["conformity"] == "within"
    assert line_b["verdict"]["conformity"] in ("conditional_fail", "exceeds")
    assert (line_a["rules"], line_b["rules"]) == ("oiml-r117-line-a", LINE_B)
