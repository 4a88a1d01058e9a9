"""`tramdo-central run` as a process, between a real broker and stations that we play."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from centrals import Played, Process, Site, played
from conftest import Broker
from ledgers import holes, names, upto
from postgres import cluster, postgres  # noqa: F401
from recorded import Station
from waiting import until

from tramdo.proof.export import Header, write


@pytest.fixture
def site(tmp_path: Path, broker: Broker) -> Site:
    one = Site(tmp_path, broker.port)
    one.write("tn-01", "tn-02")
    return one


async def test_what_was_sent_is_stored_and_acknowledged(site: Site) -> None:
    record = Station()
    wires = [*record.many(40), record.add("check")]
    async with site.running() as central, played(site.port, record) as station:
        await station.send(*wires)
        await until(lambda: station.upto == 41, "an acknowledgement of all")
        await station.send(*wires[:10])
        await station.show("head", record.head())
    assert site.stored() == wires
    assert [line for line in central.said if '"warning"' in line] == []
    assert len(central.said) <= 3


async def test_a_head_proves_the_tail_and_says_what_is_missing(site: Site) -> None:
    record = Station()
    wires = record.many(20)
    async with site.running(), played(site.port, record) as station:
        await station.send(*wires[:15])
        await station.show("head", record.head())
        await until(lambda: station.asked, "a request", bound=20)
        assert (station.asked[0]["from"], station.asked[0]["to"]) == (16, 20)
        await station.send(*wires[15:])
        await until(lambda: station.upto == 20)
    with closing(site.ledger()) as ledger:
        (row,) = ledger.stations()
    assert (row.upto, row.proven, row.highest) == (20, 20, 20)


async def test_a_hole_is_asked_for_and_filled(site: Site) -> None:
    record = Station()
    wires = record.many(60)
    async with site.running(), played(site.port, record) as station:
        await station.send(*wires[:10], *wires[40:])
        await until(lambda: station.upto == 10)
        await until(lambda: station.asked, "a request", bound=20)
        (asked,) = station.asked
        assert {**asked, "id": ""} == {"id": "", "epoch": "e1", "from": 11, "to": 40}
        await station.send(*wires[10:40])
        await until(lambda: station.upto == 60)
    assert site.stored() == wires
    with closing(site.ledger()) as ledger:
        assert holes(ledger) == []


async def resend(station: Played, wires: list[bytes]) -> None:
    """Send what is not acknowledged, again and again, as a station does."""
    while station.upto < len(wires):
        start = max(station.upto, 0)
        await station.send(*wires[start : start + 50])


async def test_killed_again_and_again_it_loses_nothing_and_keeps_nothing_twice(site: Site) -> None:
    record = Station()
    wires = record.many(600)
    async with played(site.port, record) as station:
        sending = asyncio.create_task(resend(station, wires))
        for more in (100, 200, 300):
            async with site.running() as central:
                await until(lambda more=more: station.upto >= more, bound=30)  # type: ignore[misc]
                await central.kill()
        async with site.running():
            await asyncio.wait_for(sending, 60)
    assert site.stored() == wires
    with closing(site.ledger()) as ledger:
        assert (names(ledger), holes(ledger), upto(ledger)) == ([], [], {"e1": 600})


async def test_a_broker_that_is_killed_is_found_again(site: Site, broker: Broker) -> None:
    record = Station()
    async with site.running() as central:
        async with played(site.port, record) as station:
            await station.send(*record.many(5))
            await until(lambda: station.upto == 5)
        broker.kill()
        await until(lambda: central.is_in("broker", "away"), "away")
        broker.start()
        await central.online()
        async with played(site.port, record) as station:
            await station.send(*record.many(5))
            await until(lambda: station.upto == 10)
    assert site.stored() == record.wires


@pytest.fixture
def web() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve on the loopback; keep what is posted."""
    bodies: list[dict[str, Any]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies
    server.shutdown()
    thread.join()
    server.server_close()


async def test_an_alert_goes_to_every_target(
    site: Site, web: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    url, bodies = web
    out = tmp_path / "told"
    append = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')"
    words = json.dumps([sys.executable, "-c", append, str(out)])
    site.more = (
        '[[forward]]\nkind = "webhook"\nurl = "http://127.0.0.1:1/nobody"\n'
        f'[[forward]]\nkind = "webhook"\nurl = "{url}"\n'
        f'[[forward]]\nkind = "command"\ncommand = {words}\n'
        '[[forward]]\nkind = "stdout"\nkinds = ["alert", "gap"]\n'
    )
    site.write()
    record = Station()
    async with site.running() as central, played(site.port, record) as station:
        await station.send(record.add(), record.add("alert", n=1, alert="exceeds"))
        await until(lambda: bodies and out.exists() and central.lines, "three targets")
        await until(lambda: central.is_in("forward 1 (webhook)", "not_told"))
        await station.send(record.add("gap", n=1))
        await until(lambda: len(central.lines) == 2)
    assert [(one["kind"], one["body"]["body"]["alert"]) for one in bodies] == [("alert", "exceeds")]
    assert json.loads(out.read_text())["body"]["id"] == "tn-01.e1.2"
    assert "tn-01 scale-1: alert {" in central.lines[0]


def silences(central: Process) -> list[str]:
    return [line.split(" ", 2)[2].strip() for line in central.lines]


async def test_a_station_that_the_broker_has_lost_is_an_alert_and_so_is_its_return(
    site: Site,
) -> None:
    site.more = '[[forward]]\nkind = "stdout"\n'
    site.write()
    record = Station()
    async with site.running() as central:
        async with played(site.port, record, mortal=True) as station:
            await station.born()
            await station.send(*record.many(3))
            await until(lambda: station.upto == 3)
            await station.break_off()
        await until(lambda: central.lines, "an alert of silence", bound=20)
        assert silences(central)[0].startswith("nothing heard since ")
        async with played(site.port, record) as station:
            await station.born(2)
            await until(lambda: len(central.lines) == 2, "an alert of its return", bound=20)
        assert silences(central)[1].startswith("back, silent since ")


async def test_a_station_of_which_nothing_is_heard_is_an_alert(site: Site) -> None:
    site.more = '[[forward]]\nkind = "stdout"\n[silence]\nafter_s = 2\n'
    site.write()
    record = Station()
    async with site.running() as central, played(site.port, record) as station:
        await station.send(*record.many(3))
        await until(lambda: central.lines, "an alert of silence", bound=20)
        assert silences(central)[0].startswith("nothing heard since ")
        await station.send(record.add())
        await until(lambda: len(central.lines) >= 2, "an alert of its return", bound=20)
        assert silences(central)[1].startswith("back, silent since ")


async def grows(station: Played) -> None:
    """Wait until more of a station is acknowledged, or all."""
    before = min(station.upto, 399)
    await until(lambda: station.upto > before, "more", bound=30)


async def test_receivers_of_a_group_share_the_events_and_one_may_die(
    site: Site,
    postgres: str,  # noqa: F811
) -> None:
    site.url, site.mqtt = postgres, 'share = "all"'
    site.write()
    record, other = Station("tn-01"), Station("tn-02")
    wires, more = record.many(400), other.many(400)
    async with (
        site.running(),
        played(site.port, record) as first,
        played(site.port, other) as second,
    ):
        sending = asyncio.gather(resend(first, wires), resend(second, more))
        for _ in range(2):
            async with site.running() as mortal:
                await grows(first)
                await mortal.kill()
        await asyncio.wait_for(sending, 60)
        await until(lambda: first.upto == second.upto == 400)
    assert (site.stored("tn-01"), site.stored("tn-02")) == (wires, more)


async def test_what_comes_by_stick_while_it_is_stopped_is_acknowledged_when_it_runs(
    site: Site, tmp_path: Path
) -> None:
    record = Station()
    wires = [*record.many(30), record.add("check")]
    async with site.running(), played(site.port, record) as station:
        await station.send(*wires[:10])
        await until(lambda: station.upto == 10)
    stick = tmp_path / "stick.ndjson"
    with stick.open("wb") as out:
        write(out, Header(station="tn-01", made="2026-11-22T09:00:00Z", version="0"), wires)
    command = (sys.executable, "-m", "tramdo_central", "import", str(site.file), str(stick))
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    assert (child.returncode, said.decode()) == (0, f"{stick}: 21 new, 10 known already\n")
    async with site.running(), played(site.port, record) as station:
        await until(lambda: station.upto == 31)


async def test_an_encrypted_broker_that_is_not_trusted_is_a_named_state(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    site.mqtt = '[mqtt.tls]\nca_file = "ca.crt"'
    site.write()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tramdo_central", "run", str(site.file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    one = Process(child)
    one.listen()
    await until(lambda: one.is_in("broker", "tls_failed"), bound=20)
    assert await one.stop() == 0
