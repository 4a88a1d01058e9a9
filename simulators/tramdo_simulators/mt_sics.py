"""The instrument's side of Mettler-Toledo MT-SICS, levels 0 and 1, reading commands only.

    S S     100.00 g    stable           S D ...   dynamic
    S I                 no stability in time
    S +   S -           overload, underload
    M28 A 1 22.5        where it knows SIH, M28, C0 and TA: high resolution, temperature, whether
    C0 A 2 0 ""         an adjustment is due (2), tare
    ES  EL  ET          unknown command, refused command, garbled bytes

Sources: Mettler-Toledo AL-IC operating instructions p72; Kern MCN manual p46 (the weight field
of 10 characters); Mettler-Toledo APW error numbers as public code cites them. Unverified: I1,
the form of SIH, the digits of C0.
"""

import re
from decimal import Decimal

from tramdo_simulators.scale import Scale, Shown
from tramdo_simulators.simulated import Simulated
from tramdo_simulators.talking import Asked

ACTING = frozenset({"@", "Z", "ZI", "T", "TI", "TAC", "C1", "C2", "C3", "DW", "PWR"})
SIGNALS = ("SIH", "M28", "C0", "TA")
SETTING = re.compile(r"(C0|D|DAT|I10|K|M\d\d|PW|TA|TIM|TST\d|UPD|WS) .*")


def encode_weight(shown: Shown) -> bytes:
    """Return the answer to S or SI that says what is shown."""
    if shown.fault:
        return b"S S Error 10b\r\n"
    if shown.blank:
        return b"S +\r\n" if shown.overload else b"S -\r\n"
    letter = "S" if shown.stable else "D"
    return f"S {letter} {shown.value:>10f} {shown.unit}\r\n".encode("ascii")


class MtSics(Asked):
    """An MT-SICS server for one scale; `patience` is its stability time-out in seconds.

    `knows` names the questions out of `SIGNALS` that it answers. `adjustment_due` may be set at
    any time, so may `celsius`.
    """

    def __init__(
        self,
        scale: Scale,
        *,
        serial: str = "1126493049",
        patience: float = 3.0,
        knows: tuple[str, ...] = (),
    ) -> None:
        super().__init__(scale)
        self.patience = patience
        self.knows = knows
        self.adjustment_due = False
        self.celsius = Decimal("22.5")
        maximum = f"{scale.settings.capacity} {scale.settings.unit}"
        self._identity = {
            "I1": '"01" "2.30" "2.20"',
            "I2": f'"Simulated scale {maximum}"',
            "I3": '"1.00"',
            "I4": f'"{serial}"',
        }

    def wait(self, request: bytes, at: float) -> float:
        """Return the seconds this command is thought over: S waits for stability."""
        if request.strip() != b"S":
            return 0.0
        return min(max(0.0, self.scale.settled(at) - at), self.patience)

    def reply(self, request: bytes, at: float) -> tuple[bytes, bool]:
        """Return the answer to one command line."""
        command = request.rstrip(b"\r\n")
        if command in (b"S", b"SI"):
            shown = self.scale.indication(at)
            if command == b"S" and not shown.stable and not shown.blank:
                return b"S I\r\n", False
            return encode_weight(shown), not shown.blank
        return (self._other(command.decode("ascii"), at) if command.isascii() else b"ET\r\n"), False

    def _other(self, text: str, at: float) -> bytes:
        if text in self._identity:
            return f"{text} A {self._identity[text]}\r\n".encode("ascii")
        if text in self.knows:
            return self._signal(text, at)
        if text.partition(" ")[0] in ACTING or SETTING.fullmatch(text):
            self.witness.writes += 1
            return b"EL\r\n"
        return b"ES\r\n"

    def _signal(self, question: str, at: float) -> bytes:
        settings = self.scale.settings
        shown = self.scale.indication(at)
        fine = round(Decimal(self.scale.signal(at)) - self.scale.tared, _decimals(shown) + 2)
        high = f"S {'S' if shown.stable else 'D'} {fine:>10f} {settings.unit}"
        answers = {
            "SIH": encode_weight(shown).decode("ascii").rstrip() if shown.blank else high,
            "M28": f"M28 A 1 {self.celsius}",
            "C0": f'C0 A {2 if self.adjustment_due else 1} 0 ""',
            "TA": f"TA A {self.scale.tared:>10f} {settings.unit}",
        }
        return f"{answers[question]}\r\n".encode("ascii")


def _decimals(shown: Shown) -> int:
    return max(0, -int(shown.value.as_tuple().exponent))


_IDENTITY = b'I4 A "1126493049"\r\n'
SIMULATED: dict[str, Simulated] = {
    "levels-0-and-1": Simulated(
        driver="mt-sics", make=MtSics, foreign=_IDENTITY, tells_basis=False
    ),
    "signals": Simulated(
        driver="mt-sics",
        make=lambda scale: MtSics(scale, knows=SIGNALS),
        settings={"signals": SIGNALS},
        foreign=_IDENTITY,
        tells_basis=False,
    ),
    "unknown-signals": Simulated(
        driver="mt-sics",
        make=MtSics,
        settings={"signals": SIGNALS},
        foreign=_IDENTITY,
        tells_basis=False,
    ),
}
