"""`tramdo export`, `tramdo key` and `tramdo-central verify`, as they are called."""

import json
import shutil
import sqlite3
from contextlib import chdir, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from proofs import Station, exported, signer
from typer.testing import CliRunner, Result

from tramdo.cli.export import export, key
from tramdo.clock import Stamp
from tramdo.events import Event
from tramdo.journal import Store
from tramdo.proof import Signer, Verifier
from tramdo.proof.export import exists, read
from tramdo_central.ledger import Ledger
from tramdo_central.verify_command import verify

STAMP = Stamp(at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC), monotonic=1.0, quality="unknown")
STATION_FILE = """
[station]
id = "tn-01"
place = "here"
"""
OPEN_END = (
    "UNTOUCHED UP TO 9: what the station signed is whole up to there. Events 10 to 12 are not "
    "signed: they may have been changed. Whether events after 12 were cut off cannot be told from "
    "this file; compare with the central (--central) or with a number on paper (--known)."
)

app = typer.Typer()
for command in (export, key, verify):
    app.command()(command)


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a station's folder: its file, its key, its journal of 12 events, its public key."""
    (tmp_path / "station.toml").write_text(STATION_FILE)
    sign = Signer.made(tmp_path / "tramdo.key")
    (tmp_path / "station.pub").write_bytes(sign.public_pem())
    fill(tmp_path / "tramdo.db", sign, 12)
    return tmp_path


def fill(path: Path, sign: Signer | None, count: int) -> None:
    store = Store(path, "tn-01", sign)
    for number in range(count):
        kind = "check" if number % 4 == 0 else "reading"
        store.store([Event(kind=kind, instrument="scale-1", stamp=STAMP, body={"n": number})])
    store.close()


def changed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as base:
        for statement in statements:
            base.execute(statement)
        base.commit()
    return path


def checked(file: Path, *words: object) -> Result:
    return call("verify", file, "--key", file.parent / "station.pub", *words)


def test_an_untouched_journal_is_whole_as_far_as_it_is_signed(folder: Path) -> None:
    result = checked(folder / "tramdo.db")
    assert result.exit_code == 0
    assert "12: 9 reading, 3 check" in result.output
    assert OPEN_END in " ".join(result.output.split())


def test_without_a_key_nobody_vouches_and_it_says_so(folder: Path) -> None:
    result = call("verify", folder / "tramdo.db")
    assert result.exit_code == 1
    assert "nobody has vouched" in " ".join(result.output.split())
    assert "NOT PROVEN: the chain is whole" in result.output
    assert call("verify", folder / "tramdo.db", "--chain-only").exit_code == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE event SET message = CAST(replace(message, ':6}', ':7}') AS BLOB) WHERE seq = 7",
            "ALTERED: event {}.7:",
        ),
        ("DELETE FROM event WHERE seq = 7", "MISSING: event {}.7:"),
        ("UPDATE event SET message = x'00ff' WHERE seq = 7", "DAMAGED: event {}.7:"),
        ("UPDATE event SET message = 7 WHERE seq = 7", "DAMAGED: event {}.7:"),
        ("UPDATE event SET signature = NULL WHERE seq = 5", "UNSIGNED: event {}.5:"),
        ("UPDATE event SET signature = x'00' WHERE seq = 5", "{}.5"),
    ],
)
def test_what_was_done_to_a_journal_is_named_with_its_event(
    folder: Path, statement: str, said: str
) -> None:
    with closing(sqlite3.connect(folder / "tramdo.db")) as base:
        (epoch,) = base.execute("SELECT epoch FROM station").fetchone()
    result = checked(changed(folder / "tramdo.db", statement))
    assert result.exit_code == 1
    assert said.format(epoch) in result.output
    assert "NOT AS THE STATION WROTE IT" in result.output


