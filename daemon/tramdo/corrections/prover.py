"""The reference value of a dispenser check with a proving can, at the meter's temperature.

OIML R 120 (measures) and R 117-2 (test of the meter), as commonly applied; clauses not compared.
"""

from tramdo.corrections.correction import Corrected, Correction, Number, in_steps, measured


def reference_volume(  # noqa: PLR0913 - each is a figure of the formula
    read: Number,
    *,
    can_temperature: Number | None,
    meter_temperature: Number | None,
    can_reference_temperature: Number = 20,
    beta: float,
    alpha: float,
    unit: str = "L",
) -> Corrected:
    """Return the volume that passed the meter, at the meter's temperature, in the unit of `read`.

    `read` is what the can's scale says, which holds at `can_reference_temperature`; `beta` and
    `alpha` are the cubic expansions of can and product per °C. Temperatures in °C; None raises
    `MissingTemperature`: without both no volume at the meter can be said.
    """
    can = measured(can_temperature, "can_temperature")
    meter = measured(meter_temperature, "meter_temperature")
    base = measured(can_reference_temperature, "can_reference_temperature")
    factors = {
        "can_expansion": 1 + beta * (can - base),
        "product_contraction": 1 + alpha * (meter - can),
    }
    return in_steps(read, unit, factors)


def relative_error(indicated: Number, reference: Number) -> float:
    """Return the error of indication in per cent of the reference value.

    Positive: the dispenser shows too much and the customer gets less than shown.
    """
    return 100 * (float(indicated) - float(reference)) / float(reference)


def change_of_error(indicated: Number, corrected: Corrected) -> Correction:
    """Return how the corrections moved the relative error, in per cent."""
    return Correction(
        name="relative_error",
        before=relative_error(indicated, corrected.raw),
        after=relative_error(indicated, corrected.value),
        unit="%",
    )
