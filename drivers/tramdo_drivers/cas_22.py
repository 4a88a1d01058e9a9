"""CAS indicators: the frame of 22 bytes, sent by itself or when asked in command mode.

Reference: CAS CI-600D manual (p. 74 and 76), PDI (p. 37), NT-200 (p. 48), CI-400 and CI-150A.

    ST,GS,1L,000013.5 kg    ST stable, US moving, OL overload; GS gross, NT net; 1 device number;
                            L lamps, one byte above 7Fh; eight characters of weight, unit
    !   ?                   command mode: could not be executed; not understood
    ERR 01                  an error of the indicator

Device number 13 is sent as 3Dh. The lamps repeat what the header says, so where the two differ
the frame is refused. There is no check sum. In command mode the indicator answers in the format
set in its menu, which must be that of 22 bytes. Unverified: what stands in an overload's fields.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, OutOfRange, Refused
from tramdo.framing import by_line
from tramdo.reading import Indication, Unit

NUMBERS = range(1, 100)
ALWAYS, STABLE, HOLD, GROSS, TARE, ZERO = 0x80, 0x40, 0x10, 0x04, 0x02, 0x01
_FRAME = re.compile(
    rb"(?P<state>ST|US|OL),(?P<field>GS|NT),(?P<number>[1-\xff])(?P<lamps>[\x80-\xff]),"
    rb"(?P<weight>[ \d.+-]{8}) (?P<unit>[a-z ]{2})\r\n",
    re.DOTALL,
)
_OVERLOAD = re.compile(rb"OL,(GS|NT),(?P<number>.).{13}\r\n", re.DOTALL)
_ERROR = re.compile(rb"ERR *\d{1,3}\r\n")
_WEIGHT = re.compile(rb"(?P<sign> *[+-]?) *(?P<digits>\d+(\.\d+)?)")
_SPELT_AS_HERE = (Unit.KG, Unit.G, Unit.T, Unit.LB, Unit.OZ)
_UNITS = {unit.encode(): unit for unit in _SPELT_AS_HERE}
_REFUSALS = {b"!\r\n": "the command could not be executed", b"?\r\n": "command not understood"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cas22:
    """An indicator that streams; with `number` other indicators on the line are refused."""

    about: ClassVar[About] = About(
        protocol="CAS, 22 bytes",
        source="CAS CI-600D, PDI, NT-200, CI-400 and CI-150A manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )
    number: int | None = field(
        default=None, metadata={"description": "device number set in the indicator; else any"}
    )

    def __post_init__(self) -> None:
        _allowed(self.number)

    async def listen(self, port: Port) -> Sequence[Indication]:
        """Return the weight in the next frame heard."""
        return (parse_weight(await port.listen(by_line(limit=64)), self.number),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CasCommand:
    """An indicator in command mode, asked by its device number."""

    about: ClassVar[About] = About(
        protocol="CAS command mode, read only",
        source="CAS CI-600D manual p. 76, CI-400 manual p. 106, CI-170A manual",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
    )
    number: int = field(
        default=1, metadata={"description": "device number set in the indicator, 1 to 99"}
    )

    def __post_init__(self) -> None:
        _allowed(self.number)

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight shown now."""
        frame = await port.exchange(b"%02dRW\r\n" % self.number, by_line(limit=64))
        if frame in _REFUSALS:
            raise Refused(_REFUSALS[frame], frame)
        return (parse_weight(frame, self.number),)


def _allowed(number: int | None) -> None:
    if number is not None and number not in NUMBERS:
        raise ValueError(f"number: {number} is not one of 1 to 99")


def parse_weight(frame: bytes, number: int | None = None) -> Indication:
    """Return the weight in one frame; raises `OutOfRange`, `Refused` or `BadFrame`."""
    if _ERROR.fullmatch(frame):
        raise Refused(frame.strip().decode("ascii"), frame)
    if none := _OVERLOAD.fullmatch(frame):
        _demand(number, none)
        raise OutOfRange("overload", frame)
    if not (told := _FRAME.fullmatch(frame)) or not (weight := _WEIGHT.fullmatch(told["weight"])):
        raise BadFrame("22 bytes: ST, US or OL, GS or NT, device, lamps, weight, unit", frame)
    _demand(number, told)
    if (unit := told["unit"].strip()) not in _UNITS:
        raise BadFrame(f"a unit out of {b', '.join(_UNITS).decode()}", frame)
    lamps = told["lamps"][0]
    _agree(told, lamps)
    return Indication(
        value=Decimal((weight["sign"].strip() + weight["digits"]).decode()),
        unit=_UNITS[unit],
        stable=told["state"] == b"ST",
        basis="gross" if told["field"] == b"GS" else "net",
        flags=tuple(name for bit, name in ((ZERO, "zero"), (HOLD, "hold")) if lamps & bit),
    )


def _demand(number: int | None, told: re.Match[bytes]) -> None:
    if number is not None and told["number"][0] != 0x30 + number:
        raise BadFrame(f"a frame of the device with number {number}", told.string)


def _agree(told: re.Match[bytes], lamps: int) -> None:
    """Refuse lamps that contradict the header; not every model has a lamp for gross."""
    net = told["field"] == b"NT"
    if bool(lamps & STABLE) != (told["state"] == b"ST"):
        raise BadFrame("a stable lamp that agrees with ST or US", told.string)
    if net and (lamps & GROSS or not lamps & TARE):
        raise BadFrame("lamps of tare and gross that agree with NT", told.string)
