"""Dini Argeo indicators: the strings that answer READ and REXT.

    ST,GS,   12.34,kg                                standard
    1ST,     12.34,         0.00,         0,kg       extended: net, tare, pieces

Sources: Dini Argeo DGT4X manual p52, LTP manual p43, DGT1P manual p41 (ERR04). Unverified: what
stands in the fields of OL and UL, and OL for a load cell that is gone.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ACTING = frozenset(
    ("TARE", "T", "ZERO", "Z", "CLEAR", "C", "NTGS", "PID", "ALDL", "TMAN", "PRNT", "P")
)


def _state(shown: Shown) -> str:
    if shown.blank:
        return "UL" if shown.underload else "OL"
    return "ST" if shown.stable else "US"


def encode_standard(shown: Shown) -> str:
    """Return the standard string."""
    weight = "  ------" if shown.blank else f"{shown.value:>8f}"
    return f"{_state(shown)},{'NT' if shown.net else 'GS'},{weight},{shown.unit:>2}\r\n"


def encode_extended(shown: Shown) -> str:
    """Return the extended string of scale 1; the tare was not typed by hand."""
    net = "    ------" if shown.blank else f"{shown.value:>10f}"
    tare = f"  {shown.gross - shown.value:>10f}"
    return f"1{_state(shown)},{net},{tare},{0:>10},{shown.unit:>2}\r\n"


class Dini(Asked):
    """An indicator; with an `address` it hears only what begins with it."""

    def __init__(self, scale: Scale, *, address: str = "") -> None:
        super().__init__(scale)
        self.address = address

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command line."""
        text, shown = request.decode("latin-1").rstrip("\r\n"), self.scale.indication(at)
        reply = self._said(text.removeprefix(self.address), shown)
        if not text.startswith(self.address):
            reply = ""
        sent = f"{self.address}{reply}".encode("ascii") if reply else b""
        value = text.endswith(("READ", "REXT")) and not shown.blank
        return sent, value

    def _said(self, command: str, shown: Shown) -> str:
        if command == "READ":
            return encode_standard(shown)
        if command == "REXT":
            return encode_extended(shown)
        if command in ACTING or command.startswith("TMAN"):
            self.witness.writes += 1
            return "OK\r\n"
        return "ERR04\r\n"


_FOREIGN = b"ST,VL,   12345,kg\r\n"

SIMULATED: dict[str, Simulated] = {
    "standard": Simulated(driver="dini", make=Dini, foreign=_FOREIGN),
    "addressed": Simulated(
        driver="dini",
        make=lambda scale: Dini(scale, address="01"),
        settings={"address": "01"},
        foreign=_FOREIGN,
    ),
    "extended": Simulated(
        driver="dini",
        make=Dini,
        settings={"ask": "REXT"},
        foreign=_FOREIGN,
        tells_basis=False,
    ),
}
