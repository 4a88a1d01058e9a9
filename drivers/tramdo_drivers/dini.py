"""Dini Argeo indicators, asked for their standard or their extended string.

Reference: Dini Argeo 3590 (p. 65 and 69), DGT1P (p. 41), DGT4X (p. 52), LTP (p. 43) manuals.

    READ   US,NT,  -125.5,kg        ST stable, US moving, OL over, UL under, TL tilted;
                                    GS gross, NT net; VL microvolts and RZ points are no weights
    REXT   1ST,       0.0,PT      20.8,         0,kg
                                    scale number, net, tare (PT: typed by hand), pieces, unit
    ERR04                           refused; ERR01 to ERR04
    OK                              an answer to commands that act, never to ours

On an RS-485 line two digits of address stand before question and answer. There is no check sum,
but each field has a width. Indicators that send the string by themselves: driver "st-gs".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import by_line
from tramdo.reading import Indication, Quantity, Unit

ASKS = ("READ", "REXT")
_STATE = rb"(?P<state>ST|US|OL|UL|TL),"
_STANDARD = re.compile(
    _STATE + rb"(?P<field>GS|NT),(?P<weight>[ \d.+-]{8}),(?P<unit>[a-z ]{2})\r\n"
)
_EXTENDED = re.compile(
    rb"\d{1,2}" + _STATE + rb"(?P<weight>[ \d.+-]{10}),(?P<how>PT|  )(?P<tare>[ \d.+-]{10}),"
    rb"(?P<pieces> *-?\d+),(?P<unit>[a-z ]{2})\r\n"
)
_WITHOUT_WEIGHT = re.compile(rb"\d{0,2}(?P<state>OL|UL|TL),.*\r\n")
_NO_WEIGHT = {b"OL": "overload", b"UL": "underload", b"TL": "fault"}
_NUMBER = re.compile(r" *([+-]?) *(\d+(?:\.\d+)?)")
_SPELT_AS_HERE = (Unit.KG, Unit.G, Unit.T, Unit.LB, Unit.OZ)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}
_REFUSALS = {
    b"ERR01\r\n": "ERR01: letters too many after the command",
    b"ERR02\r\n": "ERR02: wrong data",
    b"ERR03\r\n": "ERR03: not allowed now",
    b"ERR04\r\n": "ERR04: unknown command",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dini:
    """An indicator that is asked `READ` (the weight shown) or `REXT` (net and tare)."""

    about: ClassVar[About] = About(
        protocol="Dini Argeo strings",
        source="Dini Argeo 3590, DGT1P, DGT4X and LTP manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        dialects=({}, {"ask": "REXT"}),
    )
    ask: str = field(
        default="READ", metadata={"description": "READ: the weight shown; REXT: net and tare"}
    )
    address: str = field(
        default="", metadata={"description": "two digits on an RS-485 line, else empty"}
    )

    def __post_init__(self) -> None:
        if self.ask not in ASKS:
            raise ValueError(f"ask: {self.ask!r} is not one of {', '.join(ASKS)}")
        if self.address and not re.fullmatch(r"[0-9]{2}", self.address):
            raise ValueError(f"address: {self.address!r} is not two digits")

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, or with `REXT` the net weight and the tare."""
        request = f"{self.address}{self.ask}\r\n".encode("ascii")
        return parse_weights(await port.exchange(request, by_line(limit=96)), self.address)


def parse_weights(frame: bytes, address: str = "") -> tuple[Indication, ...]:
    """Return the weight, and the tare if there is one; raises `OutOfRange`, `Refused`, `BadFrame`.

    The frame must begin with `address`.
    """
    line = frame.removeprefix(address.encode("ascii"))
    if address and len(line) == len(frame):
        raise BadFrame(f"an answer of address {address}", frame)
    if line in _REFUSALS:
        raise Refused(_REFUSALS[line], frame)
    if none := _WITHOUT_WEIGHT.fullmatch(line):
        raise OutOfRange(_NO_WEIGHT[none["state"]], frame)
    if standard := _STANDARD.fullmatch(line):
        return (_weight(standard, "gross" if standard["field"] == b"GS" else "net"),)
    if extended := _EXTENDED.fullmatch(line):
        weight = _weight(extended, "net")
        value = _number(extended, "tare")
        return weight, Indication(value=value, unit=weight.unit, quantity=Quantity.TARE)
    raise BadFrame("a weight (ST or US, GS or NT, eight characters, unit)", frame)


def _weight(told: re.Match[bytes], basis: str) -> Indication:
    if (unit := told["unit"].strip()) not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", told.string)
    stable = told["state"] == b"ST"
    return Indication(value=_number(told, "weight"), unit=_UNITS[unit], stable=stable, basis=basis)


def _number(told: re.Match[bytes], name: str) -> Decimal:
    if not (number := _NUMBER.fullmatch(told[name].decode("ascii"))):
        raise BadFrame(f"a number as the {name}", told.string)
    return Decimal(number[1] + number[2])
