"""A line named on the command line: a serial port's path, tcp://host:port, rfc2217://host:port."""

import re
from typing import get_args

from tramdo.cli.exits import WRONG_SETTINGS, leave
from tramdo.rfc2217 import rfc2217_opener
from tramdo.settings.ports import Format
from tramdo.transport import Opener, serial_opener, tcp_opener

_LINE = re.compile(rf"(?P<baud>[1-9]\d{{1,6}})(?: (?P<form>{'|'.join(get_args(Format))}))?")

_REMOTE = re.compile(
    r"(?P<scheme>tcp|rfc2217)://(?P<host>\[[0-9a-fA-F:]+\]|[^:/\s]+):(?P<number>\d{1,5})/?"
)


def opener_of(port: str, line: str) -> Opener:
    """Return what opens a line, or end the program with what is wrong; `line` as "9600 8N1"."""
    baud, form = _setting(line)
    if port.startswith("/"):
        return serial_opener(port, baud, form)
    scheme, host, number = _parts(port)
    if scheme == "tcp":
        return tcp_opener(host, number)
    return rfc2217_opener(host, number, baud, form)


def _parts(port: str) -> tuple[str, str, int]:
    found = _REMOTE.fullmatch(port)
    if found is None or not 1 <= int(found["number"]) <= 65535:
        allowed = "a path such as /dev/serial/by-id/..., tcp://HOST:PORT, rfc2217://HOST:PORT"
        leave(f"{port!r} is no port; allowed: {allowed}", WRONG_SETTINGS)
    return found["scheme"], found["host"].strip("[]"), int(found["number"])


def line_words(port: str, line: str) -> str:
    """Return the line settings as a recording has them: "tcp" where there are none."""
    return "tcp" if port.startswith("tcp:") else " ".join(map(str, _setting(line)))


def _setting(line: str) -> tuple[int, str]:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        allowed = f"a speed in baud and one of {', '.join(get_args(Format))}, such as 9600 8N1"
        leave(f"--line {line!r}; allowed: {allowed}", WRONG_SETTINGS)
    return int(found["baud"]), found["form"] or "8N1"
