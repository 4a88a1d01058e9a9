"""Uncertainty budgets of a dispenser check: proving can, master meter, weighed volume.

The sources of uncertainty are those of OIML R 117-2 practice and of EURAMET cg-21 (clauses not
compared); what nobody gave is taken from assumed.toml and marked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from tramdo.corrections import (
    Coefficient,
    Corrected,
    Correction,
    Number,
    change_of_error,
    gravimetric_volume,
    reference_volume,
)
from tramdo.corrections.air import CONVENTIONAL_AIR, CONVENTIONAL_WEIGHTS
from tramdo.corrections.correction import in_steps, measured
from tramdo.uncertainty.assumed import taken
from tramdo.uncertainty.budget import Budget, Component, given, standard

_PER_DEGREE = "1/°C"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What every way of checking a dispenser has; temperatures in °C, volumes in L.

    `indicated` is what the dispenser showed, `interval` its scale interval, of the sale or of
    the totals it was taken from. `repeatability` is the standard deviation of one run, `runs` how
    many were averaged, `thermometer` the half-width of a temperature's limits, `evaporation` that
    of what an open vessel may have lost.
    """

    meter_temperature: Number | None
    product: Coefficient
    interval: Number
    indicated: Number | None = None
    taken_from: Literal["indication", "totals"] = "indication"
    repeatability: Number | None = None
    runs: int = 1
    thermometer: Number | None = None
    evaporation: Number | None = None

    def _common(self, volume: float) -> list[Component | None]:
        lost, half = self.evaporation, float(self.interval) / 2
        s, assumed = taken(self.repeatability, "dispenser_repeatability", volume)
        spread = Component.normal("repeatability", standard(s, self.runs), "L")
        return [
            Component.within(f"{self.taken_from}_start", half, "L"),
            Component.within(f"{self.taken_from}_end", half, "L"),
            replace(spread, assumed=assumed),
            None if lost is None else Component.within("evaporation", float(lost), "L"),
        ]

    def _temperature(self, name: str, sensitivity: float) -> Component:
        half, assumed = taken(self.thermometer, "thermometer")
        return replace(Component.within(name, half, "°C", sensitivity), assumed=assumed)

    def _expansion(self, sensitivity: float) -> Component:
        half = self.product.half_width
        return Component.within("product_coefficient", half, _PER_DEGREE, sensitivity)

    def _budget(
        self, title: str, components: Iterable[Component | None], corrected: Corrected
    ) -> Budget:
        changes = list[Correction](corrected.parts)
        if self.indicated is not None:
            changes.append(change_of_error(self.indicated, corrected))
        return Budget(
            title=title, unit="L", components=given(components), corrections=tuple(changes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProverRun(_Run):
    """A run into a proving can, which read `read`; `can_expanded` is U (k = 2) of the can.

    `neck_reading` and `drainage` are half-widths of limits. None is assumed, marked in the table.
    """

    read: Number
    can_expanded: Number
    can_temperature: Number | None
    material: Coefficient
    can_reference_temperature: Number = 20
    neck_reading: Number | None = None
    drainage: Number | None = None

    def reference(self) -> Corrected:
        """Return the reference volume at the meter in L; raises `MissingTemperature`."""
        return reference_volume(
            self.read,
            can_temperature=self.can_temperature,
            meter_temperature=self.meter_temperature,
            can_reference_temperature=self.can_reference_temperature,
            beta=self.material.per_degree,
            alpha=self.product.per_degree,
        )

    def budget(self) -> Budget:
        """Return the budget, with the corrections; raises `MissingTemperature`."""
        reference, read = self.reference(), float(self.read)
        components = [
            Component.normal("can", float(self.can_expanded), "L", 2),
            self._limits("neck_reading", self.neck_reading),
            *self._temperatures(read),
            self._limits("drainage", self.drainage),
            *self._common(read),
        ]
        return self._budget("prover_run", components, reference)

    def _limits(self, name: str, half_width: Number | None) -> Component:
        half, assumed = taken(half_width, name, float(self.read))
        return replace(Component.within(name, half, "L"), assumed=assumed)

    def _temperatures(self, read: float) -> list[Component]:
        can = measured(self.can_temperature, "can_temperature")
        warmer = measured(self.meter_temperature, "meter_temperature") - can
        above = can - float(self.can_reference_temperature)
        alpha, beta = self.product.per_degree, self.material.per_degree
        grown, shrunk = 1 + beta * above, 1 + alpha * warmer
        half = self.material.half_width
        return [
            self._temperature("can_temperature", read * (beta * shrunk - alpha * grown)),
            self._temperature("meter_temperature", read * alpha * grown),
            self._expansion(read * grown * warmer),
            Component.within("can_coefficient", half, _PER_DEGREE, read * shrunk * above),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterMeterRun(_Run):
    """A run through a master meter in series; `master` is its volume, corrected by its certificate.

    `master_expanded` is U (k = 2) of that volume in L, drift since the calibration included;
    `master_interval` the meter's scale interval.
    """

    master: Number
    master_expanded: Number
    master_interval: Number
    master_temperature: Number | None

    def reference(self) -> Corrected:
        """Return the volume at the dispenser's meter in L; raises `MissingTemperature`."""
        factor = 1 + self.product.per_degree * self._warmer()
        return in_steps(self.master, "L", {"product_to_meter": factor})

    def budget(self) -> Budget:
        """Return the budget, with the corrections; raises `MissingTemperature`."""
        volume, half = float(self.master), float(self.master_interval) / 2
        by = volume * self.product.per_degree
        components = [
            Component.normal("master_meter", float(self.master_expanded), "L", 2),
            Component.within("master_start", half, "L"),
            Component.within("master_end", half, "L"),
            self._temperature("master_temperature", -by),
            self._temperature("meter_temperature", by),
            self._expansion(volume * self._warmer()),
            *self._common(volume),
        ]
        return self._budget("master_meter_run", components, self.reference())

    def _warmer(self) -> float:
        meter = measured(self.meter_temperature, "meter_temperature")
        return meter - measured(self.master_temperature, "master_temperature")


@dataclass(frozen=True, slots=True, kw_only=True)
class GravimetricRun(_Run):
    """A run that was weighed: `weighed` in kg, `weighing_expanded` its U (k = 2) in kg.

    `density` in kg/m3 is the product's at `product_temperature`, `density_limits` the half-width
    of its limits; `air` and `air_limits` the same of the air.
    """

    weighed: Number
    weighing_expanded: Number
    density: Number
    product_temperature: Number | None
    density_limits: Number | None = None
    air: Number = CONVENTIONAL_AIR
    air_limits: Number | None = None

    def reference(self) -> Corrected:
        """Return the volume at the meter in L; raises `MissingTemperature`."""
        weighed = gravimetric_volume(self.weighed, density=self.density, air=self.air)
        factor = 1 + self.product.per_degree * self._warmer()
        moved = in_steps(weighed.value, "L", {"product_to_meter": factor})
        return replace(moved, raw=weighed.raw, parts=weighed.parts + moved.parts)

    def budget(self) -> Budget:
        """Return the budget, with the corrections; raises `MissingTemperature`."""
        reference = self.reference()
        volume = reference.value
        by = volume * self.product.per_degree
        per_kg = volume / float(self.weighed)
        weighing = Component.normal("weighing", float(self.weighing_expanded), "kg", 2)
        components = [
            replace(weighing, sensitivity=per_kg),
            *self._densities(volume),
            self._temperature("product_temperature", -by),
            self._temperature("meter_temperature", by),
            self._expansion(volume * self._warmer()),
            *self._common(volume),
        ]
        return self._budget("gravimetric_run", components, reference)

    def _densities(self, volume: float) -> list[Component]:
        liquid, air = float(self.density), float(self.air)
        half, guessed = taken(self.density_limits, "product_density", liquid)
        of_air, guessed_air = taken(self.air_limits, "air_density")
        per_air = volume * (1 / (liquid - air) - 1 / (CONVENTIONAL_WEIGHTS - air))
        product = Component.within("product_density", half, "kg/m3", -volume / (liquid - air))
        around = Component.within("air_density", of_air, "kg/m3", per_air)
        return [replace(product, assumed=guessed), replace(around, assumed=guessed_air)]

    def _warmer(self) -> float:
        meter = measured(self.meter_temperature, "meter_temperature")
        return meter - measured(self.product_temperature, "product_temperature")
