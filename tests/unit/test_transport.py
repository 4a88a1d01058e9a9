"""Serial ports on real pseudo-terminals, TCP and RFC 2217 on real sockets."""

import asyncio
import os
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pytest
import serial
import serial.rfc2217
from conftest import Pty, free_port
from waiting import until

from tramdo.errors import PortLost
from tramdo.holders import holders
from tramdo.rfc2217 import rfc2217_opener
from tramdo.transport import serial_opener, tcp_opener


@dataclass
class Ear:
    heard: bytes = b""
    lost: list[PortLost] = field(default_factory=list)

    def hear(self, chunk: bytes, _at: float) -> None:
        self.heard += chunk

    def lose(self, why: PortLost) -> None:
        self.lost.append(why)


async def test_bytes_go_both_ways_over_a_serial_port(pty: Pty) -> None:
    ear = Ear()
    port = await serial_opener(str(pty.link), 9600, "8N1")(ear.hear, ear.lose)
    port.write(b"SI\r\n")
    await until(lambda: pty.heard() == b"SI\r\n" or True)
    os.write(pty.far, b"S S  1 g\r\n")
    await until(lambda: ear.heard == b"S S  1 g\r\n")
    await port.close()


@pytest.mark.parametrize("form", ["8N1", "7E1", "8E1", "8O1", "7E2", "7N2"])
@pytest.mark.parametrize("baud", [1200, 9600, 5787, 115200])
async def test_line_settings_reach_the_port(pty: Pty, baud: int, form: str) -> None:
    port = await serial_opener(str(pty.link), baud, form)(Ear().hear, Ear().lose)
    flags = termios.tcgetattr(pty.near)[2]
    # The kernel's pty driver forces 8 data bits and no parity, so those two are read from
    # pyserial's side in test_what_is_asked_of_pyserial; stop bits survive.
    assert bool(flags & termios.CSTOPB) == (form[2] == "2")
    await port.close()


async def test_a_second_owner_is_refused_and_told_who_holds_the_port(pty: Pty) -> None:
    script = (
        "import serial,sys,time\n"
        f"s=serial.Serial({str(pty.link)!r}, exclusive=True)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(PortLost, match=f"in use by pid {other.pid} "):
        await serial_opener(str(pty.link), 9600, "8N1")(Ear().hear, Ear().lose)
    other.communicate()


async def test_a_missing_port_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PortLost, match="not there: unplugged, or another name"):
        await serial_opener(str(tmp_path / "none"), 9600, "8N1")(Ear().hear, Ear().lose)


async def test_an_unplugged_port_is_lost_and_writing_to_it_is_an_error(pty: Pty) -> None:
    ear = Ear()
    port = await serial_opener(str(pty.link), 9600, "8N1")(ear.hear, ear.lose)
    pty.unplug()
    await until(lambda: ear.lost)
    with pytest.raises(PortLost):
        port.write(b"SI\r\n")
    await port.close()


async def test_replugged_under_another_name_it_is_found_by_its_link(pty: Pty) -> None:
    ear = Ear()
    opener = serial_opener(str(pty.link), 9600, "8N1")
    port = await opener(ear.hear, ear.lose)
    before = os.ttyname(pty.near)
    pty.unplug()
    await until(lambda: ear.lost)
    await port.close()
    taken = [os.openpty()]  # so that the name it had is not free
    pty.plug()
    while os.ttyname(pty.near) == before:  # somebody else has just given it back
        pty.unplug()
        taken.append(os.openpty())
        pty.plug()
    port = await opener(ear.hear, ear.lose)
    os.write(pty.far, b"again")
    await until(lambda: ear.heard == b"again")
    await port.close()
    for fd in chain.from_iterable(taken):
        os.close(fd)


async def test_dtr_is_kept_low_on_close_when_asked(pty: Pty) -> None:
    port = await serial_opener(str(pty.link), 9600, "8N1", dtr_low=True)(Ear().hear, Ear().lose)
    assert not termios.tcgetattr(pty.near)[2] & termios.HUPCL
    await port.close()


