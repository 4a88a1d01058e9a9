"""From settings to what keeps raw bytes: recordings of lines, and frames nobody understood."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from tramdo.aside import Aside
from tramdo.journal.bounds import MEGABYTE
from tramdo.polling import Sink
from tramdo.port import Tap
from tramdo.reading import Reading
from tramdo.settings.station import Rfc2217Port, SerialPort, TcpPort
from tramdo.stationfile import Loaded
from tramdo.unknown import Source, Unknown
from tramdo.wirefile import WireFile

log = structlog.get_logger()

UNKNOWN = "unknown"
PortSettings = SerialPort | TcpPort | Rfc2217Port


def state_folder(loaded: Loaded) -> Path:
    """Return where the daemon may write: the journal's folder."""
    return loaded.beside(loaded.station.journal.path).parent


def line_name(port: PortSettings) -> str:
    """Return a port's line settings for people, such as "9600 8N1"."""
    return "tcp" if isinstance(port, TcpPort) else f"{port.baud} {port.format}"


def tap_of(loaded: Loaded, port: PortSettings, aside: Aside) -> Tap | None:
    """Return what records a line, begun with its first chunk; None where nothing is to be."""
    if port.record is None:
        return None
    path, most = state_folder(loaded) / port.record, port.record_max_mb * MEGABYTE

    def begin(at: float) -> WireFile:
        named = {"port": port.name, "line": line_name(port)}
        return WireFile(path, **named, start=datetime.now(UTC), origin=at, most=most, tell=_tell)

    return Recorder(begin=begin, aside=aside, tell=_tell).hear


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Passes a line's chunks on to be written; after a hole, told once, a new session begins."""

    begin: Callable[[float], WireFile]
    aside: Aside
    tell: Callable[[str], None]
    _file: WireFile | None = None
    _hole: bool = False
    _told: bool = False

    def hear(self, at: float, sent: bool, octets: bytes) -> None:
        """Take one chunk; `at` in loop time. Never waits."""
        file = self._file = self._file or self.begin(at)
        if file.stopped:
            return
        note = partial(file.note, at, sent, octets, anew=self._hole)
        self._hole = not self.aside.put(note, len(octets))
        if self._hole and not self._told:
            self._told = True
            self.tell(f"{file.path}: is written slower than the line talks; bytes are left out")


def keeping_unknown(loaded: Loaded, sink: Sink, aside: Aside) -> Sink:
    """Return a sink that passes readings on and keeps frames that nobody understood."""
    most = loaded.station.station.unknown_frames
    if not most:
        return sink
    ports = {port.name: port for port in loaded.station.ports}
    unknown = Unknown(
        folder=state_folder(loaded) / UNKNOWN,
        most=most,
        sources={
            one.id: Source(driver=one.driver, port=one.port, line=line_name(ports[one.port]))
            for one in loaded.station.instruments
        },
        aside=aside,
        tell=_tell,
    )

    def keep(reading: Reading) -> None:
        sink(reading)
        if reading.error is None:
            return
        try:
            unknown.take(reading)
        except Exception as error:  # noqa: BLE001  an error of anybody's driver must end no line
            _tell(f"a frame of {reading.instrument} is not kept: {type(error).__name__}: {error}")

    return keep


def _tell(what: str) -> None:
    log.warning("evidence", why=what)
