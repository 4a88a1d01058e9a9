"""Tables of check standards: what a spreadsheet may say, and every wrong cell at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tramdo.errors import TramdoError
from tramdo.reading import Unit
from tramdo.settings.instruments import Reference
from tramdo.standards.source import Source, StandardsError
from tramdo.standards.table import COLUMNS, read

FOLDER = Path(__file__).parents[1] / "certificates"
HEADING = "id,kind,nominal,value,unit,expanded_uncertainty,certificate,valid_until,traceability"
W5 = Reference(
    id="w5",
    kind="weight",
    nominal=Decimal(5),
    value=Decimal("5.00012"),
    unit=Unit.KG,
    expanded_uncertainty=Decimal("0.00008"),
    certificate="ĐL-26-2001",
    valid_until=date(2027, 3, 3),
    traceability="Phòng đo lường; chuẩn F1",
)


def source(name: str) -> Source:
    return Source(name=name, content=(FOLDER / name).read_bytes())


def problems(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(StandardsError) as caught:
        read(Source(name="t.csv", content=content))
    assert isinstance(caught.value, TramdoError)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(one) for one in caught.value.problems]


def test_a_spreadsheet_of_a_country_with_decimal_commas() -> None:
    first, second = read(source("semicolons.csv"))
    assert first.reference == W5
    assert (second.reference.id, second.reference.nominal) == ("can-5l", None)
    sha256 = source("semicolons.csv").sha256
    assert first.remarks == (f"from line 2 of semicolons.csv, SHA-256 {sha256}",)
    assert second.remarks[1:] == ("missing: nominal, traceability",)


def test_commas_between_cells() -> None:
    (one,) = read(source("commas.csv"))
    assert one.reference.certificate == "ĐL-26-2001, trang 1"
    assert str(one.reference.value) == "5.00012"


def test_every_wrong_cell_is_said_at_once() -> None:
    kinds = '"weight", "proving_can", "master_meter", "balance"'
    assert problems((FOLDER / "wrong.csv").read_bytes()) == [
        (
            't.csv:2: id: "W 5" is not allowed; allowed: the check standard\'s name everywhere: '
            "small letters, digits and hyphens, 1 to 32 of them"
        ),
        f't.csv:2: kind: "weigth" is not allowed; allowed: {kinds}; did you mean "weight"?',
        (
            't.csv:2: value: "5,00012" has a decimal comma, allowed only in files separated by '
            "semicolons; allowed here: 5.00012"
        ),
        't.csv:3: nominal: "0" is not allowed; allowed: a number above 0 without its unit',
        't.csv:3: unit: "kg" is not allowed; allowed: "mL", "L", "m3"',
        (
            't.csv:3: expanded_uncertainty: "-0.001" is not allowed; allowed: a number 0 or more '
            "without its unit"
        ),
        "t.csv:3: certificate: is empty; wanted: number of the calibration certificate",
        (
            't.csv:3: valid_until: "31/01/2027" is no day; allowed: year-month-day, such as '
            "2026-12-31; did you mean 2027-01-31?"
        ),
        't.csv:5: valid_until: "2027-02-30" is no day; allowed: year-month-day, such as 2026-12-31',
        't.csv:6: id: "w5" stands in line 5 already; allowed: each id once',
        (
            "t.csv:7: the row: has 1 more cells than the heading; allowed: as many as columns; a "
            "decimal comma is allowed only in files separated by semicolons"
        ),
    ]


def test_a_row_with_a_cell_too_many_is_not_judged_by_shifted_cells() -> None:
    (one,) = problems(f"{HEADING}\nw6,weight,6,6,00,kg,0.1,A,2027-02-28,\n")
    assert "1 more cells" in one


def test_a_point_beside_decimal_commas_may_be_a_thousand() -> None:
    (said,) = problems(
        f"{HEADING.replace(',', ';')}\nw1;weight;1.000;1000,02;g;0,01;A-1;2027-02-28;\n"
    )
    assert said.startswith('t.csv:2: nominal: "1.000" has a point, where other numbers')


@pytest.mark.parametrize("number", ["1.000,02", "1 000", "1e999999", "nan", "20 kg", "٢٠"])
def test_no_number(number: str) -> None:
    heading = HEADING.replace(",", ";")
    said = problems(f"{heading}\nw1;weight;;{number};g;1;A-1;2027-02-28;\n")
    assert said[0].startswith(f't.csv:2: value: "{number}"')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "t.csv:1: the file: has no row below its heading"),
        (HEADING, "t.csv:1: the file: has no row below its heading"),
        (b"id,kind\nC\xe2n,weight\n", "t.csv:2: the file: the byte e2 is not UTF-8"),
        (f'{HEADING}\nw1,"we"ight', "t.csv:2: the file: is no CSV"),
        (f'{HEADING}\n"w1,weight', "t.csv:2: the file: is no CSV"),
    ],
)
def test_no_table(text: str | bytes, said: str) -> None:
    assert problems(text)[0].startswith(said)


def test_a_wrong_heading_is_said_with_the_near_miss() -> None:
    heading = HEADING.replace("certificate", "certifcate").replace("nominal,", "unit,")
    found = problems(f"{heading}\n")
    allowed = f"allowed: {', '.join(COLUMNS)} (nominal and traceability may be left out)"
    assert found == [
        f't.csv:1: certifcate: is no column; {allowed}; did you mean "certificate"?',
        "t.csv:1: unit: the column stands here twice; allowed: once",
        f"t.csv:1: certificate: the column is missing; {allowed}",
    ]
