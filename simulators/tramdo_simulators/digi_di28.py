"""The frames that a DIGI DI-28SS streams: `=   0.00C` and CR, C for standstill, A for motion.

Source: bytes that a Vietnamese project recorded and its list of letters. Unverified: where a minus
stands, and that nothing comes at overload.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def encode_frame(shown: Shown) -> bytes:
    """Return the frame that says what is shown, b"" where there is no value."""
    field = f"{shown.value:>7f}"
    if shown.blank or len(field) > 7:
        return b""
    return f"={field}{'C' if shown.stable else 'A'}\r".encode("ascii")


SIMULATED: dict[str, Simulated] = {
    "di-28": Simulated(
        driver="digi-di28",
        make=lambda scale: Stream(scale, encode_frame),
        foreign=b"=00004.8(kg)\r\n",
        tells_unit=False,
        tells_basis=False,
        tells_blank=False,
    )
}
