"""What must fit together across the tables of a station file; asked of the raw values. No I/O.

Raw, so that these problems show in the same run as wrong single values. A value that is wrong in
itself is passed over here.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tramdo.errors import Problem
from tramdo.reading import Unit
from tramdo.reference import UnitMismatch, convert
from tramdo.settings.faults import lowered
from tramdo.settings.instruments import InstrumentSettings
from tramdo.settings.links import by_name, loads_of
from tramdo.settings.page import Page, Row, as_number, listed, meant_name, shown

_MASS = (Unit.MG, Unit.G, Unit.KG, Unit.T)
_VOLUME = (Unit.ML, Unit.L, Unit.M3)
_DELIVERED = ("delivery", "prover", "master_meter", "gravimetric")
_WAYS = {
    "scale": ("span", "zero", "weighing", "substitution"),
    "dispenser": _DELIVERED,
    "meter": _DELIVERED,
    "tank_gauge": (),
}
_REFERENCES = {
    "span": ("weight",),
    "weighing": ("weight",),
    "substitution": ("weight",),
    "delivery": ("proving_can", "master_meter"),
    "prover": ("proving_can",),
    "master_meter": ("master_meter",),
    "gravimetric": ("balance",),
}
_HOWS = (*_WAYS["scale"], *_DELIVERED)
_STANDARDS = ("weight", "proving_can", "master_meter", "balance")
_OF_DELIVERIES = {"flows", "runs", "product", "density_15"}
_OPTIONS = {
    "weighing": {"loads", "tests", "supports", "repeats", "change_over"},
    "substitution": {"substitutions"},
    "prover": _OF_DELIVERIES | {"can_material"},
    "master_meter": _OF_DELIVERIES,
    "gravimetric": _OF_DELIVERIES | {"volume"},
}
_ANY_OPTION = set().union(*_OPTIONS.values())
_NEEDED = {"scale": ("accuracy_class", "e"), "dispenser": ("accuracy_class", "mmq")}


def misfits(page: Page, known_rules: Sequence[str] | None) -> Iterator[Problem]:
    """Yield what does not fit, within an instrument and between tables.

    `known_rules` None leaves the names of rule sets unasked.
    """
    for row in page.rows("instrument"):
        yield from _rules(page, row, known_rules)
        yield from _sizes(page, row)
        yield from _ranges(page, row)
    for row in page.rows("check"):
        yield from _way(page, row)
        yield from _judged(page, row)
        yield from _presence(page, row)
        yield from _options(page, row)
        yield from _repeated(page, row)
        yield from _twice(page, row)
        yield from _fit(page, row)
    yield from _half_certificate(page)


def _rules(page: Page, row: Row, known: Sequence[str] | None) -> Iterator[Problem]:
    rules = row.text("rules")
    if rules is None:
        return
    if known is not None and rules not in known:
        yield page.problem(
            (*row.path, "rules"),
            f"{shown(rules)} is no rule set; allowed: {listed(known)}{meant_name(rules, known)}",
        )
    kind = row.text("kind") or ""
    for key in _NEEDED.get(kind, ()):
        if key not in row.values and not (key == "e" and "ranges" in row.values):
            yield page.problem(
                (*row.path, key),
                f"is missing; rules = {shown(rules)} needs it of a {kind}; wanted: {_about(key)}",
            )


def _sizes(page: Page, row: Row) -> Iterator[Problem]:
    e, d = row.number("e"), row.number("d")
    if e is not None and d is not None and e < d:
        yield page.problem((*row.path, "e"), f"{e} is smaller than d; allowed: d = {d} or larger")
    top, low = row.number("max"), row.number("min")
    if top is not None and low is not None and top <= low:
        yield page.problem(
            (*row.path, "max"), f"{top} is not larger than min; allowed: above min = {low}"
        )


def _ranges(page: Page, row: Row) -> Iterator[Problem]:
    """Yield a last range that ends elsewhere than at Max: above it there is no MPE to hold."""
    top, ranges = row.number("max"), row.values.get("ranges")
    last = ranges[-1] if isinstance(ranges, list) and ranges else None
    end = as_number(last.get("max")) if isinstance(last, dict) else None
    if top is not None and end is not None and end != top:
        yield page.problem(
            (*row.path, "ranges"), f"the last one ends at {end}; allowed: at max = {top}"
        )


def _way(page: Page, row: Row) -> Iterator[Problem]:
    how, instrument = row.text("how"), _linked(page, row, "instrument")
    kind = (instrument and instrument.text("kind")) or ""
    ways = _WAYS.get(kind)
    if ways is not None and how in _HOWS and how not in ways:
        yield page.problem(
            (*row.path, "how"),
            f"{shown(how)} does not fit a {kind}; allowed: {listed(ways)}",
        )


def _judged(page: Page, row: Row) -> Iterator[Problem]:
    instrument = _linked(page, row, "instrument")
    if instrument and "rules" not in instrument.values:
        yield page.problem(
            (*instrument.path, "rules"),
            f"is missing; the [[check]] in line {page.line(row.path)} needs it; "
            f"wanted: {_about('rules')}",
        )


def _presence(page: Page, row: Row) -> Iterator[Problem]:
    how, path = row.text("how"), (*row.path, "reference")
    if how in _REFERENCES and not {"reference", "loads"} & set(row.values):
        yield page.problem(
            path,
            f"is missing; how = {shown(how)} compares with one of: "
            f"{listed(by_name(page, 'reference'))}",
        )
    if how == "zero" and "reference" in row.values:
        yield page.problem(
            path,
            f"{shown(row.values['reference'])} is compared with nothing; allowed: no reference "
            'where how = "zero"; did you mean how = "span"?',
        )


def _options(page: Page, row: Row) -> Iterator[Problem]:
    how = row.text("how") or ""
    fitting = _OPTIONS.get(how, set())
    for key in row.values:
        if how in _HOWS and key in _ANY_OPTION and key not in fitting:
            ways = [way for way, keys in _OPTIONS.items() if key in keys]
            yield page.problem(
                (*row.path, key),
                f"says nothing where how = {shown(how)}; allowed: only for {listed(ways)}",
            )


def _repeated(page: Page, row: Row) -> Iterator[Problem]:
    """Yield flows and tests listed twice: they would be done, and charted, twice."""
    for key in ("flows", "tests"):
        found = row.values.get(key)
        names = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
        for name in dict.fromkeys(one for one in names if names.count(one) > 1):
            yield page.problem((*row.path, key), f"has {shown(name)} twice; allowed: each once")


def _fit(page: Page, row: Row) -> Iterator[Problem]:
    reference, instrument = _linked(page, row, "reference"), _linked(page, row, "instrument")
    for name in loads_of(row):
        if load := by_name(page, "reference").get(name):
            yield from _fitting_kind(page, row, load, "loads")
    if reference:
        yield from _fitting_kind(page, row, reference, "reference")
        yield from _fitting_window(page, row, reference, instrument)
    if reference and instrument:
        yield from _fitting_unit(page, row, reference, instrument)


def _twice(page: Page, row: Row) -> Iterator[Problem]:
    """Yield weights that would have to lie twice on the scale at the same time."""
    loads = row.values.get("loads")
    for load in loads if isinstance(loads, list) else ():
        names = [one for one in load if isinstance(one, str)] if isinstance(load, list) else []
        for name in sorted({one for one in names if names.count(one) > 1}):
            yield page.problem(
                (*row.path, "loads"),
                f"{shown(name)} stands {names.count(name)} times in one load; allowed: each weight "
                "once, a second one of the same size has an id and a certificate of its own",
            )


def _fitting_kind(page: Page, row: Row, reference: Row, key: str) -> Iterator[Problem]:
    how, kind = row.text("how"), reference.text("kind")
    kinds = _REFERENCES.get(how or "")
    if kinds and kind in _STANDARDS and kind not in kinds:
        yield page.problem(
            (*row.path, key),
            f"{shown(reference.text('id'))} is a {kind}; allowed for {how}: {listed(kinds)}",
        )


def _fitting_window(
    page: Page, row: Row, reference: Row, instrument: Row | None
) -> Iterator[Problem]:
    window, value = row.number("window"), reference.number("value")
    if value is not None and instrument and row.text("how") in _OPTIONS:
        value = _in_unit_of(instrument, reference, value)  # a guided check's window is in it
    if window is not None and value is not None and window >= value > 0:
        yield page.problem(
            (*row.path, "window"),
            f"{window} would take an empty instrument for the reference; allowed: above 0 and "
            f"below the reference's value, {value}",
        )


def _in_unit_of(instrument: Row, reference: Row, value: Decimal) -> Decimal:
    unit, wanted = reference.text("unit"), instrument.text("unit")
    try:
        return convert(value, Unit(unit or ""), Unit(wanted or ""))
    except (ValueError, UnitMismatch):
        return value  # told as a unit that does not fit


def _fitting_unit(page: Page, row: Row, reference: Row, instrument: Row) -> Iterator[Problem]:
    unit, wanted = reference.text("unit"), instrument.text("unit")
    how = row.text("how")
    if how in _OPTIONS and how in _DELIVERED and wanted in _VOLUME and wanted != Unit.L:
        yield page.problem(
            (*instrument.path, "unit"),
            f"is {wanted}, and the guided [[check]] in line {page.line(row.path)} counts in L; "
            f"allowed: {shown(Unit.L)}",
        )
    if how == "gravimetric":
        return  # a balance is in units of mass, a dispenser in those of volume
    if unit in set(Unit) and wanted in set(Unit) and unit not in _same_quantity(wanted):
        yield page.problem(
            (*row.path, "reference"),
            f"{shown(row.text('reference'))} is in {unit} and the instrument in {wanted}; "
            f"allowed: a reference in {', '.join(_same_quantity(wanted))}",
        )


def _half_certificate(page: Page) -> Iterator[Problem]:
    broker = page.raw.get("mqtt")
    tls = broker.get("tls") if isinstance(broker, dict) else None
    for key, other in (("key_file", "cert_file"), ("cert_file", "key_file")):
        if isinstance(tls, dict) and other in tls and key not in tls:
            message = f"is missing; {other} needs it; allowed: both or neither"
            yield page.problem(("mqtt", "tls", key), message)


def _about(key: str) -> str:
    return lowered(InstrumentSettings.model_fields[key].description or "")


def _linked(page: Page, row: Row, table: str) -> Row | None:
    return by_name(page, table).get(row.text(table) or "")


def _same_quantity(unit: str | None) -> tuple[str, ...]:
    return next((units for units in (_MASS, _VOLUME) if unit in units), (unit or "",))
