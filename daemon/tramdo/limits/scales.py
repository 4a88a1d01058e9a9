"""What OIML R 76 asks of a scale beside its MPE: classes, test loads, other limits. No I/O."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from pydantic import TypeAdapter

from tramdo.limits.files import table
from tramdo.limits.plate import Characteristics, LimitsError
from tramdo.limits.rows import Positive
from tramdo.reading import Unit
from tramdo.reference import convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One row of R 76-1:2006 Table 3: e from and to in g, n from and to, Min in e."""

    accuracy_class: str
    e_from: Positive
    e_to: Positive | None = None
    n_from: Positive
    n_to: Positive | None = None
    min: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Whether a scale may carry its class: n = Max/e, the least capacity `min`, in its unit.

    `why` names what Table 3 asks for and is empty where valid; `min` is None where no row fits e.
    """

    n: Decimal
    min: Decimal | None
    valid: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleLimit:
    """One limit of OIML R 76-1:2006 besides the MPE: `factor` times e, d, Max or the MPE."""

    what: str
    clause: str
    certainty: Literal["certain", "likely", "unsure"]
    factor: Positive
    of: Literal["e", "d", "max", "mpe"]

    def amount(
        self,
        characteristics: Characteristics,
        *,
        load: Decimal = Decimal(0),
        mpe: Decimal | None = None,
    ) -> Decimal:
        """Return the limit at a load in the characteristics' unit; `LimitsError` if unsaid."""
        plate = {
            "e": characteristics.e_at(load),
            "d": characteristics.d,
            "max": characteristics.max,
            "mpe": mpe,
        }
        base = plate[self.of]
        if base is None:
            raise LimitsError(f"{self.what} ({self.clause}): needs {self.of}; it is not given")
        return self.factor * base


def classify(accuracy_class: str, capacity: Decimal, e: Decimal, unit: Unit) -> Classification:
    """Hold a scale against R 76-1:2006 Table 3; `capacity` (Max) and `e` are in `unit`.

    Raises `LimitsError` for an unknown class or an e of 0, `UnitMismatch` unless unit is of mass.
    """
    if not e > 0:
        raise LimitsError(f"e is {e}; allowed: above 0")
    rows, n = _bands_of(accuracy_class), capacity / e
    in_g = convert(e, unit, Unit.G)
    band = next((one for one in rows if _between(in_g, one.e_from, one.e_to)), None)
    if band is None:
        allowed = " or ".join(_span("e", one.e_from, one.e_to, " g") for one in rows)
        why = f"e is {in_g.normalize():f} g; class {accuracy_class} allows {allowed}"
        return Classification(n=n, min=None, valid=False, why=why)
    valid = _between(n, band.n_from, band.n_to)
    asked = f"{_span('e', band.e_from, band.e_to, ' g')} needs {_span('n', band.n_from, band.n_to)}"
    why = "" if valid else f"n is {n.normalize():f}; class {accuracy_class} with {asked}"
    return Classification(n=n, min=band.min * e, valid=valid, why=why)


def eccentricity_load(capacity: Decimal, supports: int = 4) -> Decimal:
    """Return the load for each position of the eccentricity test, in the unit of Max.

    Max/3 for up to four supports, Max/(n - 1) above (R 76-1:2006, 3.6.2; unverified).
    """
    if supports < 1:
        raise LimitsError(f"a load receptor has {supports} supports; allowed: 1 and above")
    return capacity / (3 if supports <= 4 else supports - 1)


def rolling_load(capacity: Decimal) -> Decimal:
    """Return the most that a rolling test load may be: 0.8 Max (3.6.2; unverified).

    The heaviest load usually rolled is used if it is less.
    """
    return capacity * Decimal("0.8")


@cache
def scale_limits() -> dict[str, ScaleLimit]:
    """Return the other limits of R 76-1:2006 by name, each with clause and certainty."""
    limits: dict[str, ScaleLimit] = TypeAdapter(dict[str, ScaleLimit]).validate_python(
        table("r76-limits")["limits"]
    )
    return limits


@cache
def _bands() -> tuple[Band, ...]:
    bands: tuple[Band, ...] = TypeAdapter(tuple[Band, ...]).validate_python(
        table("r76-classes")["bands"]
    )
    return bands


def _bands_of(accuracy_class: str) -> list[Band]:
    rows = [one for one in _bands() if one.accuracy_class == accuracy_class]
    if not rows:
        known = ", ".join(dict.fromkeys(one.accuracy_class for one in _bands()))
        raise LimitsError(f"accuracy class is {accuracy_class}; R 76 has: {known}")
    return rows


def _between(value: Decimal, least: Decimal, most: Decimal | None) -> bool:
    return least <= value and (most is None or value <= most)


def _span(name: str, least: Decimal, most: Decimal | None, unit: str = "") -> str:
    if most is None:
        return f"{name} >= {least:f}{unit}"
    return f"{name} {least:f} to {most:f}{unit}"
