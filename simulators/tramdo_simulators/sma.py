"""The instrument's side of SMA SCP-0499, reading commands only.

    LF W CR    LF, s r n m f, weight 10, unit 3, CR      H high resolution, M the tare
    LF A CR    the first line about the scale, B the next one
    LF ? CR    unknown command

Sources: Flintec FT-112(D) manual p108; emupos protocol notes. Unverified: dashes in place of the
weight over and under the range (sure for E, I and T only), and E for a cut cable.
"""

from dataclasses import replace
from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ACTING = frozenset("ZTCUXRSPQ")
ABOUT = ("SMA:2/1.0", "MFG:tramdo", "MOD:simulated", "REV:1.0", "SN :1", "END:")


def encode_weight(shown: Shown, kind: str, blank: str = " ") -> bytes:
    """Return the answer that says what is shown; `kind` is the third letter."""
    state = "T" if shown.fault else "U" if shown.underload else "O" if shown.overload else " "
    weight = "-" * 10 if shown.blank else f"{shown.value:>10f}"
    motion = " " if shown.stable else "M"
    text = f"{state}1{kind}{motion} {weight}"
    return f"\n{text}{shown.unit.ljust(3, blank)}\r".encode("ascii")


class Sma(Asked):
    """A scale; `blank` is what pads its unit."""

    end = b"\r"

    def __init__(self, scale: Scale, *, blank: str = " ") -> None:
        super().__init__(scale)
        self.blank = blank
        self._about = 0

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command."""
        command = request.strip(b"\r\n\x1b").decode("ascii", "replace")
        shown = self._weighed(command, at)
        if shown:
            kind = {"W": "GN", "H": "gn", "M": "TT"}[command][shown.net]
            reply = encode_weight(shown, kind, self.blank)
        else:
            reply = self._said(command)
        return reply, shown is not None and not shown.blank

    def _weighed(self, command: str, at: float) -> Shown | None:
        shown = self.scale.indication(at)
        if command == "M":
            return replace(shown, value=shown.gross - shown.value)
        if command == "H":
            fine = self.scale.settings.interval / 10
            gross = round(self.scale.signal(at) / float(fine)) * fine
            return replace(shown, value=Decimal(gross - self.scale.tared))
        return shown if command == "W" else None

    def _said(self, command: str) -> bytes:
        if command in ("A", "B"):
            self._about = 0 if command == "A" else min(self._about + 1, len(ABOUT) - 1)
            return f"\n{ABOUT[self._about]}\r".encode("ascii")
        self.witness.writes += command[:1] in ACTING
        return b"\n?\r"


SIMULATED: dict[str, Simulated] = {
    "blank": Simulated(driver="sma", make=Sma, foreign=b"\nSMA:2/1.0\r"),
    "underscore": Simulated(
        driver="sma", make=lambda scale: Sma(scale, blank="_"), foreign=b"\nMOD:1.250kg_\r"
    ),
}
