"""`tramdo demo`: broker, instruments and daemon in one process; `tramdo simulate-station`.

The daemon is the real one, on the station file that `config/` ships, over real pseudo-terminals
and sockets; one scale drifts by its MPE in about a minute.
"""

import asyncio
import json
import logging
import signal
import socket
import tempfile
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import aiomqtt
import structlog
import typer
from rich.console import Console
from rich.live import Live

from tramdo import stationfile
from tramdo.live import terminal
from tramdo.station import Station
from tramdo_simulators.broker import embedded
from tramdo_simulators.park import Park

STATION = "station.simulated.toml"
HOME, TCP_PORT, MQTT_PORT, LIVE_PORT = "/tmp/tramdo", 15020, 1883, 8085  # noqa: S108
DRAW_EVERY = 0.25
DAYS_A_SECOND = 0.5

_Seconds = Annotated[float, typer.Option(min=1, help="End by itself after this time.")]
_Once = Annotated[bool, typer.Option("--once", help="End when the first alert has come.")]
_Broker = Annotated[
    int | None, typer.Option("--broker-port", help="Use the broker at this port of the loopback.")
]


def station_text() -> str:
    """Return the station file of the demonstration, as `config/` ships it."""
    return (files("tramdo_simulators") / STATION).read_text()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def _adapted(folder: Path, tcp_port: int, mqtt_port: int, live_port: int) -> str:
    text = station_text().replace(HOME, str(folder))
    for before, after in ((TCP_PORT, tcp_port), (MQTT_PORT, mqtt_port), (LIVE_PORT, live_port)):
        text = text.replace(str(before), str(after))
    return text


def line_of(topic: str, payload: bytes) -> str:
    """Return one MQTT event as a line for people."""
    message = json.loads(payload)
    body: dict[str, Any] = message["body"]
    told = {
        "alert": lambda: f"ALERT {body['alert']}: {body['why']}; {body.get('chart', '')}",
        "check": lambda: _checked(body),
        "availability": lambda: f"{body['before']} -> {body['state']} {body['cause']}",
        "reading": lambda: f"{len(body['readings'])} readings",
    }
    text = told.get(message["kind"], lambda: json.dumps(body))()
    return f"{message['time'][11:19]} {topic.split('/ev/')[1]:24} {text}"


def _checked(body: dict[str, Any]) -> str:
    if "verdict" not in body:
        return f"{body['check']}: {body['phase']}"
    return f"{body['verdict']['why']}; chart: {body['verdict']['control']}"


class Show:
    """What the demonstration prints: MQTT events as they come, and the board below them."""

    def __init__(self, station: Station, port: int) -> None:
        self.station, self.port = station, port
        self.console = Console()
        self.alerted = asyncio.Event()

    async def events(self) -> None:
        """Print a line for each event that the broker delivers."""
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            await client.subscribe("tramdo/v1/+/ev/#", qos=1)
            async for message in client.messages:
                topic = str(message.topic)
                style = "bold red" if "/alert/" in topic else "dim"
                payload = bytes(message.payload)
                self.console.print(line_of(topic, payload), style=style, highlight=False)
                if "/alert/" in topic:
                    self.alerted.set()

    async def board(self) -> None:
        """Draw the board again and again; on something that is no terminal, only at the end."""
        if not self.console.is_terminal:
            await asyncio.Event().wait()
        with Live(console=self.console, auto_refresh=False) as screen:
            while True:
                screen.update(
                    terminal.table(self.station.board.picture(), width=self.console.width),
                    refresh=True,
                )
                await asyncio.sleep(DRAW_EVERY)


async def _demonstrate(seconds: float, broker_port: int | None, *, once: bool) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tramdo-")))
        park = await stack.enter_async_context(Park(folder, days_per_second=DAYS_A_SECOND))
        port = broker_port or _free_port()
        if broker_port is None:
            await stack.enter_async_context(embedded(port))
        file = folder / STATION
        file.write_text(_adapted(folder, park.tcp_port, port, _free_port()))
        station = Station(stationfile.read(file))
        await _run(station, Show(station, port), seconds, once=once)


async def _run(station: Station, show: Show, seconds: float, *, once: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listen = station.settings.live.listen
    show.console.print(f"MQTT on 127.0.0.1:{show.port}; `tramdo live --at {listen}`; Ctrl-C ends.")
    tasks = [asyncio.create_task(one) for one in (station.run(), show.events(), show.board())]
    ends = [asyncio.create_task(stop.wait())]
    if once:
        ends.append(asyncio.create_task(show.alerted.wait()))
    await asyncio.wait([*tasks, *ends], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, *ends):
        task.cancel()
    outcomes = await asyncio.gather(*tasks, *ends, return_exceptions=True)
    if not show.console.is_terminal:
        show.console.print(terminal.table(station.board.picture(), width=show.console.width))
    if failed := [one for one in outcomes if isinstance(one, Exception)]:
        raise failed[0]


def demo(*, seconds: _Seconds = 3600.0, once: _Once = False, broker_port: _Broker = None) -> None:
    """Show the main job with no hardware: five simulated instruments, one of them drifting."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(_demonstrate(seconds, broker_port, once=once))


async def _serve_park(folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Park(folder, days_per_second=DAYS_A_SECOND, tcp_port=TCP_PORT):
        typer.echo(f"instruments in {folder} and at 127.0.0.1:{TCP_PORT}; Ctrl-C ends")
        await stop.wait()


def simulate_station(folder: Annotated[Path, typer.Argument()] = Path(HOME)) -> None:
    """Serve the instruments of config/station.simulated.toml until Ctrl-C."""
    asyncio.run(_serve_park(folder))