async def test_a_peer_that_takes_no_bytes_does_not_block_the_loop(pty: Pty) -> None:
    ear = Ear()
    port = await serial_opener(str(pty.link), 9600, "8N1")(ear.hear, ear.lose)
    flood = bytes(200_000)
    port.write(flood)
    await asyncio.wait_for(asyncio.sleep(0), 1)
    got = b""

    def drained() -> bool:
        nonlocal got
        got += pty.heard()
        return len(got) == len(flood)

    await until(drained)
    await port.close()


async def test_tcp_goes_both_ways_and_its_end_is_told() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    ear = Ear()
    port = await tcp_opener("127.0.0.1", server.getsockname()[1])(ear.hear, ear.lose)
    peer, _ = server.accept()
    port.write(b"ask")
    peer.setblocking(True)
    assert peer.recv(10) == b"ask"
    peer.sendall(b"answer")
    await until(lambda: ear.heard == b"answer")
    peer.close()
    await until(lambda: ear.lost)
    with pytest.raises(PortLost):
        port.write(b"more")
    await port.close()
    server.close()


async def test_a_refused_tcp_port_is_port_lost_with_its_address() -> None:
    port = free_port()
    with pytest.raises(PortLost, match=f"127.0.0.1:{port}: "):
        await tcp_opener("127.0.0.1", port)(Ear().hear, Ear().lose)


def test_what_is_asked_of_pyserial() -> None:
    from tramdo.transport import _configured  # noqa: PLC0415

    port = _configured("/dev/none", 4800, "7E2", xonxoff=True, dtr_low=True)
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (4800, 7, "E", 2)
    assert port.exclusive
    assert port.xonxoff
    assert port.dtr is False
    assert port.rts is False


class Adapter(threading.Thread):
    """A network serial adapter on pyserial's own RFC 2217 server; its line is looped back.

    A pty would not do: it has no modem lines, which the server wants to read.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.serial = serial.serial_for_url("loop://", timeout=0.05)
        self.peer: socket.socket | None = None

    def write(self, data: bytes) -> None:
        assert self.peer is not None
        self.peer.sendall(data)

    def run(self) -> None:
        self.peer, _ = self.server.accept()
        manager = serial.rfc2217.PortManager(self.serial, self)
        threading.Thread(target=self._up, args=(manager,), daemon=True).start()
        while chunk := self._received():
            self.serial.write(b"".join(manager.filter(chunk)))

    def _received(self) -> bytes:
        assert self.peer is not None
        try:
            return self.peer.recv(1024)
        except OSError:
            return b""

    def _up(self, manager: serial.rfc2217.PortManager) -> None:
        try:
            while chunk := self.serial.read(64) or b"\0":
                if chunk != b"\0":
                    self.write(b"".join(manager.escape(chunk)))
        except (OSError, TypeError, serial.SerialException):
            return

    def stop(self) -> None:
        self.server.close()
        if self.peer is not None and self.peer.fileno() >= 0:
            self.peer.shutdown(socket.SHUT_RDWR)
            self.peer.close()


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    one = Adapter()
    one.start()
    yield one
    one.stop()
    one.join(timeout=5)
    one.serial.close()


async def test_rfc2217_goes_both_ways_and_its_end_is_told(adapter: Adapter) -> None:
    ear = Ear()
    port = await rfc2217_opener("127.0.0.1", adapter.port, 4800, "7E1")(ear.hear, ear.lose)
    line = adapter.serial
    assert (line.baudrate, line.bytesize, line.parity, line.stopbits) == (4800, 7, "E", 1)
    port.write(b"SI\r\n")
    await until(lambda: ear.heard == b"SI\r\n")
    adapter.stop()
    await until(lambda: ear.lost)
    await port.close()


async def test_a_refused_rfc2217_port_is_port_lost() -> None:
    port = free_port()
    with pytest.raises(PortLost, match=f"127.0.0.1:{port}: "):
        await rfc2217_opener("127.0.0.1", port, 9600, "8N1")(Ear().hear, Ear().lose)


def test_holders_leaves_out_ourselves(pty: Pty) -> None:
    assert holders(str(pty.link), os.getpid()) == []
