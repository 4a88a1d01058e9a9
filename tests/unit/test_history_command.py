"""`tramdo history`: the journal is read as it is, and left as it was."""

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import chdir, closing
from pathlib import Path

import pytest
import typer
from defusedxml.ElementTree import fromstring
from histories import INSTRUMENT, POINT, Story, drifting, event, whole
from typer.testing import CliRunner, Result

from tramdo.cli.history import history
from tramdo.errors import JournalError
from tramdo.history.records import KINDS
from tramdo.journal import Store
from tramdo.journal.readonly import events_of

WIDE = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "TZ": "UTC"}
STATION = f"""
[station]
id = "tn-01"
place = "Thái Nguyên"
language = "en"

[[port]]
name = "com"
kind = "serial"
path = "/dev/serial/by-id/usb-1"

[[instrument]]
id = "{INSTRUMENT}"
driver = "mt-sics"
port = "com"
kind = "scale"
unit = "kg"
accuracy_class = "III"
max = 60
e = 0.01
d = 0.005
rules = "oiml-r76-2006"

[[reference]]
id = "w20"
kind = "weight"
value = 20
unit = "kg"
expanded_uncertainty = 0.0003
certificate = "K-1"
valid_until = 2099-12-31

[[check]]
id = "{POINT}"
instrument = "{INSTRUMENT}"
how = "span"
reference = "w20"
window = 0.5
chart = "cusum"

[journal]
path = "j.db"
"""
app = typer.Typer()
app.command()(history)


def tramdo(*words: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in words], env=WIDE)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole().store(tmp_path_factory.mktemp("station") / "j.db")


# ---------------------------------------------------------------- the file


def test_events_of_the_kinds_and_the_instrument_come_in_order(journal: Path) -> None:
    rows = events_of(journal, ("check", "adjustment"), INSTRUMENT)
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)
    assert {row.kind for row in rows} == {"check", "adjustment"}
    assert events_of(journal, KINDS, "pump-02") == []
    assert len(events_of(journal, KINDS, None)) == len(rows) + 1


def test_it_is_read_while_the_daemon_writes(tmp_path: Path) -> None:
    story = Story()
    story.checks(drifting(50, 0.0))
    store = Store(tmp_path / "j.db", "tn-01")
    seen: list[int] = []
    begun = threading.Event()

    def write() -> None:
        for one in story.events:
            store.store([one], ())
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(10)
    while writer.is_alive():
        seen.append(len(events_of(tmp_path / "j.db", KINDS, INSTRUMENT)))
    writer.join()
    assert seen == sorted(seen)
    assert len(events_of(tmp_path / "j.db", KINDS, INSTRUMENT)) == 50
    store.close()


def test_a_copied_file_is_read_and_left_as_it_was(journal: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a copy #1 of 50%.db"
    shutil.copy(journal, copy)
    before = copy.read_bytes()
    assert events_of(copy, KINDS, INSTRUMENT) == events_of(journal, KINDS, INSTRUMENT)
    assert copy.read_bytes() == before


def test_what_only_the_write_ahead_log_has_is_read_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "j.db", "tn-01")
    story = Story()
    story.check("0.001")
    store.store(story.events, ())
    for tail in ("", "-wal"):
        shutil.copy(tmp_path / f"j.db{tail}", tmp_path / f"copy.db{tail}")
    store.close()
    assert len(events_of(tmp_path / "copy.db", KINDS, INSTRUMENT)) == 1


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none\.db: no such file"):
        events_of(tmp_path / "none.db", KINDS, None)
    with pytest.raises(JournalError, match="no such file"):
        events_of(tmp_path, KINDS, None)
    (tmp_path / "text.db").write_text("this is no database" * 100)
    with pytest.raises(JournalError, match=r"text\.db: cannot be read as a journal"):
        events_of(tmp_path / "text.db", KINDS, None)
    with closing(sqlite3.connect(tmp_path / "other.db")) as base:
        base.execute("CREATE TABLE event (seq)")
    with pytest.raises(JournalError, match=r"other\.db is a database but no journal of tramdo"):
        events_of(tmp_path / "other.db", KINDS, None)
    assert {one.name for one in tmp_path.iterdir()} == {"text.db", "other.db"}


def test_a_newer_journal_is_refused(journal: Path, tmp_path: Path) -> None:
    copy = tmp_path / "j.db"
    shutil.copy(journal, copy)
    with closing(sqlite3.connect(copy)) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(JournalError, match="newer tramdo \\(schema 99"):
        events_of(copy, KINDS, None)


# ---------------------------------------------------------------- the command


