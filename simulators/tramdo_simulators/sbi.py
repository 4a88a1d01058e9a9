"""The instrument's side of Sartorius SBI: lines of 16 or 22 characters, asked or printed.

    N     +    0.006 g      22: what it is, sign, value (8), unit (3; blank while it moves)
    Stat     High           no value
    BAC:        00-39-21    an answer to an identity question

Sources: captures of an MSE1203S and a WZA8202 in the public project sartoriuslib, and of a
Mettler MS204TS (26 characters). Unverified: H and L in a line of 16, and what a balance sends
for a load cell that is gone. Gross is never sent: a balance calls what it shows net.
"""

import re
from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked, Stream

_COMMAND = re.compile(rb"\x1b(?P<token>[A-Z]|[a-z]\d?_|[a-z][A-Z0-9]_)[\r\n]*")
ACTING = frozenset(b"TUVZWKLMNORQS")
IDENTITY = b"BAC:        00-39-21\r\n"
LINES = ("1200 7O1", "9600 8O1")


def encode_line(shown: Shown, dialect: str) -> bytes:
    """Return the line that says what is shown, b"" where the dialect cannot."""
    if dialect == "mettler-print26":
        weight = f"     N{shown.value:>13f} {shown.unit:<4}\r\n"
        return b"" if shown.blank else weight.encode("ascii")
    if shown.blank:
        return _blank(shown, dialect)
    sign = "-" if shown.value < 0 else "+"
    unit = shown.unit if shown.stable else ""
    line = f"{sign} {abs(shown.value):>8f} {unit:<3}\r\n"
    return ("N     " * (dialect == "sbi22") + line).encode("ascii")


def _blank(shown: Shown, dialect: str) -> bytes:
    if shown.fault:
        return b"Stat     ERR 101\r\n"
    if dialect == "sbi16":
        return b"         L    \r\n" if shown.underload else b"         H    \r\n"
    return b"Stat     Low \r\n" if shown.underload else b"Stat     High\r\n"


class Sbi(Asked):
    """A balance that answers `ESC P`, with or without CR LF."""

    def __init__(self, scale: Scale, dialect: str = "sbi22") -> None:
        super().__init__(scale)
        self.dialect = dialect

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one command from what has come: (command or b"", the rest)."""
        if not (found := _COMMAND.search(buffer)):
            return b"", buffer[-64:]
        return found[0], buffer[found.end() :]

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command, b"" where a balance gives none."""
        token = request.strip(b"\x1b\r\n")
        reply, value = b"", False
        if token in (b"P", b"kP_"):
            shown = self.scale.indication(at)
            reply, value = encode_line(shown, self.dialect), not shown.blank
        elif token.startswith(b"x"):
            reply = IDENTITY
        elif token[0] in ACTING or token.startswith((b"f", b"s", b"k")):
            self.witness.writes += 1
        return reply, value


def _asked(dialect: str) -> Simulated:
    return Simulated(
        driver="sbi",
        make=lambda scale: Sbi(scale, dialect),
        settings={"dialect": dialect},
        lines=LINES,
        foreign=IDENTITY,
        tells_basis=False,
        tells_unit_moving=False,
    )


def _stream(dialect: str) -> Simulated:
    own = dialect != "mettler-print26"
    return Simulated(
        driver="sbi-stream",
        make=lambda scale: Stream(scale, partial(encode_line, dialect=dialect)),
        settings={"dialect": dialect},
        lines=LINES,
        foreign=IDENTITY,
        tells_stable=own,
        tells_unit_moving=not own,
        tells_basis=False,
        tells_blank=own,
    )


SIMULATED: dict[str, Simulated] = {
    "sbi22": _asked("sbi22"),
    "sbi16": _asked("sbi16"),
    "sbi22-stream": _stream("sbi22"),
    "sbi16-stream": _stream("sbi16"),
    "mettler-print26": _stream("mettler-print26"),
}
