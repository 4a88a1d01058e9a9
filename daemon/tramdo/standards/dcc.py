"""Digital calibration certificates (DCC) of PTB's schema 3.x: XML to a `Certificate`. No I/O.

Reference: https://ptb.de/dcc, schema versions 3.1.1 and 3.2.0; 3.3.0 is unverified. Elements that
are not named here are passed over. Signatures are found and not verified.
"""

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tramdo.standards.certificate import (
    Certificate,
    Condition,
    Identification,
    Item,
    Result,
    Statement,
)
from tramdo.standards.quantities import DCC, NAMES, plain, quantities, ref_types, said
from tramdo.standards.source import StandardsError, bounded, day

_ROOT = f"{{{DCC}}}digitalCalibrationCertificate"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_VERSION = re.compile(r"3\.\d+(\.\d+)?(-\S+)?", re.ASCII)
_ZONE = re.compile(r"(?:Z|[+-]\d\d:\d\d)$")
_ADMIN = "dcc:administrativeData/"
_CORE = _ADMIN + "dcc:coreData/dcc:"
_MEASURED = "dcc:measurementResults/dcc:measurementResult/"


def parse(xml: bytes) -> Certificate:
    """Return what a certificate says; raises `StandardsError`, whatever the bytes are."""
    root = _root(bounded(xml))
    return Certificate(
        id=_core(root, "uniqueIdentifier"),
        schema_version=root.get("schemaVersion", ""),
        country=_core(root, "countryCodeISO3166_1"),
        begin=_core_day(root, "beginPerformanceDate"),
        end=_core_day(root, "endPerformanceDate"),
        laboratory=said(_at(root, _ADMIN + "dcc:calibrationLaboratory/dcc:contact/dcc:name"))
        or None,
        customer=said(_at(root, _ADMIN + "dcc:customer/dcc:name")) or None,
        items=tuple(map(_item, _all(root, _ADMIN + "dcc:items/dcc:item"))),
        statements=tuple(map(_statement, _all(root, _ADMIN + "dcc:statements/dcc:statement"))),
        conditions=tuple(
            map(
                _condition, _all(root, _MEASURED + "dcc:influenceConditions/dcc:influenceCondition")
            )
        ),
        results=tuple(map(_result, _all(root, _MEASURED + "dcc:results/dcc:result"))),
        signed=next(root.iter(_SIGNATURE), None) is not None,
    )


def _root(xml: bytes) -> Element:
    root = _element(xml)
    if root.tag != _ROOT:
        raise StandardsError(
            f"begins with {root.tag[:100]}; allowed: digitalCalibrationCertificate in the "
            f"namespace {DCC}"
        )
    version = root.get("schemaVersion", "missing")
    if not _VERSION.fullmatch(version):
        raise StandardsError(f"schemaVersion is {version[:40]}; allowed: 3.x")
    return root


def _element(xml: bytes) -> Element:
    try:
        root: Element = fromstring(xml, forbid_dtd=True)
    except DefusedXmlException:
        raise StandardsError(
            "has a document type (DTD), entities or references to other files; allowed: plain "
            "XML, as laboratories issue it"
        ) from None
    except ParseError as error:
        raise StandardsError(f"is no complete XML ({error}); allowed: the whole file") from None
    except (ValueError, LookupError) as error:
        raise StandardsError(f"cannot be read as XML ({error}); allowed: UTF-8") from None
    return root


def _at(element: Element, path: str) -> Element | None:
    return element.find(path, NAMES)


def _all(element: Element, path: str) -> Iterator[Element]:
    return element.iterfind(path, NAMES)


def _core(root: Element, name: str) -> str:
    text = plain(_at(root, _CORE + name))
    if not text:
        raise StandardsError(f"administrativeData/coreData/{name} is missing; every DCC has one")
    return text


def _core_day(root: Element, name: str) -> date:
    return _day(_core(root, name), name)


def _day(text: str, name: str) -> date:
    found = day(_ZONE.sub("", text))
    if found is None:
        raise StandardsError(f'{name}: "{text[:60]}" is no day; allowed: such as 2026-12-31')
    return found


def _item(element: Element) -> Item:
    return Item(
        name=said(_at(element, "dcc:name")),
        manufacturer=said(_at(element, "dcc:manufacturer/dcc:name")) or None,
        model=plain(_at(element, "dcc:model")) or None,
        identifications=tuple(
            Identification(issuer=plain(_at(one, "dcc:issuer")), value=plain(_at(one, "dcc:value")))
            for one in _all(element, "dcc:identifications/dcc:identification")
        ),
    )


def _statement(element: Element) -> Statement:
    text = plain(_at(element, "dcc:date"))
    return Statement(
        ref_types=ref_types(element),
        text=said(_at(element, "dcc:declaration")),
        conformity=plain(_at(element, "dcc:conformity")) or None,
        day=_day(text, "a statement's date") if text else None,
    )


def _condition(element: Element) -> Condition:
    return Condition(
        name=said(_at(element, "dcc:name")),
        ref_types=ref_types(element),
        quantities=quantities(_at(element, "dcc:data")),
    )


def _result(element: Element) -> Result:
    return Result(
        name=said(_at(element, "dcc:name")), quantities=quantities(_at(element, "dcc:data"))
    )
