"""From errors of indication to signs of drift: pure functions and frozen state. No I/O."""

from tramdo.drift.chart import Control, ControlChart
from tramdo.drift.charts import ewma, ewma_limit
from tramdo.drift.error import error_of_indication, sigma_floor
from tramdo.drift.settings import ChartSettings, stated_arl
from tramdo.drift.statistic import ChartState

__all__ = [
    "ChartSettings",
    "ChartState",
    "Control",
    "ControlChart",
    "error_of_indication",
    "ewma",
    "ewma_limit",
    "sigma_floor",
    "stated_arl",
]
