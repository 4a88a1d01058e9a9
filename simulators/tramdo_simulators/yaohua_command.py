"""A Yaohua XK3190 or Keli D2008 in command mode: it answers questions by address and letter.

    A handshake    B gross    C tare    D net        E and F (truck, cargo) are not answered here

Source: Pro XK3190-A9+ manual p10-11; which letters act: Keli XK3118K9-R manual p9-10 (clears
records, zero, tare) and XK3190-A22 manual p13. A wrong check sum, another address and a scale
without a weight to show are met with silence (the manuals do not say).
"""

from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

LINES = ("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1")
STX, ETX = b"\x02", b"\x03"
ACTING = frozenset("GHI0T")


def encode_frame(content: str) -> bytes:
    """Return the content in a frame, with its XOR."""
    octets = content.encode("ascii")
    total = 0
    for octet in octets:
        total ^= octet
    return STX + octets + format(total, "02X").encode("ascii") + ETX


def encode_weight(head: str, value: Decimal) -> bytes:
    """Return an answer with a weight, b"" where the field cannot hold it."""
    text = f"{abs(value):f}"
    digits = text.replace(".", "").zfill(6)
    places = len(text.partition(".")[2])
    if len(digits) > 6 or places > 4:
        return b""
    return encode_frame(f"{head}{'-' if value < 0 else '+'}{digits}{places}")


def weight_of(shown: Shown, letter: str) -> Decimal:
    """Return gross (B), tare (C) or net (D)."""
    return {"B": shown.gross, "C": shown.gross - shown.value, "D": shown.value}[letter]


class YaohuaCommand(Asked):
    """An indicator at an address, 1 to 26."""

    def __init__(self, scale: Scale, *, address: int = 1) -> None:
        super().__init__(scale)
        self.letter = chr(ord("A") + address - 1)

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one command from what has come: (command or b"", the rest)."""
        _, start, rest = buffer.partition(STX)
        command, end, rest = rest.partition(ETX)
        if not end:
            return b"", (start + command)[-32:]
        return STX + command.rpartition(STX)[2] + ETX, rest

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command."""
        said = self._said(request, at)
        return said, len(said) > 6

    def _said(self, request: bytes, at: float) -> bytes:
        asked = request[1:3].decode("latin-1")
        if len(asked) < 2 or asked[0] != self.letter:
            return b""
        if asked[1] in ACTING:
            self.witness.writes += 1
            return b""
        if not asked.isascii() or request != encode_frame(asked):
            return b""
        if asked[1] == "A":
            return encode_frame(asked)
        shown = self.scale.indication(at)
        if shown.blank or asked[1] not in "BCD":
            return b""
        return encode_weight(asked, weight_of(shown, asked[1]))


def _simulated(own: int = 1, **settings: str | int) -> Simulated:
    return Simulated(
        driver="yaohua-command",
        make=lambda scale: YaohuaCommand(scale, address=own),
        settings=settings,
        lines=LINES,
        foreign=encode_frame("ZD+0001002"),
        tells_unit=False,
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )


SIMULATED: dict[str, Simulated] = {
    "gross": _simulated(),
    "net": _simulated(ask="net"),
    "address-26": _simulated(26, address=26),
}
