"""What a digital calibration certificate says, without its XML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tramdo.standards.source import StandardsError
from tramdo.standards.units import unit_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One value in a D-SI unit; `expanded_uncertainty` at coverage factor `k`, or None for both."""

    value: Decimal
    unit: str
    expanded_uncertainty: Decimal | None = None
    k: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity with one or more values, in each of the units that the certificate gives."""

    name: str
    ref_types: tuple[str, ...]
    alternatives: tuple[tuple[Stated, ...], ...]

    @property
    def stated(self) -> tuple[Stated, ...]:
        """The values in units that we know, else those that stand first."""
        known = (one for one in self.alternatives if all(unit_of(each.unit) for each in one))
        return next(known, self.alternatives[0])

    @property
    def values(self) -> tuple[Decimal, ...]:
        """The numbers of `stated`."""
        return tuple(one.value for one in self.stated)

    def in_unit(self, unit: str) -> tuple[Stated, ...]:
        """Return the values in a D-SI unit; raises `StandardsError` where none are given in it."""
        for one in self.alternatives:
            if all(each.unit == unit for each in one):
                return one
        given = ", ".join(sorted({each.unit for one in self.alternatives for each in one}))
        raise StandardsError(f"{self.name} is not given in {unit}; given: {given}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """A number or name of an item; `issuer` is manufacturer, customer, calibrationLaboratory..."""

    issuer: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What was calibrated."""

    name: str
    manufacturer: str | None
    model: str | None
    identifications: tuple[Identification, ...]

    def identified_by(self, issuer: str) -> str | None:
        """Return the first identification of an issuer, or None."""
        return next((one.value for one in self.identifications if one.issuer == issuer), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement; `conformity` and `day` where it makes one."""

    ref_types: tuple[str, ...]
    text: str
    conformity: str | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An influence condition during the calibration, such as the temperature's least and most."""

    name: str
    ref_types: tuple[str, ...]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result with its quantities."""

    name: str
    quantities: tuple[Quantity, ...]

    def find(self, ref_type: str) -> Quantity | None:
        """Return the first quantity of a reference type, or None."""
        return next((one for one in self.quantities if ref_type in one.ref_types), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A digital calibration certificate.

    `begin` and `end` are the calibration's first and last day. `signed` says that a signature is
    there, not that it holds.
    """

    id: str
    schema_version: str
    country: str
    begin: date
    end: date
    laboratory: str | None
    customer: str | None
    items: tuple[Item, ...]
    statements: tuple[Statement, ...]
    conditions: tuple[Condition, ...]
    results: tuple[Result, ...]
    signed: bool

    @property
    def conformity(self) -> str | None:
        """What the statements of conformity say, several with commas, or None without one."""
        found = [one.conformity for one in self._of("basic_conformity") if one.conformity]
        return ", ".join(dict.fromkeys(found)) or None

    @property
    def recalibration(self) -> date | None:
        """The earliest day by which it is to be calibrated again, or None without one."""
        days = (one.day for one in self._of("basic_recalibration"))
        return min((day for day in days if day), default=None)

    @property
    def signature(self) -> str:
        """What can be said of the signature: nothing verifies it here."""
        return "signature present, not verified" if self.signed else "no signature in the file"

    def _of(self, ref_type: str) -> Sequence[Statement]:
        return [one for one in self.statements if ref_type in one.ref_types]
