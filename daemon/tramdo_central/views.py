"""What the ledger says of itself: acknowledgements, holes, findings, stations. Reads only."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from tramdo_central.database import Session
from tramdo_central.frontier import holes
from tramdo_central.rows import Ack, Finding, Gap, StationRow, moment
from tramdo_central.strangers import noted

MOST_HOLES = 1000
# The epoch whose events bear the latest time comes last; the order of arrival says nothing.
_EPOCHS = """SELECT station, epoch, upto, proven, head, highest, stuck_since FROM frontier
  WHERE station {among} ORDER BY station, newest, epoch"""
_STUCK = """SELECT station, epoch, upto, head, highest, stuck_since FROM frontier
  WHERE stuck_since IS NOT NULL AND station = coalesce(CAST(? AS TEXT), station)
  ORDER BY station, epoch"""
_MISSING = """SELECT before + 1, seq - 1 FROM (
    SELECT seq, lag(seq, 1, CAST(? AS BIGINT)) OVER (ORDER BY seq) AS before
    FROM event WHERE station = ? AND epoch = ? AND seq > ?) AS here
  WHERE seq > before + 1 ORDER BY seq LIMIT ?"""
_GONE = """SELECT first, last FROM gone
  WHERE station = ? AND epoch = ? AND last > ? ORDER BY first"""
_FINDINGS = """SELECT station, epoch, seq, name, text, at FROM finding
  WHERE station = coalesce(CAST(? AS TEXT), station) ORDER BY at, station, epoch, seq, name"""
_STATIONS = "SELECT station, seen, online, silent_since FROM station ORDER BY station"


def acks(session: Session, stations: list[str]) -> dict[str, Ack]:
    """Return how far each epoch of these stations is."""
    upto: dict[str, dict[str, int]] = defaultdict(dict)
    for station, epoch, reached, *_ in session.rows(_EPOCHS, stations):
        upto[station][epoch] = reached
    return {
        station: Ack(epoch=list(epochs)[-1], upto=list(epochs.values())[-1], epochs=epochs)
        for station, epochs in upto.items()
    }


def epochs(session: Session, station: str) -> list[str]:
    """Return the epochs of a station, the newest last."""
    return [epoch for _, epoch, *_ in session.rows(_EPOCHS, [station])]


def gaps(session: Session, station: str | None) -> Iterator[Gap]:
    """Yield the holes between each frontier and the newest number known to exist."""
    for name, epoch, upto, head, highest, since in session.rows(_STUCK, station):
        words = (upto, name, epoch, upto, MOST_HOLES)
        missing = [(first, last) for first, last in session.rows(_MISSING, *words)]
        start = max(upto, highest)
        if head > start and len(missing) < MOST_HOLES:
            missing.append((start + 1, head))
        declared = [(first, last) for first, last in session.rows(_GONE, name, epoch, upto)]
        for first, last in holes(missing, declared):
            at = datetime.fromisoformat(since)
            yield Gap(station=name, epoch=epoch, first=first, last=last, since=at)


def findings(session: Session, station: str | None) -> list[Finding]:
    """Return the findings, oldest first."""
    return [
        Finding(
            station=name, epoch=epoch, seq=seq, name=kind, text=text, at=datetime.fromisoformat(at)
        )
        for name, epoch, seq, kind, text, at in session.rows(_FINDINGS, station)
    ]


def stations(session: Session, enrolled: Callable[[str], bool]) -> list[StationRow]:
    """Return each station with its newest epoch."""
    known = session.rows(_STATIONS)
    newest = {row[0]: row[1:] for row in session.rows(_EPOCHS, [name for name, *_ in known])}
    counts: dict[str, int] = dict(
        session.rows("SELECT station, count(*) FROM finding GROUP BY station")
    )
    found = []
    for name, seen, online, silent_since in known:
        epoch, upto, proven, head, highest, _ = newest.get(name, ("", 0, 0, 0, 0, None))
        found.append(
            StationRow(
                station=name,
                seen=datetime.fromisoformat(seen),
                online=None if online is None else bool(online),
                silent_since=moment(silent_since),
                enrolled=enrolled(name),
                epoch=epoch,
                upto=upto,
                proven=proven,
                highest=max(upto, head, highest),
                findings=counts.get(name, 0),
            )
        )
    return found + [_stranger(name, seen, enrolled(name)) for name, seen in noted(session)]


def _stranger(name: str, seen: datetime, enrolled: bool) -> StationRow:
    return StationRow(
        station=name,
        seen=seen,
        online=None,
        silent_since=None,
        enrolled=enrolled,
        epoch="",
        upto=0,
        proven=0,
        highest=0,
        findings=0,
    )
