"""Fairbanks 6011 and FB6000 indicators: lines sent to whoever connects to TCP port 5001.

    1     960    00     1 stable, 2 moving, 3 over; weight without point; 00
    1"    960    00     below zero

Source: notes of a public program; its only examples are 1 and 2 with 960 and 965. Unverified:
where the mark of a minus stands, 3, and the same 3 for an underload.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def encode_line(shown: Shown) -> bytes:
    """Return the line that says what is shown; the digits lose their point."""
    if shown.blank:
        return b"3       0    00\r\n"
    digits = "".join(map(str, shown.value.as_tuple().digits))
    minus = '"' if shown.value < 0 else " "
    return f"{'1' if shown.stable else '2'}{minus}{digits:>7}    00\r\n".encode("ascii")


SIMULATED: dict[str, Simulated] = {
    "6011": Simulated(
        driver="fairbanks",
        make=lambda scale: Stream(scale, encode_line),
        settings={"decimals": 2, "length": 17},
        foreign=b"FAIRBANKS 6011 V1.1\r\n",
        tells_unit=False,
        tells_basis=False,
    )
}
