"""From a certificate to a `[[reference]]`: what it says is taken, what it does not is asked for.

No I/O. Nothing is invented: where the certificate is silent the user says it, or it is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from tramdo.reading import Unit
from tramdo.reference import UnitMismatch, convert
from tramdo.settings.instruments import Reference
from tramdo.settings.page import listed, shown
from tramdo.settings.values import NAME
from tramdo.standards.certificate import Certificate, Result, Stated
from tramdo.standards.source import MASS, UNITS_OF, VOLUME, Imported, Source, StandardsError
from tramdo.standards.units import unit_of

NOMINAL = "basic_nominalValue"
# These say how far off or how large it should be, not how large it is.
_NO_VALUE = {"basic_measurementError", NOMINAL}
_K = Decimal(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user says about a certificate; None: the certificate is to say it.

    `result` counts the values of `candidates` from 1.
    """

    id: str | None = None
    kind: str | None = None
    result: int | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that may be the certified one; `nominal` is in its unit."""

    name: str
    stated: Stated
    unit: Unit
    nominal: Decimal | None

    def __str__(self) -> str:
        size, k = self.stated.expanded_uncertainty, self.stated.k
        doubt = "no expanded uncertainty" if size is None else f"U {size:f} {self.unit} (k = {k})"
        return f"{self.name}: {self.stated.value:f} {self.unit}, {doubt}"


def candidates(certificate: Certificate) -> list[Candidate]:
    """Return every mass and volume among the results that is neither an error nor nominal."""
    return [one for result in certificate.results for one in _candidates(result)]


def reference_of(certificate: Certificate, wish: Wish, source: Source) -> Imported:
    """Return the check standard that a certificate describes.

    Raises `StandardsError` with everything that cannot be said, and how the user says it.
    """
    problems: list[str] = []
    chosen = _chosen(candidates(certificate), wish, problems)
    name = _id(certificate, wish, problems)
    until = _until(certificate, wish, problems)
    kind = _kind(chosen, wish, problems) if chosen else None
    if chosen is None or kind is None or problems:
        raise StandardsError("\n".join(problems))
    reference = Reference.model_validate(
        {
            "id": name,
            "kind": kind,
            "value": chosen.stated.value,
            "nominal": chosen.nominal,
            "unit": chosen.unit,
            "expanded_uncertainty": _at_two(chosen.stated),
            "certificate": certificate.id,
            "valid_until": until,
            "traceability": _traceability(certificate, source),
        }
    )
    return Imported(reference=reference, remarks=tuple(_remarks(certificate, wish, source, chosen)))


def _candidates(result: Result) -> Iterator[Candidate]:
    for quantity in result.quantities:
        if _NO_VALUE.intersection(quantity.ref_types):
            continue
        for place, stated in enumerate(quantity.stated):
            unit = unit_of(stated.unit)
            if unit in MASS + VOLUME:
                nominal = _nominal(result, place, len(quantity.stated), unit)
                name = ", ".join(dict.fromkeys(filter(None, (result.name, quantity.name))))
                yield Candidate(name=name, stated=stated, unit=unit, nominal=nominal)


def _nominal(result: Result, place: int, count: int, unit: Unit) -> Decimal | None:
    quantity = result.find(NOMINAL)
    if quantity is None or len(quantity.stated) != count:
        return None
    stated = quantity.stated[place]
    try:
        return convert(stated.value, unit_of(stated.unit), unit)
    except UnitMismatch:
        return None


def _chosen(found: list[Candidate], wish: Wish, problems: list[str]) -> Candidate | None:
    if not found:
        problems.append(f"the value: no result in {', '.join(MASS[:4] + VOLUME)}")
        return None
    number = 1 if wish.result is None and len(found) == 1 else wish.result
    if number is None or not 1 <= number <= len(found):
        given = f"there is no {number}" if number is not None else f"{len(found)} values"
        lines = [f"  {place}  {one}" for place, one in enumerate(found, 1)]
        problems.append("\n".join([f"the value: {given}; say which with --result N:", *lines]))
        return None
    one = found[number - 1]
    if one.stated.expanded_uncertainty is None:
        problems.append(f"the expanded uncertainty: {one}; without U nothing can be compared")
    if one.stated.value <= 0:
        problems.append(f"the value: {one}; allowed: above 0")
    return one


def _id(certificate: Certificate, wish: Wish, problems: list[str]) -> str:
    found = wish.id or _customers(certificate)
    if not re.fullmatch(NAME, found):
        given = f"{shown(wish.id)} is not allowed" if wish.id else "the customer gave it none"
        problems.append(
            f"the id: {given}; say it with --id, small letters, digits and hyphens, 1 to 32 of them"
        )
    return found


def _customers(certificate: Certificate) -> str:
    if len(certificate.items) != 1:
        return ""
    text = certificate.items[0].identified_by("customer") or ""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _kind(chosen: Candidate, wish: Wish, problems: list[str]) -> str | None:
    fitting = [kind for kind, units in UNITS_OF.items() if chosen.unit in units]
    if wish.kind in fitting:
        return wish.kind
    if wish.kind is None and chosen.unit in MASS:
        return "weight"
    given = f"{shown(wish.kind)} has no value in {chosen.unit}" if wish.kind else "it is not said"
    problems.append(f"the kind: {given}; say it with --kind, one of: {listed(fitting)}")
    return None


def _until(certificate: Certificate, wish: Wish, problems: list[str]) -> date | None:
    until, named = wish.valid_until or certificate.recalibration, certificate.recalibration
    if until is None:
        problems.append(
            "valid_until: the certificate names no day for the next calibration; say the last good "
            "day with --valid-until year-month-day"
        )
    elif until < certificate.end or (named and until > named):
        last = f" to {named}, its day for the next calibration" if named else " or later"
        problems.append(
            f"valid_until: {until} is not allowed; allowed: {certificate.end}, when it was "
            f"calibrated,{last}"
        )
    return until


def _at_two(stated: Stated) -> Decimal | None:
    """Return U at k = 2; restated from another k it is rounded up, with one digit more."""
    size, k = stated.expanded_uncertainty, stated.k
    if size is None or k is None or k == _K:
        return size
    finer = Decimal(1).scaleb(int(size.as_tuple().exponent) - 1)
    return (size * _K / k).quantize(finer, rounding=ROUND_CEILING)


def _traceability(certificate: Certificate, source: Source) -> str:
    who = certificate.laboratory or "a laboratory that is not named"
    return (
        f"calibrated by {who} ({certificate.country}) on {certificate.end}; "
        f"{source.name}, SHA-256 {source.sha256}"
    )


def _remarks(
    certificate: Certificate, wish: Wish, source: Source, chosen: Candidate
) -> Iterator[str]:
    yield f"from {source.name}, SHA-256 {source.sha256}"
    yield certificate.signature
    yield f"value: {chosen}"
    if wish.kind is None:
        yield "kind: taken for a weight, since the value is a mass"
    if chosen.stated.k != _K:
        yield f"U restated from k = {chosen.stated.k} to k = 2, rounded up"
    if wish.valid_until is None:
        yield "valid_until: the certificate's day for the next calibration"
    else:
        yield "valid_until: given by the user, not by the certificate"
    if certificate.conformity:
        yield f"conformity: {certificate.conformity}"
    missing = {
        "nominal value": chosen.nominal,
        "laboratory": certificate.laboratory,
        "influence conditions": certificate.conditions,
        "statement of conformity": certificate.conformity,
    }
    if absent := [name for name, value in missing.items() if not value]:
        yield f"missing: {', '.join(absent)}"
