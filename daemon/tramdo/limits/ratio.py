"""The second shape of a rule set: per cent of the volume (as in OIML R 117). No I/O."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tramdo.limits.plate import Characteristics, LimitsError, Stage
from tramdo.limits.rows import Percent, Positive, Small, as_percent, rising
from tramdo.limits.rulesets import RuleSet
from tramdo.reading import Unit
from tramdo.reference import UnitMismatch, convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(RuleSet):
    """MPE in per cent of the volume, with small quantities (in `unit`) and a least MPE.

    The least MPE is `least_factor` times the MPE at the minimum measured quantity (in OIML
    R 117 the minimum specified volume deviation, Emin); without it no MMQ is needed.
    `repeatability_from` is the least volume, in MMQ, for which `repeatability_factor` holds.
    """

    kind: Literal["ratio"]
    unit: Unit
    classes: Annotated[
        dict[str, Annotated[Percent, BeforeValidator(as_percent)]], Field(min_length=1)
    ]
    in_service_factor: Positive | None = None
    small: Annotated[tuple[Small, ...], AfterValidator(rising)] = ()
    least_factor: Positive | None = None
    repeatability_from: Positive | None = None

    def __post_init__(self) -> None:
        """Refuse a class of which nothing says what holds in service."""
        unsaid = [name for name, one in self.classes.items() if one.in_service is None]
        if self.in_service_factor is None and unsaid:
            raise ValueError(f"in_service_factor or in_service is needed for {', '.join(unsaid)}")

    def table_mpe(self, at: Decimal, characteristics: Characteristics, stage: Stage) -> Decimal:
        """Return the MPE at a volume before the least MPE is looked at, in its unit."""
        percent = self._percent(characteristics, stage)
        return self._back(self._table(self._volume(at, characteristics)) * percent, characteristics)

    def least_mpe(self, characteristics: Characteristics, stage: Stage) -> Decimal | None:
        """Return the least MPE (Emin) in the characteristics' unit; None: the set has none."""
        percent = self._percent(characteristics, stage)
        if self.least_factor is None:
            return None
        if characteristics.mmq is None:
            raise LimitsError(f"{self.id}: needs the minimum measured quantity (mmq); not given")
        mmq = self._volume(characteristics.mmq, characteristics)
        return self._back(self.least_factor * self._table(mmq) * percent, characteristics)

    def repeatability(
        self, at: Decimal, characteristics: Characteristics, stage: Stage
    ) -> Decimal | None:
        """Return how far repeated volumes may lie apart, None below `repeatability_from` MMQ."""
        mmq = characteristics.mmq or Decimal(0)
        if at < (self.repeatability_from or 0) * mmq:
            return None
        # Named: a dataclass with slots is a new class, which super() without arguments misses.
        return RuleSet.repeatability(self, at, characteristics, stage)

    def _mpe(self, at: Decimal, characteristics: Characteristics, stage: Stage) -> Decimal:
        # No bar at volumes below the MMQ: a 5 L can is often certified at a little under 5 L.
        least = self.least_mpe(characteristics, stage)
        return max(self.table_mpe(at, characteristics, stage), least or Decimal(0))

    def _percent(self, characteristics: Characteristics, stage: Stage) -> Decimal:
        percent = self._of_class(self.classes, characteristics)
        if stage is Stage.INITIAL:
            return percent.initial
        return percent.in_service or percent.initial * (self.in_service_factor or 1)

    def _volume(self, at: Decimal, characteristics: Characteristics) -> Decimal:
        try:
            return convert(at, characteristics.unit, self.unit)
        except UnitMismatch as error:
            raise LimitsError(f"{self.id}: {error}") from error

    def _back(self, percents: Decimal, characteristics: Characteristics) -> Decimal:
        return convert(percents / 100, self.unit, characteristics.unit)

    def _table(self, volume: Decimal) -> Decimal:
        for small in self.small:
            if volume <= small.up_to:
                return small.factor * (small.of or volume)
        return volume
