"""A right driver for an indicator that does not exist, and its simulated instrument.

    W CR LF                     asks; T CR LF would take a tare
    S G    12.50 kg 3F CR LF    stable (D: moving), gross (N: net), eight characters, unit
    O G             .. CR LF    overload; U underload, E fault
    T G     0.50 kg .. CR LF    the tare: never asked for, so never taken

Two capitals before CR LF are the XOR of all that stands before them, as hexadecimal digits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit
from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness

ASK = b"W\r\n"
BASIS = {b"G": "gross", b"N": "net"}
UNITS = {b"kg": Unit.KG, b" g": Unit.G}
NO_WEIGHT = {b"O": "overload", b"U": "underload", b"E": "fault"}
LINE = re.compile(rb"(?P<state>[SDOUE]) (?P<basis>[GN]) (?P<weight>.{8}) (?P<unit>..) ..\r\n")
WEIGHT = re.compile(rb" *-?\d+(\.\d+)?")
ABOUT = About(
    protocol="Acme lines",
    source="this file",
    kinds=(Kind.SCALE,),
    proof=Proof.UNVERIFIED,
    lines=("9600 8N1", "4800 7E1"),
    dialects=({}, {"place": "shop"}),
)


def with_sum(line: str) -> bytes:
    """Return the line with its check sum and end."""
    octets = f"{line} ".encode()
    return octets + b"%02X\r\n" % reduce(xor, octets)


class Lines:
    """How the right drivers parse; without settings, so that a wrong one may have its own."""

    about: ClassVar[About] = ABOUT

    def demand_sum(self, frame: bytes) -> None:
        """Refuse a frame with a wrong check sum."""
        if frame[-4:-2] != b"%02X" % reduce(xor, frame[:-4], 0):
            raise BadFrame("the right check sum", frame)

    def parse(self, frame: bytes) -> Indication:
        """Return the weight in a line; raises `OutOfRange` or `BadFrame`."""
        if not (line := LINE.fullmatch(frame)):
            raise BadFrame("a line of 21 bytes", frame)
        self.demand_sum(frame)
        if state := NO_WEIGHT.get(line["state"]):
            raise OutOfRange(state, frame)
        if not WEIGHT.fullmatch(line["weight"]) or line["unit"] not in UNITS:
            raise BadFrame("a weight in kg or g", frame)
        return Indication(
            value=Decimal(line["weight"].strip().decode()),
            unit=UNITS[line["unit"]],
            stable=line["state"] == b"S",
            basis=BASIS[line["basis"]],
        )


class Asks(Lines):
    """How the right driver asks."""

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now."""
        return (self.parse(await port.exchange(ASK, by_line())),)


class Hears(Lines):
    """How the right driver hears the same lines from an instrument that talks by itself."""

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next line."""
        return (self.parse(await port.listen(by_line())),)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The one setting, which changes nothing."""

    place: str = field(default="bench", metadata={"description": "where it stands"})


@dataclass(frozen=True, kw_only=True)
class Right(Asks, Place):
    """The right driver of an instrument that is asked."""


@dataclass(frozen=True, kw_only=True)
class RightStream(Hears, Place):
    """The right driver of one that talks by itself."""


class Answers:
    """The simulated instrument that is asked."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.witness = Witness()

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one request."""
        line, end, rest = buffer.partition(b"\n")
        return (line + end, rest) if end else (b"", buffer)

    def wait(self, _request: bytes, _at: float) -> float:
        """Answer at once."""
        return 0.0

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the line; what is no question would change a real instrument."""
        shown = self.scale.indication(at)
        reply = encode(shown) if request == ASK else b""
        self.witness.writes += request != ASK
        self.witness.note(Served(at, request, reply), value=bool(reply) and not shown.blank)
        return reply


class Talks:
    """The simulated instrument that talks by itself."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.period = 0.1
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the line sent at this second."""
        line = encode(self.scale.indication(at))
        self.witness.note(Served(at, b"", line), value=True, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count what should not have been sent."""
        self.witness.writes += len(octets)


def encode(shown: Shown) -> bytes:
    """Return the line that says what is shown."""
    basis = "N" if shown.net else "G"
    if shown.blank:
        return with_sum(f"{'E' if shown.fault else 'O' if shown.overload else 'U'} {basis}{'':12}")
    state = "S" if shown.stable else "D"
    return with_sum(f"{state} {basis} {shown.value:>8f} {shown.unit:>2}")


FOREIGN = with_sum("T G     0.50 kg")
ANSWERS = Simulated(driver="acme", make=Answers, foreign=FOREIGN)
TALKS = Simulated(driver="acme", make=Talks, foreign=FOREIGN)
