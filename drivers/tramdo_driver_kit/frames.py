"""Frame tables: bytes, what they mean and where they come from, one TOML file per protocol.

A table is what a driver is judged by, and what the list of supported instruments is made from.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tramdo.reading import Indication, Quantity, Unit

PROVENANCE = {
    "capture": "recorded from an instrument",
    "reported": "reported by a user or developer",
    "manual": "printed in a manual",
    "test suite": "from another program's tests",
    "code": "from another program's code",
    "constructed": "made by us from the document",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One row: the bytes, and what a driver with these settings must make of them.

    `before` holds the answers that came earlier in the same read. A `sent` row is a request:
    the driver's own, or with `never` one that it must not send.
    """

    before: tuple[bytes, ...] = ()
    id: str
    protocol: str
    bytes: bytes
    means: str
    source: str
    provenance: str
    note: str = ""
    sent: bool = False
    never: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    indications: tuple[Indication, ...] = ()
    error: str = ""
    state: str = ""
    text: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A protocol's frames; `asks` are the requests of one read, none for a listening driver.

    `check` names the check sum that covers a whole frame. `weakness` tells users what goes
    unseen on a bad line; a protocol without a check sum has one.
    """

    protocol: str
    frames: tuple[Frame, ...]
    asks: tuple[bytes, ...] = ()
    check: str = ""
    weakness: str = ""

    @property
    def values(self) -> tuple[Frame, ...]:
        """The rows that give a value."""
        return tuple(one for one in self.frames if one.indications)

    @property
    def refused(self) -> tuple[Frame, ...]:
        """The rows that give an error."""
        return tuple(one for one in self.frames if one.error)

    @property
    def requests(self) -> tuple[Frame, ...]:
        """The rows that are sent to an instrument, or must never be."""
        return tuple(one for one in self.frames if one.sent)


_OF_THE_TABLE = ("asks", "check", "weakness", "frame")
_OF_THE_FRAME = (
    *("id", "protocol", "means", "source", "provenance", "note", "sent", "never", "settings"),
    *("error", "state", "text"),
)
_OF_A_VALUE = ("value", "unit", "quantity", "stable", "basis", "flags")


def tables(folder: Path) -> list[Table]:
    """Return the tables in a folder; raises `ValueError` with the file's name if one is wrong."""
    return [_table(path) for path in sorted(folder.glob("*.toml"))]


def _table(path: Path) -> Table:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        common = {key: value for key, value in told.items() if key not in _OF_THE_TABLE}
        return Table(
            protocol=told["protocol"],
            frames=tuple(_frame({**common, **row}) for row in told["frame"]),
            asks=tuple(map(bytes.fromhex, told.get("asks", ()))),
            check=told.get("check", ""),
            weakness=told.get("weakness", ""),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{path}: {error!r}") from error


def _frame(row: dict[str, Any]) -> Frame:
    named = {key: row.pop(key) for key in _OF_THE_FRAME if key in row}
    values = row.pop("indications", [])
    if "value" in row:
        tare = {"quantity": "tare"} if named["means"] == "tare" else {}
        values = [tare | {key: row.pop(key) for key in _OF_A_VALUE if key in row}]
    return Frame(
        **named,
        bytes=bytes.fromhex(row.pop("bytes")),
        before=tuple(map(bytes.fromhex, row.pop("before", ()))),
        indications=tuple(map(_indication, values)),
        more=row,
    )


def _indication(row: dict[str, Any]) -> Indication:
    return Indication(
        value=Decimal(row["value"]),
        unit=Unit(row["unit"]) if "unit" in row else None,
        quantity=Quantity(row.get("quantity", "weight")),
        stable=row.get("stable"),
        basis=row.get("basis"),
        flags=tuple(row.get("flags", ())),
    )
