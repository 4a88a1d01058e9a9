"""The ST,GS family of lines, which an indicator sends by itself several times a second.

    ST,GS,   245.6 g    stable, gross          US,NT,...   moving, net
    OL,GS, / UL,GS,     overload, underload

Dialects are data. Sources: captured lines of T-Scale QHW and NHB; Excell H3 manual p67;
Selleton SL-7515 manual p14; a developer's page on the ASI 2025; Dini Argeo DGT4X manual p52; CAS
CI-600D manual p75. Unverified: what each dialect
but Excell's sends without a value, and OL for a load cell that is gone.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one maker writes the line.

    `width` and `fill` (a blank or 0) pad the digits. With `signed` a sign always stands before
    the padding; without, only a minus, before the digits or the zeros. `empty` stands in place
    of value and unit.
    """

    head: str = "{state},{basis},"
    signed: bool = False
    width: int = 8
    fill: str = " "
    unit: str = " {unit}"
    empty: str = ""


DIALECTS = {
    "t-scale": Dialect(),
    "t-scale-nhb": Dialect(head="{state},{basis} ", width=7, unit="{unit:<3}"),
    "signed": Dialect(signed=True, width=7),
    "excell": Dialect(signed=True, fill="0", unit="{unit:>4}", empty="+" + " " * 12),
    "selleton": Dialect(head="{state}, {basis}", signed=True, width=5, unit="{capital}"),
    "asi": Dialect(signed=True, fill="0", unit=""),
    "dini": Dialect(unit=",{unit:>2}", empty="  ------,kg"),
    "cas-18": Dialect(fill="0", unit="{unit:>2}", empty=" " * 10),
}


def encode_line(shown: Shown, dialect: Dialect) -> bytes:
    """Return the line that says what is shown, in a maker's way."""
    basis = "NT" if shown.net else "GS"
    state = "ST" if shown.stable else "US"
    rest = dialect.empty
    if shown.blank:
        state = "UL" if shown.underload else "OL"
    else:
        rest = _digits(shown, dialect)
        rest += dialect.unit.format(unit=shown.unit, capital=shown.unit.upper())
    return f"{dialect.head.format(state=state, basis=basis)}{rest}\r\n".encode("ascii")


def _digits(shown: Shown, dialect: Dialect) -> str:
    if not dialect.signed:
        text = f"{shown.value:f}"
        return text.zfill(dialect.width) if dialect.fill == "0" else text.rjust(dialect.width)
    sign = "-" if shown.value < 0 else "+"
    return sign + f"{abs(shown.value):f}".rjust(dialect.width, dialect.fill)


class StGs(Stream):
    """A streaming indicator: one line every `period` seconds of real time."""

    def __init__(
        self, scale: Scale, *, dialect: Dialect = DIALECTS["t-scale"], period: float = 0.1
    ) -> None:
        super().__init__(scale, partial(encode_line, dialect=dialect), period=period)


def _simulated(name: str, *, length: int | None = None, tells_unit: bool = True) -> Simulated:
    return Simulated(
        driver="st-gs",
        make=lambda scale: StGs(scale, dialect=DIALECTS[name]),
        settings={} if length is None else {"length": length},
        foreign=b"CAS PD-II  Ver 1.00\r\n",
        tells_unit=tells_unit,
    )


SIMULATED: dict[str, Simulated] = {
    "t-scale": _simulated("t-scale", length=19),
    "t-scale-nhb": _simulated("t-scale-nhb"),
    "signed": _simulated("signed"),
    "excell": _simulated("excell", length=21),
    "selleton": _simulated("selleton"),
    "asi": _simulated("asi", length=17, tells_unit=False),
    "dini": _simulated("dini", length=19),
    "cas-18": _simulated("cas-18", length=18),
}
