"""The twelve-byte frames that a Yaohua XK3190 or a Keli D2008 streams (tF = 0).

    02, sign, six digits, decimal places, two characters of XOR, 03

Sources: Pro XK3190-A9+ manual p9; XK3190-A22 manual p13 (the check sum's other spelling);
captured frames. What is sent at overload is not documented: here nothing, as is assumed.
"""

from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Encode, Stream

LINES = ("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1")
HEX = "0123456789ABCDEF"
SHIFTED = "0123456789:;<=>?"


def encode_frame(shown: Shown, nibbles: str = HEX) -> bytes:
    """Return the frame that says what is shown, b"" where the field cannot hold it."""
    text = f"{abs(shown.value):f}"
    digits = text.replace(".", "").zfill(6)
    places = len(text.partition(".")[2])
    if shown.blank or len(digits) > 6 or places > 4:
        return b""
    sign = "-" if shown.value < 0 else "+"
    content = f"{sign}{digits}{places}".encode("ascii")
    total = 0
    for octet in content:
        total ^= octet
    check = nibbles[total // 16] + nibbles[total % 16]
    return b"\x02" + content + check.encode("ascii") + b"\x03"


def _simulated(encode: Encode) -> Simulated:
    return Simulated(
        driver="yaohua-tf0",
        make=lambda scale: Stream(scale, encode),
        lines=LINES,
        foreign=b"\x02AD-000100118\x03",
        tells_unit=False,
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )


SIMULATED: dict[str, Simulated] = {
    "letters": _simulated(encode_frame),
    "shifted": _simulated(partial(encode_frame, nibbles=SHIFTED)),
}
