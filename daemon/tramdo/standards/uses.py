"""Which check of a station uses a check standard, and whether it is good enough there. No I/O."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tramdo.limits import LimitsError, RuleSet, Stage, Steps
from tramdo.reading import Unit
from tramdo.reference import ReferenceValue, UnitMismatch, combine, convert
from tramdo.settings.meaning import plate_of, value_of
from tramdo.settings.station import CheckSettings, InstrumentSettings, Station
from tramdo.standards.register import suitable


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One load of one check: its MPE in `unit`, and why the standards bear no legal verdict there.

    `standards` are the ids used together. None: no MPE can be said; they are suitable.
    """

    check: str
    instrument: str
    standards: tuple[str, ...]
    unit: Unit
    mpe: Decimal | None
    why: str | None

    def __str__(self) -> str:
        where = f"{self.check} ({' + '.join(self.standards)})"
        mpe = "" if self.mpe is None else f", MPE {self.mpe:f} {self.unit}"
        return f"{where}: refused: {self.why}" if self.why else f"{where}: suitable{mpe}"


def uses(station: Station, rules: Callable[[str], RuleSet], on: date) -> list[Use]:
    """Return every use of every check standard on a local day; `rules` loads a rule set by name."""
    instruments = {one.id: one for one in station.instruments}
    known = {one.id: value_of(one) for one in station.references}
    return [
        _use(check, instruments[check.instrument], [known[name] for name in names], rules, on)
        for check in station.checks
        if check.how != "gravimetric"  # what a balance is worth depends on the density weighed
        for names in _loads(check)
    ]


def _loads(check: CheckSettings) -> Iterator[tuple[str, ...]]:
    if check.loads:
        yield from check.loads
    elif check.reference is not None:
        yield (check.reference,)


def _use(
    check: CheckSettings,
    one: InstrumentSettings,
    together: list[ReferenceValue],
    rules: Callable[[str], RuleSet],
    on: date,
) -> Use:
    mpe, why = None, None
    try:
        load = combine(together)
        mpe = _mpe(load, one, rules)
        refusal = suitable(load, mpe, one.unit, on)
        why = refusal.why if refusal else None
    except (LimitsError, UnitMismatch) as error:
        why = str(error)
    return Use(
        check=check.id,
        instrument=one.id,
        standards=tuple(each.id for each in together),
        unit=one.unit,
        mpe=mpe,
        why=why,
    )


def _mpe(load: ReferenceValue, one: InstrumentSettings, rules: Callable[[str], RuleSet]) -> Decimal:
    """Return the MPE where a check takes it: of a scale at the nominal load, else at the value."""
    if one.rules is None:
        raise LimitsError(f"{one.id} has no rules")
    found = rules(one.rules)
    at = convert(load.marked if isinstance(found, Steps) else load.value, load.unit, one.unit)
    return found.mpe(at, plate_of(one), Stage(one.stage)).normalize()
