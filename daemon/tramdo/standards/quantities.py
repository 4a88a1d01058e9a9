"""Quantities of a digital certificate: D-SI elements to values. No I/O.

Reference: D-SI elements as used by DCC 3.1 and 3.2 (`expandedUnc`) and, with
`measurementUncertaintyUnivariate`, by DCC 3.3 (unverified against its schema).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar
from xml.etree.ElementTree import Element

from tramdo.standards.certificate import Quantity, Stated
from tramdo.standards.source import StandardsError, number

DCC, SI = "https://ptb.de/dcc", "https://ptb.de/si"
NAMES = {"dcc": DCC, "si": SI}
LANGUAGES = ("vi", "en", None)

_QUANTITY, _LIST = f"{{{DCC}}}quantity", f"{{{DCC}}}list"
_Word = TypeVar("_Word")


# How the names of one value's elements go on in those of a list.
_ENDINGS = {f"{{{SI}}}real": "", f"{{{SI}}}realListXMLList": "XMLList"}
# U and k of schema 3.1 and 3.2, and of 3.3; {0} is the ending.
_UNCERTAINTIES = (
    ("si:expandedUnc{0}/", "si:uncertainty{0}"),
    ("si:measurementUncertaintyUnivariate{0}/si:expandedMU{0}/", "si:valueExpandedMU{0}"),
)


def quantities(holder: Element | None) -> tuple[Quantity, ...]:
    """Return the quantities under a `dcc:data` element, also those in lists, in their order.

    Those without real values are passed over; raises `StandardsError` where one is wrong.
    """
    found = map(_quantity, _elements(holder)) if holder is not None else ()
    return tuple(one for one in found if one.alternatives)


def ref_types(element: Element) -> tuple[str, ...]:
    """Return the reference types of an element."""
    return tuple(element.get("refType", "").split())


def said(element: Element | None) -> str:
    """Return a text with languages in the first of `LANGUAGES` that it has, or ""."""
    contents = element.findall("dcc:content", NAMES) if element is not None else []
    by_language = {one.get("lang"): one for one in reversed(contents)}
    for language in LANGUAGES:
        if language in by_language:
            return plain(by_language[language])
    return plain(contents[0]) if contents else ""


def plain(element: Element | None) -> str:
    """Return an element's own text with single blanks, or ""."""
    return " ".join((element.text or "").split()) if element is not None else ""


def _elements(holder: Element) -> Iterator[Element]:
    # No recursion: lists hold lists, as deep as the file's author likes.
    pending = list(reversed(holder))
    while pending:
        one = pending.pop()
        if one.tag == _QUANTITY:
            yield one
        elif one.tag == _LIST:
            pending.extend(reversed(one))


def _quantity(element: Element) -> Quantity:
    name = said(element.find("dcc:name", NAMES)) or "a quantity without a name"
    holders = [*element, *element.findall("si:hybrid/*", NAMES)]
    return Quantity(
        name=name,
        ref_types=ref_types(element),
        alternatives=tuple(
            _stated(one, _ENDINGS[one.tag], name) for one in holders if one.tag in _ENDINGS
        ),
    )


def _stated(element: Element, ending: str, name: str) -> tuple[Stated, ...]:
    values = _numbers(element, f"si:value{ending}", name)
    units = _words(element, f"si:unit{ending}")
    if not values or not units:
        raise StandardsError(
            f"{name}: {len(values)} values and {len(units)} units; allowed: 1 or more of each"
        )
    uncertainties, factors = _uncertainty(element, ending, name)
    count = len(values)
    rows = zip(
        values,
        _each(units, count, f"{name}: units"),
        _each(uncertainties, count, f"{name}: uncertainties"),
        _each(factors, count, f"{name}: coverage factors"),
        strict=True,
    )
    return tuple(Stated(value=v, unit=u, expanded_uncertainty=x, k=k) for v, u, x, k in rows)


def _uncertainty(
    element: Element, ending: str, name: str
) -> tuple[Sequence[Decimal | None], Sequence[Decimal | None]]:
    for holder, size in _UNCERTAINTIES:
        if sizes := _numbers(element, (holder + size).format(ending), name):
            factors = _numbers(element, (holder + "si:coverageFactor{0}").format(ending), name)
            if min(sizes) < 0 or not factors or not 1 <= min(factors) <= max(factors) <= 10:
                raise StandardsError(
                    f"{name}: expanded uncertainty {_shown(sizes)}, coverage factor "
                    f"{_shown(factors)}; allowed: 0 and above, with a factor of 1 to 10"
                )
            return sizes, factors
    return (None,), (None,)


def _shown(numbers: list[Decimal]) -> str:
    return " ".join(map(str, numbers[:5])) or "missing"


def _each(words: Sequence[_Word], count: int, what: str) -> list[_Word]:
    """Return one word for each value: a single one holds for all of them."""
    if len(words) not in (1, count):
        raise StandardsError(f"{what}: {len(words)} for {count} values; allowed: 1 or {count}")
    return [*words] * (count if len(words) == 1 else 1)


def _words(element: Element, path: str) -> list[str]:
    return plain(element.find(path, NAMES)).split()


def _numbers(element: Element, path: str, name: str) -> list[Decimal]:
    found = []
    for word in _words(element, path):
        value = number(word)
        if value is None:
            raise StandardsError(f'{name}: "{word[:60]}" is no number; allowed: such as 20.0003')
        found.append(value)
    return found
