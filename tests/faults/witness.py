"""What must be true of a record after any fault, computed here from the published rules alone."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

WRITER = Path(__file__).with_name("writer.py")
SIGNED_AT_ONCE = {"check", "alert", "gap", "adjustment", "security", "config"}


class Shown(NamedTuple):
    """What a writer printed: this event is recorded."""

    epoch: str
    seq: int
    token: str


def shown(text: str) -> list[Shown]:
    """Return what a writer printed in whole lines; a killed one leaves half a line."""
    lines = [line.split() for line in text.split("\n")[:-1]]
    return [Shown(a, int(b), c) for a, b, c in (one for one in lines if len(one) == 3)]


def writer(path: Path, *words: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start the writer on a journal."""
    command = [*prefix, sys.executable, str(WRITER), str(path), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str], bound: float = 30) -> tuple[list[Shown], str]:
    """Return what a writer showed, and all else that it said, once it has ended."""
    said, errors = process.communicate(timeout=bound)
    return shown(said), errors


@dataclass
class Record:
    """The events of one journal file, by number."""

    rows: list[tuple[int, bytes, bytes, bytes | None]]

    @classmethod
    def of(cls, path: Path) -> "Record":
        """Read it; it must be a sound database (a copy of its log is taken up in doing so)."""
        with closing(sqlite3.connect(path)) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            names = {row[1] for row in base.execute("PRAGMA table_info(event)")}
            seal = "signature" if "signature" in names else "NULL"
            query = f"SELECT seq, message, hash, {seal} FROM event ORDER BY seq"  # noqa: S608
            return cls([(a, bytes(b), bytes(c), d) for a, b, c, d in base.execute(query)])

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the messages, oldest first."""
        found = [json.loads(message) for _, message, _, _ in self.rows]
        return [one for one in found if kind in (None, one["kind"])]

    def has(self, said: Sequence[Shown]) -> None:
        """Assert that everything that was ever shown as recorded is there, as it was."""
        there = {(one["id"], one["body"].get("token")) for one in self.events()}
        missing = [
            one for one in said if (f"fault-01.{one.epoch}.{one.seq}", one.token) not in there
        ]
        assert missing == []

    def chains(self, key: Path | None = None) -> None:
        """Assert that numbers, chain and signatures are whole, but for what gap events declare."""
        public = _public(key) if key and key.exists() else None
        link, due = bytes(32), 1
        declared = {run["from"]: run for run in self._declared()}
        for seq, message, stored, seal in self.rows:
            while seq != due:
                run = declared.pop(due)
                assert run["before"] == link.hex()
                link, due = bytes.fromhex(run["after"]), run["to"] + 1
            one = json.loads(message)
            assert one.get("prev", link.hex()) == link.hex(), f"event {seq} names another before it"
            link, due = hashlib.sha256(link + message).digest(), seq + 1
            assert stored == link, f"event {seq} breaks the chain"
            if public is not None:
                assert seal or one["kind"] not in SIGNED_AT_ONCE, f"event {seq} is not signed"
                _proven(public, one, link, seal)

    def _declared(self) -> Iterator[dict[str, Any]]:
        for one in self.events("gap"):
            yield from one["body"].get("shed", ())


def _public(key: Path) -> Ed25519PublicKey:
    found = load_pem_private_key(key.read_bytes(), None).public_key()
    assert isinstance(found, Ed25519PublicKey)
    return found


def _proven(public: Ed25519PublicKey, one: dict[str, Any], link: bytes, seal: bytes | None) -> None:
    if seal:
        station, epoch, seq = one["id"].rsplit(".", 2)
        said = f"tramdo head v1\n{station}\n{epoch}\n{seq}\n{link.hex()}\n".encode()
        public.verify(seal, said)
