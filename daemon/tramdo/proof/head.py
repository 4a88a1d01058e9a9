"""The head of a record: its newest chain value, signed or not. No I/O."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tramdo.proof.keys import Verifier

HASH_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which chain value a station's record has at its newest number; `at` is ISO 8601 UTC."""

    station: str
    epoch: str
    seq: int
    value: bytes
    at: str
    signature: bytes | None = None

    @classmethod
    def of(cls, fields: Any) -> "Head":
        """Return the head in a decoded message; raises `ValueError` where it is none."""
        try:
            signature = fields.get("sig")
            head = cls(
                station=_name(fields["station"]),
                epoch=_name(fields["epoch"]),
                seq=fields["seq"],
                value=bytes.fromhex(fields["hash"]),
                at=_name(fields["at"]),
                signature=None if signature is None else base64.b64decode(signature, validate=True),
            )
        except (KeyError, TypeError, AttributeError) as error:
            why = "a field is missing, or is not what a station writes there"
            raise ValueError(f"no head of a record: {why}") from error
        if type(head.seq) is not int or head.seq < 1 or len(head.value) != HASH_BYTES:
            raise ValueError("no head of a record: seq or hash is none")
        return head

    def fields(self) -> Mapping[str, Any]:
        """Return the message as it is published and closes an export."""
        known = {"v": 1, "station": self.station, "epoch": self.epoch, "seq": self.seq}
        known |= {"hash": self.value.hex(), "at": self.at}
        if self.signature is not None:
            known["sig"] = base64.b64encode(self.signature).decode()
        return known

    def message(self) -> bytes:
        """Return the message's bytes."""
        return json.dumps(self.fields(), separators=(",", ":")).encode()

    def proven(self, verifier: Verifier | None) -> bool | None:
        """Return whether an enrolled key signed it; None: not signed, or no key to judge with."""
        if verifier is None or self.signature is None:
            return None
        return verifier.proves(self.station, self.epoch, self.seq, self.value, self.signature)


def _name(text: Any) -> str:
    """Return a name that is safe to sign over and to print; raises `ValueError`."""
    if not isinstance(text, str) or not (text.isascii() and text.isprintable()):
        raise ValueError("no head of a record: a name is none")
    return text
