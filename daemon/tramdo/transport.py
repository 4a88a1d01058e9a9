"""Bytes in and out of a serial port or a TCP connection; every way to lose it is `PortLost`.

pyserial opens and configures; reading and writing go through the event loop on the bare
descriptor, because the known asyncio wrappers accept writes after an unplug without a word.
"""

import asyncio
import os
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import serial

from tramdo.errors import PortLost
from tramdo.holders import holders

Hear = Callable[[bytes, float], None]
Lost = Callable[[PortLost], None]
CHUNK = 4096


class Transport(Protocol):
    """An open line; bytes that arrive go to `Hear` with their loop time, its end to `Lost`."""

    def write(self, frame: bytes) -> None:
        """Send or queue bytes; raises `PortLost`."""
        ...

    async def close(self) -> None:
        """Give the line back; safe to call twice."""
        ...


Opener = Callable[[Hear, Lost], Awaitable[Transport]]


class SerialTransport:
    """A serial port on the event loop."""

    def __init__(self, port: serial.Serial, hear: Hear, lost: Lost) -> None:
        self._loop = asyncio.get_running_loop()
        self._port, self._hear, self._lost = port, hear, lost
        self._fd: int | None = port.fileno()
        self._unsent = b""
        self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        if self._fd is None:
            return
        try:
            chunk = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(f"read failed: {error.strerror}")
            return
        if chunk:
            self._hear(chunk, self._loop.time())
        else:
            self._end("unplugged")

    def write(self, frame: bytes) -> None:
        """Send or queue bytes; raises `PortLost`."""
        if self._fd is None:
            raise PortLost("the port is closed")
        self._unsent += frame
        self._writable()

    def _writable(self) -> None:
        if self._fd is None:
            return
        try:
            self._unsent = self._unsent[os.write(self._fd, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._end(f"write failed: {error.strerror}")
            raise PortLost(f"write failed: {error.strerror}") from error
        if self._unsent:
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)

    def _flush(self) -> None:
        with suppress(PortLost):  # `Lost` has been told
            self._writable()

    def _end(self, why: str) -> None:
        self._release()
        self._lost(PortLost(why))

    def _release(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = None

    async def close(self) -> None:
        """Give the port back, in a thread: closing may wait for bytes that nobody takes."""
        self._release()
        with suppress(OSError, termios.error):
            await asyncio.to_thread(self._port.close)


def _configured(path: str, baud: int, form: str, *, xonxoff: bool, dtr_low: bool) -> serial.Serial:
    port = serial.Serial(
        baudrate=baud,
        bytesize=int(form[0]),
        parity=form[1],
        stopbits=float(form[2:]),
        timeout=0,
        write_timeout=0,
        xonxoff=xonxoff,
        exclusive=True,
    )
    port.port = path
    if dtr_low:
        port.dtr = port.rts = False
    return port


def _keep_low_on_close(fd: int) -> None:
    settings = termios.tcgetattr(fd)
    settings[2] &= ~termios.HUPCL
    termios.tcsetattr(fd, termios.TCSANOW, settings)


def _open(path: str, baud: int, form: str, *, xonxoff: bool, dtr_low: bool) -> serial.Serial:
    port = _configured(path, baud, form, xonxoff=xonxoff, dtr_low=dtr_low)
    try:
        port.open()
        if dtr_low:
            _keep_low_on_close(port.fileno())
    except (OSError, ValueError, termios.error) as error:
        port.close()
        raise PortLost(_why(path, error)) from error
    return port


_MEANINGS = {
    "No such file": "is not there: unplugged, or another name (see `tramdo ports`)",
    "ermission denied": "cannot be opened: permission denied; add this user to the group dialout",
    "Inappropriate ioctl": "is no serial port",
    "Is a directory": "is no serial port",
    "Invalid argument": "does not take this line setting",
}


def _why(path: str, error: Exception) -> str:
    text = str(error)
    for said, meaning in _MEANINGS.items():
        if said in text:
            return f"{path} {meaning}"
    if others := holders(path, os.getpid()):
        return f"{path} is in use by {', '.join(others)}"
    if "exclusively lock" in text:
        return f"{path} is in use by another program, perhaps of another user"
    return f"{path}: {text}"


def serial_opener(
    path: str, baud: int, form: str, *, xonxoff: bool = False, dtr_low: bool = False
) -> Opener:
    """Return what opens that serial port, resolved anew each time so that a replug is found."""

    async def opener(hear: Hear, lost: Lost) -> Transport:
        port = await asyncio.to_thread(_open, path, baud, form, xonxoff=xonxoff, dtr_low=dtr_low)
        return SerialTransport(port, hear, lost)

    return opener


class _TcpProtocol(asyncio.Protocol):
    def __init__(self, hear: Hear, lost: Lost) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear, self._lost = hear, lost

    def data_received(self, data: bytes) -> None:
        self._hear(data, self._loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(PortLost(f"connection ended: {exc or 'closed by the other side'}"))


class TcpTransport:
    """A TCP connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, frame: bytes) -> None:
        """Send or queue bytes; raises `PortLost`."""
        if self._transport.is_closing():
            raise PortLost("the connection is closed")
        self._transport.write(frame)

    async def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()


def tcp_opener(host: str, tcp_port: int, patience: float = 5.0) -> Opener:
    """Return what connects to host and port within `patience` seconds."""

    async def opener(hear: Hear, lost: Lost) -> Transport:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience):
                transport, _ = await loop.create_connection(
                    lambda: _TcpProtocol(hear, lost), host, tcp_port
                )
        except TimeoutError as error:
            raise PortLost(f"{host}:{tcp_port}: no answer in {patience:g} s") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name such as "scale..site"
            number = getattr(error, "errno", None)
            why = os.strerror(number).lower() if number and number > 0 else error
            raise PortLost(f"{host}:{tcp_port}: {why}") from error
        return TcpTransport(transport)

    return opener
