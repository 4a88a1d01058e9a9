"""Real parts for the tests: a mosquitto of our own, pseudo-terminals, free TCP ports."""

import os
import shutil
import socket
import subprocess
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from witness import PUBLISHED, Witness

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


@dataclass
class Broker:
    """A mosquitto on the loopback that can be killed and started again.

    At `port` stands a witness in front of it: what passes there is held against the contract.
    """

    folder: Path
    port: int
    extra: str = ""
    process: subprocess.Popen[bytes] | None = None
    witness: Witness | None = None

    def start(self) -> None:
        config, behind = self.folder / "mosquitto.conf", free_port()
        config.write_text(
            f"listener {behind} 127.0.0.1\nallow_anonymous true\nuser root\n{self.extra}\n"
        )
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_until_it_answers(behind)
        self.witness = Witness(self.port)
        self.witness.begin(behind)

    def _wait_until_it_answers(self, port: int | None = None) -> None:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port or self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self.witness is not None:
            self.witness.end()
            self.witness = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if not Path(MOSQUITTO).exists():
        pytest.fail("mosquitto is missing: sudo apt-get install mosquitto mosquitto-clients")
    one = Broker(tmp_path, free_port())
    one.start()
    yield one
    one.kill()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "made_up(*topics): publishes on purpose there what the contract does not know"
    )


@pytest.fixture(autouse=True)
def contract_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold every message that passed a broker of this test against the contract."""
    PUBLISHED.clear()
    yield
    if PUBLISHED:
        from contract import made_up_by, violations  # noqa: PLC0415  half of the tests need none

        found = violations(PUBLISHED, made_up_by(request.node))
        assert not found, "\n".join(found)


@dataclass
class Pty:
    """A pseudo-terminal: the test holds the far end, `link` is the port's stable name."""

    link: Path
    far: int = -1
    near: int = -1

    def plug(self) -> None:
        self.far, self.near = os.openpty()
        tty.setraw(self.far)
        tty.setraw(self.near)
        os.set_blocking(self.far, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.near))

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        for fd in (self.far, self.near):
            if fd >= 0:
                os.close(fd)
        self.far = self.near = -1

    def heard(self) -> bytes:
        try:
            return os.read(self.far, 4096)
        except BlockingIOError:
            return b""


@pytest.fixture
def pty(tmp_path: Path) -> Iterator[Pty]:
    one = Pty(tmp_path / "usb-scale")
    one.plug()
    yield one
    one.unplug()
