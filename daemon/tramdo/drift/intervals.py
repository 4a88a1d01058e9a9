"""How long until the next check: the methods of ILAC-G24 / OIML D 10:2022. No I/O.

Software may only shorten: no proposal is longer than the legal period of verification.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from tramdo.drift.chart import Control

EXTEND, SHORTEN = 1.25, 0.5
SHARE_OF_MPE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The next interval in days and which method, or the legal period, made it so short."""

    days: float
    why: str


def staircase(
    days: float, error: float, mpe: float, *, extend: float = EXTEND, shorten: float = SHORTEN
) -> float:
    """Return the next interval (method 1), in days: longer within 80 % of the MPE.

    Between that and the MPE it stays; beyond the MPE it shortens.
    """
    _above_zero(days=days, mpe=mpe)
    size = abs(error)
    if size <= SHARE_OF_MPE * mpe:
        return days * extend
    return days if size <= mpe else days * shorten


def by_chart(
    days: float, control: Control, to_act: float | None = None, *, extend: float = EXTEND
) -> float:
    """Return the next interval (method 2), in days, from the chart and the days left to act.

    `to_act` runs to a forecast's `act_by`; None: no drift. Only a chart in control extends.
    """
    _above_zero(days=days)
    if control is Control.OUT_OF_CONTROL:
        days *= SHORTEN
    elif control is Control.IN_CONTROL and to_act is None:
        days *= extend
    return days if to_act is None else min(days, max(to_act, 0.0))


def stationarity(reliability: float, shorten: float) -> float:
    """Return a of (1 + a)^R (1 - b)^(1 - R) = 1: by how much to extend (NCSLI RP-1, method A1).

    At reliability R intervals then keep their length. Unverified against RP-1 itself.
    """
    _share(reliability=reliability, shorten=shorten)
    return float((1 - shorten) ** (-(1 - reliability) / reliability)) - 1


def by_stationarity(days: float, *, within: bool, reliability: float, shorten: float) -> float:
    """Return the next interval by method A1, in days: longer if the check was within limits."""
    _above_zero(days=days)
    return days * (1 + stationarity(reliability, shorten) if within else 1 - shorten)


def by_reliability(days: float, observed: float, target: float) -> float:
    """Return the interval, in days, whose end a share `target` reaches within limits.

    Failures are taken as exponential, with a share `observed` within limits after `days`.
    """
    _above_zero(days=days)
    _share(observed=observed, target=target)
    return days * log(target) / log(observed)


def proposal(days: Sequence[tuple[str, float]], *, legal: float) -> Proposal:
    """Return the shortest of what the named methods say and the legal period, in days."""
    _above_zero(legal=legal)
    why, least = min([("legal period", legal), *days], key=lambda one: one[1])
    return Proposal(days=max(least, 0.0), why=why)


def _above_zero(**given: float) -> None:
    for name, value in given.items():
        if not value > 0:
            raise ValueError(f"{name} {value}; allowed: > 0")


def _share(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} {value}; allowed: above 0 and below 1")
