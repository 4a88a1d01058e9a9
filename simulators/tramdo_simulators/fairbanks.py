"""Fairbanks 6011 and FB6000 indicators: lines sent to whoever connects to TCP port 5001.

    1     960    00     1 stable, 2 moving, 3 over; weight without point; 00
    1"    960    00     below zero

Source: notes of a public program; its only examples are 1 and 2 with 960 and 965. Unverified:
where the mark of a minus stands, 3, and the same 3 for an underload.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness


def encode_line(shown: Shown) -> bytes:
    """Return the line that says what is shown; the digits lose their point."""
    if shown.blank:
        return b"3       0    00\r\n"
    digits = "".join(map(str, shown.value.as_tuple().digits))
    minus = '"' if shown.value < 0 else " "
    return f"{'1' if shown.stable else '2'}{minus}{digits:>7}    00\r\n".encode("ascii")


class Fairbanks:
    """A streaming indicator: one line every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, period: float = 0.1) -> None:
        self.scale = scale
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the line sent at this simulated second."""
        shown = self.scale.indication(at)
        line = encode_line(shown)
        self.witness.note(Served(at, b"", line), value=not shown.blank, request=False)
        return line

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an indicator that should only be listened to."""
        self.witness.writes += len(octets)


SIMULATED: dict[str, Simulated] = {
    "6011": Simulated(
        driver="fairbanks",
        make=Fairbanks,
        settings={"decimals": 2, "length": 17},
        foreign=b"FAIRBANKS 6011 V1.1\r\n",
        tells_unit=False,
        tells_basis=False,
    )
}
