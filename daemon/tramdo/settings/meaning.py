"""From tables of the station file to the values they mean. No I/O."""

from tramdo.limits import Characteristics, Range
from tramdo.reading import Quantity
from tramdo.reference import ReferenceValue
from tramdo.settings.instruments import InstrumentSettings, Reference

_BY_MASS = ("weight", "balance")


def plate_of(one: InstrumentSettings) -> Characteristics:
    """Return what an instrument's plate says."""
    return Characteristics(
        accuracy_class=one.accuracy_class,
        unit=one.unit,
        max=one.max,
        min=one.min,
        e=one.e,
        d=one.d,
        mmq=one.mmq,
        ranges=tuple(Range(max=each.max, e=each.e) for each in one.ranges),
    )


def value_of(reference: Reference) -> ReferenceValue:
    """Return the reference value of a check standard."""
    return ReferenceValue(
        id=reference.id,
        quantity=Quantity.WEIGHT if reference.kind in _BY_MASS else Quantity.VOLUME,
        value=reference.value,
        unit=reference.unit,
        expanded_uncertainty=reference.expanded_uncertainty,
        kind=reference.kind,
        nominal=reference.nominal,
        certificate=reference.certificate,
        valid_until=reference.valid_until,
    )