def test_a_swapped_pair_of_rows_is_reordered(folder: Path) -> None:
    change = "UPDATE event SET seq = {} WHERE seq = {}"
    steps = [change.format(to, seq) for seq, to in ((6, 99), (7, 6), (99, 7))]
    result = checked(changed(folder / "tramdo.db", *steps))
    assert result.exit_code == 1
    assert "REORDERED: events" in result.output


def test_a_restored_old_copy_is_named_against_what_is_known(folder: Path) -> None:
    copy = folder / "copy.db"
    shutil.copyfile(folder / "tramdo.db", copy)
    fill(folder / "tramdo.db", Signer.of(folder / "tramdo.key"), 4)
    with closing(sqlite3.connect(folder / "tramdo.db")) as base:
        seq, link = base.execute("SELECT max(seq), hash FROM event").fetchone()
    known = f"{seq}:{link.hex()}"
    assert checked(folder / "tramdo.db", "--known", known).exit_code == 0
    result = checked(copy, "--known", known)
    assert result.exit_code == 1
    assert "OLD COPY: events" in result.output
    assert "13 to" in result.output


def test_an_old_copy_is_named_against_what_a_ledger_has(folder: Path) -> None:
    copy = folder / "copy.db"
    shutil.copyfile(folder / "tramdo.db", copy)
    fill(folder / "tramdo.db", Signer.of(folder / "tramdo.key"), 4)
    assert call("export", folder / "station.toml", "-o", folder / "all.ndjson").exit_code == 0
    ledger = Ledger.open(str(folder / "central.db"), lambda _: None)
    ledger.take(list(read(folder / "all.ndjson")), STAMP.at)
    ledger.close()
    result = checked(copy, "--central", folder / "central.db")
    assert result.exit_code == 1
    assert "OLD COPY" in result.output
    good = checked(folder / "all.ndjson", "--central", folder / "central.db")
    assert good.exit_code == 0, good.output


def test_an_export_of_a_station_names_its_key_and_verifies(folder: Path) -> None:
    to = folder / "record.ndjson"
    result = call("export", folder / "station.toml", "-o", to)
    assert result.exit_code == 0
    assert result.stderr.endswith("12 events of station tn-01\n")
    assert sorted(one.name for one in folder.glob("record*")) == ["record.ndjson"]
    result = checked(to)
    assert result.exit_code == 0
    assert OPEN_END in " ".join(result.output.split())
    assert read(to).header.key == Signer.of(folder / "tramdo.key").public_text()


def test_an_export_of_a_bare_journal_goes_to_standard_output(folder: Path) -> None:
    result = call("export", folder / "tramdo.db")
    assert result.exit_code == 0
    to = folder / "record.ndjson"
    to.write_bytes(result.stdout_bytes)
    assert checked(to).exit_code == 0
    assert OPEN_END in " ".join(checked(to).output.split())


def test_a_selection_says_that_it_is_one(folder: Path) -> None:
    to = folder / "checks.ndjson"
    result = call("export", folder / "station.toml", "--kinds", "check,alert", "-o", to)
    assert result.exit_code == 0
    assert "A selection" in result.stderr
    result = checked(to)
    assert result.exit_code == 0
    assert "GENUINE AS FAR AS IT GOES" in result.output
    assert "COMPLETE" not in result.output


