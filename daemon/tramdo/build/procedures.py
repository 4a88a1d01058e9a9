"""From the settings of a guided check to its procedure."""

from collections.abc import Callable
from decimal import Decimal
from typing import assert_never

from tramdo.check import Subject
from tramdo.corrections import Coefficient, material, product, product_of_density
from tramdo.guiding import Procedure
from tramdo.procedures.delivering import Delivering, Way
from tramdo.procedures.proving import MasterMeter, ProvingCan, Weighed
from tramdo.procedures.substitution import Substitution
from tramdo.procedures.weighing import Weighing
from tramdo.reading import Quantity, Unit
from tramdo.reference import ReferenceValue, combine, convert
from tramdo.settings.station import CheckSettings

# The lightest product that is weighed, in kg/L: it makes the most volume of a doubtful kilogram.
_LIGHTEST = Decimal("0.7")

Standards = Callable[[], list[list[ReferenceValue]]]


def procedure(check: CheckSettings, subject: Subject, standards: Standards) -> Procedure:
    """Return the procedure of a guided check; raises `UnknownCoefficient` or `OutsideTable`."""
    unit = subject.characteristics.unit
    loads = [combine([one.in_unit(unit) for one in load]) for load in _of_mass(standards())]
    match check.how:
        case "weighing":
            return Weighing(
                check=check.id,
                subject=subject,
                loads=tuple(sorted(loads, key=lambda load: load.value)),
                window=check.window,
                tests=check.tests,
                supports=check.supports,
                repeats=check.repeats,
                change_over=check.change_over,
            )
        case "substitution":
            return Substitution(
                check=check.id,
                subject=subject,
                load=loads[0],
                window=check.window,
                times=check.substitutions,
            )
        case _:
            return Delivering(
                check=check.id,
                subject=subject,
                way=_way(check, standards()[0][0]),
                window=check.window,
                flows=check.flows,
                runs=check.runs,
            )


def _of_mass(loads: list[list[ReferenceValue]]) -> list[list[ReferenceValue]]:
    return [load for load in loads if all(one.kind == "weight" for one in load)]


def _way(check: CheckSettings, reference: ReferenceValue) -> Way:
    expansion = _expansion(check)
    match check.how:
        case "prover":
            return ProvingCan(
                reference=reference.in_unit(Unit.L),
                window=check.window,
                product=expansion,
                material=material(check.can_material),
            )
        case "master_meter":
            return MasterMeter(
                reference=reference.in_unit(Unit.L), window=check.window, product=expansion
            )
        case "gravimetric":
            return _weighed(check, reference, expansion)
        case "span" | "zero" | "delivery" | "weighing" | "substitution":
            raise ValueError(f"check {check.id}: {check.how} needs no reference volume")
        case _:
            assert_never(check.how)


def _weighed(check: CheckSettings, balance: ReferenceValue, expansion: Coefficient) -> Weighed:
    expanded = convert(balance.expanded_uncertainty, balance.unit, Unit.KG)
    volume = ReferenceValue(
        id=balance.id,
        quantity=Quantity.VOLUME,
        value=check.volume,
        unit=Unit.L,
        expanded_uncertainty=(expanded / _LIGHTEST).quantize(Decimal("0.0001")),
        kind=balance.kind,
        nominal=check.volume,
        certificate=balance.certificate,
        valid_until=balance.valid_until,
    )
    return Weighed(
        reference=volume, window=check.window, product=expansion, weighing_expanded=expanded
    )


def _expansion(check: CheckSettings) -> Coefficient:
    if check.density_15 is None:
        return product(check.product)
    return product_of_density(check.density_15)
