"""The file of a central server: the sample in step with the models, and what a wrong one says."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import annotated_types
import pytest
from pydantic.fields import FieldInfo

from tramdo.errors import SettingsError
from tramdo.settings.station import keys
from tramdo_central import centralfile, opening
from tramdo_central.settings import TABLES

CONFIG = Path(__file__).parents[2] / "config"
SAMPLE = (CONFIG / "central.toml").read_text(encoding="utf-8")
ALL = [
    (path, name, field)
    for path in TABLES
    if path != ("mqtt", "tls")
    for name, field in keys(TABLES[path].model).items()
]
GOOD = '[mqtt]\nhost = "here"\n'


def wrong(folder: Path, text: str) -> list[str]:
    file = folder / "central.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        centralfile.read(file)
    return [str(one).removeprefix(f"{file}:") for one in caught.value.problems]


def good(folder: Path, text: str) -> centralfile.Loaded:
    file = folder / "central.toml"
    file.write_text(text, encoding="utf-8")
    return centralfile.read(file)


def bounds(field: FieldInfo) -> Iterator[float]:
    for one in field.metadata:
        match one:
            case annotated_types.Ge(ge=bound) | annotated_types.Gt(gt=bound):
                yield float(str(bound))
            case annotated_types.Le(le=bound) | annotated_types.Lt(lt=bound):
                yield float(str(bound))


@pytest.mark.parametrize(("path", "name", "field"), ALL, ids=lambda one: str(one)[:30])
def test_a_description_is_one_sentence_with_range_and_default(
    path: tuple[str, ...], name: str, field: FieldInfo
) -> None:
    text = field.description or ""
    assert (text[:1].isupper(), text.endswith(".")) == (True, True)
    assert not re.search(r"\.\s+[A-Z]", text)
    numbers = {float(one) for one in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)}
    assert numbers >= set(bounds(field))
    if path:
        assert ("(default" in text) is not field.is_required()


def commented() -> Iterator[tuple[str, str, str]]:
    """Yield table, key and value of each line that is a key turned into a comment."""
    table = ""
    for line in SAMPLE.split("\n"):
        if heading := re.match(r"(?:# )?\[+([\w.]+)\]", line):
            table = heading[1]
        if pair := re.match(r"# (\w+) = ([^#]*)", line):
            yield table, pair[1], pair[2].strip()


def test_the_sample_is_good_and_names_every_key(tmp_path: Path) -> None:
    assert centralfile.read(CONFIG / "central.toml").central.mqtt.stations == ()
    named = set(re.findall(r"^(?:# )?(\w+) = ", SAMPLE, re.MULTILINE))
    headings = set(re.findall(r"^(?:# )?\[+(?:\w+\.)?(\w+)\]", SAMPLE, re.MULTILINE))
    assert {name for path, name, _ in ALL if path} - named - headings == set()
    assert {name for path, name, _ in ALL if not path} == headings - {"tls"}


def test_the_sample_shows_the_defaults() -> None:
    models = {".".join(path): TABLES[path].model for path in TABLES}
    shown = 0
    for table, name, text in commented():
        field = keys(models[table])[name]
        if field.is_required() or field.default is None:
            continue
        shown += 1
        value = tomllib.loads(f"v = {text}")["v"]
        plain = list(field.default) if isinstance(field.default, tuple) else field.default
        assert value == ("+" if name == "stations" else plain), f"[{table}] {name}"
    assert shown == 8


def test_everything_in_the_sample_can_be_said(tmp_path: Path) -> None:
    text = re.sub(r"^# (\[|\w+ = )", r"\1", SAMPLE, flags=re.MULTILINE)
    text = text.replace('url = "central.db"', 'url = "postgresql://tramdo@db/tramdo"')
    central = good(tmp_path, text).central
    assert [one.kind for one in central.forwards] == ["stdout", "webhook", "command"]
    assert central.mqtt.share == "receivers"
    assert central.mqtt.tls is not None


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = wrong(
        tmp_path,
        """[mqtt]
hots = "here"
port = 70000
stations = ["can-tho-07", "Cần Thơ", "can-tho-07"]
share = "a/b"
password_file = "password"
[ledgr]
[silence]
after_s = "5 min"
[[forward]]
kind = "webhok"
[[forward]]
kind = "webhook"
[[forward]]
kind = "command"
url = "http://here"
command = []
[[forward]]
kind = "webhook"
url = "alerts.example.vn"
kinds = ["alarm"]
""",
    )
    expected = """\
