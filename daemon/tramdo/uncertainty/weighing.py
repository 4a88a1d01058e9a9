"""The uncertainty budget of a check weighing, after EURAMET cg-18 (likely: clauses not compared).

u² = (d/2√3)² at load + the same at zero + s² + weights² + (mpe/4√3)² + eccentricity²
"""

from dataclasses import dataclass, replace

from tramdo.corrections import Correction, Number
from tramdo.uncertainty.assumed import assumption, taken
from tramdo.uncertainty.budget import Budget, BudgetError, Component, given, standard


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWeighing:
    """What a check with weights was done with; every figure in `unit`.

    `interval` is the scale interval d (with change-over weights of d/10, or a high-resolution
    indication, their step), `zero_interval` the same at zero. `repeatability` is the standard
    deviation of one weighing, `weighings` how many were averaged. `weights_expanded` is U of the
    weights used together, at `weights_k`, where their certified value is the reference;
    `weights_mpe` their MPE, needed where the nominal value is. `buoyancy` overrides the limits
    mpe/4. `eccentricity` is the largest difference between positions at this load.
    """

    unit: str
    interval: Number
    zero_interval: Number | None = None
    repeatability: Number | None = None
    weighings: int = 1
    weights_expanded: Number | None = None
    weights_k: float = 2
    weights_mpe: Number | None = None
    buoyancy: Number | None = None
    eccentricity: Number | None = None
    corrections: tuple[Correction, ...] = ()

    def budget(self) -> Budget:
        """Return the budget; raises `BudgetError` without both U and MPE of the weights."""
        zero = self.interval if self.zero_interval is None else self.zero_interval
        unit = self.unit
        components = given(
            [
                Component.within("resolution_at_load", float(self.interval) / 2, unit),
                Component.within("resolution_at_zero", float(zero) / 2, unit),
                self._repeatability(),
                self._weights(),
                self._buoyancy(),
                self._eccentricity(),
            ]
        )
        return Budget(
            title="check_weighing", unit=unit, components=components, corrections=self.corrections
        )

    def _repeatability(self) -> Component:
        s, assumed = taken(self.repeatability, "weighing_repeatability", float(self.interval))
        one = Component.normal("repeatability", standard(s, self.weighings), self.unit)
        return replace(one, assumed=assumed)

    def _weights(self) -> Component:
        if self.weights_expanded is not None:
            u = float(self.weights_expanded)
            return Component.normal("reference_weights", u, self.unit, self.weights_k)
        if self.weights_mpe is not None:
            return Component.within("reference_weights", float(self.weights_mpe), self.unit)
        raise BudgetError(
            "reference weights: neither U nor MPE is given; allowed: weights_expanded from the "
            "certificate, or weights_mpe of their class"
        )

    def _buoyancy(self) -> Component:
        if self.buoyancy is not None:
            return Component.within("buoyancy", float(self.buoyancy), self.unit)
        if self.weights_mpe is not None:
            return Component.within("buoyancy", float(self.weights_mpe) / 4, self.unit)
        mpe = float(self.weights_expanded or 0) * assumption("weights_mpe_per_expanded").value
        return replace(Component.within("buoyancy", mpe / 4, self.unit), assumed=True)

    def _eccentricity(self) -> Component | None:
        if self.eccentricity is None:
            return None
        return Component.within("eccentricity", float(self.eccentricity) / 2, self.unit)
