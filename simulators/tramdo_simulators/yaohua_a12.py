"""The lines that a Yaohua XK3190-A12, an A12E or a clone streams.

    ww00012.34kg       ww gross, wn net; a minus or blank may take the first place
    WG  12.34kg..      A12E: eleven characters, their XOR in two, CR LF; OL and LO for over, under

Sources: XK3190-A12E manual p13; Liden LUW2001-LBW manual p17; a line captured from an HEB-TW.
Unverified: how the A12E fills its seven characters, OL for a load cell that is gone, and that
the `w` lines stop at overload.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Encode, Stream

LINES = ("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the field of a `w` line is made: its width, and what stands first if not a minus."""

    width: int = 9
    plus: str = "0"


DIALECTS = {
    "liden": Dialect(),
    "heb-tw": Dialect(width=8, plus=" "),
    "a12": Dialect(width=7),
}


def encode_line(shown: Shown, dialect: Dialect) -> bytes:
    """Return the `w` line that says what is shown, b"" where there is no value."""
    digits = f"{abs(shown.value):f}".zfill(dialect.width - 1)
    if shown.blank or len(digits) >= dialect.width:
        return b""
    sign = "-" if shown.value < 0 else dialect.plus
    letter = "n" if shown.net else "w"
    return f"w{letter}{sign}{digits}{shown.unit}\r\n".encode("ascii")


def encode_checked(shown: Shown) -> bytes:
    """Return the A12E line that says what is shown."""
    content = f"W{'N' if shown.net else 'G'}{shown.value:>7f}{shown.unit:>2}"
    if shown.blank or len(content) != 11:
        content = ("LO" if shown.underload else "OL").rjust(11)
    total = 0
    for octet in content.encode("ascii"):
        total ^= octet
    return f"{content}{total:02X}\r\n".encode("ascii")


def _simulated(encode: Encode, *, tells_blank: bool = False) -> Simulated:
    return Simulated(
        driver="yaohua-a12",
        make=lambda scale: Stream(scale, encode),
        lines=LINES,
        foreign=b"ST,GS,   245.6 g\r\n",
        tells_stable=False,
        tells_blank=tells_blank,
    )


SIMULATED: dict[str, Simulated] = {
    "liden": _simulated(partial(encode_line, dialect=DIALECTS["liden"])),
    "heb-tw": _simulated(partial(encode_line, dialect=DIALECTS["heb-tw"])),
    "a12": _simulated(partial(encode_line, dialect=DIALECTS["a12"])),
    "a12e": _simulated(encode_checked, tells_blank=True),
}
