"""From settings to the checks of each instrument: those nobody guides, and the guided ones."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from tramdo import limits
from tramdo.capture import Delivery, Plateau
from tramdo.check import Subject, in_json
from tramdo.checking import Checker, Plan
from tramdo.drift import ChartSettings, ControlChart, sigma_floor
from tramdo.guiding import Guide
from tramdo.limits import Characteristics
from tramdo.passive import Watch
from tramdo.procedures.weighing import interval_at
from tramdo.reading import Indication, Unit
from tramdo.reference import ReferenceValue, convert, zero_of
from tramdo.series import Series
from tramdo.settings.meaning import plate_of, value_of
from tramdo.settings.station import CheckSettings, InstrumentSettings
from tramdo.stationfile import Loaded
from tramdo.uncertainty.budget import Budget
from tramdo.uncertainty.unguided import of_delivery, of_weighing, resolution

BY_ITSELF = ("span", "zero", "delivery")
# Where neither d nor e is said: the finest a display is likely to have, so that a chart of equal
# errors has a width at all.
FINEST = Decimal("0.01")


def checkers(loaded: Loaded) -> dict[str, list[Checker]]:
    """Return the checks of each instrument that wait for their reference by themselves."""
    made: dict[str, list[Checker]] = {}
    for check, one in _checks(loaded):
        if check.how in BY_ITSELF:
            made.setdefault(one.id, []).append(_checker(loaded, check, one))
    return made


def guides(loaded: Loaded) -> dict[str, Guide]:
    """Return the guided checks by their ids."""
    # The guided kinds bring pydantic models and data files along: only where there are any.
    from tramdo.build.procedures import procedure  # noqa: PLC0415

    return {
        check.id: Guide(
            procedure=procedure(check, about, partial(standards, loaded, check)),
            fresh=_series(about, check, one),
            readings=check.readings,
        )
        for check, one in _checks(loaded)
        if check.how not in BY_ITSELF
        for about in [subject(loaded, one)]
    }


def watches(loaded: Loaded) -> dict[str, Watch]:
    """Return what watches the ordinary traffic of each instrument."""
    return {
        one.id: Watch.of(one.kind, plate_of(one), one.registered)
        for one in loaded.station.instruments
    }


def _checks(loaded: Loaded) -> list[tuple[CheckSettings, InstrumentSettings]]:
    instruments = {one.id: one for one in loaded.station.instruments}
    return [(check, instruments[check.instrument]) for check in loaded.station.checks]


def _checker(loaded: Loaded, check: CheckSettings, one: InstrumentSettings) -> Checker:
    reference = zero_of(one.unit) if check.how == "zero" else standards(loaded, check)[0][0]
    about = subject(loaded, one)
    return Checker(
        plan=Plan(
            id=check.id,
            subject=about,
            reference=reference,
            budget=_budget(check, reference, about.characteristics),
            every=check.every_s,
        ),
        capture=_capture(check, reference, _in(reference.unit, one.d, one.unit)),
        series=_series(about, check, one),
    )


def subject(loaded: Loaded, one: InstrumentSettings) -> Subject:
    """Return what is checked and under which rules; raises `LimitsError`."""
    if one.rules is None:
        raise ValueError(f"instrument {one.id} has no rules")
    rules = limits.load(one.rules, [loaded.folder / "limits"])
    content = json.dumps(in_json(rules), sort_keys=True)
    return Subject(
        instrument=one.id,
        rules=rules,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        characteristics=plate_of(one),
        stage=limits.Stage(one.stage),
        verified_until=one.verified_until,
    )


def _series(about: Subject, check: CheckSettings, one: InstrumentSettings) -> Series:
    floor = sigma_floor(one.d or one.e or FINEST)
    settings = ChartSettings(decides=check.chart)
    return Series(subject=about, chart=ControlChart(floor=floor, settings=settings))


def _capture(
    check: CheckSettings, reference: ReferenceValue, d: Decimal | None
) -> Plateau | Delivery:
    if check.how == "delivery":
        return Delivery(reference=reference, window=check.window, count=check.readings)
    return Plateau(reference=reference, window=check.window, count=check.readings, d=d)


def _in(unit: Unit, d: Decimal | None, of: Unit) -> Decimal | None:
    return None if d is None else convert(d, of, unit)


def _budget(
    check: CheckSettings, reference: ReferenceValue, plate: Characteristics
) -> Callable[[Indication], Budget | None]:
    known = reference.in_unit(plate.unit)
    said = interval_at(plate, known.marked) or FINEST
    if check.how != "delivery":
        weighed = of_weighing(known, said, plate.unit)
        return lambda _: weighed
    return lambda shown: of_delivery(known, resolution(shown, said, plate.unit), plate.unit)


def standards(loaded: Loaded, check: CheckSettings) -> list[list[ReferenceValue]]:
    """Return the check standards of each load of a check; a check without loads has one."""
    known = {found.id: value_of(found) for found in loaded.station.references}
    loads = check.loads or (((check.reference,),) if check.reference else ())
    return [[known[name] for name in load] for load in loads]
