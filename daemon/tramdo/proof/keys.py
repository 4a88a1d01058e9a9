"""A station's Ed25519 key: made once on the station, its public half enrolled at the other end."""

import base64
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tramdo.errors import TramdoError
from tramdo.proof.chain import statement

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class BadKey(TramdoError):
    """A file is no key that may be used: missing, of another kind, or readable by others."""


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what people compare: SHA-256 of the raw key, 16 hex digits in groups of four."""
    digits = hashlib.sha256(key.public_bytes(*_RAW)).hexdigest()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


def public_text(key: Ed25519PublicKey) -> str:
    """Return the raw public key in base64, as birth and export name it."""
    return base64.b64encode(key.public_bytes(*_RAW)).decode()


class Signer:
    """Signs chain values with the station's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()

    @classmethod
    def of(cls, path: Path) -> "Signer":
        """Return the signer of a key file; raises `BadKey`, or `OSError` for a failing disk."""
        try:
            mode = path.stat().st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise BadKey(f"{path} may be read by others ({mode & 0o777:o}); run: chmod 600")
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except (PermissionError, FileNotFoundError, IsADirectoryError) as error:
            raise BadKey(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise BadKey(f"{path}: no private key") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKey(f"{path} is a key of another kind; allowed: Ed25519")
        return cls(key)

    @classmethod
    def made(cls, path: Path) -> "Signer":
        """Make a key file that only its owner may read, on disk before this returns.

        Raises `OSError`.
        """
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(path)
        _sync_folder(path.parent)
        return cls(key)

    def sign(self, station: str, epoch: str, seq: int, link: bytes) -> bytes:
        """Return the signature, 64 bytes, under a chain value."""
        return self._key.sign(statement(station, epoch, seq, link))

    def public_pem(self) -> bytes:
        """Return the public half as it is enrolled at the other end."""
        return self.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def public_text(self) -> str:
        """Return the raw public half in base64, as birth and export name it."""
        return public_text(self.public)

    @property
    def fingerprint(self) -> str:
        """What people compare to know the key."""
        return fingerprint(self.public)


class Verifier:
    """The enrolled public keys of one station: any of them may have signed."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self.keys = tuple(keys)

    @classmethod
    def of(cls, *pems: bytes) -> "Verifier":
        """Return the verifier of public keys in PEM; raises `BadKey`."""
        return cls(_public(pem) for pem in pems)

    def proves(self, station: str, epoch: str, seq: int, link: bytes, signature: bytes) -> bool:
        """Return whether an enrolled key signed this chain value."""
        return any(
            _signed(key, statement(station, epoch, seq, link), signature) for key in self.keys
        )


def _sync_folder(folder: Path) -> None:
    """Bring a new name in a folder to disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("a public key of another kind; allowed: Ed25519")
    return key


def _signed(key: Ed25519PublicKey, what: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, what)
    except InvalidSignature:
        return False
    return True
