"""A station's record as it travels, made with the station's own means, and what can go wrong."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tramdo.clock import Stamp
from tramdo.events import Event, canonical
from tramdo.proof import GENESIS, Signer, Verifier, chained, sealed
from tramdo.proof.head import Head

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SIGNED = ("check", "alert", "gap", "security")


@cache
def signer(name: str = "tn-01") -> Signer:
    """Return a key that is the same in every run."""
    return Signer(Ed25519PrivateKey.from_private_bytes(name.ljust(32, "-").encode()))


def keys(station: str) -> Verifier | None:
    """Return the enrolled keys: every station's whose name begins with tn-."""
    return Verifier([signer(station).public]) if station.startswith("tn-") else None


@dataclass
class Station:
    """Appends events; `wires[n - 1]` is number n, `values[n]` the chain value there."""

    name: str = "tn-01"
    epoch: str = "e1"
    wires: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=lambda: [GENESIS])

    def add(self, kind: str = "reading", *, at: datetime | None = None, **body: Any) -> bytes:
        seq = len(self.wires) + 1
        stamp = Stamp(
            at=at or AT + timedelta(seconds=seq), monotonic=1.0, quality="unknown", boot="b"
        )
        event = Event(kind=kind, instrument="scale-1", stamp=stamp, body=body or {"n": seq})
        message = canonical(self.name, self.epoch, seq, event, self.values[-1])
        self.values.append(chained(self.values[-1], message))
        self.wires.append(sealed(message, self.seal(seq) if kind in SIGNED else None))
        return self.wires[-1]

    def many(self, count: int, kind: str = "reading") -> list[bytes]:
        return [self.add(kind) for _ in range(count)]

    def seal(self, seq: int) -> bytes:
        return signer(self.name).sign(self.name, self.epoch, seq, self.values[seq])

    def shed(self, first: int, last: int, **more: Any) -> bytes:
        """Append the gap event that declares numbers gone."""
        run = {
            "from": first,
            "to": last,
            "before": self.values[first - 1].hex(),
            "after": self.values[last].hex(),
        }
        return self.add("gap", shed=[run | more], kinds={"reading": last - first + 1}, why="size")

    def head(self, seq: int = 0, at: datetime = AT) -> bytes:
        seq = seq or len(self.wires)
        return Head(
            station=self.name,
            epoch=self.epoch,
            seq=seq,
            value=self.values[seq],
            at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            signature=self.seal(seq),
        ).message()

    def restored(self, upto: int, epoch: str = "e2") -> "Station":
        """Return the station as it goes on from an old copy of its file."""
        copy = Station(self.name, epoch, self.wires[:upto], self.values[: upto + 1])
        copy.add("gap", began={"why": "restored", "before": {"epoch": self.epoch, "upto": upto}})
        return copy
