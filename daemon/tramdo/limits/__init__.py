"""Maximum permissible errors: rule sets as data, and what an instrument's plate says. No I/O."""

from tramdo.limits.files import available, load, table
from tramdo.limits.indicated import (
    WeighingError,
    changeover_error,
    fine_enough,
    high_resolution_error,
    relative_error,
)
from tramdo.limits.plate import Characteristics, LimitsError, Range, Stage
from tramdo.limits.ratio import Ratio
from tramdo.limits.rows import Percent, Small, Step
from tramdo.limits.rulesets import RuleSet, Steps
from tramdo.limits.scales import (
    Classification,
    ScaleLimit,
    classify,
    eccentricity_load,
    rolling_load,
    scale_limits,
)
from tramdo.limits.weights import suitable, weight_mpe, weights_needed

__all__ = [
    "Characteristics",
    "Classification",
    "LimitsError",
    "Percent",
    "Range",
    "Ratio",
    "RuleSet",
    "ScaleLimit",
    "Small",
    "Stage",
    "Step",
    "Steps",
    "WeighingError",
    "available",
    "changeover_error",
    "classify",
    "eccentricity_load",
    "fine_enough",
    "high_resolution_error",
    "load",
    "relative_error",
    "rolling_load",
    "scale_limits",
    "suitable",
    "table",
    "weight_mpe",
    "weights_needed",
]
