"""A port and an instrument of a station file, drafted from what was found. No I/O."""

from tramdo_drivers.registers.model import SITE, RegisterMap
from tramdo_drivers.registers.tables import Value
from tramdo_probe.places import Place
from tramdo_probe.section import port_section

_DEFAULT_TIMEOUT = 0.5


def drafted(
    where: Place, setting: str, unit: int, registers: RegisterMap | None, worst: float | None
) -> str:
    """Return the `[[port]]` and `[[instrument]]` tables in TOML for a unit read by a map.

    `setting` is the line's, as "9600 8N1"; there is none over TCP. `worst` is the longest
    turn-around time seen in seconds. Without a map the file that is still to be written is named.
    """
    wire = "" if where.has_settings else 'wire = "tcp"'
    lines = [
        *port_section(where, "line-1", setting).splitlines(),
        "",
        "[[instrument]]",
        f'id = "unit-{unit}"             # choose a name: it is in every topic and event',
        'driver = "modbus-map"',
        'port = "line-1"',
        f"address = {unit}",
        *_of_map(registers),
        _patience(worst),
        "",
        "[instrument.settings]",
        wire,
        *_settings(registers),
    ]
    return "\n".join(line for at, line in enumerate(lines) if line or _parts(lines, at)) + "\n"


def _parts(lines: list[str], at: int) -> bool:
    """Whether an empty line stands before a table."""
    return at + 1 < len(lines) and lines[at + 1].startswith("[")


def _of_map(registers: RegisterMap | None) -> list[str]:
    kind = "scale" if registers is None else str(registers.kind)
    known = None if registers is None else registers.value[0].unit
    assumed = known is None or (registers is not None and registers.value[0].unit_assumed)
    note = "            # as its display shows" if assumed else ""
    asked = "        # scale, dispenser, meter or tank_gauge" if registers is None else ""
    return [f'kind = "{kind}"{asked}', f'unit = "{known or "kg"}"{note}']


def _settings(registers: RegisterMap | None) -> list[str]:
    if registers is None:
        return ['map = "unit.toml"       # still to be written: see "A register map, without code"']
    lines = [f'map = "{registers.name}"  # what fits best: compare with the display under load']
    if any(one.scale == SITE for one in registers.value):
        lines.append("# scale = 0.01           # what one count is worth, as litres per pulse")
    if not registers.tells("decimals") and any(map(_lacks_digits, registers.value)):
        lines.append("# decimals = 2           # how many the display has")
    return lines


def _lacks_digits(value: Value) -> bool:
    return value.decimals is None and value.resolution is None and value.scale is None


def _patience(worst: float | None) -> str:
    if worst is None or 2 * worst <= _DEFAULT_TIMEOUT:
        return ""
    return f"timeout_s = {2 * worst:.1f}         # it took {worst:.2f} s to answer"
