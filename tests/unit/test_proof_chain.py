"""The chain, the form in which a signed message travels, and the keys that sign."""

import base64
import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from proofs import day, signer

from tramdo.proof import (
    GENESIS,
    BadKey,
    Link,
    Signer,
    Verifier,
    chained,
    fingerprint,
    sealed,
    statement,
    unsealed,
)

PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


def test_a_chain_value_is_sha_256_over_the_one_before_and_the_message() -> None:
    assert chained(GENESIS, b"abc") == hashlib.sha256(bytes(32) + b"abc").digest()


def test_what_is_signed_names_station_epoch_number_and_chain_value() -> None:
    text = "tramdo head v1\ntn-01\n68a1\n7\n" + "00" * 32 + "\n"
    assert statement("tn-01", "68a1", 7, GENESIS) == text.encode()


@given(st.binary(min_size=64, max_size=64))
def test_a_sealed_message_comes_apart_into_what_it_was_made_of(signature: bytes) -> None:
    wire = sealed(b'{"body":{},"v":1}', signature)
    assert wire == b'{"body":{},"v":1,"sig":"' + base64.b64encode(signature) + b'"}'
    assert unsealed(wire) == (b'{"body":{},"v":1}', signature)
    assert unsealed(sealed(b'{"v":1}', None)) == (b'{"v":1}', None)


@given(st.binary())
def test_any_bytes_are_a_link_or_a_value_error(wire: bytes) -> None:
    with pytest.raises(ValueError):
        Link.of(wire)


def test_a_link_names_what_the_message_says() -> None:
    first, second = (Link.of(row.wire) for row in day().rows[:2])
    assert (first.station, first.epoch, first.seq, first.kind) == ("tn-01", "68a1", 1, "config")
    assert (first.previous, first.body, first.instrument) == (GENESIS, {"n": 1}, "scale-1")
    assert second.previous == first.value(GENESIS)
    assert (first.signature is None, second.signature is None) == (False, True)


def test_an_id_that_contradicts_the_number_is_no_link() -> None:
    wire = day().rows[3].wire
    with pytest.raises(ValueError, match="contradicts"):
        Link.of(wire.replace(b'"seq":4,', b'"seq":5,'))


def test_a_made_key_is_read_again_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "station.key"
    made = Signer.made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Signer.of(path)
    assert again.public_pem() == made.public_pem()
    signature = again.sign("tn-01", "68a1", 7, GENESIS)
    verifier = Verifier.of(signer().public_pem(), made.public_pem())
    assert verifier.proves("tn-01", "68a1", 7, GENESIS, signature)
    for station, epoch, seq, link in (
        ("tn-02", "68a1", 7, GENESIS),
        ("tn-01", "68a2", 7, GENESIS),
        ("tn-01", "68a1", 8, GENESIS),
        ("tn-01", "68a1", 7, b"\x01" * 32),
    ):
        assert not verifier.proves(station, epoch, seq, link, signature)
    assert not Verifier.of(signer().public_pem()).proves("tn-01", "68a1", 7, GENESIS, signature)
    assert not verifier.proves("tn-01", "68a1", 7, GENESIS, b"short")


def test_a_fingerprint_is_four_groups_of_the_raw_keys_hash() -> None:
    raw = base64.b64decode(signer().public_text())
    assert len(raw) == 32
    digits = hashlib.sha256(raw).hexdigest()
    groups = [digits[0:4], digits[4:8], digits[8:12], digits[12:16]]
    assert fingerprint(signer().public) == signer().fingerprint == " ".join(groups)


def test_a_key_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "station.key"
    Signer.made(path)
    path.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        Signer.of(path)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(*PKCS8, serialization.NoEncryption())
    with pytest.raises(BadKey, match="another kind"):
        Signer.of(written(tmp_path / "rsa.key", pem))
    locked = Ed25519PrivateKey.generate().private_bytes(
        *PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    for name, content in (("locked.key", locked), ("empty.key", b""), ("text.key", b"text")):
        with pytest.raises(BadKey, match="no private key"):
            Signer.of(written(tmp_path / name, content))
    with pytest.raises(BadKey, match="No such file"):
        Signer.of(tmp_path / "none.key")
    with pytest.raises(FileNotFoundError):
        Signer.made(tmp_path / "none" / "station.key")
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(BadKey, match="another kind"):
        Verifier.of(public)
    with pytest.raises(BadKey, match="no public key"):
        Verifier.of(b"text")
