"""The instrument's side of the Toledo 8217 protocol, as retail scales speak it.

    W    STX 01.250 CR, net STX 01.250N CR, or STX ? status CR where there is no weight to give
    E    echo test, F ends it            Z T C    would zero, tare, clear

A weight is given at rest and from zero up only. Sources: Mettler-Toledo DIVA service manual p45
(the status bits, bit 6 always 1); dialogues of emupos. Unverified: a status after any other byte.
"""

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

MOTION, OVER, UNDER, OUTSIDE_ZERO, NET, ALWAYS = 1, 2, 4, 8, 32, 64
ACTING = b"ZTCE"  # E begins an echo test that only F ends


def encode_weight(shown: Shown) -> bytes:
    """Return the answer to W that says what is shown."""
    if shown.blank or not shown.stable or shown.value < 0:
        return encode_status(shown)
    places = max(0, -int(shown.value.as_tuple().exponent))
    whole = f"{shown.value:06.{places}f}"
    return f"\x02{whole}{'N' if shown.net else ''}\r".encode("ascii")


def encode_status(shown: Shown) -> bytes:
    """Return the status that says why there is no weight."""
    under = shown.underload or (shown.value < 0 and not shown.blank)
    status = ALWAYS | NET * shown.net | OVER * shown.overload | UNDER * under
    status |= OUTSIDE_ZERO if shown.fault else MOTION * (not shown.stable)
    return bytes((2, ord("?"), status, 13))


class Toledo8217(Asked):
    """A retail scale; one request is one byte."""

    end = b""

    def __init__(self, scale: Scale) -> None:
        super().__init__(scale)
        self._echoing = False

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one byte."""
        shown = self.scale.indication(at)
        reply = self._said(request, shown)
        return reply, request == b"W" and b"?" not in reply

    def _said(self, request: bytes, shown: Shown) -> bytes:
        if self._echoing or request == b"E":
            was, self._echoing = self._echoing, request != b"F"
            return request if was else b"\x02E\r"
        if request == b"W":
            return encode_weight(shown)
        self.witness.writes += request in ACTING
        return encode_status(shown)


SIMULATED: dict[str, Simulated] = {
    "8217": Simulated(
        driver="toledo-8217",
        make=Toledo8217,
        lines=("9600 7E1",),
        foreign=b"\x02E\r",
        tells_unit=False,
        tells_moving=False,
        tells_sign=False,
    )
}
