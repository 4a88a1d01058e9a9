"""The published charts and run lengths, against the examples they were published with."""

from math import sqrt
from typing import Any

import pytest
from answers import vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.drift.charts import (
    Cusum,
    cusum,
    ewma,
    ewma_limit,
    ewma_steady_limit,
    individuals_limits,
    limits,
    moving_range,
)
from tramdo.drift.runlength import (
    cusum_arl,
    cusum_h,
    cusum_one_sided_arl,
    ewma_arl,
    false_alarms,
    shewhart_arl,
)

# Montgomery, Introduction to Statistical Quality Control, table 9.1: mean 10, sigma 1, then 11.
MONTGOMERY = [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34]
MONTGOMERY += [9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84]
MONTGOMERY += [10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52]


def test_cusum_of_nist() -> None:
    example = vector("nist_cusum_pmc323")
    given_, said, near = example["inputs"], example["expected"], example["tolerance"]
    sums = cusum(given_["x"], target=given_["target"], k=given_["k"])
    assert [one.high for one in sums] == pytest.approx(said["S_hi"], abs=near)
    assert [one.low for one in sums] == pytest.approx(said["S_lo"], abs=near)
    assert [one.total for one in sums] == pytest.approx(said["cusum"], abs=near)
    beyond = [group for group, one in enumerate(sums, 1) if one.beyond(given_["h"])]
    assert beyond == said["signal_groups_hi"]
    assert beyond[0] == said["first_signal_group"]


def test_cusum_of_montgomery_says_when_and_how_far() -> None:
    sums = cusum(MONTGOMERY, target=10, k=0.5)
    signal = next(t for t, one in enumerate(sums, 1) if one.beyond(5))
    at = sums[signal - 1]
    assert (signal, at.run, signal - at.run) == (29, 7, 22)
    assert at.high == pytest.approx(5.28, abs=0.005)
    assert 10 + at.shift(k=0.5) == pytest.approx(11.25, abs=0.005)


def test_a_cusum_that_falls_says_so() -> None:
    at = cusum([-2.0, -2.0], target=0, k=0.5)[-1]
    assert (at.further, at.run, at.shift(k=0.5)) == (-3.0, 2, -2.0)
    assert (Cusum().shift(k=0.5), Cusum().run) == (0.0, 0)


def test_ewma_of_nist() -> None:
    example = vector("nist_ewma_pmc324")
    given_, said = example["inputs"], example["expected"]
    values = ewma(given_["x"], weight=given_["lambda"], start=given_["ewma0"])
    assert values == pytest.approx(said["ewma"], abs=example["tolerance"])
    steady = ewma_steady_limit(weight=given_["lambda"], width=given_["L"])
    low, high = limits(given_["ewma0"], given_["s"], steady)
    assert (high, low) == pytest.approx((said["ucl_steady"], said["lcl_steady"]), abs=1e-3)
    assert [z for z in values if not low <= z <= high] == said["signals"]


def test_ewma_of_montgomery_first_signals_at_29() -> None:
    values = ewma(MONTGOMERY, weight=0.1, start=10.0)[1:]
    ends = [ewma_limit(t, weight=0.1, width=2.7) for t in range(1, 31)]
    beyond = [t for t, (z, h) in enumerate(zip(values, ends, strict=True), 1) if abs(z - 10) > h]
    assert beyond[0] == 29
    assert ends[:2] == pytest.approx([0.27, 0.3632], abs=1e-4)


@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_the_limit_widens_towards_the_steady_one(count: int, weight: float) -> None:
    now, then = (ewma_limit(t, weight=weight, width=3) for t in (count, count + 1))
    assert 0 < now <= then <= 3 * sqrt(weight / (2 - weight))


def test_individuals_of_nist() -> None:
    # NIST/SEMATECH e-Handbook 6.3.2.2 (pmc322).
    values = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    assert moving_range(values) == pytest.approx(1.8778, abs=1e-4)
    assert individuals_limits(values) == pytest.approx((45.8159, 55.8041), abs=1e-3)
    with pytest.raises(ValueError, match="at least 2"):
        moving_range([1.0])


def test_warning_and_action_limits() -> None:
    example = vector("warning_action_limits")
    mean, sd = example["inputs"]["baseline_mean"], example["inputs"]["baseline_sd"]
    for width, name in ((2, "warning"), (3, "action")):
        expected = example["expected"][name]
        assert limits(mean, sd, width) == pytest.approx(expected, abs=example["tolerance"])


def shifts(example: dict[str, Any]) -> list[float]:
    return [float(one) for one in example["inputs"]["shift_sigma"]]


@pytest.mark.parametrize("h", [4, 5])
def test_cusum_run_lengths(h: int) -> None:
    example = vector("cusum_arl_two_sided")
    found = [cusum_arl(0.5, h, shift) for shift in shifts(example)]
    assert found[1:] == pytest.approx(example["expected"][f"h={h}"][1:], rel=0.01)
    assert found[0] == pytest.approx(example["expected"][f"h={h}"][0], abs=0.5)
    assert found == pytest.approx(example["expected"][f"h={h}_computed"], abs=0.0051)
    one_sided = example["expected"]["one_sided_ARL0"][f"h={h}"]
    assert cusum_one_sided_arl(0.5, h) == pytest.approx(one_sided, abs=0.01)


@pytest.mark.parametrize(("k", "h"), vector("cusum_h_for_arl0_370")["expected"].items())
def test_cusum_interval_for_a_run_length(k: str, h: float) -> None:
    assert cusum_h(float(k), 370) == pytest.approx(h, abs=0.01)


@pytest.mark.parametrize("chart", vector("ewma_arl")["expected"])
def test_ewma_run_lengths(chart: str) -> None:
    example = vector("ewma_arl")
    weight, width = (float(one.split("=")[1]) for one in chart.split(" ", maxsplit=1)[0].split(","))
    found = [ewma_arl(weight, width, shift) for shift in shifts(example)]
    assert found == pytest.approx(example["expected"][chart], rel=0.01, abs=0.15)


def test_shewhart_run_lengths() -> None:
    example = vector("shewhart_arl")
    found = [shewhart_arl(3, shift) for shift in shifts(example)]
    assert found == pytest.approx(example["expected"]["arl"], abs=example["tolerance"])


def test_false_alarms_of_a_fleet() -> None:
    example = vector("false_alarms_fleet")
    given_ = example["inputs"]
    weeks = [
        false_alarms(arl, given_["nozzles"], given_["checks_per_week"]) for arl in given_["ARL0"]
    ]
    said = example["expected"]["weeks_between_false_alarms"]
    assert weeks == pytest.approx(said, abs=example["tolerance"])
