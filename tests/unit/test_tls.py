"""TLS towards a real mosquitto: what works, and a name and a sentence for what does not."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from authority import DAY, Authority, Pair, guarded
from conftest import Broker, free_port
from cryptography.hazmat.primitives import serialization

from tramdo import tls
from tramdo.credentials import BadCredential
from tramdo.errors import PublishRefused
from tramdo.mqtt import Connection
from tramdo.settings.station import Tls

FIVE = aiomqtt.ProtocolVersion.V5
NEVER = Path("/nonexistent")
OWN = "tramdo/v1/tn-01"
PATTERN = "pattern readwrite tramdo/v1/%u/#\n"


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Our CA")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Other CA")


def settings(authority: Authority, own: Pair | None = None) -> Tls:
    return Tls(ca_file=str(authority.file), **(own.keys() if own else {}))


def connection(port: int, given: Tls, host: str = "localhost", limit: float = 1.0) -> Connection:
    made = tls.context(given, NEVER)
    return Connection(host, port, protocol=FIVE, timeout=limit, tls_context=made)


async def failure(port: int, given: Tls, host: str = "localhost") -> tuple[str, str]:
    """Return what is said of a connection that does not come about."""
    with pytest.raises(aiomqtt.MqttError) as raised:
        async with connection(port, given, host):
            pass
    made = tls.context(given, NEVER)
    return await tls.why(raised.value, host, port, made, tls.own_certificate(given, NEVER))


async def test_the_right_certificate_connects(broker: Broker, ours: Authority) -> None:
    guarded(broker, ours, ours.pair("broker", "localhost"))
    async with connection(broker.port, settings(ours, ours.pair("tn-01")), limit=10) as link:
        await link.subscribe("tramdo/v1/tn-01/ev/#")
        await link.send("tramdo/v1/tn-01/ev/check/scale-1", b"{}")


@pytest.mark.parametrize(
    ("names", "dates", "host", "state", "words"),
    [
        (("localhost",), (-9, -1), "localhost", "certificate_expired", "has expired on 20"),
        (("localhost",), (1, 9), "localhost", "certificate_not_yet_valid", "only from 20"),
        (("b.example", "10.0.0.9"), (-1, 9), "localhost", "certificate_name", "b.example, 10.0.0"),
        (("localhost",), (-1, 9), "127.0.0.1", "certificate_name", "for localhost, not for 127.0"),
    ],
    ids=["expired", "too early", "wrong name", "wrong address"],
)
async def test_a_wrong_certificate_of_the_broker(  # noqa: PLR0917
    broker: Broker,
    ours: Authority,
    names: tuple[str, ...],
    dates: tuple[int, int],
    host: str,
    state: str,
    words: str,
) -> None:
    begins, ends = dates
    server = ours.pair("broker", *names, begins=begins * DAY, ends=ends * DAY)
    guarded(broker, ours, server)
    found, said = await failure(broker.port, settings(ours, ours.pair("tn-01")), host)
    assert found == state, said
    assert words in said
    assert ("clock says" in said) == (state != "certificate_name")


async def test_a_broker_of_an_unknown_authority(
    broker: Broker, ours: Authority, other: Authority
) -> None:
    guarded(broker, other, other.pair("broker", "localhost"))
    state, said = await failure(broker.port, settings(ours, other.pair("tn-01")))
    assert state == "certificate_untrusted"
    assert "comes from Other CA" in said
    assert "ca_file of [mqtt.tls]" in said


async def test_an_authority_that_has_expired_is_told_apart(tmp_path: Path, broker: Broker) -> None:
    late = Authority(tmp_path, "Late CA", begins=-9 * DAY, ends=-DAY)
    guarded(broker, late, late.pair("broker", "localhost"))
    state, said = await failure(broker.port, settings(late, late.pair("tn-01")))
    assert state == "certificate_expired"
    assert said.startswith("an authority above the broker's certificate (broker) has expired")


@pytest.mark.parametrize(
    ("dates", "state", "words"),
    [
        ((-9, -1), "own_certificate_expired", "has expired on 20"),
        ((1, 9), "own_certificate_refused", "valid only from 20"),
    ],
    ids=["expired", "too early"],
)
async def test_an_outdated_certificate_of_our_own(
    broker: Broker, ours: Authority, dates: tuple[int, int], state: str, words: str
) -> None:
    guarded(broker, ours, ours.pair("broker", "localhost"))
    own = ours.pair("tn-01", begins=dates[0] * DAY, ends=dates[1] * DAY)
    found, said = await failure(broker.port, settings(ours, own))
    assert (found, str(own.cert) in said, words in said) == (state, True, True), said


async def test_our_own_certificate_from_another_authority(
    broker: Broker, ours: Authority, other: Authority
) -> None:
    guarded(broker, ours, ours.pair("broker", "localhost"))
    state, said = await failure(broker.port, settings(ours, other.pair("tn-01")))
    assert state == "own_certificate_refused"
    assert "does not trust Other CA" in said


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
async def test_no_certificate_of_our_own(broker: Broker, ours: Authority, version: str) -> None:
    server = ours.pair("broker", "localhost")
    guarded(broker, ours, server, f"tls_version {version}\n")
    state, said = await failure(broker.port, settings(ours))
    assert state == "own_certificate_refused"
    assert "name cert_file and key_file" in said


async def test_a_port_without_tls(broker: Broker, ours: Authority) -> None:
    state, said = await failure(broker.port, settings(ours, ours.pair("tn-01")))
    assert state == "tls_failed"
    assert said.startswith(f"nobody speaks TLS at localhost:{broker.port} (")


async def test_a_broker_that_is_away_is_no_matter_of_tls(broker: Broker, ours: Authority) -> None:
    broker.kill()
    state, said = await failure(broker.port, settings(ours))
    assert (state, "refused" in said) == ("away", True)


async def test_a_good_handshake_is_no_matter_of_tls(broker: Broker, ours: Authority) -> None:
    guarded(broker, ours, ours.pair("broker", "localhost"))
    own = ours.pair("tn-01")
    made = tls.context(settings(ours, own), NEVER)
    error = aiomqtt.MqttError("[code:135] Not authorized")
    found = await tls.why(error, "localhost", broker.port, made, own.cert)
    assert found == ("away", "[code:135] Not authorized")


async def test_without_the_table_nothing_is_asked() -> None:
    found = await tls.why(OSError("no route"), "localhost", free_port(), None, None)
    assert found == ("away", "no route")


async def test_the_knock_is_over_in_three_seconds_and_says_no_mqtt(ours: Authority) -> None:
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=_listen, args=(silent, said), daemon=True).start()
        made = tls.context(settings(ours), NEVER)
        before = datetime.now(UTC)
        port = silent.getsockname()[1]
        found = await tls.why(OSError("lost"), "localhost", port, made, None)
        took = datetime.now(UTC) - before
    assert found == ("away", "lost")
    assert took < timedelta(seconds=4)
    assert said[0].startswith(b"\x16\x03")


def _listen(silent: socket.socket, said: list[bytes]) -> None:
    line, _ = silent.accept()
    with line:
        while heard := line.recv(4096):
            said.append(heard)


async def test_one_pattern_line_gives_a_station_its_own_branch_only(
    broker: Broker, ours: Authority, tmp_path: Path
) -> None:
    rights = tmp_path / "acl"
    rights.write_text(PATTERN)
    server = ours.pair("broker", "localhost")
    guarded(broker, ours, server, f"acl_file {rights}\nallow_anonymous false")
    async with connection(broker.port, settings(ours, ours.pair("tn-01")), limit=10) as link:
        await link.subscribe(f"{OWN}/#")
        await link.send(f"{OWN}/ev/check/scale-1", b"{}")
        with pytest.raises(PublishRefused, match="0x87"):
            await link.send("tramdo/v1/tn-02/ev/check/scale-1", b"{}")


def test_no_table_no_context() -> None:
    assert tls.context(None, NEVER) is None


def test_an_empty_table_trusts_the_system_and_checks_the_name() -> None:
    made = tls.context(Tls(), NEVER)
    assert made is not None
    assert made.check_hostname
    assert made.verify_mode.name == "CERT_REQUIRED"
    assert made.minimum_version.name == "TLSv1_2"


def test_the_key_may_stand_in_the_certificates_file(tmp_path: Path, ours: Authority) -> None:
    pair = ours.pair("tn-01")
    both = tmp_path / "both.pem"
    both.write_bytes(pair.cert.read_bytes() + pair.key.read_bytes())
    both.chmod(0o600)
    assert tls.context(Tls(cert_file="both.pem"), tmp_path) is not None
    both.chmod(0o644)
    with pytest.raises(tls.TlsFault, match="run: chmod 600"):
        tls.context(Tls(cert_file="both.pem"), tmp_path)


def _locked(pair: Pair) -> Path:
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    path = pair.key.with_suffix(".locked")
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
    )
    path.chmod(0o600)
    return path


def test_files_that_cannot_be_used(tmp_path: Path, ours: Authority) -> None:
    pair, another = ours.pair("tn-01"), ours.pair("tn-02")
    garbage = tmp_path / "garbage"
    garbage.write_text("-----BEGIN PRIVATE KEY-----\nMIGHs3cret\n-----END PRIVATE KEY-----\n")
    garbage.chmod(0o600)
    cert, key = str(pair.cert), str(pair.key)
    for given, words in (
        ({"ca_file": "missing"}, "missing does not exist"),
        ({"ca_file": str(tmp_path)}, "is a folder"),
        ({"ca_file": key}, "holds no certificate in PEM"),
        ({"key_file": key}, "key_file stands alone"),
        ({"cert_file": cert}, "holds no private key in PEM; name the file that does in key_file"),
        ({"cert_file": key, "key_file": key}, "holds no certificate in PEM"),
        ({"cert_file": cert, "key_file": cert}, "holds no private key in PEM"),
        ({"cert_file": cert, "key_file": "missing"}, "missing does not exist"),
        ({"cert_file": cert, "key_file": str(another.key)}, "is the key of another certificate"),
        ({"cert_file": cert, "key_file": str(garbage)}, "cannot be used"),
        ({"cert_file": cert, "key_file": str(_locked(pair))}, "locked with a passphrase"),
        ({"cert_file": cert, "key_file": "-----BEGIN s3cret"}, "a secret stands where the path"),
    ):
        with pytest.raises(tls.TlsFault) as raised:
            tls.context(Tls(**given), tmp_path)
        assert words in str(raised.value)
        assert raised.value.state == "tls_failed"
        assert "s3cret" not in str(raised.value)


def test_the_path_of_our_certificate(tmp_path: Path) -> None:
    assert tls.own_certificate(Tls(), tmp_path) is None
    assert tls.own_certificate(Tls(cert_file="a.pem"), tmp_path) == tmp_path / "a.pem"
    with pytest.raises(BadCredential):
        tls.own_certificate(Tls(cert_file="credential:"), tmp_path)


def test_certificates_that_end_soon(tmp_path: Path, ours: Authority) -> None:
    pair, now = ours.pair("tn-01"), datetime.now(UTC)
    given = settings(ours, pair)
    assert tls.expiring(given, tmp_path, now) == []
    assert tls.expiring(given, tmp_path, now + 28 * DAY) == []
    (soon,) = tls.expiring(given, tmp_path, now + 40 * DAY)
    assert soon.startswith(f"{pair.cert}: tn-01 expires on 20")
    assert soon.endswith("in 19 days")
    past, authority = tls.expiring(given, tmp_path, now + 70 * DAY)
    assert past.startswith(f"{pair.cert}: tn-01 has expired on 20")
    assert authority.startswith(f"{ours.file}: Our CA expires on")
    (unread,) = tls.expiring(Tls(ca_file="missing"), tmp_path, now)
    assert unread == f"{tmp_path}/missing does not exist"
    assert tls.expiring(None, tmp_path, now) == []
