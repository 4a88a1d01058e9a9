"""Scales that are asked by the protocol of the Scale Manufacturers Association, SCP-0499.

Reference: Flintec FT-112(D) manual (p. 108); emupos protocol notes and tests.

    LF  s r n m f  weight, 10  unit, 3 CR     s  Z centre of zero, O over, U under, E I T errors
    LF   1G       1.250kg  CR                 r  range; n  G gross, N net, T tare; m  M motion
    LF ? CR    unknown command                LF ! CR    the question came damaged

The letter n is small for high resolution. Documents print a blank as `_`, and some instruments
send it so. There is no checksum: a changed digit goes unseen, a lost character does not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, NamedTuple

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import Cut, by_line
from tramdo.reading import Indication, Quantity, Unit

ABOUT = b"\nA\r"
LIMIT = 512
_REFUSALS = {b"\n?\r": "unknown command", b"\n!\r": "the question came damaged"}
_STATES = {
    b"O": "overload",
    b"U": "underload",
    b"E": "not_zeroed",
    b"I": "not_zeroed",
    b"T": "fault",
}
_BASIS = {b"G": "gross", b"N": "net"}
_UNITS = {b"lb ": Unit.LB, b"kg ": Unit.KG, b"g  ": Unit.G}
_ANSWER = re.compile(
    rb"\n(?P<state>[ ZOUEIT])[123](?P<kind>[GNTgnt])(?P<motion>[ M]) "
    rb"(?P<weight>[ -~]{10})(?P<unit>[ -~]{3})\r"
)
_WEIGHT = re.compile(rb" *(?P<sign>[+-]?) *(?P<digits>\d+(\.\d+)?)")
_ABOUT = re.compile(rb"\n(SMA:[ -~]*|[?!])\r")


class Question(NamedTuple):
    """What is sent, and the letters one of which the answer must have."""

    request: bytes
    kinds: bytes


QUESTIONS = {
    ("weight", False): Question(b"\nW\r", b"GN"),
    ("weight", True): Question(b"\nH\r", b"gn"),
    ("tare", False): Question(b"\nM\r", b"T"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sma:
    """A scale that is asked for its weight, or its tare; raises `ValueError` (settings)."""

    about: ClassVar[About] = About(
        protocol="SMA SCP-0499",
        source="Flintec FT-112(D) manual p108; emupos protocol notes and tests",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )
    high_resolution: bool = field(
        default=False,
        metadata={"description": "ask for the weight in high resolution (command H, level 2)"},
    )
    ask: str = field(default="weight", metadata={"description": "what to ask for: weight, tare"})

    def __post_init__(self) -> None:
        if self.ask not in ("weight", "tare"):
            raise ValueError(f"ask: {self.ask!r} is not one of weight, tare")
        if (self.ask, self.high_resolution) not in QUESTIONS:
            raise ValueError("high_resolution: true is not possible with ask = 'tare'")

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight, or the tare, as it is now."""
        question = QUESTIONS[self.ask, self.high_resolution]
        return (parse_weight(await port.exchange(question.request, by_answer), question.kinds),)

    async def resync(self, port: Port) -> None:
        """Ask for the first line about the scale; every line before it is an older answer.

        One refusal may be the answer to noise, with a late weight still to come; the second in a
        row is that of a scale without this command.
        """
        for _ in range(2):
            if (await port.exchange(ABOUT, by_about)).startswith(b"\nSMA:"):
                return


def by_answer(buffer: bytes) -> Cut | None:
    """Cut an answer from its LF to its CR."""
    if (line := by_line(b"\r", LIMIT)(buffer)) is None:
        return None
    at = max(line.frame.rfind(b"\n"), 0)
    return Cut(line.frame[at:], line.used, at)


def by_about(buffer: bytes) -> Cut | None:
    """Cut the answer to `A`, or a refusal, counting late answers before it as stray."""
    if found := _ABOUT.search(buffer):
        return Cut(found[0], found.end(), found.start())
    if len(buffer) > LIMIT:
        raise BadFrame(f"a line about the scale (SMA:) within {LIMIT} bytes", buffer)
    return None


def parse_weight(frame: bytes, kinds: bytes = b"GN") -> Indication:
    """Return the weight or the tare in one answer; raises `OutOfRange`, `Refused`, `BadFrame`."""
    if frame in _REFUSALS:
        raise Refused(_REFUSALS[frame], frame)
    answer = _ANSWER.fullmatch(frame.replace(b"_", b" "))
    if not answer or answer["kind"] not in kinds:
        raise BadFrame(f"an answer whose third letter is one of {kinds.decode()}", frame)
    if answer["state"] in _STATES:
        raise OutOfRange(_STATES[answer["state"]], frame)
    if answer["unit"] not in _UNITS:
        raise BadFrame("a unit out of lb, kg, g", frame)
    if not (weight := _WEIGHT.fullmatch(answer["weight"])):
        raise BadFrame("a weight, right-aligned in 10 characters", frame)
    kind = answer["kind"].upper()
    return Indication(
        value=Decimal((weight["sign"] + weight["digits"]).decode()),
        unit=_UNITS[answer["unit"]],
        quantity=Quantity.WEIGHT if kind in _BASIS else Quantity.TARE,
        stable=answer["motion"] == b" ",
        basis=_BASIS.get(kind),
        flags=("zero",) if answer["state"] == b"Z" else (),
    )
