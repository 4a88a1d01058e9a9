"""Sartorius balances speaking SBI, asked (`ESC P`) or printing by themselves.

Reference: descriptions of the SBI data output by the public project sartoriuslib, with captures
of an MSE1203S and a WZA8202; Sartorius lists of commands.

    +     0.00 g            dialect sbi16: sign, blank, value (8), blank, unit (3)
    N     +    0.006 g      sbi22: before it N net, G gross, T tare, Qnt a count
    N     +    0.031        a blank unit: not stable, and no unit
    Stat     High           High, Low, OFF, ERR 101, Cal.Int. (it adjusts itself)
         N       0.3749 g   mettler-print26: what a Mettler MS204TS prints at a key

`ESC P` stops automatic printing, as one capture has it: listen to a balance that prints, ask one
that does not. Without parity one wrong bit makes another command of the question, and T tares:
keep the standard odd parity. A weight that moves shows no unit, nor does a count that moves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity, Unit
from tramdo_drivers.sbi_refusals import refuse

PRINT = b"\x1bP\r\n"

_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE} | {b"GN": Unit.GN}
_BASIS = {b"N": "net", b"G": "gross"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where things stand in a line; `blank_moves`: a blank unit says that it is not stable."""

    line: re.Pattern[bytes]
    blank_moves: bool = True


_VALUE_16 = (
    rb"(?P<sign>[+-]) (?P<field>(?=[ \d.]{8} ) *(?P<digits>\d+(\.\d+)?)) (?P<unit>[A-Z a-z]{3})\r\n"
)
DIALECTS = {
    "sbi22": Dialect(line=re.compile(rb"(?P<id>[NGT]) {5}" + _VALUE_16)),
    "sbi16": Dialect(line=re.compile(rb"(?P<id>)" + _VALUE_16)),
    "mettler-print26": Dialect(
        line=re.compile(
            rb" {5}(?P<id>[NGT])(?P<field>(?=[ \d.-]{13} ) *(?P<sign>-?)(?P<digits>\d+(\.\d+)?))"
            rb" (?P<unit>[A-Za-z][A-Za-z ]{3})\r\n"
        ),
        blank_moves=False,
    ),
}


def _about(*dialects: str) -> About:
    return About(
        protocol="Sartorius SBI",
        source="sartoriuslib's description of the SBI data output and its captures",
        kinds=(Kind.SCALE,),
        proof=Proof.CAPTURE,
        lines=("1200 7O1", "9600 8O1"),
        dialects=tuple({"dialect": one} for one in dialects),
    )


def _check(dialect: str, allowed: Sequence[str]) -> None:
    if dialect not in allowed:
        raise ValueError(f"dialect: {dialect!r} is not one of {', '.join(allowed)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbi:
    """A balance that is asked for the weight it shows now."""

    about: ClassVar[About] = _about("sbi22", "sbi16")
    dialect: str = field(
        default="sbi22", metadata={"description": "sbi22 or sbi16: characters in a line"}
    )

    def __post_init__(self) -> None:
        _check(self.dialect, ("sbi22", "sbi16"))

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, stable or not."""
        return (parse_weight(await port.exchange(PRINT, by_line()), self.dialect),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SbiStream:
    """A balance set to print by itself."""

    about: ClassVar[About] = _about(*DIALECTS)
    dialect: str = field(
        default="sbi22", metadata={"description": "sbi22, sbi16 or mettler-print26"}
    )

    def __post_init__(self) -> None:
        _check(self.dialect, tuple(DIALECTS))

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line()), self.dialect),)


def parse_weight(frame: bytes, dialect: str = "sbi22") -> Indication:
    """Return the weight, or the tare, in a line.

    Raises `OutOfRange`, `NoReply` (it adjusts itself), `Refused` or `BadFrame`.
    """
    refuse(frame)
    layout = DIALECTS[dialect]
    if not (line := layout.line.fullmatch(frame)):
        raise BadFrame(f"a weight in the columns of {dialect}", frame)
    unit = line["unit"].rstrip()
    if unit and unit not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    tare = line["id"] == b"T"
    return Indication(
        value=Decimal((line["sign"] + line["digits"]).decode()),
        unit=_UNITS.get(unit),
        quantity=Quantity.TARE if tare else Quantity.WEIGHT,
        stable=bool(unit) if layout.blank_moves else None,
        basis=_BASIS.get(line["id"]),
    )
