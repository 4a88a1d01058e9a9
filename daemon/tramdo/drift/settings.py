"""Which chart decides, and with what limits. No I/O."""

from dataclasses import dataclass
from typing import Literal, get_args

from tramdo.drift.runlength import cusum_arl, ewma_arl, shewhart_arl

ChartName = Literal["ewma", "cusum", "shewhart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSettings:
    """How a chart learns and judges; widths are in standard deviations of a well known spread.

    `learn` checks make the first baseline, and at every multiple of `refix` it is fixed again.
    `weight` and `width` are the EWMA's, `k` and `h` the CUSUM's, `shewhart` is the individuals'
    action limit, `warn` its warning limit; the others warn at the same share of their limits.
    """

    learn: int = 7
    refix: int = 25
    decides: ChartName = "ewma"
    weight: float = 0.2
    width: float = 2.962
    warn: float = 2.0
    k: float = 0.5
    h: float = 5.0
    shewhart: float = 3.0

    def __post_init__(self) -> None:
        if not 2 <= self.learn <= self.refix - 2:
            says = f"learn {self.learn}, refix {self.refix}"
            raise ValueError(f"{says}; allowed: learn from 2, refix at least 2 more")
        if self.decides not in get_args(ChartName):
            raise ValueError(f"decides {self.decides}; allowed: {get_args(ChartName)}")
        if not (0 < self.weight <= 1 and 0 < self.warn < self.shewhart and self.k > 0):
            says = f"weight {self.weight}, warn {self.warn}, shewhart {self.shewhart}, k {self.k}"
            raise ValueError(f"{says}; allowed: weight to 1, warn below shewhart, all above 0")
        if min(self.width, self.h) <= 0:
            raise ValueError(f"width {self.width}, h {self.h}; allowed: > 0")


def stated_arl(settings: ChartSettings) -> float:
    """Return the mean number of checks between false alarms of the chart that decides."""
    if settings.decides == "shewhart":
        return shewhart_arl(settings.shewhart)
    if settings.decides == "cusum":
        return cusum_arl(settings.k, settings.h)
    return ewma_arl(settings.weight, settings.width)
