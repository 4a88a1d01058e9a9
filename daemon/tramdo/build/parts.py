"""From settings to parts: lines, pollers, rows, journal. Nothing here runs."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tramdo import line
from tramdo.aside import Aside
from tramdo.availability import Availability
from tramdo.board import Board, Row
from tramdo.build.evidence import PortSettings, keeping_unknown, tap_of
from tramdo.clock import now
from tramdo.commands import Commands
from tramdo.credentials import path_of
from tramdo.driver import Kind, Listening
from tramdo.journal import Journal
from tramdo.journal.bounds import MEGABYTE, Bounds
from tramdo.plan import BackOff
from tramdo.polling import Poller, Seat, Sink
from tramdo.port import Dialogue, Line
from tramdo.publisher import Publisher
from tramdo.recording import Recorder
from tramdo.rfc2217 import rfc2217_opener
from tramdo.settings.station import (
    InstrumentSettings,
    Rfc2217Port,
    SerialPort,
    TcpPort,
)
from tramdo.stability import Rest
from tramdo.stationfile import Loaded
from tramdo.transport import Opener, serial_opener, tcp_opener

# An instrument in the state "ok" without a reading for so long has a poller that is stuck.
STALE_PERIODS = 5


def _opener(port: PortSettings) -> Opener:
    match port:
        case SerialPort():
            return serial_opener(
                str(port.path), port.baud, port.format, xonxoff=port.xonxoff, dtr_low=port.dtr_low
            )
        case TcpPort():
            return tcp_opener(port.host, port.tcp_port)
        case Rfc2217Port():
            return rfc2217_opener(port.host, port.tcp_port, port.baud, port.format)


def _gap(port: PortSettings) -> float:
    if port.gap_ms is not None:
        return port.gap_ms / 1000
    return line.silence_seconds(port.baud, port.format)


def line_of(port: PortSettings) -> Line:
    """Return the line of a port, not opened."""
    return Line(name=port.name, opener=_opener(port), gap=_gap(port), settle=port.settle_ms / 1000)


def seat_of(loaded: Loaded, one: InstrumentSettings, on: Line, clock: Callable[[], float]) -> Seat:
    """Return an instrument's place in the turn of its line."""
    driver = loaded.drivers[one.id]
    patience = one.silence_s if isinstance(driver, Listening) else one.timeout_s
    return Seat(
        instrument=one.id,
        driver=driver,
        dialogue=Dialogue(line=on, timeout=patience, clock=clock),
        period=one.period_s,
        back_off=BackOff(first=one.period_s, limit=one.backoff_max_s),
    )


def pollers(
    loaded: Loaded, sink: Sink, clock: Callable[[], float], *, evidence: bool = True
) -> list[Poller]:
    """Return one poller for each port that has instruments.

    `evidence` False: bytes are neither recorded nor kept where nobody understood them.
    """
    made, origin, aside = [], clock(), Aside()
    if evidence:
        sink = keeping_unknown(loaded, sink, aside)
    for port in loaded.station.ports:
        on = line_of(port)
        if evidence:
            on.tap = tap_of(loaded, port, aside)
        users = [one for one in loaded.station.instruments if one.port == port.name]
        seats = [seat_of(loaded, one, on, clock) for one in users]
        if seats:
            made.append(Poller(line=on, seats=seats, sink=sink, origin=origin))
    return made


def rows(loaded: Loaded, lines: list[Poller]) -> dict[str, Row]:
    """Return the board's rows in the order of the station file."""
    seats = {seat.instrument: (poller, seat) for poller in lines for seat in poller.seats}
    return {one.id: _row(loaded, one, *seats[one.id]) for one in loaded.station.instruments}


def _row(loaded: Loaded, one: InstrumentSettings, poller: Poller, seat: Seat) -> Row:
    def schedule() -> dict[str, Any]:
        return {
            "period_s": seat.period,
            "offset_s": round(seat.offset, 3),
            "failures": seat.back_off.failures,
            "back_off_s": seat.back_off.delay,
            "slots_skipped": seat.skipped,
            "worst_lateness_s": round(seat.worst_lateness, 4),
            "stray_bytes_on_line": poller.line.stray,
            "line_back_off_s": poller.back_off.delay,
        }

    return Row(
        instrument=one.id,
        label=one.label,
        kind=one.kind,
        driver=one.driver,
        proof=loaded.drivers[one.id].about.proof,
        port=one.port,
        availability=Availability(since=now().at),
        exchanges=seat.dialogue.exchanges,
        schedule=schedule,
        clock=seat.dialogue.clock,
        stale_after=STALE_PERIODS * seat.period + seat.dialogue.timeout,
    )


def recorders(loaded: Loaded) -> dict[str, Recorder]:
    """Return who decides for each instrument which readings are recorded."""
    return {
        one.id: Recorder(record=one.record, at_least_every=one.record_every_s)
        for one in loaded.station.instruments
    }


def rests(loaded: Loaded) -> dict[str, Rest]:
    """Return who derives the stability of each scale whose protocol does not tell it."""
    return {
        one.id: Rest(window=one.rest_s, d=one.d or Decimal(0))
        for one in loaded.station.instruments
        if one.kind is Kind.SCALE
    }


def journal(loaded: Loaded) -> Journal:
    """Return the journal, not opened; a relative path is relative to the station file."""
    settings = loaded.station.journal
    path = loaded.beside(settings.path)
    days = settings.readings_days
    return Journal(
        path,
        loaded.station.station.id,
        key=path_of(settings.key_file, loaded.folder)
        if settings.key_file
        else path.with_suffix(".key"),
        bounds=Bounds(
            most=settings.max_mb * MEGABYTE,
            readings_for=timedelta(days=days) if days else None,
        ),
    )


def publisher(
    loaded: Loaded,
    journal: Journal,
    board: Board,
    birth: Callable[[], dict[str, Any]],
    commands: Commands,
) -> Publisher | None:
    """Return the publisher, or None where the station has no broker."""
    settings = loaded.station.mqtt
    if settings is None:
        return None
    return Publisher(settings, loaded.folder, journal, board, birth, commands)
