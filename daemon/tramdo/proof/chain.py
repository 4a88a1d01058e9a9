"""The chain over canonical messages, and the form in which a message travels signed. No I/O.

A message names in `prev` the chain value before it, so two neighbours prove each other; a
signature under one chain value vouches for everything before it.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

GENESIS = bytes(32)
# Kinds whose events bear a signature each.
SIGNED_AT_ONCE = frozenset({"alert", "check", "gap", "adjustment", "security", "config"})
_SEAL = re.compile(rb',"sig":"([A-Za-z0-9+/]{86}==)"\}\Z')


def chained(previous: bytes, message: bytes) -> bytes:
    """Return the chain value of a message: SHA-256 over the value before it and its bytes."""
    return hashlib.sha256(previous + message).digest()


def statement(station: str, epoch: str, seq: int, link: bytes) -> bytes:
    """Return the bytes that are signed: which station's record has which value at which number."""
    return f"tramdo head v1\n{station}\n{epoch}\n{seq}\n{link.hex()}\n".encode()


def sealed(message: bytes, signature: bytes | None) -> bytes:
    """Return a canonical message as it travels: `sig` put last, over the value of its chain."""
    if signature is None:
        return message
    return message[:-1] + b',"sig":"' + base64.b64encode(signature) + b'"}'


def unsealed(wire: bytes) -> tuple[bytes, bytes | None]:
    """Return the canonical message in what travelled, and its signature where it bears one."""
    found = _SEAL.search(wire)
    if found is None:
        return wire, None
    return wire[: found.start()] + b"}", base64.b64decode(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One message as the chain sees it; `previous` is None where the message does not name it."""

    station: str
    epoch: str
    seq: int
    kind: str
    instrument: str
    time: str
    body: dict[str, Any]
    previous: bytes | None
    message: bytes
    signature: bytes | None

    @classmethod
    def of(cls, wire: bytes) -> "Link":
        """Return what travelled as a link; raises `ValueError` where it is no message of ours."""
        message, signature = unsealed(wire)
        try:
            fields = json.loads(message)
            station, epoch, seq = fields["id"].rsplit(".", 2)
            if (fields["station"], fields["seq"]) != (station, int(seq)):
                raise ValueError(f"its id {fields['id']} contradicts its station and seq")
            return cls(
                station=station,
                epoch=epoch,
                seq=fields["seq"],
                kind=str(fields["kind"]),
                instrument=str(fields["instrument"]),
                time=str(fields["time"]),
                body=dict(fields["body"]),
                previous=bytes.fromhex(fields["prev"]) if "prev" in fields else None,
                message=message,
                signature=signature,
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            why = "a field is missing, or is not what a station writes there"
            raise ValueError(f"no message of a station: {why}") from error

    def value(self, before: bytes) -> bytes:
        """Return the chain value of this message after `before`."""
        return chained(before, self.message)
