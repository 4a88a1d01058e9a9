"""A certificate authority for the tests, with certificates that are right, late, early or wrong."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from conftest import Broker
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    cert: Path
    key: Path

    def keys(self) -> dict[str, str]:
        return {"cert_file": str(self.cert), "key_file": str(self.key)}


@dataclass
class Authority:
    """Signs certificates; `file` is what others trust it by."""

    folder: Path
    name: str = "Test CA"
    begins: timedelta = -DAY
    ends: timedelta = 90 * DAY
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        builder = self._builder(self.name, self.key.public_key(), self.begins, self.ends)
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        self.file = self._signed(builder, self.folder / f"{self.name}.pem")

    def pair(
        self, name: str, *names: str, begins: timedelta = -DAY, ends: timedelta = 60 * DAY
    ) -> Pair:
        """Return a certificate: a server's where it has names, else a client's."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, key.public_key(), begins, ends)
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(list(map(_general, names))), critical=False
            )
            purpose = ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        stem = self.folder / f"{self.name} {name} {begins.days} {ends.days}"
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return Pair(self._signed(builder, Path(f"{stem}.pem")), _written(Path(f"{stem}.key"), pem))

    def _builder(
        self, name: str, public: ec.EllipticCurvePublicKey, begins: timedelta, ends: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(ours, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder, path: Path) -> Path:
        made = builder.sign(self.key, hashes.SHA256())
        return _written(path, made.public_bytes(serialization.Encoding.PEM))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def guarded(broker: Broker, authority: Authority, server: Pair, more: str = "") -> Broker:
    """Start the broker again with mutual TLS; the certificate's name is the user."""
    broker.kill()
    broker.extra = (
        f"cafile {authority.file}\ncertfile {server.cert}\nkeyfile {server.key}\n"
        f"require_certificate true\nuse_identity_as_username true\n{more}\n"
    )
    broker.start()
    return broker