def test_json_says_all_that_the_page_says(folder: Path) -> None:
    changed(folder / "tramdo.db", "DELETE FROM event WHERE seq IN (6, 7)")
    result = checked(folder / "tramdo.db", "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert (report["good"], report["whole"], report["events"]) == (False, False, 10)
    (finding,) = report["findings"]
    assert (finding["kind"], finding["first"], finding["last"]) == ("missing", 6, 7)
    assert finding["text"].startswith("events ")
    assert json.loads(checked(folder / "tramdo.db", "--json").output)["tail"] == [10, 12]


def test_another_stations_key_is_the_wrong_one_until_the_right_one_is_given_too(
    folder: Path,
) -> None:
    other = folder / "other.pub"
    other.write_bytes(signer(2).public_pem())
    result = call("verify", folder / "tramdo.db", "--key", other)
    assert result.exit_code == 1
    assert "WRONG KEY" in result.output
    assert checked(folder / "tramdo.db", "--key", other).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["none.ndjson"],
        ["tramdo.db", "--key", "none.pub"],
        ["tramdo.db", "--key", "tramdo.key"],
        ["tramdo.db", "--known", "5"],
        ["tramdo.db", "--known", "0:" + "00" * 32],
        ["tramdo.db", "--known", "x:" + "00" * 32],
        ["tramdo.db", "--known", "5:zz"],
        ["tramdo.db", "--known", "9" * 5000 + ":" + "00" * 32],
        [],
    ],
)
def test_wrong_arguments_end_with_2(folder: Path, words: list[str]) -> None:
    with chdir(folder):
        result = call("verify", *words)
    assert result.exit_code == 2
    assert result.stderr


def test_a_file_that_is_no_record_ends_with_1(folder: Path) -> None:
    (folder / "text.txt").write_text("nothing\n")
    result = checked(folder / "text.txt")
    assert result.exit_code == 1
    assert "its first line is no header" in result.stderr
    with closing(sqlite3.connect(folder / "other.db")) as base:
        base.execute("CREATE TABLE x (y)")
        base.commit()
    result = checked(folder / "other.db")
    assert result.exit_code == 1
    assert "no journal" in result.stderr


def test_a_journal_with_a_damaged_page_is_read_as_far_as_it_goes(folder: Path) -> None:
    sign = Signer.of(folder / "tramdo.key")
    fill(folder / "tramdo.db", sign, 200)
    changed(folder / "tramdo.db", "PRAGMA journal_mode=DELETE")
    content = bytearray((folder / "tramdo.db").read_bytes())
    with closing(sqlite3.connect(folder / "tramdo.db")) as base:
        (page,) = base.execute("PRAGMA page_size").fetchone()
    middle = len(content) // page // 2 * page
    content[middle : middle + page] = bytes(page)
    (folder / "tramdo.db").write_bytes(content)
    result = checked(folder / "tramdo.db")
    assert result.exit_code == 1
    assert "NOT AS THE STATION WROTE IT" in result.output or "cannot be read" in result.stderr


def test_names_in_a_file_cannot_write_on_the_terminal(folder: Path) -> None:
    station = Station().events("config")
    station.event("gap", damaged_file_kept_as="\x1b[2J\n")
    station.event("gap", began={"why": "\x1b[2J", "before": {"epoch": "\x1b", "upto": 1}})
    (folder / "station.pub").write_bytes(signer().public_pem())
    (folder / "record.ndjson").write_bytes(exported(station.rows))
    assert "\x1b" not in checked(folder / "record.ndjson").output


def test_the_key_command_prints_what_the_central_needs(folder: Path) -> None:
    result = call("key", folder / "station.toml")
    sign = Signer.of(folder / "tramdo.key")
    assert result.exit_code == 0
    assert result.stdout.encode() == sign.public_pem()
    assert Verifier.of(result.stdout.encode()).keys
    assert sign.fingerprint in result.stderr
    assert "tramdo-central enrol" in result.stderr
    (folder / "tramdo.key").unlink()
    result = call("key", folder / "station.toml")
    assert result.exit_code == 1
    assert "no key yet" in result.stderr


def test_no_private_key_stands_in_an_export(folder: Path) -> None:
    call("export", folder / "station.toml", "-o", folder / "record.ndjson")
    secret = "".join((folder / "tramdo.key").read_text().splitlines()[1:-1])
    assert secret not in (folder / "record.ndjson").read_text()


