"""Errors over time as text: points between their limits. No I/O."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tramdo.history.series import Mark, Series

ROWS = 13  # odd, so that zero has a row of its own
LABEL = 9
WITHIN, BEYOND, APART = "●", "✖", "○"
MPE, CONTROL, ZERO, ADJUSTED, OTHER = "─", "┄", "·", "│", "┊"


class Grid:
    """A field of characters; the middle row is zero, the outer rows are plus and minus `top`."""

    def __init__(self, width: int, top: float, begin: datetime, end: datetime) -> None:
        self.width, self.top, self.begin = width, top, begin
        self.seconds = max(1.0, (end - begin).total_seconds())
        self.cells = [[" "] * width for _ in range(ROWS)]

    def row(self, value: float) -> int:
        """Return the row of a value; one that is too large is in an outer row."""
        share = max(-1.0, min(1.0, value / self.top))
        return round((1 - share) * (ROWS - 1) / 2)

    def column(self, at: datetime) -> int:
        """Return the column of an instant between begin and end."""
        return round((at - self.begin).total_seconds() / self.seconds * (self.width - 1))

    def put(self, column: int, value: float, sign: str) -> None:
        """Draw one character."""
        self.cells[self.row(value)][column] = sign

    def line(self, value: float, sign: str, columns: range | None = None) -> None:
        """Draw a level line, on free cells only."""
        cells = self.cells[self.row(value)]
        for column in columns or range(self.width):
            cells[column] = sign if cells[column] == " " else cells[column]


def plot(series: Series, marks: Sequence[Mark], width: int) -> list[str]:
    """Return the drawing of these results, line by line, at most `width` columns wide."""
    if not marks:
        return []
    times = [one.entry.at for one in marks]
    grid = Grid(width - LABEL - 1, _top(marks), min(times), max(times))
    shown = {mark.entry.seq for mark in marks}
    _bars(grid, series, shown)
    mpe = marks[-1].entry.mpe
    for limit in (mpe, -mpe) if mpe else ():
        grid.line(float(limit), MPE)
    _control(grid, marks)
    grid.line(0.0, ZERO)
    for mark in marks:
        grid.put(grid.column(mark.entry.at), float(mark.entry.error), sign(mark))
    labels = {
        grid.row(value): text for value, text in _labels(grid.top, float(mpe) if mpe else None)
    }
    lines = (f"{labels.get(n, ''):>{LABEL}} {''.join(one)}" for n, one in enumerate(grid.cells))
    return [line.rstrip() for line in lines]


def sign(mark: Mark) -> str:
    """Return how a result is drawn: in no chart, beyond the MPE, or within."""
    entry = mark.entry
    if not entry.in_chart:
        return APART
    return BEYOND if entry.mpe is not None and abs(entry.error) > entry.mpe else WITHIN


def _top(marks: Sequence[Mark]) -> float:
    sizes = [abs(float(one.entry.error)) for one in marks]
    sizes += [float(one.entry.mpe) for one in marks if one.entry.mpe]
    return max(sizes) * 1.2 or 1.0


def _labels(top: float, mpe: float | None) -> Iterator[tuple[float, str]]:
    # The outer rows say what they stand for only where no MPE line is named right beside them.
    for value in (-top, top):
        yield value, f"{value:+.3g}"
    for value in (-mpe, mpe) if mpe else ():
        yield value, f"{value:+.4g}"
    yield 0.0, "0"


def _bars(grid: Grid, series: Series, shown: set[int]) -> None:
    """Draw a bar where a segment begins among the results that are shown."""
    for segment in series.segments:
        first = next((one.entry for one in segment.marks if one.entry.seq in shown), None)
        if first is None or first.seq == min(shown):
            continue
        bar = ADJUSTED if segment.adjustment else OTHER
        column = max(0, grid.column(first.at) - 1)
        for cells in grid.cells:
            cells[column] = bar


def _control(grid: Grid, marks: Sequence[Mark]) -> None:
    """Draw mean plus and minus the action limit of single errors, as each check found them."""
    ends = [grid.column(one.entry.at) for one in marks[1:]] + [grid.width]
    for mark, end in zip(marks, ends, strict=True):
        state = mark.step.state("shewhart") if mark.step else None
        if mark.step is None or state is None:
            continue
        figures = mark.step.figures
        for side in (-1, 1):
            value = figures.mean + side * state.action * figures.sigma
            if abs(value) <= grid.top:
                grid.line(value, CONTROL, range(grid.column(mark.entry.at), end))
