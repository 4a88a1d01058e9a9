"""`tramdo-central trial-keys`, and the broker configuration that config/mosquitto ships."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiomqtt
import pytest
import typer
from conftest import MOSQUITTO, Broker, free_port
from typer.testing import CliRunner

from tramdo import stationfile, tls
from tramdo.errors import PublishRefused
from tramdo.mqtt import Connection
from tramdo.settings.station import Tls
from tramdo_central import trial

SHIPPED = Path(__file__).parents[2] / "config" / "mosquitto"
EVENT = "tramdo/v1/tn-01/ev/check/scale-1"

app = typer.Typer()
app.command()(trial.trial_keys)


def made(folder: Path, *more: str) -> str:
    result = CliRunner().invoke(app, [str(folder), *more])
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def running(folder: Path, config: str, port: int) -> Iterator[int]:
    """Run a mosquitto on a configuration, at a port of ours instead of 8883."""
    file = folder / "run.conf"
    file.write_text(config.replace("8883", str(port)))
    one = Broker(folder, port)
    one.process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        one._wait_until_it_answers()
        yield port
    finally:
        one.kill()


def connection(folder: Path, name: str, port: int) -> Connection:
    given = Tls(ca_file="ca.pem", cert_file=f"{name}.pem", key_file=f"{name}.key")
    return Connection(
        "localhost",
        port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=10,
        tls_context=tls.context(given, folder),
    )


async def prove(folder: Path, port: int) -> None:
    """Let an event reach a central that shares the load, and each try more than its rights."""
    central, station = (connection(folder, name, port) for name in ("central", "tn-01"))
    async with central, station:
        await central.subscribe("$share/ingest/tramdo/v1/+/ev/#", qos=1)
        await station.subscribe("tramdo/v1/tn-01/ack", qos=1)
        await station.send(EVENT, b"event")
        assert (await anext(aiter(central.messages))).payload == b"event"
        await central.send("tramdo/v1/tn-01/ack", b"ack")
        assert (await anext(aiter(station.messages))).payload == b"ack"
        with pytest.raises(PublishRefused, match="0x87"):
            await station.send("tramdo/v1/tn-02/ev/check/scale-1", b"{}")
        with pytest.raises(PublishRefused, match="0x87"):
            await central.send(EVENT, b"{}")


async def test_a_trial_works_as_it_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a trial"
    made(folder)
    with running(folder, (folder / "mosquitto.conf").read_text(), free_port()) as port:
        await prove(folder, port)


async def test_the_shipped_configuration_works(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    made(folder)
    config = (SHIPPED / "tramdo.conf").read_text()
    for before, after in (
        ("/etc/mosquitto/tramdo/tramdo.acl", str(SHIPPED / "tramdo.acl")),
        ("/etc/mosquitto/tramdo", str(folder)),
        ("log_dest syslog", ""),
    ):
        assert before in config
        config = config.replace(before, after)
    (folder / "conf.d").mkdir()
    port = free_port()
    (folder / "conf.d" / "tramdo.conf").write_text(config.replace("8883", str(port)))
    with running(folder, stock(folder), port):
        await prove(folder, port)


DEBIAN = Path("/etc/mosquitto/mosquitto.conf")
# What Debian 12 ships, in its order.
LIKE_DEBIAN = """\
pid_file /run/mosquitto/mosquitto.pid

persistence true
persistence_location /var/lib/mosquitto/

log_dest file /var/log/mosquitto/mosquitto.log

include_dir /etc/mosquitto/conf.d
"""


def stock(folder: Path) -> str:
    """Return the stock file that the shipped one is included by, moved into a folder."""
    text = DEBIAN.read_text() if DEBIAN.exists() else LIKE_DEBIAN
    for place in ("/run/mosquitto", "/var/lib/mosquitto", "/var/log/mosquitto", "/etc/mosquitto"):
        text = text.replace(f" {place}/", f" {folder}/")
    assert f"include_dir {folder}/conf.d" in text
    assert f"persistence_location {folder}/" in text
    return f"{text}\nuser root\n"


def test_the_rights_of_a_trial_are_the_shipped_ones() -> None:
    example = (SHIPPED / "tramdo.acl").read_text()
    shipped = re.sub(r"^# (?=user|topic)", "", example, flags=re.MULTILINE).splitlines()
    ours = [line for line in trial.ACL.splitlines() if line]
    assert [line for line in shipped if line and not line.startswith("#")] == ours
    assert [line for line in ours if line.startswith("pattern")] == [
        "pattern readwrite tramdo/v1/%u/#"
    ]


def test_every_file_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    made(folder)
    files = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(files.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {"ca.key", "broker.key", "central.key", "tn-01.key"} <= files.keys()


def test_what_is_printed_can_be_pasted_and_says_that_it_is_a_trial(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    said = made(folder, "--station", "can-tho-07", "--broker-name", "192.0.2.7")
    assert "FOR A TRIAL ONLY" in said
    table = said.split('"can-tho-07":\n')[1].split("into the file of tramdo-central")[0]
    file = tmp_path / "station.toml"
    file.write_text(f'[station]\nid = "can-tho-07"\nplace = "x"\n{table}')
    settings = stationfile.read(file).station.mqtt
    assert settings is not None
    assert (settings.host, settings.port) == ("192.0.2.7", 8883)
    assert tls.context(settings.tls, Path("/nonexistent")) is not None
    assert "PRIVATE KEY" not in said


def test_several_stations_and_another_port(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    names = ("tn-01", "tn-02", "tn-03")
    said = made(
        folder, *(word for name in names for word in ("--station", name)), "--broker-port", "18883"
    )
    assert {f"{name}.pem" for name in (*names, "central", "reader")} < {
        path.name for path in folder.iterdir()
    }
    assert (folder / "mosquitto.conf").read_text().splitlines()[1] == "listener 18883"
    assert said.count("port = 18883\n") == 4
    assert said.count('port = 18883\npromise = "central"\n') == 3
    assert 'into the file of station "tn-03"' in said


async def test_a_reader_reads_everything_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    made(folder)
    with running(folder, (folder / "mosquitto.conf").read_text(), free_port()) as port:
        reader, station = (connection(folder, name, port) for name in ("reader", "tn-01"))
        async with reader, station:
            await reader.subscribe("tramdo/v1/#", qos=1)
            await station.send(EVENT, b"event")
            assert (await anext(aiter(reader.messages))).payload == b"event"
            with pytest.raises(PublishRefused, match="0x87"):
                await reader.send("tramdo/v1/tn-01/cmd/check", b"{}")


@pytest.mark.parametrize("station", ["central", "reader", "ca", "broker", "../x", "Tn 01"])
def test_a_name_that_no_station_can_have(tmp_path: Path, station: str) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "trial"), "--station", station])
    assert result.exit_code == 1
    assert "no id of a station" in result.output
    assert not (tmp_path / "trial").exists()


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path)])
    assert result.exit_code == 1
    assert "a folder that does not exist yet" in result.output
    assert not list(tmp_path.iterdir())
