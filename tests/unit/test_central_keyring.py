"""Which keys count for which station, and what may be enrolled."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from recorded import signer
from structlog.testing import capture_logs

from tramdo.proof import BadKey, Signer, fingerprint
from tramdo_central.keyring import LOOK_EVERY, Keyring, NotEnrolled, enrol

PEM = signer("tn-01").public_pem()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += LOOK_EVERY


def signed_by(keyring: Keyring, station: str, name: str) -> bool:
    verifier = keyring(station)
    link = bytes(32)
    signature = signer(name).sign(station, "e", 1, link)
    return verifier is not None and verifier.proves(station, "e", 1, link, signature)


def test_a_key_counts_for_its_station_and_for_no_other(tmp_path: Path) -> None:
    path, shown = enrol(tmp_path / "keys", "tn-01", PEM)
    assert (path.name, shown) == ("tn-01.pub", fingerprint(signer("tn-01").public))
    keyring = Keyring(tmp_path / "keys")
    assert signed_by(keyring, "tn-01", "tn-01")
    assert not signed_by(keyring, "tn-01", "tn-02")
    assert keyring("tn-0") is None
    assert keyring("../keys/tn-01") is None


def test_several_keys_of_a_station_count(tmp_path: Path) -> None:
    enrol(tmp_path, "tn-01", PEM)
    enrol(tmp_path, "tn-01", signer("new").public_pem(), "2027")
    keyring = Keyring(tmp_path)
    assert signed_by(keyring, "tn-01", "tn-01")
    assert signed_by(keyring, "tn-01", "new")
    assert keyring("tn-01.2027") is None


def test_changes_are_seen_without_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    keyring = Keyring(tmp_path / "keys", clock)
    assert keyring("tn-01") is None
    path, _ = enrol(tmp_path / "keys", "tn-01", PEM)
    clock.later()
    assert signed_by(keyring, "tn-01", "tn-01")
    path.write_bytes(signer("new").public_pem() + b"\n")
    clock.later()
    assert signed_by(keyring, "tn-01", "new")
    assert not signed_by(keyring, "tn-01", "tn-01")
    path.unlink()
    clock.later()
    assert keyring("tn-01") is None


def test_a_damaged_file_is_said_once_and_the_others_count(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "tn-01.pub").write_text("garbage")
    enrol(tmp_path, "tn-01", PEM, "good")
    keyring = Keyring(tmp_path, clock)
    with capture_logs() as said:
        assert signed_by(keyring, "tn-01", "tn-01")
        clock.later()
        assert signed_by(keyring, "tn-01", "tn-01")
    assert [(one["file"], one["why"]) for one in said] == [("tn-01.pub", "no public key in PEM")]


def test_nothing_is_replaced(tmp_path: Path) -> None:
    path, _ = enrol(tmp_path, "tn-01", PEM)
    assert enrol(tmp_path, "tn-01", PEM)[0] == path
    with pytest.raises(NotEnrolled, match=r"holds another key of tn-01 already.*--label"):
        enrol(tmp_path, "tn-01", signer("new").public_pem())
    assert path.read_bytes() == PEM


def test_a_key_of_two_stations_is_refused(tmp_path: Path) -> None:
    enrol(tmp_path, "tn-01", PEM)
    with pytest.raises(NotEnrolled, match="is enrolled for tn-01; a station makes its own"):
        enrol(tmp_path, "tn-02", PEM)


@pytest.mark.parametrize("station", ["", "TN-01", "../x", "a/b", "tn-01.x", "trạm"])
def test_what_is_no_station(tmp_path: Path, station: str) -> None:
    with pytest.raises(NotEnrolled, match="is no station id; allowed: small letters"):
        enrol(tmp_path / "keys", station, PEM)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("label", ["", "a.b", "../x", "a b"])
def test_what_is_no_label(tmp_path: Path, label: str) -> None:
    with pytest.raises(NotEnrolled, match=r"--label .* allowed: letters"):
        enrol(tmp_path, "tn-01", PEM, label)


def test_what_is_no_public_key(tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1()).public_key()
    other = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadKey, match="of another kind; allowed: Ed25519"):
        enrol(tmp_path, "tn-01", other)
    with pytest.raises(BadKey, match="no public key in PEM"):
        enrol(tmp_path, "tn-01", b"garbage")
    Signer.made(tmp_path / "station.key")
    with pytest.raises(BadKey, match="a private key, which never leaves its station"):
        enrol(tmp_path, "tn-01", (tmp_path / "station.key").read_bytes())
    assert list(tmp_path.glob("*.pub")) == []
