"""The instrument's side of NCI SCP-01, reading commands only.

    W CR    LF   12.34lb CR LF, status 2 to 4 characters, CR ETX
    S CR    the status alone               LF ? CR ETX    unknown command

Sources: NCI 6702 p14, Avery Weigh-Tronix 7821 p25, Ohaus Aviator 7000 p49, Salter Brecknell 3700LP
p11 manuals. Unverified: the answer to S, blanks in the field of a faulty scale.
"""

from dataclasses import dataclass

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ACTING = b"ZTCUP"
ALWAYS, MORE = 0x30, 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How wide the weight is, how many status characters follow (2 to 4)."""

    width: int = 7
    status: int = 3


DIALECTS = {"three": Dialect(), "two": Dialect(status=2), "narrow": Dialect(width=6, status=4)}


def encode_weight(shown: Shown, dialect: Dialect) -> bytes:
    """Return the answer to W that says what is shown."""
    weight = f"{shown.value:>{dialect.width}f}"
    if shown.blank:
        weight = (" " if shown.fault else "_" if shown.underload else "^") * dialect.width
    return f"\n{weight}{shown.unit:>2}\r".encode("ascii") + encode_status(shown, dialect)


def encode_status(shown: Shown, dialect: Dialect) -> bytes:
    """Return the status characters and what stands around them."""
    first = ALWAYS | (not shown.stable)
    second = ALWAYS | shown.underload | shown.overload << 1 | shown.fault << 3
    all_four = [first, second, ALWAYS | shown.net << 2, ALWAYS]
    for at in range(1, dialect.status - 1):
        all_four[at] |= MORE
    return b"\n" + bytes(all_four[: dialect.status]) + b"\r\x03"


class Nci(Asked):
    """A scale that is asked."""

    end = b"\r"

    def __init__(self, scale: Scale, *, dialect: Dialect = DIALECTS["three"]) -> None:
        super().__init__(scale)
        self.dialect = dialect

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command."""
        shown = self.scale.indication(at)
        return self._said(request, shown), request == b"W\r" and not shown.blank

    def _said(self, request: bytes, shown: Shown) -> bytes:
        if request == b"W\r":
            return encode_weight(shown, self.dialect)
        if request == b"S\r":
            return encode_status(shown, self.dialect)
        self.witness.writes += request[0] in ACTING
        return b"\n?\r\x03"


def _simulated(name: str) -> Simulated:
    dialect = DIALECTS[name]
    return Simulated(
        driver="nci",
        make=lambda scale: Nci(scale, dialect=dialect),
        settings={} if dialect.width == 7 else {"width": dialect.width},
        lines=("9600 7E1",),
        foreign=b"\n00\r\x03",
        tells_basis=dialect.status > 2,
    )


SIMULATED: dict[str, Simulated] = {name: _simulated(name) for name in DIALECTS}
