"""The frames that a DIGI DI-28SS streams: `=   0.00C` and CR, C for standstill, A for motion.

Source: bytes that a Vietnamese project recorded and its list of letters. Unverified: where a minus
stands, and that nothing comes at overload.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.witness import Served, Witness


def encode_frame(shown: Shown) -> bytes:
    """Return the frame that says what is shown, b"" where there is no value."""
    field = f"{shown.value:>7f}"
    if shown.blank or len(field) > 7:
        return b""
    return f"={field}{'C' if shown.stable else 'A'}\r".encode("ascii")


class DigiDi28:
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
    "di-28": Simulated(
        driver="digi-di28",
        make=DigiDi28,
        foreign=b"=00004.8(kg)\r\n",
        tells_unit=False,
        tells_basis=False,
        tells_blank=False,
    )
}
