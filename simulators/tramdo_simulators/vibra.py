"""The lines that a ViBRA (Shinko Denshi) balance streams.

    +0012.34KG S       sign, seven or eight characters, unit, status S, U or E (no weight)
    +0012.3/4KG S      the auxiliary digit after a stroke

Sources: ViBRA HG manual p28; a line captured in a quality room. Unverified: E for overload.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How wide the digits are, and whether the last one is set off by a stroke."""

    width: int = 7
    auxiliary: bool = False


DIALECTS = {
    "seven": Dialect(),
    "eight": Dialect(width=8),
    "auxiliary": Dialect(width=8, auxiliary=True),
}


def encode_line(shown: Shown, dialect: Dialect) -> bytes:
    """Return the line that says what is shown; one that the field cannot hold is an error."""
    text = f"{abs(shown.value):f}"
    if dialect.auxiliary:
        text = f"{text[:-1]}/{text[-1]}"
    state = "S" if shown.stable else "U"
    if shown.blank or len(text) > dialect.width:
        text, state = "0", "E"
    sign = "-" if shown.value < 0 else "+"
    digits, unit = text.zfill(dialect.width), shown.unit.upper().rjust(2)
    return f"{sign}{digits}{unit} {state}\r\n".encode("ascii")


def _simulated(dialect: Dialect) -> Simulated:
    return Simulated(
        driver="vibra",
        make=lambda scale: Stream(scale, partial(encode_line, dialect=dialect), period=0.2),
        lines=("1200 8N2",),
        foreign=b"ST,GS,   245.6 g\r\n",
        tells_basis=False,
    )


SIMULATED: dict[str, Simulated] = {name: _simulated(one) for name, one in DIALECTS.items()}
