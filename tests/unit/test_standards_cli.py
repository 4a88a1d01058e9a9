"""`tramdo standards` and `tramdo import-standards` as a user meets them."""

import json
import re
import tomllib
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tramdo import stationfile
from tramdo.cli.standards import import_standards, standards

CERTIFICATES = Path(__file__).parents[1] / "certificates"
STATION = Path(__file__).parents[2] / "config" / "station.toml"
WIDE = {"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"}

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(standards)
app.command()(import_standards)


def tramdo(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=WIDE)


def imported(*words: str | Path) -> list[dict[str, Any]]:
    done = tramdo("import-standards", *words)
    assert done.exit_code == 0, done.stderr
    found: list[dict[str, Any]] = tomllib.loads(done.stdout, parse_float=str)["reference"]
    return found


def refused(*words: str | Path) -> str:
    done = tramdo("import-standards", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    text = (CERTIFICATES / name).read_text("utf-8")
    assert old in text
    made = folder / name
    made.write_text(text.replace(old, new), "utf-8")
    return made


def test_a_certificate_becomes_a_reference() -> None:
    file = CERTIFICATES / "weight.xml"
    digest = sha256(file.read_bytes()).hexdigest()
    done = tramdo("import-standards", file)
    assert done.stdout.splitlines() == [
        "",
        f"# from weight.xml, SHA-256 {digest}",
        "# signature present, not verified",
        "# value: Khối lượng quy ước, a quantity without a name: 20.0003 kg, U 0.0010 kg (k = 2)",
        "# kind: taken for a weight, since the value is a mass",
        "# valid_until: the certificate's day for the next calibration",
        "# missing: influence conditions, statement of conformity",
        "[[reference]]",
        'id = "w-20-a"',
        'kind = "weight"',
        "value = 20.0003",
        "nominal = 20.000",
        'unit = "kg"',
        "expanded_uncertainty = 0.0010",
        'certificate = "ĐL-26-1183"',
        "valid_until = 2027-02-28",
        (
            f'traceability = "calibrated by Phòng đo lường (VN) on 2026-02-27; weight.xml, SHA-256 '
            f'{digest}"'
        ),
    ]


def test_what_is_printed_can_stand_at_the_end_of_a_station_file(tmp_path: Path) -> None:
    tables = [CERTIFICATES / name for name in ("weight.xml", "semicolons.csv")]
    done = tramdo("import-standards", *tables)
    station = tmp_path / "station.toml"
    station.write_text(STATION.read_text("utf-8") + done.stdout, "utf-8")
    loaded = stationfile.read(station, today=date(2026, 6, 1))
    names = [one.id for one in loaded.station.references]
    assert names == ["w20", "can-20l", "w-20-a", "w5", "can-5l"]


def test_what_the_certificate_does_not_say_is_asked_for_all_at_once() -> None:
    said = refused(CERTIFICATES / "can.xml").splitlines()
    wanted = ("the id: the customer", "valid_until: the certificate names no day", "the kind: it")
    assert len(said) == len(wanted)
    for line, words in zip(said, wanted, strict=True):
        assert line.startswith(f"{CERTIFICATES / 'can.xml'}: {words}")


def test_another_coverage_factor_is_restated_and_said() -> None:
    words = ("--id", "can-20l", "--kind", "proving_can", "--valid-until", "2027-01-31")
    (one,) = imported(CERTIFICATES / "can.xml", *words)
    # 0.0043 / 2.13 * 2 = 0.0040375..., rounded up with one digit more
    assert (one["expanded_uncertainty"], one["kind"]) == ("0.00404", "proving_can")
    assert one["valid_until"] == date(2027, 1, 31)
    done = tramdo("import-standards", CERTIFICATES / "can.xml", *words)
    assert "# U restated from k = 2.13 to k = 2, rounded up" in done.stdout
    assert "# valid_until: given by the user, not by the certificate" in done.stdout
    assert "# no signature in the file" in done.stdout


def test_of_several_values_the_user_says_which() -> None:
    words = ("--id", "w500", "--valid-until", "2027-03-03")
    said = refused(CERTIFICATES / "set.xml", *words).splitlines()
    assert said == [
        f"{CERTIFICATES / 'set.xml'}: the value: 2 values; say which with --result N:",
        "  1  Conventional mass: 5.00012 kg, U 0.00008 kg (k = 2)",
        "  2  Conventional mass: 499.998 g, U 0.008 g (k = 2)",
    ]
    (one,) = imported(CERTIFICATES / "set.xml", *words, "--result", "2")
    assert (one["value"], one["nominal"], one["unit"]) == ("499.998", 500, "g")
    for number in ("0", "3"):
        said_again = refused(CERTIFICATES / "set.xml", *words, "--result", number)
        assert f"there is no {number}; say which" in said_again


def test_no_uncertainty_no_reference(tmp_path: Path) -> None:
    file = changed(tmp_path, "weight.xml", "si:expandedUnc>", "si:standardUnc>")
    assert "the expanded uncertainty: " in refused(file)
    assert "without U nothing can be compared" in refused(file)


def test_a_temperature_is_no_check_standard_of_ours() -> None:
    said = refused(CERTIFICATES / "thermometer.xml")
    assert "the value: no result in mg, g, kg, t, mL, L, m3" in said


@pytest.mark.parametrize("day", ["2027-03-01", "2026-02-26"])
def test_no_day_after_the_certificates_or_before_the_calibration(day: str) -> None:
    said = refused(CERTIFICATES / "weight.xml", "--valid-until", day)
    assert said.startswith(f"{CERTIFICATES / 'weight.xml'}: valid_until: {day} is not allowed; ")
    (one,) = imported(CERTIFICATES / "weight.xml", "--valid-until", "2026-12-31")
    assert one["valid_until"] == date(2026, 12, 31)


def test_a_strangers_text_ends_no_comment_and_no_string(tmp_path: Path) -> None:
    evil = "a&#10;[mqtt]&#10;host = 1&#8232;&quot;&quot;&quot;\\&#127;"
    file = changed(tmp_path, "weight.xml", "ĐL-26-1183", evil)
    moved = file.rename(tmp_path / "a\n[live]\nenabled = false .xml")
    (one,) = imported(moved)
    assert one["certificate"] == 'a [mqtt] host = 1 """\\\x7f'
    assert set(tomllib.loads(tramdo("import-standards", moved).stdout)) == {"reference"}


def test_one_bad_file_and_nothing_is_printed(tmp_path: Path) -> None:
    torn = tmp_path / "torn.xml"
    torn.write_bytes((CERTIFICATES / "weight.xml").read_bytes()[:900])
    missing = tmp_path / "missing.csv"
    sealed = tmp_path / "sealed.p7m"
    wrong = CERTIFICATES / "wrong.csv"
    said = refused(CERTIFICATES / "weight.xml", torn, missing, sealed, wrong).splitlines()
    assert said[0].startswith(f"{torn}: is no complete XML")
    assert said[1] == f"{missing}: cannot be read: No such file or directory"
    assert said[2] == f"{sealed}: is .p7m; allowed: .xml (DCC) and .csv"
    assert said[3].startswith("wrong.csv:2: id: ")


@pytest.mark.parametrize(
    ("files", "option", "said"),
    [
        (("weight.xml", "set.xml"), "--id=w", "--id: 2 files; allowed: one certificate"),
        (("commas.csv",), "--kind=weight", "--kind: a table says it itself"),
        (("commas.csv",), "--valid-until=2027-01-01", "--valid-until: a table says it itself"),
    ],
)
def test_options_that_do_not_fit(files: tuple[str, ...], option: str, said: str) -> None:
    done = tramdo("import-standards", *(CERTIFICATES / name for name in files), option)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_wrong_id_is_told() -> None:
    assert 'the id: "W20" is not allowed' in refused(CERTIFICATES / "weight.xml", "--id", "W20")


def test_standards_are_listed_with_standing_and_use() -> None:
    done = tramdo("standards", STATION, "--on", "2027-02-01")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    w20 = next(line for line in lines if re.search(r"\bw20\b", line))
    for words in ("20 kg", "20.0003 kg", "0.0010 kg", "ĐL-26-1183", "expires in 27 days"):
        assert words in w20
    can = next(line for line in lines if re.search(r"\bproving_can\b", line))
    assert "expired 1 day ago" in can
    assert "scale-01-span (w20): suitable, MPE 0.04 kg" in lines
    assert lines[-1:] == [
        (
            "pump-02-delivery (can-20l): refused: check standard can-20l (certificate ĐL-26-0952) "
            "was valid until 2027-01-31, 1 day before 2027-02-01"
        ),
    ]


def test_loads_of_several_weights_are_judged_together(tmp_path: Path) -> None:
    station = tmp_path / "station.toml"
    text = STATION.read_text("utf-8").replace(
        'reference = "w20"', 'loads = [["w20"], ["w20", "w20-b"]]'
    )
    second = text[text.index('[[reference]]\nid = "w20"') : text.index('[[reference]]\nid = "can')]
    text += "\n" + second.replace('id = "w20"', 'id = "w20-b"')
    station.write_text(text.replace('how = "span"', 'how = "weighing"'), "utf-8")
    done = tramdo("standards", station, "--on", "2026-06-01")
    # 40 kg is 2000 e, where the first step of class III ends at 500 e and the second at 2000 e
    said = [line for line in done.stdout.splitlines() if line.startswith("scale-01-span")]
    assert said == [
        "scale-01-span (w20): suitable, MPE 0.04 kg",
        "scale-01-span (w20 + w20-b): suitable, MPE 0.04 kg",
    ]


def test_80_columns_cut_no_certificate_and_no_day() -> None:
    env = WIDE | {"COLUMNS": "80"}
    done = CliRunner().invoke(app, ["standards", str(STATION), "--on", "2027-02-10"], env=env)
    head, _, first, *_ = done.stdout.splitlines()
    assert head.split() == ["id", "certified", "U", "certificate", "until", "standing"]
    for word in ("20.0003 kg", "ĐL-26-1183", "2027-02-28", "expires in 18 days"):
        assert word in first


def test_the_help_names_the_table_that_is_printed() -> None:
    done = CliRunner().invoke(app, ["import-standards", "--help"], env=WIDE)
    assert "as [[reference]] tables" in done.stdout


def test_standards_as_json() -> None:
    done = tramdo("standards", STATION, "--on", "2026-06-01", "--json")
    first, second = json.loads(done.stdout)
    assert (first["id"], first["value"], first["valid_until"]) == ("w20", "20.0003", "2027-02-28")
    assert first["standing"] == {"state": "valid", "days": 272, "within": None}
    # 20 kg is 1000 e of a class III scale: 1 e on verification, twice that in service
    assert first["uses"][:1] == [
        {
            "check": "scale-01-span",
            "instrument": "scale-01",
            "standards": ["w20"],
            "mpe": "0.04",
            "unit": "kg",
            "suitable": True,
            "why": None,
        }
    ]
    assert second["uses"][0]["suitable"] is True


def test_a_standard_too_uncertain_for_its_instrument_is_said(tmp_path: Path) -> None:
    station = tmp_path / "station.toml"
    text = STATION.read_text("utf-8").replace("= 0.0010 ", "= 0.0140 ")
    station.write_text(text, "utf-8")
    done = tramdo("standards", station, "--on", "2026-06-01", "--json")
    use, *_ = json.loads(done.stdout)[0]["uses"]
    assert use["suitable"] is False
    assert use["why"] == (
        "check standard w20 (certificate ĐL-26-1183) has U 0.0140 kg, more than a third of the "
        "MPE 0.04 kg"
    )


def test_without_a_day_today_counts() -> None:
    done = tramdo("standards", STATION, "--json")
    (standing, _) = (one["standing"] for one in json.loads(done.stdout))
    assert standing["days"] == (date(2027, 2, 28) - date.today()).days  # noqa: DTZ011
