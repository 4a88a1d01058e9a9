"""`tramdo-central trial-keys`: an authority, certificates and a broker's files for a trial."""

import getpass
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tramdo.cli.exits import FAILED, leave
from tramdo.settings.values import NAME

CENTRAL = "central"
READER = "reader"
TAKEN = (CENTRAL, READER, "broker", "ca")
PORT = 8883
PROMISE = 'promise = "central"\n'
Place = tuple[str, int]
AUTHORITY = "tramdo trial authority"
WARNING = """\
FOR A TRIAL ONLY. All keys were made at one place, the authority's among them, and nobody watches
over them: whoever has ca.key can pose as any station. Make real ones with your own authority."""
ACL = f"""\
user {CENTRAL}
topic read tramdo/v1/#
topic write tramdo/v1/+/ack
topic write tramdo/v1/+/cmd/#

user {READER}
topic read tramdo/v1/#

pattern readwrite tramdo/v1/%u/#
"""

_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; made new.")]
_Stations = Annotated[
    list[str] | None,
    typer.Option("--station", help="A station's id; several times for several (default tn-01)."),
]
_Broker = Annotated[str, typer.Option("--broker-name", help="Name or IP address of the broker.")]
_Port = Annotated[
    int, typer.Option("--broker-port", min=1, max=65535, help="TCP port of the broker.")
]
_Days = Annotated[int, typer.Option("--days", min=1, max=90, help="How long all of it is valid.")]


@dataclass(frozen=True, slots=True)
class Authority:
    """A test authority that signs until one moment."""

    key: ec.EllipticCurvePrivateKey
    begins: datetime
    ends: datetime

    def certificate(
        self, name: str, public: ec.EllipticCurvePublicKey, *more: tuple[x509.ExtensionType, bool]
    ) -> x509.Certificate:
        """Return a certificate with the extensions given, each critical or not."""
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = x509.CertificateBuilder(
            subject_name=_named(name),
            issuer_name=_named(AUTHORITY),
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=self.begins,
            not_valid_after=self.ends,
        )
        marks = (x509.SubjectKeyIdentifier.from_public_key(public), False), (ours, False)
        for extension, critical in (*marks, *more):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())


def trial_keys(
    folder: _Folder,
    station: _Stations = None,
    broker_name: _Broker = "localhost",
    broker_port: _Port = PORT,
    days: _Days = 30,
) -> None:
    """Make keys, certificates and a broker's configuration for a trial, never for real use."""
    stations = list(dict.fromkeys(station or ["tn-01"]))
    for name in stations:
        if re.fullmatch(NAME, name) is None or name in TAKEN:
            allowed = f"small letters, digits and hyphens, not {', '.join(TAKEN)}"
            leave(f"--station {name}: no id of a station; allowed: {allowed}", FAILED)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        leave(f"{folder}: {error.strerror}; allowed: a folder that does not exist yet", FAILED)
    broker = broker_name, broker_port
    make(folder.resolve(), stations, broker, days, datetime.now(UTC))
    typer.secho(WARNING, fg="red", bold=True, err=True)
    typer.echo(instructions(folder.resolve(), stations, broker))


def make(folder: Path, stations: Sequence[str], broker: Place, days: int, now: datetime) -> None:
    """Write every file of a trial into a folder; keys and all are readable by their owner only."""
    begins = now - timedelta(hours=1)
    authority = Authority(_new_key(), begins, now + timedelta(days=days))
    root = authority.certificate(AUTHORITY, authority.key.public_key(), *_may_sign())
    _keep(folder / "ca", authority.key, root)
    names = x509.SubjectAlternativeName(list(_general(broker[0])))
    for name, sort, more in (
        ("broker", ExtendedKeyUsageOID.SERVER_AUTH, [(names, False)]),
        *((one, ExtendedKeyUsageOID.CLIENT_AUTH, []) for one in (CENTRAL, READER, *stations)),
    ):
        key = _new_key()
        purpose = (x509.ExtendedKeyUsage([sort]), False)
        made = authority.certificate(name, key.public_key(), purpose, *more)
        _keep(folder / name, key, made)
    _write(folder / "tramdo.acl", ACL)
    _write(folder / "mosquitto.conf", configuration(folder, broker[1]))


def configuration(folder: Path, port: int) -> str:
    """Return a mosquitto.conf that finds everything in the folder and keeps its state there."""
    return f"""\
# Made by tramdo-central trial-keys, for a trial only.
listener {port}
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {folder}/tramdo.acl
persistence true
persistence_location {folder}/
autosave_interval 60
max_queued_messages 10000
user {getpass.getuser()}
"""


def instructions(folder: Path, stations: Sequence[str], broker: Place) -> str:
    """Return what to start, and the tables to paste at both ends."""
    return "\n".join(
        (
            f"made in {folder}. Start the broker:\n\n  mosquitto -c {folder}/mosquitto.conf\n",
            *(
                f'into the file of station "{one}":\n\n{_tables(folder, one, broker, PROMISE)}'
                for one in stations
            ),
            "into the file of tramdo-central:\n",
            _tables(folder, CENTRAL, broker),
            f"a program that only looks on: {READER}.pem and {READER}.key, the same ca.pem",
        )
    )


def _tables(folder: Path, name: str, broker: Place, promise: str = "") -> str:
    host, port = broker
    return f"""\
[mqtt]
host = "{host}"
port = {port}
{promise}
[mqtt.tls]
ca_file = "{folder}/ca.pem"
cert_file = "{folder}/{name}.pem"
key_file = "{folder}/{name}.key"
"""


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _may_sign() -> Iterator[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=True, path_length=0), True
    signs = {"key_cert_sign": True, "crl_sign": True}
    others = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    )
    yield x509.KeyUsage(**signs, **dict.fromkeys(others, False)), True


def _general(broker_name: str) -> Iterator[x509.GeneralName]:
    """Yield the broker's name, and the addresses of the loopback for a broker on this computer."""
    for name in (broker_name, *(("127.0.0.1", "::1") if broker_name == "localhost" else ())):
        try:
            yield x509.IPAddress(ip_address(name))
        except ValueError:
            yield x509.DNSName(name)


def _keep(stem: Path, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> None:
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    _write(stem.parent / f"{stem.name}.key", secret.decode())
    _write(stem.parent / f"{stem.name}.pem", made.public_bytes(pem).decode())


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
