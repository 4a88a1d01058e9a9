"""What a station file may say and probably does not mean. No I/O."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from ipaddress import ip_address

from tramdo.errors import Problem
from tramdo.settings.page import Page, shown

_MOVING = re.compile(r"/dev/tty(?:USB|ACM)\d+")


def doubts(page: Page, today: date) -> Iterator[Problem]:
    """Yield what is allowed and probably not meant."""
    if not page.rows("instrument"):
        yield page.problem(("instrument",), "no [[instrument]]: nothing will be read")
    for row in page.rows("port"):
        path = row.text("path")
        if path and _MOVING.fullmatch(path):
            yield page.problem(
                (*row.path, "path"),
                f"{shown(path)} may be another adapter after unplugging; better: its name under "
                "/dev/serial/by-id or, for adapters without a serial number, /dev/serial/by-path",
            )
    yield from _expired(page, today)
    yield from _in_the_clear(page)


def _in_the_clear(page: Page) -> Iterator[Problem]:
    """Yield a broker on the network that is reached without TLS."""
    broker = page.raw.get("mqtt")
    if not isinstance(broker, dict) or "tls" in broker or _is_here(host := broker.get("host", "")):
        return
    yield page.problem(
        ("mqtt", "host"),
        f"{shown(host)} is reached UNENCRYPTED: whoever is on the way can read the password and "
        "read, change or hold back every event; add [mqtt.tls], usually with port = 8883",
    )


def _is_here(host: object) -> bool:
    name = str(host).lower()
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _expired(page: Page, today: date) -> Iterator[Problem]:
    for table, key in (("reference", "valid_until"), ("instrument", "verified_until")):
        for row in page.rows(table):
            until = row.values.get(key)
            if isinstance(until, date) and not isinstance(until, datetime) and until < today:
                yield page.problem((*row.path, key), f"{until} is past")
