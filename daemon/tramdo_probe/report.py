"""What a probe found, in words: for people as a table, for programs as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from tramdo.driver import Proof, load
from tramdo.wirefile import printable
from tramdo_probe.candidates import Candidate, told

SURE = {
    Proof.DEVICE: "read beside a display",
    Proof.CAPTURE: "from a recording",
    Proof.MANUAL: "from the manual",
    Proof.CODE: "from another program",
    Proof.UNVERIFIED: "not verified",
}


def table(found: Sequence[Candidate]) -> Table:
    """Return the candidates as a table, best first."""
    table = Table("fits", "driver", "line", "settings", "decoded", "driver known")
    for one in found:
        samples = "\n".join(dict.fromkeys(told(sample) for sample in one.samples))
        settings = ", ".join(f"{key}={value}" for key, value in one.settings.items())
        sure = SURE[load(one.driver).about.proof]
        table.add_row(f"{one.score:.0%}", one.driver, one.setting, settings, samples, sure)
    return table


def body(found: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return the candidates as JSON values, best first."""
    return [
        {
            "driver": one.driver,
            "settings": dict(one.settings),
            "line": one.setting,
            "score": round(one.score, 3),
            "frames": one.understood,
            "asked": one.asked,
            "decoded": [told(sample) for sample in one.samples],
        }
        for one in found
    ]


def glimpse(octets: bytes, most: int = 64, width: int = 16) -> str:
    """Return the beginning of what was heard, as hex and as text, `width` bytes a line."""
    rows = (octets[at : at + width] for at in range(0, min(most, len(octets)), width))
    return "\n".join(f"{row.hex(' '):<{3 * width}} {printable(row)}" for row in rows)
