"""Instruments side by side: latest errors, whom they favour, who agrees with whom."""

import json
from pathlib import Path
from typing import Any

import pytest
from answers import vector
from histories import START, WEEK, D, result
from typer.testing import CliRunner

from tramdo.__main__ import application
from tramdo.drift import ControlChart, sigma_floor
from tramdo.history.compare import Comparison, compare
from tramdo.journal import Store

CHART = ControlChart(floor=sigma_floor(D))
CAN = {
    "id": "can-20l",
    "quantity": "volume",
    "value": "20.004",
    "unit": "L",
    "expanded_uncertainty": "0.004",
    "kind": "proving_can",
    "nominal": "20",
    "certificate": "K-2",
    "valid_until": "2027-12-31",
}


def message(instrument: str, error: str, week: int = 0, **more: Any) -> dict[str, Any]:
    body = result(error, START + week * WEEK, CHART, **{"instrument": instrument, **more})
    return {"kind": "check", "instrument": instrument, "seq": week + 1, "body": body}


def pump(name: str, error: str) -> dict[str, Any]:
    indication = {"value": "20.00", "unit": "L", "quantity": "volume"}
    return message(name, error, unit="L", reference=CAN, indication=indication)


def found(*messages: dict[str, Any]) -> Comparison:
    return compare(messages)


def test_the_newest_error_of_each_point_counts() -> None:
    one = found(message("a", "0.001"), message("a", "0.004", 1), message("b", "0.002"))
    assert [(each.instrument, str(each.entry.error)) for each in one.latest] == [
        ("a", "0.004"),
        ("b", "0.002"),
    ]


def test_dispensers_that_favour_the_station_are_told_by_an_exact_test() -> None:
    given = vector("fleet_bias_sign_test")["inputs"]
    count, on_side = given["meters"], given["errors_in_station_favour"]
    pumps = [pump(f"p{n:02}", "0.05" if n < on_side else "-0.05") for n in range(count)]
    favour = found(*pumps, message("scale", "0.010")).favour
    assert favour is not None
    assert (favour.on_side, favour.count) == (on_side, count)
    expected = vector("fleet_bias_sign_test")["expected"]["p_one_sided"]
    assert favour.p == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("other", "en", "agrees"), [("0.0035", 0.884, True), ("0.004", 1.061, False)]
)
def test_two_instruments_at_one_standard_are_compared_by_en(
    other: str, en: float, agrees: bool
) -> None:
    # U is 0.0020 kg each: En = difference / 0.002828
    (one,) = found(message("a", "0.001"), message("b", other)).agreements
    assert (one.first, one.second, one.reference) == ("a", "b", "w20")
    assert one.en == pytest.approx((float(other) - 0.001) / 0.0028284, rel=1e-4)
    assert one.en == pytest.approx(en, abs=1e-3)
    assert one.agrees is agrees


def test_another_standard_is_no_comparison() -> None:
    assert found(message("a", "0.001"), pump("p", "0.01")).agreements == ()


def test_what_is_not_charted_is_left_out() -> None:
    assert found(message("a", "0.001", charted=False)).latest == ()


def test_the_command_reads_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "tramdo.db"
    Store(path, "here").close()
    words = ["compare", str(path), "--json"]
    done = CliRunner().invoke(application([]), words)
    assert json.loads(done.stdout) == {"latest": [], "favour": None, "agreements": []}
    assert (
        CliRunner().invoke(application([]), ["compare", str(tmp_path / "none.db")]).exit_code == 1
    )
