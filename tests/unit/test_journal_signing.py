"""Which events are signed, and by whom."""

import json
import stat
from pathlib import Path

import pytest
from records import assert_chained, bodies, event, links, opened, reading

from tramdo.journal import Journal
from tramdo.journal.readonly import stored
from tramdo.journal.sealing import Sealing
from tramdo.proof import BadKey, Signer, Verifier, chained, statement


async def test_each_check_and_alert_bears_a_signature_that_its_key_proves(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path) as journal:
        await journal.record(event("check", n=1), event("availability"), event("alert", n=2))
        assert journal.signer is not None
        verifier = Verifier.of(journal.signer.public_pem())
    signed = {}
    for one, link in zip(stored(path), links(path), strict=True):
        if link.signature is not None:
            signed[link.kind] = verifier.proves(
                "tn-01", link.epoch, one.seq, one.hash, link.signature
            )
    assert signed == {"security": True, "check": True, "alert": True}
    assert_chained(path)


async def test_of_readings_every_hundredth_is_signed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path) as journal:
        for number in range(250):
            journal.append(reading(number))
        await journal.record(reading(250))
    signed = [one.seq for one in links(path) if one.signature is not None]
    assert signed == [1, 101, 201]  # the first is the event that tells of the new key


def test_the_last_of_a_commit_is_signed_when_a_minute_has_passed() -> None:
    sealing = Sealing(signed_at=100.0)
    assert not sealing.wants("reading", 130.0, ends_commit=True)
    assert not sealing.wants("reading", 160.0, ends_commit=False)
    assert sealing.wants("reading", 160.0, ends_commit=True)
    assert not sealing.wants("reading", 161.0, ends_commit=True)
    assert sealing.wants("gap", 161.0, ends_commit=False)


async def test_the_key_is_made_once_for_its_owner_alone_and_told(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path) as first:
        await first.record(event())
    async with opened(path) as second:
        await second.record(event())
    assert first.signer is not None
    assert second.signer is not None
    assert first.signer.public_pem() == second.signer.public_pem()
    assert stat.S_IMODE((tmp_path / "j.key").stat().st_mode) == 0o600
    told = {"security": "key made", "fingerprint": first.signer.fingerprint}
    assert bodies(path, "security") == [told]


async def test_a_key_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    Signer.made(tmp_path / "j.key")
    (tmp_path / "j.key").chmod(0o640)
    with pytest.raises(BadKey, match=r"j\.key may be read by others \(640\); run: chmod 600"):
        async with opened(tmp_path / "j.db"):
            pass


async def test_a_key_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", "tn-01", key=tmp_path / "none" / "j.key")
    with pytest.raises(BadKey, match=r"j\.key: cannot be made: No such file"):
        await journal.open()


async def test_a_file_that_is_no_key_stops_the_start_and_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "j.key").write_text("no key")
    (tmp_path / "j.key").chmod(0o600)
    with pytest.raises(BadKey, match=r"j\.key: no private key"):
        async with opened(tmp_path / "j.db"):
            pass
    assert (tmp_path / "j.key").read_text() == "no key"


async def test_the_head_is_the_signed_newest_chain_value(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with opened(path) as journal:
        assert await journal.head() is None
        await journal.record(event(), reading(1))
        message = await journal.head()
        assert message is not None
        assert journal.signer is not None
        head = json.loads(message)
        newest = list(stored(path))[-1]
        assert (head["seq"], head["hash"]) == (newest.seq, newest.hash.hex())
        assert (head["station"], head["epoch"]) == ("tn-01", journal.epoch)


def test_what_is_signed_and_chained_is_fixed_for_ever() -> None:
    link = chained(bytes(32), b"{}")
    assert statement("tn-01", "e1", 7, link) == (
        b"tramdo head v1\ntn-01\ne1\n7\n"
        b"fb1634c4e6cd4b1f1afe3ce2d6ef080f7ac5d1f357d723ad4dfca782733b62db\n"
    )
