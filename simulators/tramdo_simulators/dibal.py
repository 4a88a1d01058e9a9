"""Dibal G-310 and GPOS shop scales, on a line where a cash register keeps asking.

    9900031600000004    99, result, five digits of grams, 0, six digits, XOR of all before

Source: a support page of SBZ Systems. Unverified: result 1 for whatever is no weight, negative
ones among it; whether the last six digits may be other than 0.
"""

from dataclasses import replace
from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream

GRAM = Decimal("0.001")


def encode_answer(shown: Shown) -> bytes:
    """Return the answer to the register: the weight in grams, or result 1."""
    none = shown.blank or shown.value < 0
    grams = 0 if none else int(shown.value / GRAM)
    content = f"99{int(none)}{grams:05}0000000".encode("ascii")
    check = 0
    for octet in content:
        check ^= octet
    return content + bytes([check]) + b"\r\n"


class Dibal(Stream):
    """A shop scale with d = 1 g that is asked every `period` seconds of real time."""

    def __init__(self, scale: Scale, *, period: float = 0.2) -> None:
        scale.settings = replace(scale.settings, interval=GRAM)
        super().__init__(scale, encode_answer, period=period)

    def tells(self, shown: Shown) -> bool:
        """Return whether the result is 0."""
        return not (shown.blank or shown.value < 0)


SIMULATED: dict[str, Simulated] = {
    "g-310": Simulated(
        driver="dibal",
        make=Dibal,
        foreign=b"9A0000001\r\n",
        tells_sign=False,
        tells_stable=False,
        tells_basis=False,
    )
}
