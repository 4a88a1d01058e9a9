"""A station that seals records for the tests of what proves them."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tramdo.clock import Stamp
from tramdo.events import Event, canonical
from tramdo.journal import Stored
from tramdo.journal.rows import URGENT
from tramdo.proof import GENESIS, Signer, Verifier, chained, sealed
from tramdo.proof.export import Header, read, write
from tramdo.proof.findings import Report
from tramdo.proof.head import Head
from tramdo.proof.known import Known
from tramdo.proof.record import Entry, Record
from tramdo.proof.walk import prove

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HEADER = Header(station="tn-01", made="2026-11-22T09:00:00.000Z", version="0.4.0")


@cache
def signer(number: int = 1) -> Signer:
    """Return one of a few keys that are the same in every run."""
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def verifier(number: int = 1) -> Verifier:
    return Verifier([signer(number).public])


@dataclass
class Station:
    """Seals events as the journal does, urgent ones signed, and others as asked."""

    name: str = "tn-01"
    epoch: str = "68a1"
    key: Signer | None = field(default_factory=signer)
    rows: list[Stored] = field(default_factory=list)
    links: dict[int, bytes] = field(default_factory=lambda: {0: GENESIS})
    seq: int = 0

    @property
    def value(self) -> bytes:
        return self.links[self.seq]

    def event(self, kind: str = "reading", *, signed: bool = False, **body: Any) -> Stored:
        self.seq += 1
        before = self.links[self.seq - 1]
        message = canonical(self.name, self.epoch, self.seq, made(kind, self.seq, body), before)
        return self.seal(message, signed=signed or kind in URGENT)

    def seal(self, message: bytes, *, signed: bool) -> Stored:
        self.links[self.seq] = chained(self.links[self.seq - 1], message)
        signature = (
            self.key.sign(self.name, self.epoch, self.seq, self.value)
            if signed and self.key
            else None
        )
        row = Stored(self.seq, sealed(message, signature), self.value)
        self.rows.append(row)
        return row

    def events(self, *kinds: str) -> "Station":
        """Seal events of these kinds; "reading!" is a reading that bears a signature."""
        for kind in kinds:
            self.event(kind.rstrip("!"), signed=kind.endswith("!"))
        return self

    def shed(self, first: int, last: int) -> Stored:
        """Give up some rows and say so."""
        before, after = self.links[first - 1], self.links[last]
        self.rows = [row for row in self.rows if not first <= row.seq <= last]
        run = {"from": first, "to": last, "before": before.hex(), "after": after.hex()}
        return self.event("gap", shed=[run], why="size")

    def copy(self, seq: int) -> "Station":
        """Return the station as it was at a number, as an old copy of its file has it."""
        links = {one: link for one, link in self.links.items() if one <= seq}
        rows = [row for row in self.rows if row.seq <= seq]
        return replace(self, rows=rows, links=links, seq=seq)

    def go_on_as(self, epoch: str) -> Stored:
        """Begin a new epoch in the same file, as after an old copy was put back."""
        before = {"epoch": self.epoch, "upto": self.seq}
        self.epoch = epoch
        return self.event("gap", began={"why": "restored", "before": before})


def made(kind: str, seq: int, body: dict[str, Any]) -> Event:
    at = BEGAN + timedelta(seconds=seq)
    stamp = Stamp(at=at, monotonic=float(seq), quality="synchronised", boot="b0")
    return Event(kind=kind, instrument="scale-1", stamp=stamp, body=body or {"n": seq})


def day() -> Station:
    """Return a station with 30 events, seven of them signed, the last two not."""
    station = Station().events("config", *["reading"] * 8, "reading!")
    station.events(*["reading"] * 4, "check", *["reading"] * 4, "reading!", "check")
    return station.events(
        *["reading"] * 3, "check", *["reading"] * 2, "check", "reading", "reading"
    )


def flipped(row: Stored, at: int) -> Stored:
    """Return a row with one bit of its message flipped."""
    wire = bytearray(row.wire)
    wire[at] ^= 1
    return row._replace(wire=bytes(wire))


def with_a_flipped_bit(row: Stored) -> Stored:
    """Return a row with one bit of what it says flipped, still a message."""
    return flipped(row, at=row.wire.index(b'"boot":"') + 8)


def of_rows(
    rows: Sequence[Entry], key: int | None = 1, known: Iterable[Known] = (), **words: Any
) -> Report:
    """Prove rows as they would stand in a journal, or wires as in a file without an end."""
    record = Record(entries=lambda: rows, **words)
    return prove(record, None if key is None else verifier(key), list(known))


def exported(rows: Iterable[Entry], header: Header = HEADER, key: Signer | None = None) -> bytes:
    """Return an export, its head signed where a key is given."""
    out = BytesIO()
    write(out, header, rows)
    content = out.getvalue()
    return signed_end(content, key) if key else content


def signed_end(content: bytes, key: Signer) -> bytes:
    *lines, last = content.splitlines()
    closing = json.loads(last)
    head = Head.of(closing["head"])
    seal = key.sign(head.station, head.epoch, head.seq, head.value)
    closing["head"] = dict(replace(head, signature=seal).fields())
    return b"\n".join([*lines, json.dumps(closing, separators=(",", ":")).encode(), b""])


def of_export(content: bytes, folder: Path, key: int | None = 1) -> Report:
    path = folder / "record.ndjson"
    path.write_bytes(content)
    return prove(read(path).record(), None if key is None else verifier(key))


def told(report: Report) -> list[tuple[str, int, int]]:
    """Return the faults as kind, first and last number."""
    return [(one.kind, one.first, one.last) for one in report.faults]


def wires(rows: Iterable[Stored]) -> list[bytes]:
    return [row.wire for row in rows]


def forged(rows: list[Stored], seq: int, *, to_the_end: bool = True) -> list[Stored]:
    """Replace the body of an event and compute the chain anew, without the key."""
    fake = rows[: seq - 1]
    value = fake[-1].hash if fake else GENESIS
    for row in rows[seq - 1 :]:
        message = re.sub(rb'"prev":"\w+"', b'"prev":"%s"' % value.hex().encode(), row.wire)
        if row.seq == seq:
            message = message.replace(b'"n":', b'"m":')
        bare = re.sub(rb',"sig":"[^"]+"', b"", message)
        value = chained(value, bare)
        fake.append(Stored(row.seq, message, value))
        if not to_the_end and row.seq > seq:
            return [*fake, *rows[len(fake) :]]
    return fake
