"""From settings to the parts of a station. Nothing here runs."""

from tramdo.build.checks import checkers, guides, watches
from tramdo.build.parts import journal, line_of, pollers, publisher, recorders, rests, rows, seat_of

__all__ = [
    "checkers",
    "guides",
    "journal",
    "line_of",
    "pollers",
    "publisher",
    "recorders",
    "rests",
    "rows",
    "seat_of",
    "watches",
]
