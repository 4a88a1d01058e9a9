"""`tramdo-central` as a person meets it: what it prints and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from centrals import Site
from ledgers import upto
from recorded import Station, keys, signer
from typer.testing import CliRunner, Result

from tramdo.proof import Verifier, fingerprint
from tramdo.proof.export import exists, read
from tramdo.proof.walk import prove
from tramdo_central.__main__ import COMMANDS, application
from tramdo_central.ledger import Ledger

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    one = Site(tmp_path, 1883)
    one.write("tn-01")
    return one


def central(*words: object) -> Result:
    asked = [str(one) for one in words]
    return CliRunner().invoke(application(asked), asked, env=WIDE)


def filled(site: Site, work: Callable[[Ledger], object]) -> None:
    with closing(Ledger.open(str(site.folder / "central.db"), keys)) as ledger:
        work(ledger)


def some(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    record, other = Station(), Station("tn-02")
    wires = [*record.many(10), record.add("check"), *record.many(4)]
    ledger.take([*wires[:5], *wires[7:]], now - timedelta(minutes=5))
    ledger.seen("tn-01", now - timedelta(minutes=4), True)
    forged = other.add("check").replace(b'"n":1', b'"n":2')
    ledger.take([forged], now - timedelta(hours=3))
    ledger.silent(now, timedelta(hours=1))


def test_help_names_every_command() -> None:
    said = central("--help").stdout
    assert [name for name in (*COMMANDS, "version") if f" {name} " not in said] == []


def test_a_call_loads_no_more_than_it_needs() -> None:
    for words in (("version",), ("gaps", "--help")):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "tramdo_central", *words],
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
        assert not loaded & {"psycopg", "aiomqtt", "uvicorn", "cryptography.x509"}


def test_a_good_file_is_said_to_be_good(site: Site) -> None:
    done = central("check", site.file)
    assert (done.exit_code, done.stdout) == (
        0,
        f"{site.file}: good. Receives all stations, forwards to 0 targets.\n",
    )


def test_what_is_allowed_and_hardly_meant_is_warned_of(site: Site) -> None:
    site.file.write_text('[mqtt]\nhost = "broker.example.vn"\n[[forward]]\nkind = "stdout"\n')
    done = central("check", site.file)
    assert (done.exit_code, done.stdout.endswith("forwards to 1 target.\n")) == (0, True)
    assert "is the one of the example" in done.stderr
    assert "broker.example.vn is reached unencrypted" in done.stderr
    site.file.write_text('[mqtt]\nhost = "127.0.0.1"\n')
    assert central("check", site.file).stderr == ""


def test_the_version_is_an_option_too() -> None:
    assert central("--version").stdout == central("version").stdout


def test_a_ledger_that_is_not_there_yet(site: Site) -> None:
    done = central("stations", site.file)
    assert done.exit_code == 1
    assert "it is made when `tramdo-central run` first starts" in done.stderr


def test_a_station_that_is_not_enrolled_has_a_row(site: Site) -> None:
    url = str(site.folder / "central.db")
    with closing(Ledger.open(url, lambda _: None, only_enrolled=True)) as ledger:
        ledger.take(Station("tn-09").many(2), datetime.now(UTC))
    row = central("stations", site.file).stdout.splitlines()[1]
    assert (row.split()[0], row.endswith("not enrolled")) == ("tn-09", True)


@pytest.mark.parametrize(
    "words",
    [
        *(("run",), ("check",), ("stations",), ("gaps",), ("findings",)),
        *(("export", "tn-01"), ("import", "x"), ("enrol", "tn-01", "x")),
    ],
)
def test_a_wrong_file_stops_every_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "central.toml"
    file.write_text('[mqtt]\nhots = "here"\n[ledger]\nurl = 5\n')
    done = central(words[0], file, *words[1:])
    assert done.exit_code == 2
    assert f"{file}:2: mqtt.hots: unknown key" in done.stderr
    assert done.stderr.endswith(f"2 problems in {file}\n")
    assert [one.name for one in tmp_path.iterdir()] == ["central.toml"]


def test_stations_in_a_table(site: Site) -> None:
    filled(site, some)
    done = central("stations", site.file)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "station  last heard  online     upto  proven  holes  findings  key",
        "tn-01    4 min ago   online     5     0       2      0         enrolled",
        "tn-02    3 h ago     ?, silent  1     0       0      1         not enrolled",
    ]


def test_stations_as_json(site: Site) -> None:
    filled(site, some)
    found = json.loads(central("stations", site.file, "--json").stdout)
    assert [(one["station"], one["upto"], one["missing"], one["online"]) for one in found] == [
        ("tn-01", 5, 2, True),
        ("tn-02", 1, 0, None),
    ]


def test_gaps(site: Site) -> None:
    filled(site, some)
    lines = central("gaps", site.file).stdout.splitlines()
    assert lines[0].split() == ["station", "epoch", "from", "to", "since"]
    assert lines[1].split()[:4] == ["tn-01", "e1", "6", "7"]
    (one,) = json.loads(central("gaps", site.file, "tn-01", "--json").stdout)
    assert (one["from"], one["to"]) == (6, 7)
    assert central("gaps", site.file, "tn-02").stdout == "No holes.\n"


def test_findings(site: Site) -> None:
    filled(site, some)
    lines = central("findings", site.file).stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[1:5] == ["tn-02", "forged", "e1", "1"]
    (one,) = json.loads(central("findings", site.file, "--json").stdout)
    assert (one["station"], one["finding"], one["seq"]) == ("tn-02", "forged", 1)
    assert central("findings", site.file, "tn-01").stdout == "No findings.\n"


def test_lists_of_a_ledger_that_nobody_made(site: Site) -> None:
    done = central("stations", site.file)
    assert (done.exit_code, "central.db" in done.stderr) == (1, True)
    assert not (site.folder / "central.db").exists()


def test_a_key_is_enrolled(site: Site) -> None:
    key = site.folder / "new.pub"
    key.write_bytes(signer("tn-02").public_pem())
    done = central("enrol", site.file, "tn-02", key)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"tn-02: {fingerprint(signer('tn-02').public)}  in ")
    again = json.loads(central("enrol", site.file, "tn-02", key, "--json").stdout)
    assert again["file"] == str(site.folder / "keys" / "tn-02.pub")
    refused = central("enrol", site.file, "tn-03", key)
    assert (refused.exit_code, "is enrolled for tn-02" in refused.stderr) == (1, True)
    missing = central("enrol", site.file, "tn-03", site.folder / "no.pub")
    assert "no.pub: cannot be read: No such file" in missing.stderr


def test_a_record_goes_out_and_comes_in_exactly_once(site: Site, tmp_path: Path) -> None:
    record = Station()
    wires = [*record.many(600), record.add("check"), *record.many(3)]
    filled(site, lambda ledger: ledger.take(wires, datetime.now(UTC)))
    file = tmp_path / "tn-01.ndjson"
    done = central("export", site.file, "tn-01", "-o", file)
    assert (done.exit_code, done.stdout) == (0, f"{file}: 604 events of tn-01\n")
    report = prove(read(file).record(), Verifier([signer("tn-01").public]), [])
    assert report.whole
    assert read(file).header.key == signer("tn-01").public_text()
    assert central("export", site.file, "tn-01").stdout_bytes.splitlines()[1:-1] == wires

    other = Site(tmp_path / "other", 1883)
    other.folder.mkdir()
    other.write("tn-01")
    done = central("import", other.file, file)
    assert (done.exit_code, done.stdout) == (0, f"{file}: 604 new, 0 known already\n")
    assert json.loads(central("import", other.file, file, "--json").stdout)[0]["repeated"] == 604
    assert other.stored() == wires
    with closing(other.ledger()) as ledger:
        assert upto(ledger) == {"e1": 604}


def test_an_export_is_never_overwritten(site: Site, tmp_path: Path) -> None:
    filled(site, some)
    file = tmp_path / "out"
    file.write_text("precious")
    done = central("export", site.file, "tn-01", "-o", file)
    assert (done.exit_code, file.read_text()) == (1, "precious")
    assert done.stderr == f"{exists(file)}\n"


def test_an_export_of_nobody(site: Site) -> None:
    filled(site, some)
    done = central("export", site.file, "tn-99")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "tn-99: nothing has been heard of it" in done.stderr


def test_what_cannot_be_imported_is_said(site: Site, tmp_path: Path) -> None:
    filled(site, some)
    file = tmp_path / "tn-01.ndjson"
    central("export", site.file, "tn-01", "-o", file)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], b"rubbish\n", *lines[4:-1]]))
    done = central("import", site.file, file, "--anyway")
    assert done.exit_code == 1
    assert "0 new, 12 known already" in done.stdout
    assert "refused: 1; " in done.stdout
    assert "its closing line is missing: the file is cut off" in done.stdout
    done = central("import", site.file, site.file)
    assert (done.exit_code, "its first line is no header" in done.stderr) == (1, True)


def test_an_import_beside_a_running_receiver_says_what_to_do(site: Site, tmp_path: Path) -> None:
    filled(site, some)
    file = tmp_path / "tn-01.ndjson"
    central("export", site.file, "tn-01", "-o", file)
    with closing(Ledger.open(str(site.folder / "central.db"), keys)):
        done = central("import", site.file, file)
        assert (done.exit_code, "in use by a running tramdo-central" in done.stderr) == (1, True)
        assert central("stations", site.file).exit_code == 0


@pytest.mark.parametrize("command", ["run", "stations"])
def test_a_password_that_others_can_read_is_refused_and_not_shown(site: Site, command: str) -> None:
    secret = site.folder / "secret"
    secret.write_text("hunter2")
    secret.chmod(0o644)
    site.url = 'postgresql://u@/d?host=/nowhere"\npassword_file = "secret'
    site.write()
    done = subprocess.run(
        [sys.executable, "-m", "tramdo_central", command, str(site.file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "run: chmod 600" in done.stderr) == (1, True)
    assert "hunter2" not in done.stderr


def test_a_ledger_that_cannot_be_used_ends_the_run_at_once(site: Site) -> None:
    (site.folder / "central.db").write_text("this is no database at all, only text" * 50)
    done = subprocess.run(
        [sys.executable, "-m", "tramdo_central", "run", str(site.file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "central.db: file is not a database" in done.stderr) == (1, True)


def true_export(folder: Path) -> Path:
    """Return an export of 20 events and a signed one."""
    record = Station()
    wires = [*record.many(20), record.add("check")]
    source = Site(folder / "source", 1883)
    source.folder.mkdir()
    source.write("tn-01")
    filled(source, lambda ledger: ledger.take(wires, datetime.now(UTC)))
    file = folder / "tn-01.ndjson"
    assert central("export", source.file, "tn-01", "-o", file).exit_code == 0
    return file


def changed_export(folder: Path) -> Path:
    """Return the same, in which event 6 says another time."""
    file = true_export(folder)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"time":"2026', b'"time":"2025')
    file.write_bytes(b"".join(lines))
    return file


def test_a_file_that_is_not_as_the_station_wrote_it_is_not_taken(
    site: Site, tmp_path: Path
) -> None:
    file = changed_export(tmp_path)
    done = central("import", site.file, file)
    wrong = "it is not as the station wrote it (event e1.6 ALTERED)"
    assert done.exit_code == 1
    assert done.stdout == f"{file}: not taken, {wrong}; --anyway takes it\n"
    assert site.stored() == []
    done = central("import", site.file, file, "--anyway")
    assert f"{file}: 21 new, 0 known already\n  tn-01 " in done.stdout


def test_a_file_of_another_stations_key_is_not_taken(site: Site, tmp_path: Path) -> None:
    file = changed_export(tmp_path)
    (site.folder / "keys" / "tn-01.pub").write_bytes(signer("tn-02").public_pem())
    done = central("import", site.file, file)
    assert done.exit_code == 1
    assert "not taken" in done.stdout
    assert "WRONG KEY" in done.stdout


def test_a_file_that_contradicts_the_ledger_ends_with_1(site: Site, tmp_path: Path) -> None:
    file, other = true_export(tmp_path), Station()
    filled(site, lambda ledger: ledger.take([*other.many(3), other.add(n=99)], datetime.now(UTC)))
    done = central("import", site.file, file)
    assert done.exit_code == 1
    first, finding = done.stdout.splitlines()[:2]
    assert first.startswith(f"{file}: 17 new, 3 known already, 1 contradict what is here")
    assert finding.startswith("  tn-01 ")
    assert any(
        line.startswith("  tn-01 FORK e1.4: two messages") for line in done.stdout.split("\n")
    )
    (told,) = json.loads(central("import", site.file, file, "--json").stdout)
    assert told["findings"] == []
