"""A serial port behind a network adapter that speaks RFC 2217 (telnet COM port control).

pyserial's client blocks, so one thread reads it and another, for the moment of a write, writes.
"""

import asyncio
from contextlib import suppress
from threading import Thread

import serial
from serial.rfc2217 import Serial as Remote

from tramdo.errors import PortLost
from tramdo.transport import Hear, Lost, Opener, Transport

READ_WAIT = 0.2


class Rfc2217Transport:
    """An open RFC 2217 port; its reader thread ends with it."""

    def __init__(self, port: Remote, hear: Hear, lost: Lost) -> None:
        self._loop = asyncio.get_running_loop()
        self._port, self._hear, self._lost = port, hear, lost
        self._open = True
        self._thread = Thread(target=self._read, name=f"rfc2217 {port.port}", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        why = "connection ended"
        while self._open:
            try:
                chunk = self._port.read(1)
                chunk += self._port.read(self._port.in_waiting) if chunk else b""
            except Exception as error:  # noqa: BLE001  pyserial lets several kinds through
                why = str(error)
                break
            if chunk:
                self._tell(self._hear, chunk, self._loop.time())
        if self._open:
            self._tell(self._lost, PortLost(why))

    def _tell(self, callback: object, *words: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(callback, *words)  # type: ignore[arg-type]

    def write(self, frame: bytes) -> None:
        """Send bytes from a thread; a failure ends the reader, which tells `Lost`."""
        if not self._thread.is_alive():
            raise PortLost("the connection is closed")
        self._loop.run_in_executor(None, self._send, frame)

    def _send(self, frame: bytes) -> None:
        with suppress(OSError, serial.SerialException):
            self._port.write(frame)

    async def close(self) -> None:
        """End the connection and wait for the reader."""
        self._open = False
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._thread.join(timeout=2 * READ_WAIT)
        with suppress(OSError, serial.SerialException):
            self._port.close()


def _connect(url: str, baud: int, form: str, *, dtr_low: bool) -> Remote:
    port = Remote(None, baudrate=baud, timeout=READ_WAIT)
    port.bytesize, port.parity, port.stopbits = int(form[0]), form[1], float(form[2:])
    if dtr_low:
        port.dtr = port.rts = False
    port.port = url
    port.open()
    return port


def rfc2217_opener(
    host: str, tcp_port: int, baud: int, form: str, *, dtr_low: bool = False
) -> Opener:
    """Return what opens the remote port with these line settings."""

    async def opener(hear: Hear, lost: Lost) -> Transport:
        url = f"rfc2217://{host}:{tcp_port}"
        try:
            port = await asyncio.to_thread(_connect, url, baud, form, dtr_low=dtr_low)
        except (OSError, ValueError, serial.SerialException) as error:
            raise PortLost(f"{host}:{tcp_port}: {error}") from error
        return Rfc2217Transport(port, hear, lost)

    return opener
