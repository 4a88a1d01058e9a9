"""The models: each key documented once, and schema, key table and sample in step with them."""

import json
import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import annotated_types
import jsonschema
import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tramdo.settings.schema import schema, with_key_table, write
from tramdo.settings.station import TABLES, Station, keys

CONFIG = Path(__file__).parents[2] / "config"
SAMPLE = (CONFIG / "station.toml").read_text(encoding="utf-8")
ALL = [(path, name, field) for path in TABLES for name, field in keys(TABLES[path].model).items()]
SMALL: dict[str, Any] = {"station": {"id": "here", "place": "Here"}}
CHECK = {"id": "c", "instrument": "i", "how": "zero", "window": "0.050"}


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
    assert text[:1].isupper()
    assert text.endswith(".")
    assert not re.search(r"\.\s+[A-Z]", text)
    numbers = {float(one) for one in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)}
    assert numbers >= set(bounds(field))
    if path:
        assert ("(default" in text) is not field.is_required()
    if isinstance(field.default, str | int | float) and not isinstance(field.default, Enum):
        assert re.search(rf'\(default "?{re.escape(spelt(field.default))}"?[,;)]', text)


def spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_schema_is_in_step() -> None:
    assert (CONFIG / "station.schema.json").read_text(encoding="utf-8") == schema()


def test_the_key_table_is_in_step() -> None:
    page = (CONFIG / "README.md").read_text(encoding="utf-8")
    assert page == with_key_table(page)
    assert all(f"| `{name}` |" in page for path, name, _ in ALL if path)


def test_both_are_written_into_a_folder(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        "before\n<!-- keys: begin -->stale text<!-- keys: end -->\nafter\n", encoding="utf-8"
    )
    write(tmp_path)
    assert (tmp_path / "station.schema.json").read_text(encoding="utf-8") == schema()
    text = page.read_text(encoding="utf-8")
    assert (text.startswith("before\n"), text.endswith("\nafter\n")) == (True, True)
    assert ("stale text" in text, "| `baud` |" in text) == (False, True)


def test_the_sample_obeys_the_schema() -> None:
    plain = json.loads(json.dumps(tomllib.loads(SAMPLE), default=str))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(plain)
    plain["port"][0]["baud"] = 9
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(schema())).validate(plain)


def commented() -> Iterator[tuple[str, str, str]]:
    """Yield table, key and value of each line that is a key turned into a comment."""
    table = ""
    for line in SAMPLE.split("\n"):
        if heading := re.match(r"\[+([\w.]+)\]", line):
            table = heading[1]
        if pair := re.match(r"# (\w+) = ([^#]*)", line):
            yield table, pair[1], pair[2].strip()


def test_the_sample_names_every_key() -> None:
    named = set(re.findall(r"^(?:# )?(\w+) = ", SAMPLE, re.MULTILINE))
    headings = set(re.findall(r"^\[+(?:\w+\.)?(\w+)\]", SAMPLE, re.MULTILINE))
    assert {name for path, name, _ in ALL if path} - named - headings == set()
    assert {name for path, name, _ in ALL if not path} == headings - {"settings", "tls"}


def test_the_sample_shows_the_defaults() -> None:
    models = {path[0] if path[:1] == ("port",) else ".".join(path): TABLES[path] for path in TABLES}
    models["port"] = TABLES["port", "serial"]
    shown = 0
    for table, name, text in commented():
        field = keys(models[table].model).get(name)
        if field is not None and not field.is_required() and field.default is not None:
            shown += 1
            value = tomllib.loads(f"v = {text}")["v"]
            default = field.default
            plain = list(default) if isinstance(default, tuple) else default
            assert value == plain, f"[{table}] {name}"
    assert shown > 20


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30 s", 30), ("5 min", 300), ("12 h", 43_200), ("7 d", 604_800), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    station = Station.model_validate(SMALL | {"check": [CHECK | {"every": text}]})
    assert station.checks[0].every_s == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "7 w", "-1 d", "0 s", "7 days", "7 d\n", 7, True])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValidationError, match="is no length of time"):
        Station.model_validate(SMALL | {"check": [CHECK | {"every": text}]})


@pytest.mark.parametrize("listen", ["127.0.0.1:8085", "[::1]:1", "tram.local:65535"])
def test_where_the_page_listens(listen: str) -> None:
    assert Station.model_validate(SMALL | {"live": {"listen": listen}}).live.listen == listen


@pytest.mark.parametrize("listen", ["8085", ":8085", "a:0", "a:65536", "::1:80", "a b:1", "a:1\n"])
def test_where_no_page_can_listen(listen: str) -> None:
    with pytest.raises(ValidationError, match="is no host:port"):
        Station.model_validate(SMALL | {"live": {"listen": listen}})


def test_digits_are_kept() -> None:
    station = Station.model_validate(SMALL | {"check": [CHECK]})
    assert str(station.checks[0].window) == "0.050"


@pytest.mark.parametrize("window", [True, "NaN", "inf", "0", "-1", "1,5"])
def test_what_is_no_window(window: object) -> None:
    with pytest.raises(ValidationError):
        Station.model_validate(SMALL | {"check": [CHECK | {"window": window}]})


@pytest.mark.parametrize("period", [True, "inf", 0, "often", 86_401])
def test_what_is_no_period(period: object) -> None:
    with pytest.raises(ValidationError):
        Station.model_validate(SMALL | {"mqtt": {"host": "h", "state_every_s": period}})


def test_a_small_file_has_the_defaults() -> None:
    station = Station.model_validate(SMALL)
    assert (station.ports, station.mqtt) == ((), None)
    assert (station.journal.path, station.live.listen) == ("tramdo.db", "127.0.0.1:8085")


def test_every_table_is_frozen_and_closed() -> None:
    for table in TABLES.values():
        assert issubclass(table.model, BaseModel)
        assert table.model.model_config.get("frozen") is True
        assert table.model.model_config.get("extra") == "forbid"
