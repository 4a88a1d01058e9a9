"""Rule sets as files: one's own, one like another, and those that are shipped."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tramdo.limits import Characteristics, LimitsError, Ratio, Stage, Steps, available, load
from tramdo.reading import Unit

RULES = Path(__file__).parents[2] / "daemon/tramdo/rules"
SCALE = Characteristics(accuracy_class="III", unit=Unit.G, e=Decimal(1))
DISPENSER = Characteristics(accuracy_class="0.5", unit=Unit.L, mmq=Decimal(2))


OWN = """
kind = "steps"
title = "Limits of the house"
recommendation = "Internal"
edition = "2026-01"
table = "1"
country = "VN"
certainty = "certain"
in_service_factor = 1.5
[classes]
III = [{ up_to = 500, mpe = 0.25 }, { mpe = 0.75 }]
"""


def test_a_rule_set_of_ones_own_takes_ten_lines(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(OWN)
    house = load("house", [tmp_path])
    assert len(OWN.strip().splitlines()) == 10
    assert (house.id, house.edition, house.country) == ("house", "2026-01", "VN")
    assert house.mpe(Decimal(501), SCALE, Stage.IN_SERVICE) == Decimal("1.125")


def test_the_sites_own_folder_comes_first(tmp_path: Path) -> None:
    (tmp_path / "oiml-r76-2006.toml").write_text(OWN)
    assert load("oiml-r76-2006", [tmp_path]).title == "Limits of the house"
    assert load("oiml-r76-2006").title != "Limits of the house"


def test_available_lists_shipped_and_own_once(tmp_path: Path) -> None:
    for name in ("house", "oiml-r76-2006"):
        (tmp_path / f"{name}.toml").write_text(OWN)
    shipped = available()
    assert {"oiml-r117-class-0.5", "oiml-r76-2006"} <= set(shipped)
    assert available([tmp_path, tmp_path / "nowhere"]) == ["house", *shipped]


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(LimitsError, match=r"'r76'; there are: .*oiml-r117-class-0.5, "):
        load("r76")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('edition = "2026-01"', "", "edition: Field required"),
        ("1.5", "0", "in_service_factor: .*greater than 0; it is 0"),
        ('"certain"', '"surely"', "certainty: .*'likely' or 'unsure'; it is 'surely'"),
        ('table = "1"', 'table = "1"\nfoo = 1', "foo: Unexpected keyword argument"),
        ("up_to = 500, ", "", "classes.III: .*up_to must rise"),
        ("{ mpe = 0.75 }", "{ up_to = 500, mpe = 1 }", "classes.III: .*up_to must rise"),
        ("mpe = 0.75", "mpe = nan", "classes.III.1.mpe: "),
        ('"steps"', '"table"', "kind: .*'steps', 'ratio'"),
        ("[classes]", "[classes", "house.toml: "),
    ],
)
def test_a_wrong_rule_set_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in OWN
    (tmp_path / "house.toml").write_text(OWN.replace(before, after))
    with pytest.raises(LimitsError, match=message):
        load("house", [tmp_path])


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(OWN.replace("1.5", "0").replace('"VN"', "7"))
    with pytest.raises(LimitsError) as caught:
        load("house", [tmp_path])
    assert len(str(caught.value).splitlines()) == 2


LIKE = """
like = "oiml-r117-class-0.5"
title = "Dispensers of our company"
certainty = "likely"
lines = [0.8, 1]
[classes]
"0.5" = 0.3
"""


def test_a_rule_set_like_another_says_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(LIKE)
    company, other = load("company", [tmp_path]), load("oiml-r117-class-0.5")
    assert (company.id, company.title) == ("company", "Dispensers of our company")
    assert (company.certainty, company.edition) == ("likely", other.edition)
    assert company.lines == (Decimal("0.8"), Decimal(1))
    assert company.mpe(Decimal(20), DISPENSER, Stage.INITIAL) == Decimal("0.06")
    assert company.mpe(Decimal(2), DISPENSER, Stage.INITIAL) == Decimal("0.012")


def test_like_reaches_through_several_files(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(LIKE)
    (tmp_path / "station.toml").write_text('like = "company"\nlines = [1]')
    station = load("station", [tmp_path])
    assert (station.title, station.lines) == ("Dispensers of our company", (Decimal(1),))


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ('"a"', "a.toml: like: goes round in a circle: a -> a"),
        ('"b"', "b.toml: like: goes round in a circle: a -> b -> a"),
        ('"c"', "a.toml: like: no rule set is called 'c'; there are: a, b, nist"),
        ("3", "a.toml: like: no rule set is called 3; there are: a, b, nist"),
    ],
)
def test_a_like_that_leads_nowhere_is_refused(tmp_path: Path, like: str, message: str) -> None:
    (tmp_path / "a.toml").write_text(f"like = {like}")
    (tmp_path / "b.toml").write_text('like = "a"')
    with pytest.raises(LimitsError, match=re.escape(message)):
        load("a", [tmp_path])


def test_a_shipped_set_is_like_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "oiml-r76-2006.toml").write_text(OWN)
    weighbridge = load("vn-dlvn-13-2019", [tmp_path])
    assert weighbridge.mpe(Decimal(500), SCALE, Stage.INITIAL) == Decimal("0.5")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("lines = [0.8, 1]", "lines = [1, 0.8]", "lines: .*must rise"),
        ("lines = [0.8, 1]", "lines = []", "lines: "),
        ("lines = [0.8, 1]", "lines = [0, 1]", "lines.0: .*greater than 0"),
        ("= 0.3", "= { initial = 0.3, in_servce = 0.5 }", "classes.0.5.in_servce: "),
        ("= 0.3", "= { in_service = 0.5 }", "classes.0.5.initial: "),
        ("= 0.3", '= "none"', "classes.0.5.initial: "),
        ("lines =", "repeatability_factor = 0\nlines =", "repeatability_factor: "),
    ],
)
def test_a_wrong_key_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in LIKE
    (tmp_path / "company.toml").write_text(LIKE.replace(before, after))
    with pytest.raises(LimitsError, match=message):
        load("company", [tmp_path])


def test_a_class_must_say_what_holds_in_service(tmp_path: Path) -> None:
    text = LIKE.replace("oiml-r117-class-0.5", "nist-hb44-lmd")
    (tmp_path / "company.toml").write_text(text)
    with pytest.raises(LimitsError, match="in_service_factor or in_service is needed"):
        load("company", [tmp_path])


def test_what_a_class_says_for_service_wins_over_the_factor(tmp_path: Path) -> None:
    text = LIKE.replace('"0.5" = 0.3', '"0.5" = { initial = 0.3, in_service = 0.4 }\n"1.0" = 0.6')
    text = text.replace("lines =", "in_service_factor = 2\nlines =")
    (tmp_path / "company.toml").write_text(text)
    company = load("company", [tmp_path])
    one = Characteristics(accuracy_class="1.0", unit=Unit.L, mmq=Decimal(2))
    assert company.mpe(Decimal(20), DISPENSER, Stage.IN_SERVICE) == Decimal("0.08")
    assert company.mpe(Decimal(20), one, Stage.IN_SERVICE) == Decimal("0.24")


def keys_of(name: str) -> dict[str, Any]:
    return tomllib.loads((RULES / f"{name}.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", available())
def test_every_shipped_rule_set_cites_its_own_source(name: str) -> None:
    rules = load(name)
    assert rules.id == name
    assert re.fullmatch("[a-z0-9.-]+", name)
    assert isinstance(rules, Steps | Ratio)
    cited = ("title", "recommendation", "edition", "table", "country", "certainty")
    assert [key for key in cited if not keys_of(name).get(key)] == []


@pytest.mark.parametrize("name", available())
def test_every_shipped_rule_set_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in (RULES / "README.md").read_text("utf-8")


def test_the_example_of_the_readme_works(tmp_path: Path) -> None:
    text = (RULES / "README.md").read_text("utf-8")
    example = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    (tmp_path / "ours.toml").write_text(example)
    assert len(example.splitlines()) == 10
    assert load("ours", [tmp_path]).lines == (Decimal("0.8"), Decimal(1))


def test_dispensers_are_reported_at_two_lines_and_scales_at_one() -> None:
    two = {name for name in available() if load(name).lines == (Decimal(1), Decimal("1.5"))}
    assert two == {name for name in available() if "r117" in name or "dlvn-10-" in name}
    assert {load(name).lines for name in set(available()) - two} == {(Decimal(1),)}


def test_what_was_not_read_is_not_called_certain() -> None:
    certain = {name for name in available() if load(name).certainty == "certain"}
    assert {name.split("-")[0] for name in certain} == {"oiml"}
    unsure = [name for name in available() if load(name).certainty == "unsure"]
    assert unsure == ["vn-dlvn-10-0.3-percent", "vn-dlvn-10-2017-0.5-percent"]
    assert all("unsure" in load(name).title for name in unsure)
