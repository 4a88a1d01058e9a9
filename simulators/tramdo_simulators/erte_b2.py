"""The indicator's side of ERTE B2: `d` is answered by a letter and the display.

    A 12.34     A stable, B stable with tare, C moving, D moving with tare, E over or under

Source: ERTE B2 manual p16. Unverified: what the display shows after E, and E for a load cell that
is gone.
"""

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked


def encode_answer(shown: Shown) -> bytes:
    """Return the eight characters that say what is shown."""
    if shown.blank:
        return b"E------\r"
    letter = ("CA", "DB")[shown.net][shown.stable]
    return f"{letter}{shown.value:>6f}\r".encode("ascii")


class ErteB2(Asked):
    """An indicator that knows one question; any other letter may act, so it is counted."""

    end = b"\r"
    keep = 64

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the display for `d`, nothing for anything else."""
        shown, reply = self.scale.indication(at), b""
        if request.endswith(b"d\r"):
            reply = encode_answer(shown)
        else:
            self.witness.writes += 1
        return reply, bool(reply) and not shown.blank


SIMULATED: dict[str, Simulated] = {
    "b2": Simulated(driver="erte-b2", make=ErteB2, foreign=b"B2 V1.0 2019\r", tells_unit=False)
}
