"""The walk along a station's record: every event judged, with bounded memory. No I/O.

First the gap events are gathered, for a hole may be declared long after it; then every event is
taken in the order of the file. What is remembered is holes, epochs and findings, not events.
"""

from collections.abc import Sequence
from contextlib import suppress

from tramdo.errors import TramdoError
from tramdo.events import KINDS
from tramdo.proof import findings as found
from tramdo.proof.chain import SIGNED_AT_ONCE, Link, sealed
from tramdo.proof.course import Course
from tramdo.proof.declared import GAP, Declared
from tramdo.proof.ending import end
from tramdo.proof.event import Event, start
from tramdo.proof.findings import Findings, Report
from tramdo.proof.flow import Flow
from tramdo.proof.keys import Verifier
from tramdo.proof.known import Known, Points
from tramdo.proof.record import Entry, Record, StoredEvent, link_of, wire_of

NO_MESSAGE = "what stands here is no message of a station any more"
SEAL_WRITTEN = "its signature is not written as a station writes it"
NO_PREVIOUS = "it names no chain value before it, though events before it do"
FOREIGN = "an event of another station"
BACK = "stands after events of a later epoch"
ALONE = "bears no signature of its own, and in a selection nothing else can vouch for it"
LOST = "the station says here that it could not record everything that it polled before"
UNREADABLE = "from here on the file cannot be read"


def prove(record: Record, verifier: Verifier | None, known: Sequence[Known] = ()) -> Report:
    """Return what is to be said of a record; `known` is what the other end has of it.

    Without `verifier` only the chain is judged. Raises what the record's reading raises before
    the first event; where it fails later, that is a finding.
    """
    declared = Declared(verifier)
    with suppress(TramdoError):
        declared.survey(map(wire_of, record.entries()))
    walk = Walk(verifier, record, declared, known)
    try:
        for entry in record.entries():
            walk.take(entry)
    except TramdoError:
        if not walk.course.taken:
            raise
        walk.cannot_go_on()
    return walk.report()


class Walk:
    """Takes a record's events one by one in the order of the file; then `report` says all."""

    def __init__(
        self,
        verifier: Verifier | None,
        record: Record,
        declared: Declared,
        known: Sequence[Known] = (),
    ) -> None:
        self.verifier, self.record, self.declared = verifier, record, declared
        self.course = Course(
            station=record.station,
            points=Points(known, [(one.parent, one.upto) for one in declared.parents()]),
        )
        self.findings = Findings()
        self._flow = Flow(start(""), self.findings, record.partial)

    def take(self, entry: Entry) -> None:
        """Take the next entry of the file, whatever it is."""
        self.course.taken += 1
        row = None if isinstance(entry, bytes) else entry
        try:
            link = link_of(wire_of(entry))
        except (ValueError, TypeError):
            self._damaged(row)
            return
        self.course.station = self.course.station or link.station
        if link.station == self.course.station:
            self._place(link, row, wire_of(entry))
        else:
            self.findings.add(found.OTHER_STATION, link.epoch, (link.seq, link.seq), FOREIGN)

    def cannot_go_on(self) -> None:
        """Note that the file ends here for us, though perhaps not for itself."""
        seq = self._flow.next_number
        self.findings.add(found.DAMAGED, self.course.epoch, (seq, seq), UNREADABLE)

    def report(self) -> Report:
        """Return what the walk has shown; nothing can be taken after."""
        return end(self.course, self.record, self.declared, self.findings)

    def _damaged(self, row: StoredEvent | None) -> None:
        seq = self._flow.next_number if row is None else row.seq
        self.findings.add(found.DAMAGED, self.course.epoch, (seq, seq), NO_MESSAGE)
        self._flow.broken(seq)

    def _place(self, link: Link, row: StoredEvent | None, wire: bytes) -> None:
        self._flow = self._flow_of(link)
        event = self._event(link, row)
        if sealed(link.message, link.signature) != wire:
            event.blamed = SEAL_WRITTEN
        elif link.previous is None and self._flow.named:
            event.blamed = NO_PREVIOUS
        self._flow.take(event, None if row is None else row.seq)
        self._flow.count(link.seq, signed=link.signature is not None)
        self._flow.named |= link.previous is not None
        self._note(link, event)

    def _note(self, link: Link, event: Event) -> None:
        """Remember of an event what the report tells and what others are compared with."""
        course, seqs = self.course, (link.seq, link.seq)
        course.note(link.epoch, link.seq, self._flow)
        course.kinds[link.kind if link.kind in KINDS else "other"] += 1
        course.signatures += link.signature is not None
        course.points.note(link.epoch, link.seq, event.value)
        self.declared.take(link)
        if self.record.partial and link.signature is None:
            self.findings.add(found.UNSIGNED, link.epoch, seqs, ALONE)
        if link.kind == GAP and not {"given_up", "unclean_end"}.isdisjoint(link.body):
            self.findings.add(found.UNRECORDED, link.epoch, seqs, LOST, fault=False)

    def _flow_of(self, link: Link) -> Flow:
        """Return the run of numbers that an event belongs to, a new one where an epoch branches."""
        if (known := self.course.flow(link.epoch)) is not None:
            if link.epoch != self.course.epoch and not self._strayed(known):
                self.findings.add(found.REORDERED, link.epoch, (link.seq, link.seq), BACK)
            return known
        if not self.course.epoch:
            return self._flow
        begun = self.declared.begun(link.epoch)
        before = (begun and self.course.flow(begun.parent)) or self._flow
        afresh = link.seq == 1 or (begun is not None and begun.afresh)
        if link.seq > before.newest.seq and not afresh:
            return before
        if begun is None or begun.afresh:
            return Flow(start(link.epoch), self.findings, self.record.partial)
        value = self.course.points.value(begun.parent, begun.upto)
        root = start(begun.parent, begun.upto, value)
        return Flow(root, self.findings, self.record.partial, before, begun.upto + 1)

    def _strayed(self, flow: Flow) -> bool:
        """Whether only the last event bore another epoch, which nothing declares."""
        last = self.course.epochs[self.course.epoch]
        return last.flow is flow and last.events == 1 and not self.declared.begun(self.course.epoch)

    def _event(self, link: Link, row: StoredEvent | None) -> Event:
        before, since = link.previous, link.seq
        if before is None:
            before, since = self._before(link, row)
        stored = None if row is None else row.hash
        value = stored if before is None else link.value(before)
        return Event(
            epoch=link.epoch,
            seq=link.seq,
            since=since,
            previous=link.previous,
            value=value,
            stored=stored,
            signed=self._signed(link, value),
            bare=self._is_bare(link),
        )

    def _before(self, link: Link, row: StoredEvent | None) -> tuple[bytes | None, int]:
        """Return the chain value before a message that does not name it, and since when so."""
        newest = self._flow.newest
        if link.seq != newest.seq + 1:
            return self.declared.value_after(link.epoch, link.seq - 1), link.seq
        same = row is None and newest.previous is None and not newest.virtual
        return newest.stored or newest.value, newest.since if same else link.seq

    def _signed(self, link: Link, value: bytes | None) -> bool | None:
        if self.verifier is None or link.signature is None or value is None:
            return None
        return self.verifier.proves(link.station, link.epoch, link.seq, value, link.signature)

    def _is_bare(self, link: Link) -> bool:
        """Whether an event has no signature that should; those of older files never had one."""
        unsigned = link.signature is None and link.previous is not None
        return unsigned and link.kind in SIGNED_AT_ONCE and not self.record.partial
