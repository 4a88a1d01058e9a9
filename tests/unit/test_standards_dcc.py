"""Digital calibration certificates: what is read, and what no bytes can do."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from answers import vector
from hypothesis import given
from hypothesis import strategies as st

from tramdo.errors import TramdoError
from tramdo.reading import Unit
from tramdo.standards.certificate import Stated
from tramdo.standards.dcc import parse
from tramdo.standards.source import MOST_BYTES, StandardsError
from tramdo.standards.units import unit_of

FOLDER = Path(__file__).parents[1] / "certificates"
WEIGHT = (FOLDER / "weight.xml").read_bytes()


def certificate(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def swapped(old: str, new: str, xml: bytes = WEIGHT) -> bytes:
    assert old.encode() in xml
    return xml.replace(old.encode(), new.encode())


def test_the_published_example_gives_its_values() -> None:
    expected = vector("dcc_minimal_parse")["expected"]
    found = parse(certificate("thermometer.xml"))
    readings = found.results[0]
    reference = readings.find("basic_referenceValue")
    indicated = readings.find("basic_measuredValue")
    assert reference is not None
    assert indicated is not None
    assert {
        "root": "dcc:digitalCalibrationCertificate",
        "uniqueIdentifier": found.id,
        "beginPerformanceDate": found.begin.isoformat(),
        "countryCode": found.country,
        "serial_issuer_manufacturer": found.items[0].identified_by("manufacturer"),
        "reference_values_K": [float(one.value) for one in reference.in_unit(r"\kelvin")],
        "indicated_K": [float(one.value) for one in indicated.in_unit(r"\kelvin")],
        "conformity": found.conformity,
        "recalibration_date": str(found.recalibration),
    } == expected


def test_what_else_a_certificate_says() -> None:
    found = parse(certificate("thermometer.xml"))
    assert (found.laboratory, found.customer) == ("A laboratory", "A customer")
    (item,) = found.items
    assert (item.name, item.manufacturer, item.model) == ("Probe", "A maker", "P-1")
    (room,) = found.conditions
    assert room.ref_types == ("basic_temperature",)
    assert [one.values for one in room.quantities] == [(Decimal(293),), (Decimal(299),)]
    assert [one.name for one in found.results[0].quantities] == ["Reference", "Indicated", "Error"]


def test_a_single_uncertainty_holds_for_the_whole_list() -> None:
    error = parse(certificate("thermometer.xml")).results[0].find("basic_measurementError")
    assert error is not None
    assert {(one.expanded_uncertainty, one.k) for one in error.stated} == {
        (Decimal("0.061"), Decimal(2))
    }
    assert str(error.values[3]) == "-0.009"


def test_of_two_units_the_one_we_know_is_taken() -> None:
    reference = parse(certificate("thermometer.xml")).results[0].quantities[0]
    assert reference.values[0] == Decimal("33.098")
    with pytest.raises(StandardsError, match=r"not given in .gram; given: .degreecelsius, .kelvin"):
        reference.in_unit(r"\gram")


@pytest.mark.parametrize(
    ("name", "place", "stated"),
    [
        (
            "weight.xml",
            1,
            Stated(
                value=Decimal("20.0003"),
                unit=r"\kilogram",
                expanded_uncertainty=Decimal("0.0010"),
                k=Decimal(2),
            ),
        ),
        (
            "can.xml",
            0,
            Stated(
                value=Decimal("20.004"),
                unit=r"\litre",
                expanded_uncertainty=Decimal("0.0043"),
                k=Decimal("2.13"),
            ),
        ),
        (
            "set.xml",
            1,
            Stated(
                value=Decimal("499.998"),
                unit=r"\gram",
                expanded_uncertainty=Decimal("0.008"),
                k=Decimal(2),
            ),
        ),
    ],
)
def test_both_spellings_of_uncertainty_are_read(name: str, place: int, stated: Stated) -> None:
    assert parse(certificate(name)).results[0].quantities[place].stated[-1] == stated


def test_digits_languages_and_days_with_a_zone_are_kept() -> None:
    found = parse(WEIGHT)
    assert str(found.results[0].quantities[1].stated[0].expanded_uncertainty) == "0.0010"
    assert (found.items[0].name, found.laboratory) == ("Quả cân", "Phòng đo lường")
    assert (found.begin, found.end) == (date(2026, 2, 26), date(2026, 2, 27))


def test_a_signature_is_seen_and_never_believed() -> None:
    assert parse(WEIGHT).signature == "signature present, not verified"
    assert parse(certificate("can.xml")).signature == "no signature in the file"


def test_elements_of_tomorrow_are_passed_over() -> None:
    later = swapped("<dcc:items>", "<dcc:moods><dcc:mood/></dcc:moods><dcc:items>")
    assert parse(swapped("3.2.0", "3.9.1-rc.2", later)).id == "ĐL-26-1183"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (r"\kilogram", Unit.KG),
        (r"\gram", Unit.G),
        (r"\milli\litre", Unit.ML),
        (r"\degreecelsius", Unit.CELSIUS),
        (r"\one", Unit.ONE),
        (r"\kelvin", None),
        (r"\percent", None),
        ("kg", None),
    ],
)
def test_units(text: str, unit: Unit | None) -> None:
    assert unit_of(text) is unit


BOMB = b"<!DOCTYPE b [%s]><b>&l9;</b>" % b"".join(
    b'<!ENTITY l%d "%s">' % (n, (b"&l%d;" % (n - 1) if n else b"lol") * 10) for n in range(10)
)
OUTSIDE = b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><b>&x;</b>'
REMOTE = b'<!DOCTYPE b SYSTEM "http://127.0.0.1:9/b.dtd"><b/>'


@pytest.mark.parametrize("xml", [BOMB, OUTSIDE, REMOTE, b"<!DOCTYPE b><b/>"])
def test_document_types_and_entities_are_refused(xml: bytes) -> None:
    with pytest.raises(StandardsError, match=r"document type \(DTD\), entities"):
        parse(xml)


@pytest.mark.parametrize("length", range(0, len(WEIGHT) - 3, 200))
def test_a_part_of_a_file_is_no_certificate(length: int) -> None:
    with pytest.raises(StandardsError, match="is no complete XML"):
        parse(WEIGHT[:length])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://ptb.de/dcc", "https://ptb.de/dcd", r"begins with \{https://ptb.de/dcd\}"),
        ('"3.2.0"', '"2.4.0"', "schemaVersion is 2.4.0; allowed: 3.x"),
        ('"3.2.0"', '"30.2.0"', "schemaVersion is 30.2.0"),
        (' schemaVersion="3.2.0"', "", "schemaVersion is missing"),
        ("ĐL-26-1183", " ", "coreData/uniqueIdentifier is missing"),
        ("2026-02-27+07:00", "2026-02-30", '"2026-02-30" is no day'),
        ("2027-02-28", "28/02/2027", '"28/02/2027" is no day'),
        (">20.0003<", ">20,0003<", 'name: "20,0003" is no number; allowed: such as 20.0003'),
        (">20.0003<", ">NaN<", '"NaN" is no number'),
        (">20.0003<", ">1e999999999<", '"1e999999999" is no number'),
        (">20.0003<", ">1_0<", '"1_0" is no number'),
        (">20.0003<", "><", "0 values and 1 units"),
        (r">\kilogram<", "><", "1 values and 0 units"),
        (">0.0010<", ">-0.0010<", "uncertainty -0.0010, coverage factor 2; allowed: 0 and above"),
        (">2</si:cov", ">0</si:cov", "coverage factor 0; allowed: .* factor of 1 to 10"),
        (">2</si:cov", "></si:cov", "coverage factor missing"),
        (">0.0010<", ">0.0010 0.0020<", "uncertainties: 2 for 1 values; allowed: 1 or 1"),
        ("UTF-8", "UTF-99", "cannot be read as XML|is no complete XML"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str) -> None:
    with pytest.raises(StandardsError, match=said):
        parse(swapped(old, new))


def test_a_file_without_end_is_refused() -> None:
    assert issubclass(StandardsError, TramdoError)
    with pytest.raises(StandardsError, match="allowed: up to 5000000"):
        parse(b" " * (MOST_BYTES + 1))


def test_lists_may_lie_in_lists_without_end() -> None:
    xml = certificate("set.xml")
    deep = xml.replace(b"<dcc:list>", b"<dcc:list>" * 5000)
    assert parse(deep.replace(b"</dcc:list>", b"</dcc:list>" * 5000)) == parse(xml)


@given(st.integers(0, len(WEIGHT) - 1), st.binary(max_size=8))
def test_no_bytes_do_more_than_be_refused(at: int, noise: bytes) -> None:
    with suppress(StandardsError):
        parse(WEIGHT[:at] + noise + WEIGHT[at + len(noise) :])
