"""Colours and strokes of the picture: for paper and light screens, and for dark ones. No I/O."""

from typing import NamedTuple


class Colours(NamedTuple):
    """One set of colours; shapes and dashes say the same without them."""

    paper: str
    ink: str
    soft: str
    grid: str
    error: str
    bad: str
    control: str
    mean: str
    trend: str


LIGHT = Colours(
    paper="#ffffff",
    ink="#1a1f24",
    soft="#56606b",
    grid="#dfe4e8",
    error="#1c5d99",
    bad="#b3261e",
    control="#8a5a00",
    mean="#2c7431",
    trend="#6b3fa8",
)
DARK = Colours(
    paper="#14181c",
    ink="#edf0f3",
    soft="#a5afb9",
    grid="#2c343b",
    error="#78b4ec",
    bad="#ff8a80",
    control="#e0b050",
    mean="#7fcb84",
    trend="#c4a3f5",
)
# The first class keeps the rules inside this picture when it stands in a page.
_COLOURED = """
.tramdo-history .paper {{ fill: {paper}; }}
.tramdo-history text {{ fill: {ink}; }}
.tramdo-history .soft {{ fill: {soft}; }}
.tramdo-history .grid {{ stroke: {grid}; }}
.tramdo-history .frame, .tramdo-history .zero {{ stroke: {soft}; }}
.tramdo-history .error {{ fill: {error}; stroke: {paper}; }}
.tramdo-history .bar, .tramdo-history .run {{ stroke: {error}; }}
.tramdo-history .exceeds {{ fill: {bad}; stroke: {paper}; }}
.tramdo-history .apart {{ fill: {paper}; stroke: {soft}; }}
.tramdo-history .mpe, .tramdo-history .factor, .tramdo-history .alarm {{ stroke: {bad}; }}
.tramdo-history .control, .tramdo-history .warning {{ stroke: {control}; }}
.tramdo-history .mean {{ stroke: {mean}; }}
.tramdo-history .adjustment, .tramdo-history .series {{ stroke: {ink}; }}
.tramdo-history .trend, .tramdo-history .when {{ stroke: {trend}; }}
.tramdo-history .band, .tramdo-history .badge {{ fill: {trend}; }}
.tramdo-history text.number {{ fill: {paper}; }}
"""
_DRAWN = """
.tramdo-history text { font: 12px "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
.tramdo-history text.title { font-size: 17px; font-weight: 700; }
.tramdo-history text.label { font-size: 11px; }
.tramdo-history text.number { font-size: 10px; font-weight: 700; }
.tramdo-history .grid, .tramdo-history .frame, .tramdo-history .zero { stroke-width: 1; }
.tramdo-history .frame { fill: none; }
.tramdo-history .error, .tramdo-history .exceeds { stroke-width: 0.8; }
.tramdo-history .apart { stroke-width: 1.4; }
.tramdo-history .bar { stroke-width: 1; opacity: 0.55; }
.tramdo-history .run { fill: none; stroke-width: 1.4; }
.tramdo-history .alarm { fill: none; stroke-width: 1.6; }
.tramdo-history .mpe { fill: none; stroke-width: 2; }
.tramdo-history .factor { fill: none; stroke-width: 1.2; stroke-dasharray: 9 4; }
.tramdo-history .control { fill: none; stroke-width: 1.4; stroke-dasharray: 5 3; }
.tramdo-history .warning { fill: none; stroke-width: 1; stroke-dasharray: 1.5 3; }
.tramdo-history .mean { fill: none; stroke-width: 1.4; }
.tramdo-history .adjustment { stroke-width: 1.4; stroke-dasharray: 8 3 2 3; }
.tramdo-history .series { stroke-width: 1; stroke-dasharray: 2 3; }
.tramdo-history .trend { fill: none; stroke-width: 2; stroke-dasharray: 10 3; }
.tramdo-history .band { opacity: 0.16; }
.tramdo-history .when { stroke-width: 1; }
"""


def _coloured(colours: Colours) -> str:
    return _COLOURED.format(**colours._asdict())


STYLE = (
    f"{_DRAWN}{_coloured(LIGHT)}"
    f"@media screen and (prefers-color-scheme: dark) {{{_coloured(DARK)}}}"
)
