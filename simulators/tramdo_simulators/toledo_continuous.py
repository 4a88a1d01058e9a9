"""The Toledo continuous output, which an indicator sends by itself some seven times a second.

    STX SWA SWB SWC, weight 6 digits, tare 6 digits, CR, check byte

Sources: Mettler WILDCAT technical manual p6-4; Flintec FT-111(D) manual. Unverified: what Flintec's
sum covers and which way round its bit 6 of SWB is; that a cut cable sets the range bit.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream

ALWAYS = 0b0010_0000
UNIT_CODES = {"g": 1, "t": 2, "oz": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one maker writes the frame; `bits` is what the check byte has, 0 for none.

    `texts`: a word stands in the weight's place where there is no value.
    """

    swa: int = ALWAYS
    swb: int = ALWAYS
    tare: bool = True
    end: bytes = b"\r"
    bits: int = 0
    texts: bool = False
    tells_unit: bool = True


DIALECTS = {
    "mettler": Dialect(bits=7),
    "plain": Dialect(),
    "flintec": Dialect(
        swa=ALWAYS | 64, swb=ALWAYS | 80, end=b"\r\n", bits=8, texts=True, tells_unit=False
    ),
    "short": Dialect(tare=False),
}


def encode_frame(shown: Shown, dialect: Dialect) -> bytes:
    """Return the frame that says what is shown, in a maker's way."""
    decimals = max(0, -int(shown.value.as_tuple().exponent))
    swa = dialect.swa | 0b0_1000 | (2 + decimals)
    swc = ALWAYS | (UNIT_CODES.get(shown.unit, 0) if dialect.tells_unit else 0)
    weight = _weight(shown, decimals, dialect)
    tare = f"{int((shown.gross - shown.value).scaleb(decimals)):06d}" if dialect.tare else ""
    words = bytes((2, swa, dialect.swb | _swb(shown), swc))
    return _sealed(words + f"{weight}{tare}".encode("ascii") + dialect.end, dialect.bits)


def _swb(shown: Shown) -> int:
    minus = shown.underload or (shown.value < 0 and not shown.blank)
    kg = shown.unit == "kg"
    return shown.net | minus << 1 | shown.blank << 2 | (not shown.stable) << 3 | kg << 4


def _weight(shown: Shown, decimals: int, dialect: Dialect) -> str:
    if not shown.blank:
        return f"{abs(int(shown.value.scaleb(decimals))):6d}"
    if not dialect.texts:
        return "999999"
    word = "A.OUT" if shown.fault else "UNDER" if shown.underload else "OVER"
    return f"{word:<6}"


def _sealed(frame: bytes, bits: int) -> bytes:
    return frame + bytes([-sum(frame) % (1 << bits)]) if bits else frame


class ToledoContinuous(Stream):
    """A streaming indicator, which would take P, T, Z and C as commands."""

    def __init__(
        self, scale: Scale, *, dialect: Dialect = DIALECTS["mettler"], period: float = 0.14
    ) -> None:
        super().__init__(scale, partial(encode_frame, dialect=dialect), period=period)


def _simulated(name: str, lines: tuple[str, ...], foreign: bytes) -> Simulated:
    return Simulated(
        driver="toledo-continuous",
        make=lambda scale: ToledoContinuous(scale, dialect=DIALECTS[name]),
        settings={} if name == "mettler" else {"dialect": name},
        lines=lines,
        foreign=foreign,
        tells_unit=DIALECTS[name].tells_unit,
    )


BOTH = ("9600 7E1", "9600 8N1")
# A false check byte; expanded x10 where there is none.
SIMULATED: dict[str, Simulated] = {
    "mettler": _simulated("mettler", BOTH, b"\x02+0 012345000000\r$"),
    "plain": _simulated("plain", BOTH, b"\x02+00012345000000\r"),
    "flintec": _simulated("flintec", ("9600 8N1",), b"\x02kp 012345000000\r\n\x01"),
    "short": _simulated("short", BOTH, b"\x02+00012345\r"),
}
