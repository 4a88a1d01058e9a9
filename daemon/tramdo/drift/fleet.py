"""What many instruments say together: a bias that favours one side, a share beyond limits. No I/O.

NIST Handbook 44 G-UR.4.1: errors predominantly in the owner's favour are not maintenance.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tramdo.drift.distributions import binomial_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTest:
    """How many of `count` errors that are not 0 are on one side, and the chance of so many."""

    count: int
    on_side: int
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOut:
    """Instruments beyond their limits on either side, in percent of all."""

    over: float
    under: float

    @property
    def total(self) -> float:
        """Both sides together, in percent."""
        return self.over + self.under


def sign_test(on_side: int, count: int) -> SignTest:
    """Return the exact one-sided test that `on_side` or more of `count` errors fall on a side."""
    if not 0 <= on_side <= count:
        raise ValueError(f"{on_side} of {count}; allowed: 0 to the count")
    return SignTest(count=count, on_side=on_side, p=binomial_tail(on_side, count))


def sign_test_of(errors: Iterable[float]) -> SignTest:
    """Return the sign test of positive errors: at dispensers those that favour the station."""
    signs = [error > 0 for error in errors if error]
    return sign_test(sum(signs), len(signs))


def share_out(instruments: int, over: int, under: int) -> ShareOut:
    """Return the shares beyond the upper and the lower limit; raises ValueError without any."""
    if not (instruments > 0 and over >= 0 and under >= 0 and over + under <= instruments):
        says = f"{over} over and {under} under of {instruments}"
        raise ValueError(f"{says}; allowed: from 0, together at most all of at least one")
    return ShareOut(over=100 * over / instruments, under=100 * under / instruments)
