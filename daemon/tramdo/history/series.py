"""An instrument's history: per reference point its errors, its chart again, its dates. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from tramdo.drift import ChartSettings, sigma_floor
from tramdo.drift.forecast import Forecast, Point
from tramdo.history.records import Adjustment, Entry, Message, Records, Run, Told, sorted_out
from tramdo.history.replay import Step, foretold, replayed
from tramdo.reading import Unit
from tramdo.reference import convert


class ScaleInterval(NamedTuple):
    """The scale interval d of an instrument, as its station file says it."""

    value: Decimal
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One result and the chart after it; `step` is None where it stands in no chart."""

    entry: Entry
    step: Step | None = None

    @property
    def agrees(self) -> bool:
        """Whether the replayed chart gives the figures that were recorded, bit for bit."""
        return self.step is None or self.step.figures == self.entry.figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Results that belong to one chart; `adjustment` is what it began with.

    Without one it is the first, or the unit, the check standard or the rules had changed.
    """

    marks: tuple[Mark, ...]
    adjustment: Adjustment | None = None

    @property
    def charted(self) -> tuple[Mark, ...]:
        """The results that stand in the chart."""
        return tuple(one for one in self.marks if one.step is not None)

    @property
    def points(self) -> tuple[Point, ...]:
        """When which error was found, of the results in the chart."""
        return tuple((one.entry.at, float(one.entry.error)) for one in self.charted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The history of one reference point in one unit, split where its chart began anew.

    `d` is in `unit`; `d_known` is False where it was inferred from the recorded digits.
    """

    point: str
    unit: Unit
    d: Decimal
    d_known: bool
    segments: tuple[Segment, ...]
    settings: ChartSettings
    forecast: Forecast | None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Every result, in the order of the journal."""
        return tuple(mark for segment in self.segments for mark in segment.marks)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every recorded result, in the order of the journal."""
        return tuple(mark.entry for mark in self.marks)

    @property
    def mpe(self) -> float | None:
        """The MPE of the last result in `unit`, None where none could be said."""
        mpe = self.entries[-1].mpe
        return None if mpe is None else float(mpe)

    @property
    def floor(self) -> float:
        """The least standard deviation that the charts believe, in `unit`."""
        return sigma_floor(self.d)

    @property
    def disagreeing(self) -> int:
        """How many results have recorded chart figures that the replay does not give."""
        return sum(not mark.agrees for mark in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the journal says of one instrument."""

    instrument: str
    series: tuple[Series, ...]
    adjustments: tuple[Adjustment, ...]
    runs: tuple[Run, ...]
    alerts: tuple[Told, ...]


def history(
    messages: Iterable[Message],
    instrument: str,
    d: ScaleInterval | None = None,
    settings: Mapping[str, ChartSettings] | None = None,
) -> History:
    """Return the history of one instrument from the journal's messages, oldest first.

    `d` None: it is inferred from the digits of the recorded indications. `settings` are those of
    the charts by check id, the daemon's defaults where there are none. Raises `JournalError` on a
    body that cannot be read.
    """
    plate = Plate(d, settings or {})
    records = sorted_out(one for one in messages if one["instrument"] == instrument)
    points = dict.fromkeys(entry.point for entry in records.entries)
    return History(
        instrument=instrument,
        series=tuple(one for point in points for one in _of_point(point, records, plate)),
        adjustments=tuple(records.adjustments),
        runs=tuple(records.runs.values()),
        alerts=tuple(records.alerts),
    )


def scale_interval(entries: Iterable[Entry]) -> Decimal:
    """Return the least step that the digits of the indications can show, in the errors' unit."""
    steps = (
        convert(
            Decimal(1).scaleb(int(one.indication.as_tuple().exponent)),
            one.indication_unit,
            one.unit,
        )
        for one in entries
    )
    return min(steps)


class Plate(NamedTuple):
    """What the station file says beside the journal: scale interval, charts by check id."""

    d: ScaleInterval | None
    settings: Mapping[str, ChartSettings]


class _Split(NamedTuple):
    """The results of a segment before its chart is replayed."""

    entries: list[Entry]
    adjustment: Adjustment | None


def _of_point(point: str, records: Records, plate: Plate) -> list[Series]:
    entries = [one for one in records.entries if one.point == point]
    by_unit: dict[Unit, list[_Split]] = {}
    splits = _split(entries, records.adjustments)
    for split in splits:
        unit = split.entries[-1].unit if split.entries else entries[-1].unit
        by_unit.setdefault(unit, []).append(split)
    return [_series(parts, unit, plate, splits[-1]) for unit, parts in by_unit.items()]


def _series(parts: Sequence[_Split], unit: Unit, plate: Plate, last: _Split) -> Series:
    entries = [entry for part in parts for entry in part.entries]
    known = plate.d
    d = convert(known.value, known.unit, unit) if known else scale_interval(entries)
    settings = plate.settings.get(entries[-1].check, ChartSettings())
    floor = sigma_floor(d)
    segments = tuple(_segment(part, floor, settings) for part in parts)
    return Series(
        point=entries[-1].point,
        unit=unit,
        d=d,
        d_known=known is not None,
        segments=segments,
        settings=settings,
        # Only of a chart that is still kept can anything be foretold.
        forecast=_forecast(segments[-1], floor) if parts[-1] is last else None,
    )


def _split(entries: Sequence[Entry], adjustments: Sequence[Adjustment]) -> list[_Split]:
    """Cut where an adjustment was recorded, or where an error came that fits no earlier one."""
    splits, kept = [_Split([], None)], None
    events: list[Entry | Adjustment] = [*entries, *adjustments]
    for one in sorted(events, key=lambda one: one.seq):
        if isinstance(one, Adjustment):
            splits.append(_Split([], one))
            continue
        before = splits[-1].entries
        other = one.in_chart and kept not in (None, one.series)
        if before and (other or before[-1].unit != one.unit):
            splits.append(_Split([], None))
        kept = one.series if one.in_chart else kept
        splits[-1].entries.append(one)
    return splits if splits[0].entries else splits[1:]


def _segment(split: _Split, floor: float, settings: ChartSettings) -> Segment:
    errors = [float(one.error) for one in split.entries if one.in_chart]
    steps = iter(replayed(errors, floor, settings))
    marks = (Mark(entry=one, step=next(steps) if one.in_chart else None) for one in split.entries)
    return Segment(marks=tuple(marks), adjustment=split.adjustment)


def _forecast(segment: Segment, floor: float) -> Forecast | None:
    marks = segment.charted
    if not marks or marks[-1].entry.mpe is None:
        return None
    return foretold(segment.points, float(marks[-1].entry.mpe), floor)
