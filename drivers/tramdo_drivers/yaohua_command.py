"""Yaohua XK3190, Keli D2008 and XK3118K9 in command mode (tF = 1 on most): they answer questions.

Reference: Pro XK3190-A9+ manual (p. 10-11), XK3190-A23p manual (p. 26).

    02 A B 0 3 03                     asks address 1 (A to Z are 1 to 26) for B gross, C tare, D net
    02 A D - 000100 1 1 8 03          address, letter, sign, six digits, decimal places, XOR, 03
    02 A A 0 0 03                     handshake, and its answer

The XOR covers all between 02 and itself; see `yaohua_tf0.py` for how it is written. An answer
says neither unit nor stability. A wrong check sum or address, and probably an overload, is
answered by silence (not confirmed).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import ClassVar

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame
from tramdo.reading import Indication, Quantity
from tramdo_drivers.yaohua_tf0 import by_content, demand_check, pointed

ADDRESSES = range(1, 27)
LETTERS = {"gross": b"B", "net": b"D", "tare": b"C"}

_WEIGHT = re.compile(
    rb"\x02(?P<content>(?P<address>[A-Z])(?P<letter>[BCD])"
    rb"(?P<sign>[+-])(?P<digits>\d{6})(?P<places>[0-4]))(?P<check>..)\x03",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YaohuaCommand:
    """An indicator that is asked for its gross, net or tare weight."""

    about: ClassVar[About] = About(
        protocol="Yaohua command mode",
        source="Pro XK3190-A9+ and XK3190-A23p manuals",
        kinds=(Kind.SCALE,),
        proof=Proof.MANUAL,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1"),
    )
    address: int = field(default=1, metadata={"description": "the indicator's address, 1 to 26"})
    ask: str = field(
        default="gross",
        metadata={"description": 'which weight is asked for: "gross", "net", "tare"'},
    )

    def __post_init__(self) -> None:
        if self.address not in ADDRESSES:
            raise ValueError(f"address: {self.address} is not one of 1 to 26")
        if self.ask not in LETTERS:
            raise ValueError(f"ask: {self.ask!r} is not one of {', '.join(LETTERS)}")

    async def read(self, port: Port) -> Sequence[Indication]:
        """Return the weight asked for."""
        answer = await port.exchange(question(self.address, LETTERS[self.ask]), by_content(12))
        return (parse_weight(answer, self.address, self.ask),)

    async def resync(self, port: Port) -> None:
        """Shake hands; every weight that comes before the answer is an older one.

        On a line that echoes, the echo cannot be told from the answer.
        """
        request = question(self.address, b"A")
        if (answer := await port.exchange(request, by_content(4))) != request:
            raise BadFrame(f"the answer to a handshake ({request.hex(' ')})", answer)


def question(address: int, letter: bytes) -> bytes:
    """Return the request that asks an address (1 to 26) what a letter stands for."""
    content = bytes((0x40 + address,)) + letter
    return b"\x02%b%02X\x03" % (content, reduce(xor, content))


def parse_weight(frame: bytes, address: int = 1, ask: str = "gross") -> Indication:
    """Return the weight in the answer to what was asked, without unit; raises `BadFrame`."""
    if not (weight := _WEIGHT.fullmatch(frame)):
        raise BadFrame("an address, a letter, a sign, six digits and a check sum", frame)
    demand_check(frame, weight["content"], weight["check"])
    asked = bytes((0x40 + address,)) + LETTERS[ask]
    if weight["address"] + weight["letter"] != asked:
        raise BadFrame(f"an answer that begins with {asked.decode()}", frame)
    if ask == "tare":
        return Indication(value=pointed(weight), unit=None, quantity=Quantity.TARE)
    return Indication(value=pointed(weight), unit=None, basis=ask)