2: mqtt.hots: unknown key in [mqtt]; allowed: host, port, user, password_file, share,
3: mqtt.port: 70000 is out of range; allowed: TCP port of the broker, 1 to 65535
4: mqtt.stations[2]: "Cần Thơ" is not of the allowed form; allowed: which stations to receive:
4: mqtt.stations[3]: "can-tho-07" stands here twice
5: mqtt.share: "a/b" is not of the allowed form; allowed: name of the group of receivers
6: mqtt.password_file: stands without user; allowed: both, or neither
7: ledgr: unknown key in the file; allowed: mqtt, ledger, keys, forward, silence; did you mean l
9: silence.after_s: "5 min" is not a number; allowed: how long nothing may be heard of a station
11: forward[1].kind: "webhok" is not valid; allowed: how they go: stdout (a line each), webhook
12: forward[2].url: is missing in the [[forward]] of kind "webhook" (begins in line 12)
16: forward[3].url: is nothing for kind "command"; allowed: none
17: forward[3].command: a list is empty, or no list; allowed: the program of a command and its
20: forward[4].url: "alerts.example.vn"; allowed: http://... or https://...
21: forward[4].kinds[1]: "alarm" is not valid; allowed: what goes there, in a list: alert, finding
""".splitlines()
    assert [one[: len(two)] for one, two in zip(found, expected, strict=True)] == expected
    assert found[0].endswith("; did you mean host?")
    assert found[-1].endswith('; did you mean "alert"?')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: mqtt: is missing in the file (begins in line 1); wanted: the broker"),
        ("[mqtt]\nhost = here\n", "2: mqtt.host: host = here: text without quotes"),
        (f"{GOOD}stations = []\n", "3: mqtt.stations: a list is empty, or neither"),
        (f'{GOOD}stations = "tn-01"\n', '3: mqtt.stations: "tn-01" is empty, or neither'),
        (f"{GOOD}[[mqtt.tls]]\n", "3: mqtt.tls: a list is not a table; allowed: encryption, the"),
        (f"{GOOD}[forward]\n", "3: forward: wrong brackets; allowed: [[forward]]"),
        (f'{GOOD}[ledger]\nurl = "mysql://here"\n', '4: ledger.url: "mysql://here"; allowed: a'),
        (f'{GOOD}[ledger]\npassword_file = "p"\n', "4: ledger.password_file: is nothing for SQ"),
    ],
)
def test_what_a_wrong_file_says(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = wrong(tmp_path, text)
    assert problem.startswith(said)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@h/d", "postgres://u@h/d?password=hunter2"],
)
def test_a_password_in_the_url_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    (problem,) = wrong(tmp_path, f'{GOOD}[ledger]\nurl = "{url}"\n')
    assert problem.startswith("4: ledger.url: holds a password")
    assert "hunter2" not in problem


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        centralfile.read(tmp_path / "no.toml")
    file = tmp_path / "latin.toml"
    file.write_bytes(b'[mqtt]\nhost = "C\xe2"\n')
    with pytest.raises(SettingsError, match="the byte e2 is not UTF-8"):
        centralfile.read(file)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("central.db", "{folder}/central.db"),
        ("/var/lib/central.db", "/var/lib/central.db"),
        ("sqlite:////var/lib/central.db", "/var/lib/central.db"),
        ("sqlite:///central.db", "{folder}/central.db"),
        ("postgresql://tramdo@db:5433/t?sslmode=require",) * 2,
    ],
)
def test_where_the_ledger_is(tmp_path: Path, url: str, place: str) -> None:
    loaded = good(tmp_path, f'{GOOD}[ledger]\nurl = "{url}"\n')
    assert opening.url(loaded) == place.format(folder=tmp_path)


def test_the_password_of_the_database_comes_from_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("p@ss/wörd\n")
    secret.chmod(0o600)
    text = '[ledger]\nurl = "postgresql://tramdo@db/t"\npassword_file = "secret"\n'
    loaded = good(tmp_path, GOOD + text)
    assert opening.url(loaded) == "postgresql://tramdo:p%40ss%2Fw%C3%B6rd@db/t"
