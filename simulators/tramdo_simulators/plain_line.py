"""Balances that send value and unit, line after line, each maker in columns of its own.

Sources: captures and example lines in the public projects OpenTrickler and qzind/tray. What most
of them send without a value is not known: then nothing is sent. Unverified: a minus after the
letter of stx-letter.
"""

from collections.abc import Callable
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


def _sign(shown: Shown) -> str:
    return "-" if shown.value < 0 else "+"


def _us_solid(shown: Shown) -> str:
    if shown.blank:
        return f"+ {'~' * 8}{shown.unit:<3}\r\n"
    return f"{_sign(shown)}{abs(shown.value):>9f}{shown.unit:<3}\r\n"


def _steinberg(shown: Shown) -> str:
    head = "S " if shown.stable else "SD"
    return f"{head}{shown.value:>10f} {shown.unit:<2}\r\n"


DIALECTS: dict[str, Callable[[Shown], str]] = {
    "kern": lambda shown: f"{shown.value:>12f} {shown.unit:<3}\r\n",
    "g-and-g": lambda shown: f"{_sign(shown)}{abs(shown.value):>8f} {shown.unit:<2}\r\n",
    "us-solid": _us_solid,
    "steinberg": _steinberg,
    "stx-letter": lambda shown: f"\x02A{shown.value:>8f}\r\x03",
}
TELLS_BLANK = frozenset({"us-solid"})


def encode_line(shown: Shown, dialect: str) -> bytes:
    """Return the line that says what is shown, b"" where the dialect cannot."""
    if shown.blank and dialect not in TELLS_BLANK:
        return b""
    return DIALECTS[dialect](shown).encode("ascii")


def _of(dialect: str) -> Simulated:
    return Simulated(
        driver="plain-line",
        make=lambda scale: Stream(scale, partial(encode_line, dialect=dialect)),
        settings={"dialect": dialect},
        foreign=b"\x02A   E   \r\x03" if dialect == "stx-letter" else b"     Ver 1.00\r\n",
        tells_unit=dialect != "stx-letter",
        tells_stable=dialect == "steinberg",
        tells_basis=False,
        tells_blank=dialect in TELLS_BLANK,
    )


SIMULATED: dict[str, Simulated] = {dialect: _of(dialect) for dialect in DIALECTS}
