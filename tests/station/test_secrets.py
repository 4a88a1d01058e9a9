"""No secret leaves its file: not into a log, an event, a message, a page or an error."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from authority import Authority, Pair
from conftest import Broker
from cryptography.hazmat.primitives import serialization
from waiting import until

from station.conftest import Site  # type: ignore[import-not-found]
from tramdo.live import client
from tramdo.settings.station import Tls
from tramdo.tls import context

PASSWORD = "4829-1357-thìa-khoá"  # noqa: S105
PHRASE = "mot-hai-ba-9981"
STATION = "demo-thai-nguyen"


def tramdo(*words: str) -> str:
    """Return everything that a command prints."""
    command = [sys.executable, "-m", "tramdo", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def key_lines(path: Path) -> list[str]:
    """Return what may not be seen of a key: each line of its base64."""
    lines = path.read_text().splitlines()
    return [line for line in lines if len(line) > 20 and not line.startswith("-----")]


def forms(secret: str) -> set[str]:
    """Return how a secret may look where it should not be seen: plain, in JSON, in base64, hex."""
    octets = secret.encode()
    coded = base64.b64encode(octets).decode().rstrip("=")[:-1]
    return {secret, json.dumps(secret)[1:-1], coded, octets.hex(), octets.hex(" ")}


@dataclass
class Guarded:
    """A simulated station with a password and a key, and all that was seen of it."""

    site: Site
    broker: Broker
    authority: Authority
    own: Pair
    folder: Path
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def password(self) -> Path:
        return self.folder / "mqtt.password"

    def settings(self, **more: str) -> None:
        """Write the [mqtt] tables."""
        keys = {"ca_file": str(self.authority.file), **self.own.keys()}
        mqtt = {"user": STATION, "password_file": str(self.password), **more}
        before, _, after = self.site.file.read_text().partition("[mqtt]\n")
        lines = [f'host = "localhost"\nport = {self.broker.port}']
        lines += [f"{key} = '''{value}'''" for key, value in mqtt.items()]
        lines += ["[mqtt.tls]", *(f'{key} = "{value}"' for key, value in keys.items())]
        rest = after[after.index("[journal]") :]
        self.site.file.write_text(f"{before}[mqtt]\n" + "\n".join(lines) + f"\n\n{rest}")

    def look(self) -> None:
        """See what the commands and the interface of a running daemon show."""
        at = self.site.listen
        self.seen["live --json"] = tramdo("live", "--once", "--json", "--at", at)
        self.seen["board"] = str(client.board(at))
        self.seen["instrument"] = str(client.instrument(at, "scale-a"))
        self.seen["stream"] = str(next(iter(client.boards(at))))

    def read_journal(self) -> None:
        for path in self.folder.glob("tramdo.db*"):
            self.seen[path.name] = path.read_bytes().decode(errors="replace")

    @contextmanager
    def daemon(self) -> Iterator[None]:
        log = self.folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tramdo", "run", "--wire", str(self.site.file)],
                stderr=out,
                stdout=out,
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)
            self.seen["log"] = log.read_text(errors="replace")

    @asynccontextmanager
    async def ear(self) -> AsyncIterator[list[str]]:
        """Hear every message, its properties too."""
        given = Tls(ca_file=str(self.authority.file), **self.own.keys())
        made = context(given, self.folder)
        heard: list[str] = []
        async with aiomqtt.Client(
            "localhost",
            self.broker.port,
            username=STATION,
            password=PASSWORD,
            tls_context=made,
            protocol=aiomqtt.ProtocolVersion.V5,
        ) as listener:
            await listener.subscribe("#", qos=1)
            task = asyncio.create_task(_hear(listener, heard))
            yield heard
            task.cancel()
            await asyncio.wait([task])
        self.seen["messages"] = "\n".join(heard)

    def leaks(self, *more: str) -> list[tuple[str, str]]:
        """Return where which secret was seen."""
        secrets = [PASSWORD, PHRASE, *more]
        for path in (*self.folder.rglob("*.key"), *self.folder.rglob("*.locked")):
            secrets += key_lines(path)
        return [
            (where, secret)
            for where, text in self.seen.items()
            for secret in secrets
            if any(form in text for form in forms(secret))
        ]


async def _hear(listener: aiomqtt.Client, heard: list[str]) -> None:
    with suppress(aiomqtt.MqttError):
        async for message in listener.messages:
            payload = bytes(message.payload).decode()  # type: ignore[arg-type]
            heard.append(f"{message.topic} {payload} {message.properties}")


@pytest.fixture
def station(site: Site, broker: Broker) -> Guarded:
    folder = site.file.parent
    authority = Authority(folder)
    server = authority.pair("broker", "localhost")
    users = folder / "users"
    users.touch(0o600)
    command = ["mosquitto_passwd", "-b", str(users), STATION, PASSWORD]
    subprocess.run(command, check=True, capture_output=True)
    broker.kill()
    broker.extra = (
        f"cafile {authority.file}\ncertfile {server.cert}\nkeyfile {server.key}\n"
        f"require_certificate true\npassword_file {users}\nallow_anonymous false\n"
    )
    broker.start()
    made = Guarded(site, broker, authority, authority.pair(STATION), folder)
    made.password.write_text(f"{PASSWORD}\n")
    made.password.chmod(0o600)
    made.settings()
    return made


def _state(station: Guarded) -> str:
    try:
        return str(client.board(station.site.listen)["broker"]["state"])
    except client.NotRunning:
        return "starting"


async def _entered(station: Guarded, wanted: str) -> None:
    async def there() -> bool:
        return await asyncio.to_thread(_state, station) == wanted

    await until(there, wanted, bound=40)


async def test_a_station_at_work_shows_no_secret(station: Guarded) -> None:
    async with station.ear() as heard:
        with station.daemon():
            await _entered(station, "online")
            await until(lambda: any("/ev/reading/" in one for one in heard), "readings", 30)
            await asyncio.to_thread(station.look)
            station.seen["live"] = tramdo("live", "--once", "--at", station.site.listen)
            station.seen["check"] = tramdo("check", str(station.site.file))
            station.read_journal()
    assert station.leaks() == []
    assert "running" in station.seen["log"]
    assert "good. Station" in station.seen["check"]
    assert '"reading"' in station.seen["messages"]
    station.seen["planted"] = repr({"cause": PASSWORD}) + key_lines(station.own.key)[0]
    assert len(station.leaks()) == 2


def _readable_password(station: Guarded) -> None:
    station.password.chmod(0o644)


def _broken_key(station: Guarded) -> None:
    lines = station.own.key.read_text().splitlines()
    station.own.key.write_text("\n".join([lines[0], lines[1][4:], *lines[2:]]))


def _locked_key(station: Guarded) -> None:
    key: Any = serialization.load_pem_private_key(station.own.key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(PHRASE.encode())
    form = serialization.PrivateFormat.PKCS8
    station.own.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))


@pytest.mark.parametrize(
    "spoil",
    [
        _readable_password,
        pytest.param(_broken_key, marks=pytest.mark.soak),
        pytest.param(_locked_key, marks=pytest.mark.soak),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_without_what_it_holds(
    station: Guarded, spoil: Any
) -> None:
    kept = key_lines(station.own.key)
    spoil(station)
    with station.daemon():
        await _entered(station, "tls_failed" if "key" in spoil.__name__ else "fault")
        await asyncio.to_thread(station.look)
        station.read_journal()
    assert station.leaks(*kept, *(line[4:] for line in kept)) == []
    named = station.own.key if "key" in spoil.__name__ else station.password
    assert str(named) in station.seen["live --json"]


async def test_a_broker_that_refuses_the_password_is_told_without_it(station: Guarded) -> None:
    station.password.write_text(PHRASE)
    with station.daemon():
        await until(lambda: _state(station) not in {"starting", "connecting"}, bound=30)
        await asyncio.to_thread(station.look)
        station.read_journal()
    assert station.leaks() == []


@pytest.mark.parametrize("key", ["password", pytest.param("secret", marks=pytest.mark.soak)])
def test_a_password_in_the_station_file_is_refused_unread(station: Guarded, key: str) -> None:
    station.settings(**{key: PASSWORD})
    for command in ("check", "run"):
        said = station.seen[command] = tramdo(command, str(station.site.file))
        assert f"mqtt.{key}: unknown key in [mqtt]; allowed: " in said
        assert ("did you mean password_file?" in said) == (key == "password")
    assert station.leaks() == []


def test_a_key_in_the_station_file_is_refused_unread(station: Guarded) -> None:
    pem = station.own.key.read_text()
    text = station.site.file.read_text()
    station.site.file.write_text(text.replace(f'"{station.own.key}"', f"'''{pem}'''"))
    station.seen["check"] = tramdo("check", str(station.site.file))
    assert station.leaks() == []
