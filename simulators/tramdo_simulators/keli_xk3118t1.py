"""The frames that a Keli XK3118T1 streams: `=00004.8(kg)`.

Source: a comment in a Vietnamese weighbridge program. Unverified: the line's end, where a minus
stands, and that nothing comes at overload.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness


def encode_frame(shown: Shown) -> bytes:
    """Return the frame that says what is shown, b"" where there is no value."""
    field = f"{shown.value:07f}"
    if shown.blank or len(field) > 7:
        return b""
    return f"={field}({shown.unit})\r\n".encode("ascii")


class KeliXk3118t1:
    """A streaming indicator: one frame every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, period: float = 0.1) -> None:
        self.scale = scale
        self.period = period
        self.witness = Witness()

    def line(self, at: float) -> bytes:
        """Return the frame sent at this simulated second."""
        frame = encode_frame(self.scale.indication(at))
        self.witness.note(Served(at, b"", frame), value=bool(frame), request=False)
        return frame

    def hear(self, octets: bytes) -> None:
        """Count bytes sent to an instrument that should only be listened to."""
        self.witness.writes += len(octets)


SIMULATED: dict[str, Simulated] = {
    "xk3118t1": Simulated(
        driver="keli-xk3118t1",
        make=KeliXk3118t1,
        lines=("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1"),
        foreign=b"=   0.00C\r",
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )
}
