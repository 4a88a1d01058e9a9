"""Check standards on a day: whether the certificate is good, and good enough for an MPE. No I/O."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tramdo.reading import Unit
from tramdo.reference import ReferenceValue, convert

WARNING_DAYS = (60, 30, 7)


class State(StrEnum):
    """How a certificate stands on a day."""

    VALID = "valid"
    EXPIRES = "expires"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a certificate stands: `days` until its last good day, negative after it.

    `within` is the smallest of `WARNING_DAYS` that has begun. None: it names no last day, or none
    has begun.
    """

    state: State
    days: int | None = None
    within: int | None = None

    def __str__(self) -> str:
        match self:
            case Standing(state=State.EXPIRED, days=int(days)):
                return f"expired {_days(-days)} ago"
            case Standing(state=State.EXPIRES, days=0):
                return "expires today"
            case Standing(state=State.EXPIRES, days=int(days)):
                return f"expires in {_days(days)}"
            case _:
                return "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a check standard bears no legal verdict: `cause` "expired" or "uncertain", a sentence."""

    cause: str
    why: str


def standing(until: date | None, on: date) -> Standing:
    """Return how a certificate good up to and including `until` stands on a local day."""
    if until is None:
        return Standing(state=State.VALID)
    days = (until - on).days
    if days < 0:
        return Standing(state=State.EXPIRED, days=days)
    within = min((limit for limit in WARNING_DAYS if days <= limit), default=None)
    return Standing(state=State.EXPIRES if within else State.VALID, days=days, within=within)


def suitable(reference: ReferenceValue, mpe: Decimal, unit: Unit, on: date) -> Refusal | None:
    """Return why a check standard is refused for a legal verdict, or None; raises `UnitMismatch`.

    `mpe` is in `unit`; `on` is the local day of the station. U may be at most a third of the MPE:
    OIML R 76-1:2006, 3.7.1, for weights (the clause is unverified); taken for volumes too.
    """
    now = standing(reference.valid_until, on)
    if now.state is State.EXPIRED:
        return Refusal(cause="expired", why=_expired(reference, now, on))
    uncertainty = convert(reference.expanded_uncertainty, reference.unit, unit)
    if 3 * uncertainty > mpe:
        return Refusal(cause="uncertain", why=_uncertain(reference, uncertainty, mpe, unit))
    return None


def _expired(reference: ReferenceValue, now: Standing, on: date) -> str:
    late = _days(-(now.days or 0))
    return (
        f"check standard {reference.id}{_numbered(reference)} was valid until "
        f"{reference.valid_until}, {late} before {on}"
    )


def _uncertain(reference: ReferenceValue, uncertainty: Decimal, mpe: Decimal, unit: Unit) -> str:
    return (
        f"check standard {reference.id}{_numbered(reference)} has U {uncertainty:f} {unit}, more "
        f"than a third of the MPE {mpe.normalize():f} {unit}"
    )


def _numbered(reference: ReferenceValue) -> str:
    return f" (certificate {reference.certificate})" if reference.certificate else ""


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
