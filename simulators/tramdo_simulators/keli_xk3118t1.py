"""The frames that a Keli XK3118T1 streams: `=00004.8(kg)`.

Source: a comment in a Vietnamese weighbridge program. Unverified: the line's end, where a minus
stands, and that nothing comes at overload.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def encode_frame(shown: Shown) -> bytes:
    """Return the frame that says what is shown, b"" where there is no value."""
    field = f"{shown.value:07f}"
    if shown.blank or len(field) > 7:
        return b""
    return f"={field}({shown.unit})\r\n".encode("ascii")


SIMULATED: dict[str, Simulated] = {
    "xk3118t1": Simulated(
        driver="keli-xk3118t1",
        make=lambda scale: Stream(scale, encode_frame),
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1"),
        foreign=b"=   0.00C\r",
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )
}
