"""Instruments side by side: latest errors, whom they favour, who agrees with whom. No I/O.

NIST Handbook 44, G-UR.4.1 (errors predominantly in the owner's favour are no good maintenance) is
asked by an exact sign test. Two instruments that met the same check standard are compared by
En (ISO/IEC 17043: at most 1 in size).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tramdo.drift.comparison import en_score, satisfactory
from tramdo.drift.fleet import SignTest, sign_test_of
from tramdo.history.records import Entry, sorted_out
from tramdo.reading import Unit
from tramdo.reference import UnitMismatch, convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest error of an instrument at a reference point."""

    instrument: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """En of two instruments at the same check standard."""

    first: str
    second: str
    reference: str
    en: float

    @property
    def agrees(self) -> bool:
        """Whether En is at most 1 in size."""
        return satisfactory(self.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The latest errors; `favour` counts those of volume that favour the station (positive)."""

    latest: tuple[Latest, ...]
    favour: SignTest | None
    agreements: tuple[Agreement, ...]


def compare(messages: Iterable[Mapping[str, Any]]) -> Comparison:
    """Return the comparison of every instrument in a journal's messages, oldest first."""
    by_instrument: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in messages:
        by_instrument[message["instrument"]].append(message)
    latest = tuple(
        Latest(instrument=name, entry=entry)
        for name, theirs in sorted(by_instrument.items())
        for entry in _newest(theirs)
    )
    volumes = [float(one.entry.error) for one in latest if _is_volume(one)]
    return Comparison(
        latest=latest,
        favour=sign_test_of(volumes) if any(volumes) else None,
        agreements=tuple(_agreements(latest)),
    )


def _newest(messages: Iterable[Mapping[str, Any]]) -> Iterable[Entry]:
    entries = sorted_out(messages).entries
    return {one.point: one for one in entries if one.in_chart}.values()


def _is_volume(one: Latest) -> bool:
    # A unit of volume converts to litres, one of mass does not.
    try:
        convert(one.entry.error, one.entry.unit, Unit.L)
    except UnitMismatch:
        return False
    return True


def _agreements(latest: Iterable[Latest]) -> Iterable[Agreement]:
    for first, second in combinations(latest, 2):
        one, other = first.entry, second.entry
        same = first.instrument != second.instrument and one.reference == other.reference
        if not same or not one.uncertainty or not other.uncertainty:
            continue
        in_unit = convert(other.error, other.unit, one.unit)
        spread = convert(other.uncertainty, other.unit, one.unit)
        score = en_score(float(in_unit), float(one.error), float(spread), float(one.uncertainty))
        yield Agreement(
            first=first.instrument, second=second.instrument, reference=one.reference, en=score
        )
