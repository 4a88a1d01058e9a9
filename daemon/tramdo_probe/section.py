"""The part of a station file that reads what a probe found. No I/O."""

import json
from collections.abc import Mapping
from typing import Any

from tramdo.driver import Kind, load
from tramdo_probe.candidates import Candidate
from tramdo_probe.places import Place

_FROM_PLATE = """\
# max = 60                     # from the plate, in the unit above
# e = 0.02
# d = 0.02
# accuracy_class = "III"
# serial_number = ""
"""


def section(one: Candidate, place: Place, name: str) -> str:
    """Return `[[port]]` and `[[instrument]]` for a candidate, as text for a station file."""
    settings = {key: value for key, value in one.settings.items() if value is not None}
    table = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    kind: Kind = load(one.driver).about.kinds[0]
    return (
        port_section(place, name, one.setting)
        + f'\n[[instrument]]\nid = "{name}"\ndriver = "{one.driver}"\nport = "{name}"\n'
        + f'kind = "{kind}"\n{_unit(one)}\n{_FROM_PLATE}'
        + (f"\n[instrument.settings]\n{table}" if table else "")
    )


def port_section(place: Place, name: str, setting: str) -> str:
    """Return the `[[port]]` table of a place at a line setting."""
    speed, _, form = setting.partition(" ")
    where = f"path = {_toml(place.path)}\n"
    if place.kind != "serial":
        where = f"host = {_toml(place.host)}\ntcp_port = {place.tcp_port}\n"
    serial = f'baud = {speed}\nformat = "{form}"\n' if place.has_settings else ""
    return f'[[port]]\nname = "{name}"\nkind = "{place.kind}"\n{where}{serial}'


def _unit(one: Candidate) -> str:
    shown = one.shown.unit if one.shown else None
    if shown is None:
        return 'unit = "kg"                    # not in the protocol: as on the display'
    return f'unit = "{shown}"'


def _toml(value: Any) -> str:
    """Return a TOML value; JSON spells texts, numbers, booleans and lists alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False, default=str)