def test_with_a_journal_no_station_file_is_needed(journal: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", journal, "--language", "en")
    assert done.exit_code == 0, done.stderr
    assert "History of scale-01" in done.stdout
    assert "inferred from the recorded digits" in done.stdout
    assert "INTERRUPTED, not counted" in done.stdout


def test_vietnamese_is_the_default(journal: Path) -> None:
    assert "Lịch sử scale-01" in tramdo(INSTRUMENT, "--journal", journal).stdout


def test_the_station_file_gives_journal_d_chart_and_language(journal: Path, tmp_path: Path) -> None:
    shutil.copy(journal, tmp_path / "j.db")
    (tmp_path / "station.toml").write_text(STATION, encoding="utf-8")
    for words in ((), ("--file", "station.toml")):
        with chdir(tmp_path):
            done = tramdo(INSTRUMENT, *words)
        assert done.exit_code == 0, done.stderr
        assert "d = 0.005 kg (station file)." in done.stdout
        assert "CUSUM chart:" in done.stdout
        assert "Note: 40 checks" in done.stdout  # the journal was kept with another d


def test_without_a_station_file_and_a_journal_it_says_what_is_missing(tmp_path: Path) -> None:
    with chdir(tmp_path):
        done = tramdo(INSTRUMENT)
    assert done.exit_code == 2
    assert "station.toml:1: the file: cannot be read" in done.stderr


def test_an_unknown_instrument_is_told_with_those_there_are(tmp_path: Path) -> None:
    story = whole()
    story.events.append(event("adjustment", story.at, {"instrument": "pump-02"}, "pump-02"))
    path = story.store(tmp_path / "j.db")
    done = tramdo("scale-99", "--journal", path)
    assert (done.exit_code, done.stderr) == (
        2,
        f"no instrument 'scale-99' in {path}; has pump-02, scale-01\n",
    )


def test_an_unknown_point_and_an_unknown_language_are_told(journal: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", journal, "--point", "zero")
    assert (done.exit_code, done.stderr) == (2, f"scale-01 has no point 'zero'; has {POINT}\n")
    done = tramdo(INSTRUMENT, "--journal", journal, "--language", "fr")
    assert (done.exit_code, done.stderr) == (2, "--language fr: allowed: vi, en\n")


def test_a_file_that_is_no_journal_ends_the_command(tmp_path: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", tmp_path / "none.db")
    assert (done.exit_code, done.stderr) == (1, f"{tmp_path / 'none.db'}: no such file\n")


def test_last_limits_what_is_listed(journal: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", journal, "--language", "en", "--last", 3)
    assert sum(" 01:00 +0.0" in one.replace("  ", " ") for one in done.stdout.splitlines()) == 3
    assert "(40 older checks)" in done.stdout


def test_csv_and_json_leave_standard_output_to_themselves(journal: Path) -> None:
    rows = list(
        csv.DictReader(io.StringIO(tramdo(INSTRUMENT, "--journal", journal, "--csv").stdout))
    )
    body = json.loads(tramdo(INSTRUMENT, "--journal", journal, "--json").stdout)
    assert len(rows) == len(body["series"][0]["checks"]) == 43
    assert rows[-1]["at"] == body["series"][0]["checks"][-1]["at"]


def test_pictures_go_into_a_file_or_a_folder(journal: Path, tmp_path: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", journal, "--svg", tmp_path / "one.svg")
    assert (done.exit_code, done.stdout) == (0, "")
    done = tramdo(INSTRUMENT, "--journal", journal, "--svg", tmp_path / "new" / "folder")
    assert done.exit_code == 0
    (drawn,) = (tmp_path / "new" / "folder").iterdir()
    assert drawn.name == f"scale-01-{POINT}.svg"
    assert str(drawn) in done.stderr
    assert fromstring(drawn.read_text("utf-8")) is not None
    assert drawn.read_bytes() == (tmp_path / "one.svg").read_bytes()


def test_several_points_do_not_go_into_one_file(tmp_path: Path) -> None:
    story = Story()
    story.check("0.001")
    story.check("0.001", point="other")
    path = story.store(tmp_path / "j.db")
    done = tramdo(INSTRUMENT, "--journal", path, "--svg", tmp_path / "one.svg")
    assert done.exit_code == 1
    assert f"give a folder, or --point: {POINT}, other" in done.stderr
    done = tramdo(INSTRUMENT, "--journal", path, "--svg", tmp_path / "o.svg", "--point", "other")
    assert done.exit_code == 0


def test_a_place_that_cannot_be_written_is_named(journal: Path) -> None:
    done = tramdo(INSTRUMENT, "--journal", journal, "--svg", "/proc/none/one.svg")
    assert (done.exit_code, "/proc/none/one.svg: " in done.stderr) == (1, True)


def test_other_commands_do_not_pay_for_it() -> None:
    code = "import sys, tramdo.cli.history; print([m for m in sys.modules if m in %r])"
    slow = ["svg", "rich.table", "mpmath", "tramdo.history.series", "tramdo.build", "sqlite3"]
    done = subprocess.run(
        [sys.executable, "-c", code % slow], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"
