"""The instrument's side of Adam's print format 2: 16 characters, sent continuously.

           123.45 g     sign, value to column 13, blank, unit (2)

Source: Adam Highland manual p29. Unverified: where a minus stands. What an overload sends is not
known, so nothing is sent then.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def encode_line(shown: Shown) -> bytes:
    """Return the line that says what is shown, b"" where there is no value."""
    if shown.blank:
        return b""
    sign = "-" if shown.value < 0 else " "
    return f"{sign}{abs(shown.value):>12f} {shown.unit:<2}\r\n".encode("ascii")


SIMULATED: dict[str, Simulated] = {
    "highland": Simulated(
        driver="adam",
        make=lambda scale: Stream(scale, encode_line),
        lines=("4800 8N1", "9600 8N1", "2400 8N1", "19200 8N1", "1200 8N1", "600 8N1"),
        foreign=b"           123 pcs\r\n",
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )
}
