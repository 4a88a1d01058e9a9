"""One station's record inside a transaction that has it locked: events in, frontier forward."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tramdo.proof import Link, Verifier
from tramdo.proof.head import Head
from tramdo_central.admission import confessed, declared, restored
from tramdo_central.database import Row, Session
from tramdo_central.frontier import Frontier, Kept, Proves, Range, Walk
from tramdo_central.notes import Notes
from tramdo_central.rows import Refused, Taken, instant

MOST_EPOCHS = 256
MOST_CONFLICTS = 1000
PAGE = 1000
# An event is stamped some time before its commit, and a head is made after one.
LATE = timedelta(seconds=60)
_FRONTIERS = """SELECT epoch, upto, value, proven, head, head_value, highest, newest, stuck_since
  FROM frontier WHERE station = ?"""
_SAVE = """INSERT INTO frontier (station, epoch, upto, value, proven, head, head_value, highest,
    newest, stuck_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (station, epoch) DO UPDATE SET upto = excluded.upto, value = excluded.value,
    proven = excluded.proven, head = excluded.head, head_value = excluded.head_value,
    highest = excluded.highest, newest = excluded.newest, stuck_since = excluded.stuck_since"""
_HERE = """SELECT seq, message, signature, value FROM event
  WHERE station = ? AND epoch = ? AND seq {among}"""
_INSERT = """INSERT INTO event (station, epoch, seq, kind, instrument, time, taken, prev, value,
    signature, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_AFTER = """SELECT seq, prev, value, signature, CASE WHEN prev IS NULL THEN message END FROM event
  WHERE station = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?"""
_COVERING = """SELECT epoch, first, last, before, after FROM gone
  WHERE station = ? AND last >= ? AND first <= ? ORDER BY last DESC LIMIT 64"""
# Of a confessed hole nobody knows what stood at its ends; a declaration that does is better.
_GONE = """INSERT INTO gone (station, epoch, first, last, before, after)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (station, last, first, epoch) DO UPDATE
  SET before = excluded.before, after = excluded.after WHERE length(gone.after) = 0"""
_UNKNOWN = b""


@dataclass(slots=True, kw_only=True)
class Epoch:
    """One epoch of a station; `highest` is the newest number stored, `newest` the latest time."""

    frontier: Frontier
    highest: int = 0
    newest: str = ""
    stuck_since: str | None = None
    loaded: Row = ()
    reached: bool = False

    def row(self) -> Row:
        """Return the epoch as the table holds it."""
        at = self.frontier
        known = (at.upto, at.value, at.proven, at.head, at.head_value)
        return (*known, self.highest, self.newest, self.stuck_since)

    def settle(self, now: str) -> bool:
        """Note since when it is stuck, if it is; return whether anything has changed."""
        if max(self.highest, self.frontier.head) <= self.frontier.upto:
            self.stuck_since = None
        elif self.stuck_since is None or self.frontier.upto != self.loaded[0]:
            self.stuck_since = now
        return self.row() != self.loaded

    @classmethod
    def of(cls, row: Row) -> "Epoch":
        """Return an epoch as the table holds it."""
        upto, value, proven, head, head_value, highest, newest, stuck_since = row
        frontier = Frontier(upto=upto, value=value, proven=proven, head=head, head_value=head_value)
        known = {"highest": highest, "newest": newest, "stuck_since": stuck_since}
        return cls(frontier=frontier, **known, loaded=row)


class Record:
    """Takes what a station has sent; `save` must follow in the same transaction."""

    def __init__(
        self, session: Session, station: str, verifier: Verifier | None, at: datetime
    ) -> None:
        self.session, self.station, self.verifier = session, station, verifier
        self.at, self.notes = instant(at), Notes(session, station, at)
        rows = session.rows(_FRONTIERS, station)
        self.epochs = {row[0]: Epoch.of(row[1:]) for row in rows}
        self._declared = False

    def take(self, links: Sequence[Link], taken: Taken) -> None:
        """Store what is new among these, and go as far as they let the frontiers go."""
        if self.verifier is None:
            self.notes.finding("", 0, "not_enrolled", "no key of this station is enrolled")
        by_epoch: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            by_epoch[link.epoch].append(link)
        for name, some in sorted(by_epoch.items()):
            if name in self.epochs or len(self.epochs) < MOST_EPOCHS:
                self.epoch(name)
                self._take(name, some, taken)
            else:
                why = f"epoch {name} is one too many; allowed: {MOST_EPOCHS}"
                taken.refused += [Refused(why=why, wire=link.message) for link in some]
        self._walk_all()

    def epoch(self, name: str) -> Epoch:
        """Return an epoch, begun where it is not known."""
        return self.epochs.setdefault(name, Epoch(frontier=Frontier()))

    def _take(self, name: str, links: list[Link], taken: Taken) -> None:
        seqs = sorted({link.seq for link in links})
        rows = self.session.rows(_HERE, self.station, name, seqs)
        here: dict[int, tuple[bytes, bytes | None, bytes | None]] = {
            seq: (message, signature, value) for seq, message, signature, value in rows
        }
        new: dict[int, Link] = {}
        again: list[Link] = []
        for link in links:
            if link.seq in here or link.seq in new:
                again.append(link)
            else:
                new[link.seq] = link
        self._store(name, list(new.values()))
        taken.new += len(new)
        here |= {seq: (one.message, one.signature, _value(one)) for seq, one in new.items()}
        for link in again:
            message, signature, value = here[link.seq]
            if message == link.message:
                taken.repeated += 1
                if self._signs(link, signature, value):
                    here[link.seq] = (message, link.signature, value)
            else:
                self._conflict(link, message, taken)
        for link in links:
            self._declare(link)

    def _store(self, name: str, links: list[Link]) -> None:
        if not links:
            return
        epoch = self.epochs[name]
        self.session.many(_INSERT, [self._row(one) for one in links])
        self.notes.events(links)
        epoch.highest = max(epoch.highest, *(one.seq for one in links), 0)
        epoch.newest = max(epoch.newest, *(one.time for one in links), "")
        following = epoch.frontier.upto + 1
        epoch.reached |= any(one.seq == following for one in links)
        epoch.reached |= any(run.after is None for run in self._covering(following))
        for one in links:
            if one.seq <= epoch.frontier.upto:
                self._vouch(one, _value(one))

    def _row(self, one: Link) -> Row:
        named = (self.station, one.epoch, one.seq, one.kind, one.instrument, one.time, self.at)
        return (*named, one.previous, _value(one), one.signature, one.message)

    def _signs(self, link: Link, known: bytes | None, value: bytes | None) -> bool:
        """Keep the signature of a repeat where it is better than the one here."""
        if link.signature is None or link.signature == known:
            return False
        proves, walked = self._proves(link.epoch), link.seq <= self.epochs[link.epoch].frontier.upto
        good = bool(proves and value and proves(link.seq, value, link.signature))
        if walked:
            self._vouch(link, value)
        if known is not None and not good:
            return False
        update = "UPDATE event SET signature = ? WHERE station = ? AND epoch = ? AND seq = ?"
        self.session.run(update, link.signature, self.station, link.epoch, link.seq)
        return True

    def _vouch(self, link: Link, value: bytes | None) -> None:
        """Judge the signature of an event that the frontier has passed already."""
        walk = self._walk_of(link.epoch)
        if value is not None:
            walk.vouch(link.seq, value, link.signature)
        self._note(link.epoch, walk)

    def _conflict(self, link: Link, here: bytes, taken: Taken) -> None:
        """Keep another message under a number that is taken, beside the first."""
        digest = hashlib.sha256(link.message).digest()
        count = "SELECT count(*) FROM conflict WHERE station = ?"
        room = MOST_CONFLICTS - self.session.rows(count, self.station)[0][0]
        insert = """INSERT INTO conflict (station, epoch, seq, digest, taken, signature, message)
          VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
        row = (self.station, link.epoch, link.seq, digest, self.at, link.signature, link.message)
        kept = self.session.run(insert, *row) if room > 0 else 0
        if room > 0 and not kept:
            taken.repeated += 1
            return
        taken.forked += 1
        first = hashlib.sha256(here).hexdigest()
        text = f"two messages with one number; SHA-256 {first} and {digest.hex()}"
        self.notes.finding(link.epoch, link.seq, "fork", text)

    def _declare(self, link: Link) -> None:
        """Act on what a proven event says of numbers that are gone."""
        if link.kind not in ("gap", "security") or not self._proven(link):
            return
        rows = [
            (self.station, one.epoch, one.first, one.last, one.before, one.after)
            for one in declared(link)
            if link.kind == "gap"
        ]
        if rows:
            self.session.many(_GONE, rows)
            self._declared = True
        if link.kind == "gap" and restored(link):
            text = "the station found itself on an old copy of its record and began a new epoch"
            self.notes.finding(link.epoch, link.seq, "old_copy", text)
        if link.kind == "security" and (span := confessed(link)):
            self._confess(span)

    def _confess(self, span: Range) -> None:
        """Let the frontier pass what the station lacks too: to ask for it would help nobody."""
        text = f"the station lacks {span.first}-{span.last} and does not know why"
        self.notes.finding(span.epoch, span.first, "missing", text)
        row = (self.station, span.epoch, span.first, span.last, None, _UNKNOWN)
        self.session.many(_GONE, [row])
        self._declared = True

    def _proven(self, link: Link) -> bool:
        value, proves = _value(link), self._proves(link.epoch)
        return bool(value and proves and link.signature and proves(link.seq, value, link.signature))

    def judge_again(self) -> None:
        """Look again at what earlier events declare: keys have been enrolled since."""
        query = """SELECT message, signature FROM event
          WHERE station = ? AND kind IN ('gap', 'security')"""
        for message, signature in self.session.rows(query, self.station):
            self._declare(replace(Link.of(message), signature=signature))
        self._declared = True

    def take_head(self, head: Head) -> None:
        """Remember a proven head where it is the highest, and let it vouch for what is here."""
        if head.epoch not in self.epochs and len(self.epochs) >= MOST_EPOCHS:
            return
        epoch = self.epoch(head.epoch)
        before = epoch.frontier
        if head.seq == before.head and head.value != before.head_value:
            self.notes.finding(head.epoch, head.seq, "fork", "two signed heads with one number")
            return
        if head.seq < epoch.highest and _later(head.at, epoch.newest):
            text = f"the station's newest is {head.seq} again, here it has been {epoch.highest}"
            self.notes.finding(head.epoch, head.seq, "old_copy", text)
        epoch.frontier = replace(before, head=head.seq, head_value=head.value)
        walk = self._walk_of(head.epoch)
        if head.seq <= before.upto:
            walk.compare_head(self._stored(head.epoch, head.seq))
        if head.seq < before.head:
            walk.frontier = replace(walk.frontier, head=before.head, head_value=before.head_value)
        self._note(head.epoch, walk)

    def _walk_all(self) -> None:
        """Walk where a frontier may move: its next number came, or something was declared."""
        for name, epoch in sorted(self.epochs.items()):
            if epoch.reached or self._declared:
                walk = self._walk_of(name)
                walk.along(self._after(name, epoch.frontier.upto))
                self._note(name, walk)
                update = "UPDATE event SET value = ? WHERE station = ? AND epoch = ? AND seq = ?"
                rows = [(value, self.station, name, seq) for seq, value in walk.values.items()]
                if rows:
                    self.session.many(update, rows)

    def _walk_of(self, name: str) -> Walk:
        return Walk(
            epoch=name,
            frontier=self.epochs[name].frontier,
            proves=self._proves(name),
            declared=self._covering,
            stored=lambda seq: self._stored(name, seq),
        )

    def _note(self, name: str, walk: Walk) -> None:
        self.epochs[name].frontier = walk.frontier
        for seq, kind, text in walk.notes:
            self.notes.finding(name, seq, kind, text)

    def _proves(self, epoch: str) -> Proves | None:
        verifier = self.verifier
        if verifier is None:
            return None
        return lambda seq, value, seal: verifier.proves(self.station, epoch, seq, value, seal)

    def _after(self, epoch: str, upto: int) -> Iterator[Kept]:
        while rows := self.session.rows(_AFTER, self.station, epoch, upto, PAGE):
            yield from map(Kept._make, rows)
            upto = rows[-1][0]

    def _covering(self, seq: int) -> list[Range]:
        return [
            Range(epoch=epoch, first=first, last=last, before=before, after=after or None)
            for epoch, first, last, before, after in self.session.rows(
                _COVERING, self.station, seq, seq
            )
        ]

    def _stored(self, epoch: str, seq: int) -> bytes | None:
        query = "SELECT value FROM event WHERE station = ? AND epoch = ? AND seq = ?"
        for (value,) in self.session.rows(query, self.station, epoch, seq):
            return bytes(value) if value is not None else None
        return None

    def save(self) -> None:
        """Write how far each epoch is now."""
        rows = [
            (self.station, name, *one.row())
            for name, one in self.epochs.items()
            if one.settle(self.at)
        ]
        if rows:
            self.session.many(_SAVE, rows)


def _value(link: Link) -> bytes | None:
    return None if link.previous is None else link.value(link.previous)


def _later(at: str, newest: str) -> bool:
    """Tell whether a head was made well after the newest event.

    A head that was retained before later events is lower too, and is no old copy.
    """
    try:
        return datetime.fromisoformat(at) > datetime.fromisoformat(newest) + LATE
    except ValueError:
        return False
