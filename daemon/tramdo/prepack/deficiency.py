"""Tolerable deficiency of a pack and the fill that keeps to it: deficiency.toml has the numbers."""

import tomllib
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tramdo.errors import TramdoError

_FILE = Path(__file__).with_name("deficiency.toml")

Kind = Literal["mass_or_volume", "length", "area", "count"]


class PrepackError(TramdoError):
    """A lot cannot be judged as asked, or a sampling plan cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deficiency:
    """Nominal quantity and its tolerable deficiency T, in one unit."""

    nominal: Decimal
    t: Decimal

    @property
    def t1_limit(self) -> Decimal:
        """A pack below this has a T1 error."""
        return self.nominal - self.t

    @property
    def t2_limit(self) -> Decimal:
        """A pack below this has a T2 error."""
        return self.nominal - 2 * self.t


@dataclass(frozen=True, slots=True, kw_only=True)
class FillTarget:
    """The least fill, and which rule asks for it: "mean", "T1" or "T2"."""

    quantity: float
    binding: str


def tolerable_deficiency(nominal: Decimal, kind: Kind = "mass_or_volume") -> Deficiency:
    """Return T for a nominal quantity in g or mL, m, an area, or pieces.

    OIML R 87; circular 21/2014 Annex IV. The rounding of T upwards is likely, not certain.
    """
    if not (nominal.is_finite() and nominal > 0):
        raise PrepackError(f"nominal quantity is {nominal}; allowed: above 0")
    rows: list[dict[str, Decimal | int]] = _table()["kinds"][kind]
    row = next(row for row in rows if nominal <= row.get("up_to", nominal))
    raw = Decimal(row["amount"]) if "amount" in row else nominal * row["percent"] / 100
    step = row.get("round_up")
    t = (raw / step).to_integral_value(ROUND_CEILING) * step if step else raw
    return Deficiency(nominal=nominal, t=t)


def largest_measuring_error(deficiency: Deficiency) -> Decimal:
    """Return the error that weighing or measuring the packs may have at most: T/5."""
    ratio: Decimal = Decimal(_table()["measuring_error_ratio"])
    return deficiency.t / ratio


def fill_target(deficiency: Deficiency, standard_deviation: float) -> FillTarget:
    """Return the least target fill for a stable filling of this standard deviation.

    No allowance for drift is in it. The rule is UK packers' guidance (likely).
    """
    factors, s = _table()["fill"], standard_deviation
    targets = {
        "mean": float(deficiency.nominal),
        "T1": float(deficiency.t1_limit) + float(factors["t1"]) * s,
        "T2": float(deficiency.t2_limit) + float(factors["t2"]) * s,
    }
    binding = max(targets, key=lambda rule: targets[rule])
    return FillTarget(quantity=targets[binding], binding=binding)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"), parse_float=Decimal)
