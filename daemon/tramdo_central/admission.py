"""What may enter the ledger: messages, declarations and heads, read from hostile bytes. No I/O."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from tramdo.proof import GENESIS, Link
from tramdo.proof.head import Head
from tramdo.settings.values import NAME
from tramdo_central.frontier import Range

MOST_BYTES = 1 << 20
MOST_SEQ = (1 << 63) - 2
LINK_BYTES = len(GENESIS)
# Databases keep no NUL and no half surrogate in a text, so what becomes a column is narrow.
_STATION = re.compile(NAME)
_EPOCH = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KIND = re.compile(r"[a-z][a-z_]{0,31}")
_INSTRUMENT = re.compile(r"[!-~]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{8,15}Z", re.ASCII)


def admitted(wire: bytes) -> Link:
    """Return what travelled as a link that the ledger can keep; raises `ValueError` with why."""
    if len(wire) > MOST_BYTES:
        raise ValueError(f"{len(wire)} bytes long; allowed: {MOST_BYTES}")
    link = Link.of(wire)
    _fits("station", _STATION, link.station)
    _fits("epoch", _EPOCH, link.epoch)
    _fits("kind", _KIND, link.kind)
    _fits("instrument", _INSTRUMENT, link.instrument)
    _fits("time", _TIME, link.time)
    if not _number(link.seq):
        raise ValueError(f"seq {str(link.seq)[:40]}; allowed: a whole number from 1")
    if link.previous is not None and len(link.previous) != LINK_BYTES:
        raise ValueError(f"prev of {len(link.previous)} bytes; allowed: {LINK_BYTES}")
    return link


def _fits(name: str, form: re.Pattern[str], text: str) -> None:
    if not form.fullmatch(text):
        raise ValueError(f"{name} {text[:80]!a} is not of the allowed form")


def _number(value: Any) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= MOST_SEQ


def declared(link: Link) -> Iterator[Range]:
    """Yield what a gap event declares gone: runs given up, and what is before a new epoch."""
    shed = link.body.get("shed")
    for one in shed if isinstance(shed, list) else ():
        if (run := _run(link.epoch, one)) is not None:
            yield run
    if "began" in link.body and link.seq > 1 and link.previous is not None:
        yield Range(epoch=link.epoch, first=1, last=link.seq - 1, before=None, after=link.previous)


def _run(epoch: str, one: Any) -> Range | None:
    if not isinstance(one, dict):
        return None
    first, last = one.get("from"), one.get("to")
    before, after = _link_value(one.get("before")), _link_value(one.get("after"))
    if not (_number(first) and _number(last) and first <= last and before and after):
        return None
    return Range(epoch=epoch, first=first, last=last, before=before, after=after)


def restored(link: Link) -> bool:
    """Tell whether a gap event says that its station runs on an old copy of its record."""
    began = link.body.get("began")
    return isinstance(began, dict) and began.get("why") == "restored"


def confessed(link: Link) -> Range | None:
    """Return the numbers that a security event says are missing at the station, without a cause.

    They are of its own epoch where it does not name the one that was asked for.
    """
    first, last = link.body.get("from"), link.body.get("to")
    epoch = link.body.get("epoch", link.epoch)
    if link.body.get("security") != "missing" or not (
        isinstance(epoch, str) and _EPOCH.fullmatch(epoch)
    ):
        return None
    if not (_number(first) and _number(last) and first <= last):
        return None
    return Range(epoch=epoch, first=first, last=last, before=None, after=None)


def _link_value(text: Any) -> bytes | None:
    try:
        value = bytes.fromhex(text)
    except (TypeError, ValueError):
        return None
    return value if len(value) == LINK_BYTES else None


def head_of(payload: bytes) -> Head:
    """Return the signed head in a message; raises `ValueError`."""
    if len(payload) > MOST_BYTES:
        raise ValueError("too long for a head")
    try:
        head = Head.of(json.loads(payload))
    except RecursionError as error:
        raise ValueError("no head of a record: nested too deeply") from error
    _fits("station", _STATION, head.station)
    _fits("epoch", _EPOCH, head.epoch)
    _fits("at", _TIME, head.at)
    if head.seq > MOST_SEQ or head.signature is None:
        raise ValueError("no head of a record: seq too high, or not signed")
    return head


def is_station(name: str) -> bool:
    """Tell whether a name can be a station's."""
    return _STATION.fullmatch(name) is not None
