"""The frames that a Yaohua XK3190 or a clone streams with tF = 2 or 3: digits backwards after `=`.

    =51.0700    70.15, old D2+        =51.07000   70.15, new D2+
    =5.2100-    -12.5                 =5.21001    -12.5, sign as a digit (A22)

Sources: XK3190-A22 manual p13, XK3190-A26 manual p12; the widths: public code. Unverified: where
the minus stands, and that nothing comes at overload.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream

LINES = ("9600 8N1", "1200 8N1", "4800 8N1", "2400 8N1", "600 8N1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How wide the field is, and what stands first (before it is turned round) for the sign."""

    width: int = 7
    plus: str = "0"
    minus: str = "-"


DIALECTS = {
    "old": Dialect(),
    "new": Dialect(width=8),
    "zero-one": Dialect(minus="1"),
    "zero-one-new": Dialect(width=8, minus="1"),
}


def encode_frame(shown: Shown, dialect: Dialect) -> bytes:
    """Return the frame that says what is shown, b"" where the field cannot hold it."""
    digits = f"{abs(shown.value):f}".zfill(dialect.width - 1)
    if shown.blank or len(digits) >= dialect.width:
        return b""
    sign = dialect.minus if shown.value < 0 else dialect.plus
    return b"=" + (sign + digits)[::-1].encode("ascii")


def _simulated(name: str, **settings: str | int) -> Simulated:
    encode = partial(encode_frame, dialect=DIALECTS[name])
    return Simulated(
        driver="yaohua-reversed",
        make=lambda scale: Stream(scale, encode, period=0.05),
        settings=settings,
        lines=LINES,
        foreign=b"=00004.8(kg)\r\n",
        tells_unit=False,
        tells_stable=False,
        tells_basis=False,
        tells_blank=False,
    )


SIMULATED: dict[str, Simulated] = {
    "old": _simulated("old"),
    "new": _simulated("new", width=8),
    "zero-one": _simulated("zero-one", dialect="zero-one"),
    "zero-one-new": _simulated("zero-one-new", dialect="zero-one", width=8),
}
