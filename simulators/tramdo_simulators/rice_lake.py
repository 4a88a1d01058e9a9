"""The streams of Rice Lake (Condec), Cardinal and Weigh-Tronix indicators.

    STX   123.45KG  CR LF        CR  123.45m kg g   ETX         G  123.45 kg CR LF

Dialects are data. Sources: Rice Lake 482 p33, 880 p99 and Tracer AV p34 manuals. Unverified: which
status a cut cable gives; what Cardinal's field holds out of range. Weigh-Tronix's lines have no
status: out of range this one sends nothing.
"""

from dataclasses import dataclass
from functools import partial

from tramdo_simulators.scale import Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Stream

ONE_LETTER = {"kg": "K", "lb": "L", "g": "G", "oz": "O"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one maker writes the line; `status` are the words for rest, motion, range, fault."""

    line: str
    width: int = 7
    basis: str = "GN"
    status: tuple[str, str, str, str] = (" ", "M", "O", "I")


DIALECTS = {
    "rice-lake": Dialect(line="\x02{sign}{weight}{letter}{basis}{status}\r\n"),
    "two-letters": Dialect(line="\x02{sign}{weight}{capital}{basis}{status}\r\n"),
    "rice-lake-cr": Dialect(line="\x02{sign}{weight}{letter}{basis}{status}\r"),
    "cardinal": Dialect(
        line="\r{sign}{weight}{status} {unit:>2} {basis}  \x03",
        width=6,
        basis="gn",
        status=(" ", "m", "o", "o"),
    ),
    "weigh-tronix": Dialect(line=" {basis}{sign}{weight} {unit:>2}\r\n", width=6, status=("",) * 4),
}


def encode_line(shown: Shown, dialect: Dialect) -> bytes:
    """Return the line that says what is shown, b"" where the maker has none for it."""
    if shown.blank and not dialect.status[2]:
        return b""
    line = dialect.line.format(
        sign="-" if shown.underload or (shown.value < 0 and not shown.blank) else " ",
        weight=_weight(shown, dialect.width),
        unit=shown.unit,
        capital=shown.unit.upper(),
        letter=ONE_LETTER.get(shown.unit, "T"),
        basis=dialect.basis[shown.net],
        status=_status(shown, dialect),
    )
    return line.encode("ascii")


def _weight(shown: Shown, width: int) -> str:
    if shown.fault:
        return " " * width
    if shown.blank:
        return ("]" if shown.underload else "^") * width
    return f"{abs(shown.value):>{width}f}"


def _status(shown: Shown, dialect: Dialect) -> str:
    rest, motion, out, fault = dialect.status
    if shown.blank:
        return fault if shown.fault else out
    return rest if shown.stable else motion


def _simulated(name: str, foreign: bytes) -> Simulated:
    dialect = DIALECTS[name]
    return Simulated(
        driver="rice-lake",
        make=lambda scale: Stream(scale, partial(encode_line, dialect=dialect)),
        settings={} if name in ("rice-lake", "two-letters") else {"dialect": name},
        foreign=foreign,
        tells_stable=bool(dialect.status[1]),
        tells_blank=bool(dialect.status[2]),
    )


SIMULATED: dict[str, Simulated] = {
    "rice-lake": _simulated("rice-lake", b"\x02     120PCG \r\n"),
    "two-letters": _simulated("two-letters", b"GROSS   123.45 KG\r\n"),
    "rice-lake-cr": _simulated("rice-lake-cr", b"\x02     120PCG \r"),
    "cardinal": _simulated("cardinal", b"\r    120  pc g  \x03"),
    "weigh-tronix": _simulated("weigh-tronix", b" G    120 pc\r\n"),
}
