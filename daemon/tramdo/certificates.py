"""What X.509 certificates say about themselves: whose, from whom, from when until when. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate: its common name, the names it is valid for, its issuer and its dates."""

    name: str
    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime

    def days(self, now: datetime) -> int:
        """Return how many whole days it is still valid; below 0 when it has expired."""
        return (self.ends - now).days


def certificates(pem: bytes) -> list[Certificate]:
    """Return the certificates in a PEM file in their order; raises `ValueError` if none is."""
    from cryptography import x509  # noqa: PLC0415  2.4 MB, for those with TLS

    return [_certificate(one) for one in x509.load_pem_x509_certificates(pem)]


def _certificate(one: "x509.Certificate") -> Certificate:
    return Certificate(
        name=_common(one.subject),
        names=_names(one),
        issuer=_common(one.issuer),
        begins=one.not_valid_before_utc,
        ends=one.not_valid_after_utc,
    )


def _common(name: "x509.Name") -> str:
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _names(one: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *map(str, addresses))
