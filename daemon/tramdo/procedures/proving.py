"""Three ways to a delivery's reference volume: proving can, master meter, weighing. No I/O."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tramdo.corrections import Coefficient, Corrected, MissingTemperature, air_density
from tramdo.corrections.air import CONVENTIONAL_AIR
from tramdo.procedures.delivering import Given, Volume
from tramdo.procedures.steps import Step, Want
from tramdo.reading import Quantity, Unit
from tramdo.reference import ReferenceValue
from tramdo.uncertainty.prover import GravimetricRun, MasterMeterRun, ProverRun
from tramdo.uncertainty.unguided import of_delivery

# What a thermometer at a petrol station can show; beyond it somebody has read Fahrenheit.
COLDEST, HOTTEST = Decimal(-20), Decimal(60)
_DENSITIES = Decimal(600), Decimal(1100)
_MICROLITRE = Decimal("0.000001")
# What a master meter's register shows; a coarser one says so in its certificate's U.
_MASTER_INTERVAL = Decimal("0.001")
Made = ProverRun | MasterMeterRun | GravimetricRun


def temperature(group: str, name: str, says: str, offered: Quantity | None = None) -> Step:
    """Return the step that asks for a temperature; it can be skipped, and is then missing."""
    return Step(
        key=f"{group}/{name}",
        group=group,
        want=Want.NUMBER,
        says=says,
        unit=Unit.CELSIUS,
        low=COLDEST,
        high=HOTTEST,
        offered=offered,
        optional=True,
    )


def meter_temperature(group: str) -> Step:
    """Return the step that asks for the temperature at the meter, which some meters show."""
    return temperature(group, "meter_temperature", "read_meter_temperature", Quantity.TEMPERATURE)


def number(group: str, name: str, says: str, unit: Unit, span: tuple[Decimal, Decimal]) -> Step:
    """Return the step that asks for a number that must be there."""
    return Step(
        key=f"{group}/{name}",
        group=group,
        want=Want.NUMBER,
        says=says,
        unit=unit,
        low=span[0],
        high=span[1],
    )


def _volume(
    uncorrected: Decimal,
    run: Callable[[], Made],
    reference: ReferenceValue,
    interval: Decimal,
) -> Volume:
    """Return a run's volume; without its temperatures what was read, and that they are missing."""
    try:
        made = run()
        return Volume(value=_exact(made.reference()), budget=made.budget())
    except MissingTemperature as missing:
        budget = of_delivery(reference.with_value(uncorrected), interval, Unit.L)
        why = f"{missing.which} was not measured: the volume cannot be corrected"
        return Volume(value=uncorrected, budget=budget, missing=why)


def _exact(found: Corrected) -> Decimal:
    return Decimal(str(found.value)).quantize(_MICROLITRE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvingCan:
    """A can with a graduated neck, its certified value at 20 °C in L."""

    reference: ReferenceValue
    window: Decimal
    product: Coefficient
    material: Coefficient

    def asks(self, group: str) -> Iterator[Step]:
        """Yield: what the neck shows, and both temperatures."""
        yield number(group, "read", "read_can", Unit.L, _around(self.reference.marked, self.window))
        yield temperature(group, "can_temperature", "read_can_temperature")
        yield meter_temperature(group)

    def volume(self, given: Given, interval: Decimal, spread: Decimal) -> Volume:
        """Return the volume that passed the meter, at its temperature."""
        # The certificate moves the mark, and with it the whole scale on the neck.
        read = _wanted(given, "read") + self.reference.value - self.reference.marked

        def run() -> ProverRun:
            return ProverRun(
                read=read,
                can_expanded=self.reference.expanded_uncertainty,
                can_temperature=given.get("can_temperature"),
                meter_temperature=given.get("meter_temperature"),
                material=self.material,
                product=self.product,
                interval=interval,
                indicated=given.get("delivered"),
                taken_from="totals",
                repeatability=spread or None,
            )

        return _volume(read, run, self.reference, interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterMeter:
    """A meter in line; its certified value is the volume in L that passes when it shows nominal."""

    reference: ReferenceValue
    window: Decimal
    product: Coefficient

    def asks(self, group: str) -> Iterator[Step]:
        """Yield: what the master meter shows, and both temperatures."""
        yield number(
            group, "read", "read_master_meter", Unit.L, _around(self.reference.marked, self.window)
        )
        yield temperature(group, "master_temperature", "read_master_temperature")
        yield meter_temperature(group)

    def volume(self, given: Given, interval: Decimal, spread: Decimal) -> Volume:
        """Return the volume that passed the dispenser's meter, at its temperature."""
        read = _wanted(given, "read") * self.reference.value / self.reference.marked

        def run() -> MasterMeterRun:
            return MasterMeterRun(
                master=read,
                master_interval=_MASTER_INTERVAL,
                master_expanded=self.reference.expanded_uncertainty,
                master_temperature=given.get("master_temperature"),
                meter_temperature=given.get("meter_temperature"),
                product=self.product,
                interval=interval,
                indicated=given.get("delivered"),
                taken_from="totals",
                repeatability=spread or None,
            )

        return _volume(read, run, self.reference, interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A vessel on a scale: net weight and density give the volume, buoyancy of air corrected.

    `reference` stands for the scale: the volume to deliver in L, and U of the weighing as volume;
    `weighing_expanded` is that U in kg.
    """

    reference: ReferenceValue
    window: Decimal
    product: Coefficient
    weighing_expanded: Decimal

    def asks(self, group: str) -> Iterator[Step]:
        """Yield: net weight, density, temperatures, and the air where it is measured."""
        most = (self.reference.value + self.window) * Decimal("1.1")
        yield number(group, "weight", "read_net_weight", Unit.KG, (most / 2, most))
        yield number(group, "density", "read_density", Unit.KG_PER_M3, _DENSITIES)
        yield temperature(group, "product_temperature", "read_product_temperature")
        yield meter_temperature(group)
        yield temperature(group, "air_temperature", "read_air_temperature")

    def volume(self, given: Given, interval: Decimal, spread: Decimal) -> Volume:
        """Return the volume that passed the meter, at its temperature."""
        weight, density = _wanted(given, "weight"), _wanted(given, "density")

        def run() -> GravimetricRun:
            return GravimetricRun(
                weighed=weight,
                weighing_expanded=self.weighing_expanded,
                density=density,
                air=_air(given.get("air_temperature")),
                product_temperature=given.get("product_temperature"),
                meter_temperature=given.get("meter_temperature"),
                product=self.product,
                interval=interval,
                indicated=given.get("delivered"),
                taken_from="totals",
                repeatability=spread or None,
            )

        return _volume(1000 * weight / density, run, self.reference, interval)


def _air(at: Decimal | None) -> float:
    """Return the density of air at sea level, half damp; the conventional one where none is said.

    Pressure and humidity of the lowlands move a volume by less than 0.01 %.
    """
    if at is None:
        return CONVENTIONAL_AIR
    return air_density(temperature=at, pressure=1013.25, humidity=50)


def _around(value: Decimal, window: Decimal) -> tuple[Decimal, Decimal]:
    return value - window, value + window


def _wanted(given: Given, name: str) -> Decimal:
    value = given.get(name)
    if value is None:
        raise ValueError(f"{name} was not entered")
    return value
