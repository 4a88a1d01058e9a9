"""Budgets of checks that nobody guides, and of deliveries whose temperatures nobody measured.

A scale that is checked while its weight happens to lie on it is known to one scale interval at
the load and one at zero. A delivery without temperatures may have changed by what can and
product differ from the meter: that counts in full.
"""

from dataclasses import replace
from decimal import Decimal

from tramdo.corrections import material, product
from tramdo.reading import Indication, Unit
from tramdo.reference import ReferenceValue, convert
from tramdo.uncertainty.assumed import taken
from tramdo.uncertainty.budget import Budget, Component
from tramdo.uncertainty.weighing import CheckWeighing

_PRODUCT = "petrol"  # expands most of what a dispenser delivers
_MATERIAL = "stainless-304"  # and of what cans are made of


def resolution(shown: Indication, said: Decimal, unit: Unit) -> Decimal:
    """Return how finely a volume is known in `unit`: as the plate said, or by its coarser digits.

    Totals are often kept in coarser steps than the sale is shown in.
    """
    exponent = shown.value.as_tuple().exponent
    if not isinstance(exponent, int):
        return said
    return max(said, convert(Decimal(1).scaleb(exponent), shown.unit, unit))


def of_weighing(reference: ReferenceValue, interval: Decimal, unit: Unit) -> Budget:
    """Return the budget of one weighing captured in passing, in `unit`.

    Its repeatability is left to the resolution: readings at rest that agree show no more.
    """
    return CheckWeighing(
        unit=unit,
        interval=interval,
        repeatability=0,
        weights_expanded=convert(reference.expanded_uncertainty, reference.unit, unit),
    ).budget()


def of_delivery(reference: ReferenceValue, interval: Decimal, unit: Unit) -> Budget:
    """Return the budget of a delivery whose temperatures nobody measured, in `unit`."""
    volume = float(convert(reference.value, reference.unit, unit))
    expanded = float(convert(reference.expanded_uncertainty, reference.unit, unit))
    difference, assumed = taken(None, "temperature_difference")
    spread, guessed = taken(None, "dispenser_repeatability", volume)
    warmth = Component.within(
        "temperature_difference", difference, "°C", volume * product(_PRODUCT).per_degree
    )
    half = float(interval) / 2
    heat, unfelt = taken(None, "unmeasured_can_temperature")
    beta = material(_MATERIAL).per_degree
    neck, unread = taken(None, "neck_reading", volume)
    components = (
        Component.normal("can", expanded, unit, 2),
        replace(Component.within("neck_reading", neck, unit), assumed=unread),
        replace(Component.within("can_expansion", heat, "°C", volume * beta), assumed=unfelt),
        Component.within("totals_start", half, unit),
        Component.within("totals_end", half, unit),
        replace(Component.normal("repeatability", spread, unit), assumed=guessed),
        replace(warmth, assumed=assumed),
    )
    return Budget(title="unmeasured_run", unit=unit, components=components)
