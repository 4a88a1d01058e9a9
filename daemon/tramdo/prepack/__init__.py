"""Pre-packed goods: tolerable deficiency, sampling plans, the verdict on a lot, the fill target."""

from tramdo.prepack.deficiency import (
    Deficiency,
    FillTarget,
    PrepackError,
    fill_target,
    largest_measuring_error,
    tolerable_deficiency,
)
from tramdo.prepack.lot import LotDecision, LotVerdict, judge
from tramdo.prepack.plan import Plan, Row, Sampling, available, load

__all__ = [
    "Deficiency",
    "FillTarget",
    "LotDecision",
    "LotVerdict",
    "Plan",
    "PrepackError",
    "Row",
    "Sampling",
    "available",
    "fill_target",
    "judge",
    "largest_measuring_error",
    "load",
    "tolerable_deficiency",
]
