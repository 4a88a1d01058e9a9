"""The frame tables, and the list of supported instruments made from them.

python tests/supported.py > drivers/SUPPORTED.md
"""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tramdo.driver import About, Kind, Proof, installed, load
from tramdo_driver_kit.frames import PROVENANCE, Frame, tables
from tramdo_drivers.mapfiles import MAPS, load_map

FRAMES = Path(__file__).with_name("frames")
SUPPORTED = Path(__file__).parents[1] / "drivers" / "SUPPORTED.md"

PROOF = {
    Proof.DEVICE: "read beside an instrument's own display",
    Proof.CAPTURE: "bytes recorded from an instrument are read rightly",
    Proof.MANUAL: "follows the maker's document; not yet tried on an instrument",
    Proof.CODE: "follows another public program; no maker's document seen",
    Proof.UNVERIFIED: "not verified: compare with the display before you trust it",
}
KINDS = {
    Kind.SCALE: "scale",
    Kind.DISPENSER: "fuel dispenser",
    Kind.METER: "flow meter or counter",
    Kind.TANK_GAUGE: "tank gauge",
}
# The names a buyer knows; the protocol's name says nothing to most.
MAKERS = {
    "adam": "Adam Highland and others with print format 2",
    "and": "A&D GC, GX, FX-i, HC-i, GP and others that answer",
    "and-stream": "A&D GC, GX, FX-i, HC-i, GP and others set to send by themselves",
    "cas-22": "CAS CI-150A, CI-400, CI-600D, CI-6000A, PDI, NT-200 and others with 22-byte frames",
    "cas-command": "CAS indicators in command mode",
    "cas-ecr": "CAS SW-II, PD-II, AP-1, Ohaus Aviator and other shop scales for cash registers",
    "dibal": "Dibal G-310, GPOS",
    "digi-di28": "DIGI DI-28SS",
    "dini": "Dini Argeo DGT, DFW, 3590, LTP",
    "erte-b2": "ERTE B2",
    "fairbanks": "Fairbanks 6011",
    "flintec-fast": "Flintec FT-111, FT-112 in the fast format",
    "jadever-jik": "JADEVER JIK",
    "keli-xk3118t1": "Keli XK3118T1",
    "modbus-map": "any Modbus instrument with a register map: those below, or one of your own",
    "mt-sics": "Mettler-Toledo balances and terminals; Kern and others that offer MT-SICS or KCP",
    "nci": "Weigh-Tronix, NCI, Salter Brecknell, Ohaus Aviator 7000, Adam MDW",
    "ohaus": "Ohaus Defender, Ranger, Scout and others that answer",
    "ohaus-stream": "Ohaus Defender, Ranger, Scout and others set to send by themselves",
    "plain-line": "Kern, G&G, US Solid, Steinberg: a sign, a value and a unit in fixed columns",
    "radwag": "Radwag PUE, WTC and others that answer",
    "radwag-stream": "Radwag PUE, WTC and others set to send by themselves",
    "rice-lake": "Rice Lake and Condec indicators; Cardinal, Weigh-Tronix",
    "sbi": "Sartorius balances and Minebea indicators that answer",
    "sbi-stream": "Sartorius balances set to print by themselves; Mettler MS-TS in that format",
    "sma": "instruments with the protocol of the Scale Manufacturers Association; Flintec",
    "st-gs": "T-Scale, ASI, Excell, Kern KXS, Selleton, General Measure, CAS in its 18-byte mode",
    "sterling-7600": "Sterling 7600",
    "toledo-8217": "Mettler-Toledo DIVA, VIVA and many retail scales",
    "toledo-continuous": "Mettler-Toledo IND, WILDCAT; Flintec FT-11, FT-111; Kern FTC; clones",
    "vibra": "Shinko Denshi ViBRA HG, HJ, AJ",
    "vishay-leo": "Vishay VT200, VT220, VT300, VT400 LEO",
    "yaohua-a12": "Yaohua XK3190-A12, A12E; Liden LUW2001, HEB-TW: lines that begin ww or wn",
    "yaohua-command": "Yaohua XK3190-A9, A23, Keli K9 in command mode",
    "yaohua-reversed": "Yaohua XK3190-A22, A26 and D2 clones with tF = 2 or 3",
    "yaohua-tf0": "Yaohua XK3190-A9, A6, A1, Keli D2008, XK3118K9 and clones with tF = 0",
}
INTRODUCTION = """\
# Supported instruments

Made by `python tests/supported.py > drivers/SUPPORTED.md`; a test keeps it in step.

An instrument is read, never written to. *How sure* says how each one is known to be right; the
frames are those that the tests decode, by where they come from. If yours stands here as untried
and it works beside its display, tell us the model and what you compared.
"""


def frames(protocol: str) -> list[Frame]:
    """Return the frames in the tables of a protocol."""
    return [one for table in tables(FRAMES / protocol) for one in table.frames]


def frames_of(name: str) -> list[Frame]:
    """Return the frames that speak for a driver or a register map."""
    if name == "modbus-map":
        return frames("modbus-rtu")
    if (FRAMES / name).is_dir():
        return frames(name)
    rows = [one for path in sorted(FRAMES.glob("modbus-*")) for one in frames(path.name)]
    return [one for one in rows if one.more.get("map") == name]


def _weakness(name: str) -> str:
    """Return what goes unseen on a bad line, as the frame tables tell it."""
    return " ".join(dict.fromkeys(one.weakness for one in tables(FRAMES / name) if one.weakness))


def page() -> str:
    """Return the whole of SUPPORTED.md."""
    points = sorted(installed().values(), key=lambda one: one.name)
    drivers = [_driver(one.name) for one in points if one.module.startswith("tramdo_drivers.")]
    maps = [_map(path.stem) for path in sorted(MAPS.glob("*.toml"))]
    return "\n".join(
        [
            INTRODUCTION,
            "## Drivers\n",
            *drivers,
            '## Register maps (driver "modbus-map")\n',
            *maps,
        ]
    )


def _driver(name: str) -> str:
    kind = load(name)
    about: About = kind.about
    streams = hasattr(kind, "listen")
    return _section(
        f'{about.protocol} (driver "{name}")',
        {
            "Makers": MAKERS.get(name, ""),
            "For": ", ".join(KINDS[one] for one in about.kinds),
            "Talks": "by itself; the driver only listens" if streams else "when asked",
            "Lines": "" if name == "modbus-map" else ", ".join(about.lines),
            "Document": about.source,
            "How sure": "as each map says" if name == "modbus-map" else PROOF[about.proof],
            "Frames": _counted(name),
            "Mind": _weakness(name),
        },
    )


def _map(name: str) -> str:
    registers = load_map(name)
    return _section(
        f'{registers.maker} {", ".join(registers.models)} (map "{name}")',
        {
            "For": KINDS[registers.kind],
            "Reads": ", ".join(
                dict.fromkeys(one.quantity.replace("_", " ") for one in registers.value)
            ),
            "Document": registers.source,
            "How sure": PROOF[registers.proof],
            "Frames": _counted(name),
            "Mind": " ".join(registers.notes),
        },
    )


def _counted(name: str) -> str:
    counts = Counter(one.provenance for one in frames_of(name))
    told = [f"{counts[key]} {words}" for key, words in PROVENANCE.items() if counts[key]]
    return ", ".join(told) or "none"


def _section(title: str, rows: Mapping[str, str]) -> str:
    lines = "\n".join(f"- {key}: {value}" for key, value in rows.items() if value)
    return f"### {title}\n\n{lines}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