def test_what_cannot_be_exported_is_said(folder: Path) -> None:
    assert call("export", folder / "none.toml").exit_code == 2
    assert call("export", folder / "tramdo.db", "--kinds", "checks").exit_code == 2
    result = call("export", folder / "tramdo.db", "-o", folder / "tramdo.db")
    assert (result.exit_code, result.stderr) == (1, f"{exists(folder / 'tramdo.db')}\n")
    result = call("export", folder / "tramdo.db", "-o", folder / "none" / "x.ndjson")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    (folder / "tramdo.key").chmod(0o644)
    assert call("export", folder / "station.toml", "-o", folder / "x.ndjson").exit_code == 0
    assert read(folder / "x.ndjson").header.key == ""


def test_a_record_written_while_it_is_exported_ends_where_it_was(folder: Path) -> None:
    store = Store(folder / "tramdo.db", "tn-01", Signer.of(folder / "tramdo.key"))
    rows = call("export", folder / "tramdo.db").stdout_bytes
    store.store([Event(kind="check", instrument="scale-1", stamp=STAMP, body={})])
    (folder / "record.ndjson").write_bytes(rows)
    store.close()
    assert checked(folder / "record.ndjson").exit_code == 0


def known_at(folder: Path, seq: int) -> str:
    with closing(sqlite3.connect(folder / "tramdo.db")) as base:
        (link,) = base.execute("SELECT hash FROM event WHERE seq = ?", [seq]).fetchone()
    return f"{seq}:{link.hex()}"


def test_complete_is_said_only_where_the_end_is_known(folder: Path) -> None:
    known = checked(folder / "tramdo.db", "--known", known_at(folder, 12))
    assert known.exit_code == 0
    assert known.output.endswith(
        "COMPLETE AND UNTOUCHED: this is what the station recorded, and nothing is missing.\n"
    )
    earlier = checked(folder / "tramdo.db", "--known", known_at(folder, 11))
    assert (earlier.exit_code, "COMPLETE" in earlier.output) == (0, False)
    assert json.loads(checked(folder / "tramdo.db", "--json").output)["end"] == "open"


def test_an_end_cut_back_to_a_signed_event_is_not_said_to_be_all(folder: Path) -> None:
    changed(folder / "tramdo.db", "DELETE FROM event WHERE seq > 9")
    result = checked(folder / "tramdo.db")
    assert result.exit_code == 0
    said = " ".join(result.output.split())
    assert "COMPLETE AND UNTOUCHED UP TO 9, which the station signed." in said
    assert "Whether events after 9 were cut off cannot be told from this file" in said
    assert "nothing is missing" not in said


def test_settings_are_no_ledger(folder: Path) -> None:
    result = checked(folder / "tramdo.db", "--central", "central.toml")
    assert result.exit_code == 2
    assert "give the ledger (central.db), not the settings" in result.stderr


def test_an_altered_event_is_named_with_its_line_and_not_vouched_for(folder: Path) -> None:
    to = folder / "record.ndjson"
    call("export", folder / "tramdo.db", "-o", to)
    to.write_bytes(to.read_bytes().replace(b'"n":6', b'"n":7'))
    result = checked(to)
    assert result.exit_code == 1
    assert ".7 (line 8): " in result.output
    assert "vouched for up to 9, but for 1 event below, those after it" in result.output
    assert json.loads(checked(to, "--json").output)["findings"][0]["line"] == 8


def test_at_most_twenty_findings_are_shown(folder: Path) -> None:
    fill(folder / "tramdo.db", Signer.of(folder / "tramdo.key"), 60)
    changed(folder / "tramdo.db", "DELETE FROM event WHERE seq % 2 = 0 AND seq < 60")
    result = checked(folder / "tramdo.db")
    assert result.output.count("MISSING: ") == 20
    assert "\n  and 9 more\n" in result.output


def test_an_export_replaces_no_file(folder: Path) -> None:
    to = folder / "record.ndjson"
    to.write_text("precious")
    result = call("export", folder / "tramdo.db", "-o", to)
    assert (result.exit_code, result.stderr, to.read_text()) == (1, f"{exists(to)}\n", "precious")
