"""The station file: good files are read, broken ones say all that is wrong with them."""

import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tramdo import stationfile
from tramdo.errors import Problem, SettingsError

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "station_files"
TODAY = date(2026, 11, 22)
RULES = ("oiml-r117-class-0.5", "oiml-r76-2006")


def read(path: Path) -> stationfile.Loaded:
    return stationfile.read(path, known_rules=RULES, today=TODAY)


def told(path: Path) -> list[str]:
    """Return what is said of a broken file, without its folder."""
    with pytest.raises(SettingsError) as raised:
        read(path)
    assert {one.file for one in raised.value.problems} <= {str(path), "broken.toml"}
    return [str(one).removeprefix(f"{path.parent}/") for one in raised.value.problems]


@pytest.mark.parametrize("path", sorted(FILES.glob("*.toml")), ids=lambda path: path.stem)
def test_each_broken_file_says_what_is_wrong(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert told(path) == expected.splitlines()


def test_broken_files_have_their_messages_beside_them() -> None:
    assert {one.stem for one in FILES.glob("*.txt")} == {one.stem for one in FILES.glob("*.toml")}


def test_the_sample_is_good_with_the_installed_drivers() -> None:
    loaded = stationfile.read(ROOT / "config" / "station.toml", known_rules=RULES, today=TODAY)
    assert loaded.warnings == ()
    assert list(loaded.drivers) == ["scale-01", "pump-02"]
    assert loaded.folder == ROOT / "config"


STATION = """\
[station]
id = "here"
place = "Here"
"""
LINE = """\
[[port]]
name = "line"
kind = "tcp"
host = "192.0.2.1"
tcp_port = 502
"""


def instrument(driver: str, *more: str, settings: str = "") -> str:
    head = f'[[instrument]]\nid = "one"\ndriver = "{driver}"\nport = "line"\nkind = "scale"'
    return "\n".join([STATION, LINE, head, 'unit = "kg"', *more, "[instrument.settings]", settings])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.toml"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STATION, "1: instrument: no [[instrument]]: nothing will be read"),
        (
            instrument("mt-sics").replace(
                'kind = "tcp"\nhost = "192.0.2.1"\ntcp_port = 502',
                'kind = "serial"\npath = "/dev/ttyUSB0"',
            ),
            (
                '8: port "line".path: "/dev/ttyUSB0" may be another adapter after unplugging; '
                "better: its name under /dev/serial/by-id or, for adapters without a serial "
                "number, /dev/serial/by-path"
            ),
        ),
        (
            instrument("mt-sics", "verified_until = 2026-11-21"),
            '17: instrument "one".verified_until: 2026-11-21 is past',
        ),
        (
            instrument("mt-sics") + '\n[mqtt]\nhost = "broker"',
            (
                '20: mqtt.host: "broker" is reached UNENCRYPTED: whoever is on the way can read '
                "the password and read, change or hold back every event; add [mqtt.tls], usually "
                "with port = 8883"
            ),
        ),
    ],
)
def test_doubts_are_warnings(path: Path, text: str, expected: str) -> None:
    (warning,) = read(write(path, text)).warnings
    assert str(warning) == f"{path}:{expected}"


@pytest.mark.parametrize(
    "text",
    [
        instrument("mt-sics", "verified_until = 2026-11-22"),
        instrument("mt-sics") + '\n[mqtt]\nhost = "localhost"',
        instrument("mt-sics") + '\n[mqtt]\nhost = "broker"\n[mqtt.tls]',
        instrument("mt-sics", "max = 2", "min = 1.9", "e = 0.010", "d = 0.01"),
    ],
)
def test_what_is_no_doubt(path: Path, text: str) -> None:
    assert read(write(path, text)).warnings == ()


def test_max_and_min_may_not_be_equal(path: Path) -> None:
    (said,) = told(write(path, instrument("mt-sics", "max = 2.0", "min = 2")))
    assert said == (
        'station.toml:17: instrument "one".max: 2.0 is not larger than min; allowed: above min = 2'
    )


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ("[mqtt.tls]\ncert_file = 'a'", ["mqtt.tls.key_file: is missing; cert_file needs it"]),
        ("[mqtt.tls]\nkey_file = 'a'", ["mqtt.tls.cert_file: is missing; key_file needs it"]),
        ("[mqtt.tls]\nkey_file = 'a'\ncert_file = 'b'", []),
    ],
)
def test_a_certificate_and_its_key_come_together(
    path: Path, tables: str, expected: list[str]
) -> None:
    write(path, f"{STATION}\n[mqtt]\nhost = 'localhost'\n{tables}")
    said = told(path) if expected else [str(one) for one in read(path).warnings][1:]
    assert [one.partition(": ")[2].partition("; allowed")[0] for one in said] == expected


