"""Where a probe looks: a serial port's path, tcp://host:port or rfc2217://host:port."""

import re
from dataclasses import dataclass

from tramdo.rfc2217 import rfc2217_opener
from tramdo.transport import Opener, serial_opener, tcp_opener

_PLACE = re.compile(r"(?P<kind>tcp|rfc2217)://(?P<host>\[[^\]]+\]|[^:/]+):(?P<port>\d{1,5})/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A port as it was given on the command line."""

    kind: str = "serial"
    path: str = ""
    host: str = ""
    tcp_port: int = 0

    @property
    def has_settings(self) -> bool:
        """Whether its speed and format can be set from here."""
        return self.kind != "tcp"

    def opener(self, setting: str) -> Opener:
        """Return what opens it at a line setting such as "9600 8N1"; DTR and RTS are kept low."""
        speed, _, form = setting.partition(" ")
        if self.kind == "tcp":
            return tcp_opener(self.host, self.tcp_port)
        if self.kind == "rfc2217":
            return rfc2217_opener(self.host, self.tcp_port, int(speed), form, dtr_low=True)
        return serial_opener(self.path, int(speed), form, dtr_low=True)


def place(text: str) -> Place:
    """Return the place that a text names; raises `ValueError`."""
    match = _PLACE.fullmatch(text)
    if match and 1 <= int(match["port"]) <= 65_535:
        return Place(
            kind=match["kind"], host=match["host"].strip("[]"), tcp_port=int(match["port"])
        )
    if "://" in text or "/" not in text:
        allowed = "/dev/serial/by-id/... (see `tramdo ports`), tcp://host:port, rfc2217://host:port"
        raise ValueError(f"port: {text!r} is no path; allowed: {allowed}")
    return Place(path=text)
