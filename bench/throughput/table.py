"""The results as Markdown: one table, the ratios, the goals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

PERIOD_MS = 100


@dataclass(frozen=True, kw_only=True)
class Result:
    """One program in one round: `cpu` in s and `written` in bytes per reading, ages in ms."""

    name: str
    rate: float
    cpu: float
    rss: float
    p50: float
    p99: float
    first: float
    written: float
    missing: int
    waits: int


GOALS = (
    ("CPU s per 1000 recorded readings", "cpu", 0.06, "{:.3f}"),
    ("RSS, MB", "rss", 45.0, "{:.1f}"),
    ("change to MQTT, p99 ms", "p99", PERIOD_MS + 10.0, "{:.0f}"),
    ("start to first reading, s", "first", 0.5, "{:.2f}"),
    ("readings missing", "missing", 0.0, "{:.0f}"),
    ("events not yet acknowledged by a central", "waits", 0.0, "{:.0f}"),
)


def typical(results: Sequence[Result], what: str) -> float:
    """Return the median of a figure over all rounds."""
    return float(median(getattr(one, what) for one in results))


def row(*cells: object) -> None:
    """Print one row of a table."""
    print("|", " | ".join(map(str, cells)), "|")


def heading(*cells: str) -> None:
    """Print the head of a table."""
    row(*cells)
    row(*("---" for _ in cells))


def print_table(results: Mapping[str, Sequence[Result]]) -> None:
    """Print what each program cost, and its processor time as a multiple of the C loops'."""
    bases = {name: typical(found, "cpu") for name, found in results.items() if name[0] == "C"}
    heading(
        "program", "readings/s", "CPU s per 1000", *(f"× {base}" for base in bases), "RSS MB",
        "change to MQTT p50 / p99 ms", "start to first, s", "bytes written per reading", "missing",
    )  # fmt: skip
    for name, found in results.items():
        cpu = typical(found, "cpu")
        row(
            name,
            f"{typical(found, 'rate'):.0f}",
            f"{cpu:.4f}",
            *(f"{cpu / base:.2f}" for base in bases.values()),
            f"{typical(found, 'rss'):.1f}",
            f"{typical(found, 'p50'):.0f} / {typical(found, 'p99'):.0f}",
            f"{typical(found, 'first'):.3f}",
            f"{typical(found, 'written'):.0f}",
            f"{typical(found, 'missing'):.0f}",
        )


def print_goals(results: Mapping[str, Sequence[Result]]) -> None:
    """Print how `tramdo` stands against its goals, if it was measured."""
    if not (found := results.get("tramdo")):
        return
    print()
    heading("goal of tramdo", "at most", "measured", "met")
    for text, what, most, form in GOALS:
        value = typical(found, what)
        row(text, form.format(most), form.format(value), "yes" if value <= most else "**no**")
