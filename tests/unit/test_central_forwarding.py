"""Alerts on their way: to a real web server, a real program and standard output, at least once."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from tramdo_central.forwarding import Forwarding, Way
from tramdo_central.rows import Untold
from tramdo_central.standing import Standing
from tramdo_central.targets import Alert, Command, Lines, NotTold, Target, Webhook

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
ALL = ("alert", "finding", "silence")


def untold(number: int, kind: str = "alert") -> Untold:
    body = {"body": {"place": "Cần Thơ"}}
    return Untold(number=number, station="tn-01", kind=kind, at=AT, text=f"no {number}", body=body)


class Outbox:
    """A ledger's outbox in memory: each is claimed once, until it is told."""

    def __init__(self, *alerts: Untold) -> None:
        self.waiting = list(alerts)
        self.told: list[int] = []

    async def take(self, most: int) -> list[Untold]:
        some, self.waiting = self.waiting[:most], self.waiting[most:]
        return some

    async def tell(self, numbers: Any) -> None:
        self.told += numbers


@dataclass
class Written:
    """A target that keeps what it takes, and refuses while it is told to."""

    refusing: bool = False
    alerts: list[Alert] = field(default_factory=list)

    async def tell(self, alert: Alert) -> None:
        if self.refusing:
            raise NotTold("not now")
        self.alerts.append(alert)


class Stuck:
    """A target that never answers."""

    async def tell(self, alert: Alert) -> None:
        await asyncio.Event().wait()


def way(target: Target, *kinds: str, name: str = "one") -> Way:
    return Way(target, kinds or ALL, Standing(name, good="told"))


@asynccontextmanager
async def going(outbox: Outbox, *ways: Way) -> AsyncIterator[None]:
    task = asyncio.create_task(Forwarding(outbox.take, outbox.tell, ways).run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_what_every_target_has_taken_is_told() -> None:
    outbox, here, there = Outbox(untold(1), untold(2)), Written(), Written()
    async with going(outbox, way(here), way(there, name="two")):
        await until(lambda: outbox.told == [1, 2])
    assert here.alerts == there.alerts
    assert here.alerts[0] == {
        "number": 1,
        "kind": "alert",
        "station": "tn-01",
        "at": "2026-11-22T08:00:00.000Z",
        "text": "no 1",
        "body": {"body": {"place": "Cần Thơ"}},
    }


async def test_a_target_gets_only_what_it_wants_and_the_rest_is_told_all_the_same() -> None:
    outbox, here = Outbox(untold(1, "silence"), untold(2, "gap"), untold(3)), Written()
    async with going(outbox, way(here, "alert")):
        await until(lambda: outbox.told == [1, 2, 3])
    assert [one["number"] for one in here.alerts] == [3]


async def test_a_stuck_target_delays_no_other_and_nothing_is_told_without_it() -> None:
    outbox, here = Outbox(*map(untold, range(1, 11))), Written()
    async with going(outbox, way(Stuck()), way(here, name="two")):
        await until(lambda: len(here.alerts) == 10)
    assert outbox.told == []


async def test_what_was_refused_is_offered_again() -> None:
    outbox, here = Outbox(untold(1)), Written(refusing=True)
    one = way(here)
    async with going(outbox, one):
        await until(lambda: one.standing.state == "not_told")
        assert (one.standing.cause, outbox.told) == ("not now", [])
        here.refusing = False
        await until(lambda: outbox.told == [1])
    assert one.standing.state == "told"


async def test_a_fault_of_a_target_is_said_and_tried_again() -> None:
    class Broken:
        async def tell(self, alert: Alert) -> None:
            raise RuntimeError("a defect")

    outbox, one, here = Outbox(untold(1)), way(Broken()), Written()
    async with going(outbox, one, way(here, name="two")):
        await until(lambda: one.standing.state == "fault" and here.alerts)
    assert one.standing.cause == "RuntimeError: a defect"


@dataclass
class Web:
    """A server on the loopback that answers as it is told."""

    answers: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@pytest.fixture
def web() -> Iterator[Web]:
    one = Web()
    one.hold.set()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            one.bodies.append(json.loads(self.rfile.read(length)))
            one.hold.wait(10)
            self.send_response(one.answers.pop(0) if one.answers else 204)
            self.send_header("Location", one.url)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    one.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield one
    one.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_webhook_gets_json_until_it_says_2xx(web: Web) -> None:
    outbox, web.answers = Outbox(untold(7)), [503, 302]
    async with going(outbox, way(Webhook(web.url, 5))):
        await until(lambda: outbox.told == [7], bound=20)
    assert [one["number"] for one in web.bodies] == [7, 7, 7]
    assert web.bodies[0]["body"] == {"body": {"place": "Cần Thơ"}}


@pytest.mark.parametrize("code", [301, 400, 404, 500])
async def test_an_answer_that_is_not_2xx_is_no_delivery(web: Web, code: int) -> None:
    web.answers = [code]
    with pytest.raises(NotTold, match=f"answered {code}"):
        await Webhook(web.url, 5).tell({"n": 1})


async def test_a_webhook_that_does_not_answer_in_time(web: Web) -> None:
    web.hold.clear()
    with pytest.raises(NotTold, match="timed out"):
        await Webhook(web.url, 0.1).tell({"n": 1})


async def test_a_webhook_that_nobody_serves() -> None:
    with pytest.raises(NotTold, match="Connection refused"):
        await Webhook("http://127.0.0.1:1/", 1).tell({"n": 1})


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_a_command_gets_json_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = program(f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())")
    await Command(words, 20).tell({"place": "Cần Thơ"})
    assert json.loads(out.read_bytes()) == {"place": "Cần Thơ"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit('no network\\nat all')", "ended with 1: at all"),
        ("raise SystemExit(3)", "ended with 3$"),
        ("import sys; sys.stderr.write('x' * 999_999); sys.exit(1)", "ended with 1: x{200}$"),
    ],
)
async def test_a_command_that_fails(text: str, said: str) -> None:
    with pytest.raises(NotTold, match=said):
        await Command(program(text), 20).tell({})


async def test_a_command_that_reads_nothing_is_no_failure() -> None:
    await Command(program("pass"), 20).tell({"much": "x" * 1_000_000})


async def test_a_command_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    out = tmp_path / "pids"
    script = f"sleep 60 & echo $$ $! > {out}; wait"
    with pytest.raises(NotTold, match="did not end in 1 s"):
        await Command(("sh", "-c", script), 1).tell({})
    pids = out.read_text().split()
    await until(lambda: not any(running(pid) for pid in pids), "both are gone")


def running(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_a_command_that_leaves_something_running_has_ended() -> None:
    async with asyncio.timeout(20):
        await Command(("sh", "-c", "sleep 30 >&2 &"), 20).tell({})


async def test_a_command_that_is_not_there() -> None:
    with pytest.raises(NotTold, match=r"cannot be run: .*No such file"):
        await Command(("/no/such/program",), 1).tell({})


async def test_a_line_says_when_and_what(capfd: pytest.CaptureFixture[str]) -> None:
    await Lines().tell({"at": "2026-11-22T08:00:00.000Z", "text": "tn-01: silence: silent"})
    assert capfd.readouterr().out == "2026-11-22T08:00:00.000Z tn-01: silence: silent\n"
