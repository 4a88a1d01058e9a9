"""Radwag scales and indicators, asked (`SUI` or `SI`) or streaming.

Reference: manuals of the PUE C/31H (p. 58-59) and WTC (p. 48, 55).

    S A                         accepted: the weight follows, but not on all instruments
    SUI? -   58.237 kg          question (3), marker, blank, sign, mass (9), blank, unit (3)
                                marker: blank stable, ? moving, ^ overload, v underload
    SUI I                       I not now, E no stability in time, ^ v out of range
    ES                          not understood

`SUI` asks for the unit that the display shows, `SI` for the basic one. There is no checksum, but
the frame has one length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, NoReply, OutOfRange, Refused
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication, Unit

QUESTIONS = {"SUI": b"SUI\r\n", "SI": b"SI\r\n"}
SERIAL_NUMBER = b"NB\r\n"
MOST_BYTES = 256

_ACCEPTED = re.compile(rb"(S|SI|SU|SUI) A\r\n")
_MASS = re.compile(
    rb"(S  |SI |SU |SUI)(?P<marker>[ ?^v]) (?P<sign>[ -])"
    rb"(?P<field>(?=[ \d.]{9} ) *(?P<digits>\d+(\.\d+)?)) (?P<unit>[A-Za-z][A-Za-z ]{2})\r\n"
)
_WITHOUT_DIGITS = re.compile(rb"(S  |SI |SU |SUI)(?P<marker>[\^v]) [ -~]{14}\r\n")
_SHORT = re.compile(rb"(S|SI|SU|SUI) (?P<letter>[IE^v])\r\n")
_OUT_OF_RANGE = {b"^": "overload", b"v": "underload", b"E": "motion"}
_SPELT_AS_HERE = (Unit.MG, Unit.G, Unit.KG, Unit.T, Unit.LB, Unit.OZ, Unit.CT)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}
_ABOUT = About(
    protocol="Radwag",
    source="Radwag PUE C/31H and WTC manuals",
    kinds=(Kind.SCALE,),
    proof=Proof.MANUAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Radwag:
    """A scale that is asked for the weight it shows now."""

    about: ClassVar[About] = replace(_ABOUT, dialects=({}, {"question": "SI"}))
    question: str = field(
        default="SUI",
        metadata={"description": "SUI (the weight in the unit shown) or SI (in the basic unit)"},
    )

    def __post_init__(self) -> None:
        if self.question not in QUESTIONS:
            raise ValueError(f"question: {self.question!r} is not one of {', '.join(QUESTIONS)}")

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now, stable or not."""
        return (parse_weight(await port.exchange(QUESTIONS[self.question], by_mass)),)

    async def resync(self, port: Port) -> None:
        """Ask for the serial number: every line before its answer is an older one's.

        As with MT-SICS one refusal may come of noise, a second one in a row is the answer.
        """
        for _ in range(2):
            if (await port.exchange(SERIAL_NUMBER, by_serial_number)).startswith(b"NB "):
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class RadwagStream:
    """A scale set to send continuously."""

    about: ClassVar[About] = _ABOUT

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line heard."""
        return (parse_weight(await port.listen(by_line())),)


def by_mass(buffer: bytes) -> Cut | None:
    """Cut one line, or two where the first says that the question was accepted."""
    cut = by_line(limit=MOST_BYTES)(buffer)
    if cut and _ACCEPTED.fullmatch(cut.frame):
        rest = by_line(limit=MOST_BYTES)(buffer[cut.used :])
        return rest and Cut(cut.frame + rest.frame, cut.used + rest.used)
    return cut


def by_serial_number(buffer: bytes) -> Cut | None:
    """Cut the answer to `NB` or a refusal, counting late lines before it as stray."""
    before = 0
    for line in buffer.split(b"\r\n")[:-1]:
        if line.startswith((b"NB ", b"ES")):
            return Cut(line + b"\r\n", before + len(line) + 2, before)
        before += len(line) + 2
    if len(buffer) > MOST_BYTES:
        raise BadFrame(f"a serial number (NB) within {MOST_BYTES} bytes", buffer)
    return None


def parse_weight(frame: bytes) -> Indication:
    """Return the weight in a mass frame, alone or after the line that accepts the question.

    Raises `OutOfRange`, `NoReply` (not now), `Refused` or `BadFrame`.
    """
    accepted = _ACCEPTED.match(frame)
    text = frame[accepted.end() :] if accepted else frame
    _refuse(text, frame)
    mass = _MASS.fullmatch(text)
    if not mass or (unit := mass["unit"].rstrip()) not in _UNITS:
        raise BadFrame("a mass frame of 21 bytes (S, SI, SU or SUI)", frame)
    return Indication(
        value=Decimal((mass["sign"].strip() + mass["digits"]).decode()),
        unit=_UNITS[unit],
        stable=mass["marker"] == b" ",
    )


def _refuse(text: bytes, frame: bytes) -> None:
    if text == b"ES\r\n":
        raise Refused("ES: not understood", frame)
    if none := _WITHOUT_DIGITS.fullmatch(text):
        raise OutOfRange(_OUT_OF_RANGE[none["marker"]], frame)
    if short := _SHORT.fullmatch(text):
        if short["letter"] == b"I":
            raise NoReply("busy: not now")
        raise OutOfRange(_OUT_OF_RANGE[short["letter"]], frame)
