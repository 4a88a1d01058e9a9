"""What a probe found, in words: for people as a table, for programs as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from tramdo.driver import Proof, load
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


def glimpse(octets: bytes, most: int = 48) -> str:
    """Return the beginning of what was heard, as hex and as text."""
    head = octets[:most]
    text = "".join(chr(one) if 0x20 <= one < 0x7F else "." for one in head)
    return f"{head.hex(' ')}   {text}"