CHECK = '[[check]]\nid = "c"\ninstrument = "one"\nwindow = 1\n'
RULED = ["rules = 'oiml-r76-2006'", "accuracy_class = 'III'", "e = 1"]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('how = "zero"', []),
        ('how = "span"', ['is missing; how = "span" compares with one of: none']),
        (
            'how = "zero"\nreference = "w"',
            [
                '"w" is no [[reference]]; allowed: none',
                (
                    '"w" is compared with nothing; allowed: no reference where how = "zero"; '
                    'did you mean how = "span"?'
                ),
            ],
        ),
    ],
)
def test_a_zero_check_needs_no_reference(path: Path, check: str, expected: list[str]) -> None:
    write(path, instrument("mt-sics", *RULED) + CHECK + check)
    said = told(path) if expected else [str(one) for one in read(path).warnings]
    assert [one.partition(".reference: ")[2] for one in said] == expected


def test_rule_sets_are_asked_only_where_they_are_known(path: Path) -> None:
    write(path, instrument("mt-sics", "rules = 'mine'", "accuracy_class = 'III'", "e = 1"))
    assert stationfile.read(path).station.instruments[0].rules == "mine"
    assert "is no rule set" in told(path)[0]


def test_the_hash_is_that_of_the_bytes(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + STATION.replace("\n", "\r\n").encode())
    assert read(path).hash == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b'a = 1\nb = "C\xe2n"',
            "2: the file: the byte e2 is not UTF-8; allowed: text saved as UTF-8",
        ),
        (
            b"",
            (
                "1: station: is missing in the station file (begins in line 1); "
                "wanted: the station itself"
            ),
        ),
    ],
)
def test_what_is_no_station_file(path: Path, content: bytes, expected: str) -> None:
    path.write_bytes(content)
    assert told(path) == [f"station.toml:{expected}"]


def test_a_file_that_is_not_there(path: Path) -> None:
    assert told(path) == ["station.toml:1: the file: cannot be read: No such file or directory"]


def test_two_of_an_unknown_key_are_two_problems(path: Path) -> None:
    text = LINE.replace("host", "hots").replace("tcp_port", "tcp-port")
    assert [one.partition(": ")[0] for one in told(write(path, f"{STATION}\n{text}"))] == [
        "station.toml:8",
        "station.toml:9",
    ]


ODD = [True, -1, 10**30, Decimal("1e-40"), Decimal("inf"), Decimal("nan"), "", "x\n", "x" * 500]
ODD += [date(1, 1, 1), datetime(2026, 1, 1), [], [1], [[]], [{}], {}, {"a": {"b": 1}}]  # noqa: DTZ001


def places_of(values: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every table or list inside with each of its keys."""
    for key in list(values) if isinstance(values, dict) else range(len(values)):
        yield values, key
        if isinstance(values[key], dict | list):
            yield from places_of(values[key])


def test_no_value_of_any_key_breaks_the_reading(path: Path) -> None:
    text = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
    sample = tomllib.loads(text, parse_float=Decimal)
    said = 0
    for turn, (table, key) in enumerate(list(places_of(sample))):
        kept = table[key]
        for odd in ODD[turn % 4 :: 4]:
            table[key] = odd
            said += bool(problems(write(path, tomli_w.dumps(sample))))
        table[key] = kept
    assert said > 200


@given(st.data())
def test_no_slip_of_a_finger_breaks_the_reading(data: st.DataObject) -> None:
    text = (FILES / "everything.toml").read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.text(alphabet="\"'[]{}=.,#\\ \n\r0aá\t“", max_size=2))
    gone = data.draw(st.integers(0, 2))
    with TemporaryDirectory() as folder:
        problems(write(Path(folder) / "station.toml", text[:at] + slip + text[at + gone :]))


def problems(path: Path) -> list[Problem]:
    """Return the problems of a file, each with a line of it, a key and what is said."""
    found: list[Problem] = []
    try:
        read(path)
    except SettingsError as error:
        found = error.problems or [Problem("", 0, "", "")]
    count = path.read_text(encoding="utf-8").count("\n") + 1
    assert all(1 <= one.line <= count and one.key and one.message for one in found)
    return found
