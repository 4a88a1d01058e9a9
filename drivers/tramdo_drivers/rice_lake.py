"""Indicators that stream as Rice Lake (Condec), Cardinal or Weigh-Tronix ones do.

Reference: Rice Lake 482 (p. 33), 880 (p. 99) and Tracer AV (p. 34) manuals.

    STX   123.45KG  CR LF       sign; weight, 7; unit, 1 or 2; G gross, N net; status
    CR  1234.5m lb g   ETX      Cardinal: sign; weight, 6; m moving, o out of range; unit, 2
     G  1234.5 lb CR LF         Weigh-Tronix: G or N; sign; weight, 6; unit, 2

The status is blank, I invalid, M moving, O out of range or Z centre of zero; `^` or `&` fill the
field above the range, `]` or `=` below it. The letter T is refused: it may be either kind of ton.
There is no checksum: a changed digit goes unseen, a lost one does not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import Cut, Framing, by_line
from tramdo.reading import Indication, Unit

_FILLED = {b"^": "overload", b"&": "overload", b"]": "underload", b"=": "underload"}
_ONE_LETTER = {b"l": Unit.LB, b"k": Unit.KG, b"g": Unit.G, b"o": Unit.OZ}
_UNITS = _ONE_LETTER | {b"lb": Unit.LB, b"kg": Unit.KG, b"oz": Unit.OZ}
_WEIGHT = re.compile(rb"(?P<sign>[ -]) *(?P<digits>\d{1,7}(\.\d{1,5})?)")
_RICE_LAKE = (
    rb"\x02(?P<weight>[ -~]{8})(?P<unit>[A-Za-z]{1,2}| [A-Za-z]|[A-Za-z] )"
    rb"(?P<kind>[GN])(?P<status>[ IMOZ])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one maker writes the line: its start and end marks and the fields between them."""

    start: bytes
    end: bytes
    shape: re.Pattern[bytes]


DIALECTS = {
    "rice-lake": Dialect(start=b"\x02", end=b"\r\n", shape=re.compile(_RICE_LAKE + rb"\r\n")),
    "rice-lake-cr": Dialect(start=b"\x02", end=b"\r", shape=re.compile(_RICE_LAKE + rb"\r")),
    "cardinal": Dialect(
        start=b"\r",
        end=b"\x03",
        shape=re.compile(
            rb"\r(?P<weight>[ -~]{7})(?P<status>[ mo]) (?P<unit>[A-Za-z ]{2}) (?P<kind>[gn])  \x03"
        ),
    ),
    "weigh-tronix": Dialect(
        start=b"",
        end=b"\r\n",
        shape=re.compile(
            rb" ?(?P<kind>[GN])(?P<weight>[ -~]{7})(?P<status>) (?P<unit>[A-Za-z ]{2})\r\n"
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RiceLake:
    """An indicator that streams its weight; raises `ValueError` (dialect)."""

    about: ClassVar[About] = About(
        protocol="Rice Lake / Condec, Cardinal and Weigh-Tronix streams",
        source="Rice Lake 482, 880 and Tracer AV manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        dialects=tuple({"dialect": one} if one != "rice-lake" else {} for one in DIALECTS),
    )
    dialect: str = field(
        default="rice-lake",
        metadata={
            "description": "who writes the line: rice-lake (ends in CR LF), rice-lake-cr (in CR), "
            "cardinal, weigh-tronix"
        },
    )

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: {self.dialect!r} is not one of {', '.join(DIALECTS)}")

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        dialect = DIALECTS[self.dialect]
        return (parse_weight(await port.listen(by_marks(dialect)), dialect),)


def by_marks(dialect: Dialect) -> Framing:
    """Return a framing that cuts from the dialect's start mark to its end mark."""

    def cut(buffer: bytes) -> Cut | None:
        if (line := by_line(dialect.end)(buffer)) is None:
            return None
        at = max(line.frame.rfind(dialect.start), 0) if dialect.start else 0
        return Cut(line.frame[at:], line.used, at)

    return cut


def parse_weight(frame: bytes, dialect: Dialect = DIALECTS["rice-lake"]) -> Indication:
    """Return the weight in one line; raises `OutOfRange` or `BadFrame`.

    `stable` is None for Weigh-Tronix, whose lines have no status.
    """
    if not (line := dialect.shape.fullmatch(frame)):
        raise BadFrame("a line of this dialect", frame)
    status = line["status"].upper()
    _refuse(line["weight"], status, frame)
    if not (weight := _WEIGHT.fullmatch(line["weight"])):
        raise BadFrame("a sign or a blank, then a weight, right-aligned", frame)
    if (unit := line["unit"].strip().lower()) not in _UNITS:
        raise BadFrame("a unit out of L, K, G, O, lb, kg, g, oz", frame)
    return Indication(
        value=Decimal((weight["sign"].strip() + weight["digits"]).decode()),
        unit=_UNITS[unit],
        stable=status != b"M" if status else None,
        basis="gross" if line["kind"].upper() == b"G" else "net",
        flags=("zero",) if status == b"Z" else (),
    )


def _refuse(field_: bytes, status: bytes, frame: bytes) -> None:
    text = field_.strip(b" -")
    if text == b"OVERFL":
        raise OutOfRange("overload", frame)
    if len(text) >= 6 and text == text[:1] * len(text) and text[:1] in _FILLED:
        raise OutOfRange(_FILLED[text[:1]], frame)
    if status == b"O":
        raise OutOfRange("underload" if field_.startswith(b"-") else "overload", frame)
    if status == b"I":
        raise OutOfRange("fault", frame)
