"""What can be said of a record only when its end has been seen. No I/O."""

from collections.abc import Sequence

from tramdo.proof import findings as found
from tramdo.proof.course import Course
from tramdo.proof.declared import Declared, Run
from tramdo.proof.event import Event
from tramdo.proof.findings import Findings, Report
from tramdo.proof.head import Head
from tramdo.proof.holes import Gone, explain, filled, without
from tramdo.proof.record import Record

MOST_UNSIGNED = 100

NOT_BEFORE = "its bytes do not fit where its number says that it belongs"
UNVOUCHED = "no signature vouches for so many events; a station signs at least every 100"
NEVER = "nothing in it is signed: nobody vouches for any of it"
STRANGER = (
    "no signature was made with the given key: it is another station's key, or the whole record "
    "was written by somebody else"
)
UNTOLD = "a new epoch begins here, and no proven gap event says why"
AFRESH = "a new record begins here: "
RESUMED = "a new epoch goes on from an older one: "
OLD = (
    "the station itself says that its file was an old copy from here on; what it had recorded "
    "after this event before is not in this file"
)
NO_END = "the closing line is not there: the end was cut off"
SHORT = "the closing line names these as well; they were cut off"
LONGER = "these stand after the event that the closing line names as the last"
COUNT = "the closing line counts another number of events than stand in it"
AS_TEXT = "every line ends in CR LF: the file was changed as text on the way"
BAD_END = "the signature of the closing line does not fit"


def end(course: Course, record: Record, declared: Declared, findings: Findings) -> Report:
    """Return the report of a walk that has taken the last event."""
    head = _closing(course, record, findings)
    if record.as_text:
        findings.add(found.ALTERED, "", (0, 0), AS_TEXT)
    proven = _end_flows(course, head, declared, findings)
    if not record.partial:
        _judge_holes(course, declared, findings)
        _judge_tails(course, head, declared, findings)
        _judge_epochs(course, declared, findings)
    course.points.judge(_lasts(course, declared), findings)
    spans = course.spans()
    return Report(
        station=course.station,
        epochs=spans,
        kinds=dict(course.kinds.most_common()),
        signatures=course.signatures,
        proven=None if declared.verifier is None else proven,
        partial=record.partial,
        findings=findings.listed(["", *course.epochs]),
        unlisted=findings.unlisted,
        end=found.OPEN if record.partial else _how_it_ends(course, spans),
    )


def _how_it_ends(course: Course, spans: Sequence[found.Span]) -> str:
    """Return who vouches that the last event here is the last one."""
    if not spans:
        return found.OPEN
    newest = spans[-1]
    if course.points.reach(newest.epoch, newest.last):
        return found.PROVEN
    return found.SIGNED if newest.vouched == newest.last else found.OPEN


def _closing(course: Course, record: Record, findings: Findings) -> Head | None:
    """Compare the closing line with what stands before it; return the head that it bears."""
    if record.closing is None:
        return None
    closing = record.closing()
    if closing is None or (closing.head is None and course.taken):
        findings.add(found.CUT, "", (0, 0), NO_END)
        return None
    if closing.events != course.taken:
        findings.add(found.CUT, "", (0, 0), COUNT)
    if closing.head is not None and not record.partial:
        _compare_end(course, closing.head, findings)
    return closing.head


def _compare_end(course: Course, head: Head, findings: Findings) -> None:
    flow = course.flow(head.epoch)
    last = flow.next_number - 1 if flow else 0
    if head.station != course.station and course.taken:
        findings.add(found.OTHER_STATION, head.epoch, (head.seq, head.seq), BAD_END)
    if last < head.seq:
        findings.add(found.CUT, head.epoch, (last + 1, head.seq), SHORT)
    elif last > head.seq:
        findings.add(found.CUT, head.epoch, (head.seq + 1, last), LONGER)
    elif course.epoch != head.epoch:
        seen = course.epochs[course.epoch]
        findings.add(found.CUT, course.epoch, (seen.first, seen.last), LONGER)


def _end_flows(course: Course, head: Head | None, declared: Declared, findings: Findings) -> int:
    """Let each run of numbers judge its end; return how many signatures were proven."""
    flow = None
    if head is not None:
        course.signatures += head.signature is not None
        signed, flow = head.proven(declared.verifier), course.flow(head.epoch)
        if flow is None or flow.newest.seq != head.seq:
            flow = None
            if signed is False:
                findings.add(found.FORGED, head.epoch, (head.seq, head.seq), BAD_END)
    for one in course.flows:
        one.end(_as_event(head, signed) if head is not None and one is flow else None)
    proven = sum(one.proven for one in course.flows)
    if declared.verifier is not None and course.taken and not proven:
        _nobody(course, declared, findings)
    return proven


def _as_event(head: Head, signed: bool | None) -> Event:
    return Event(
        epoch=head.epoch,
        seq=head.seq,
        since=head.seq,
        previous=None,
        value=head.value,
        signed=signed,
        virtual=True,
    )


def _nobody(course: Course, declared: Declared, findings: Findings) -> None:
    """Say why no signature was proven, though there is a key."""
    if not course.signatures:
        findings.add(found.UNSIGNED, "", (0, 0), NEVER)
    elif findings.drop(found.FORGED):
        findings.add(found.WRONG_KEY, "", (0, 0), STRANGER)
        declared.trust()


def _judge_holes(course: Course, declared: Declared, findings: Findings) -> None:
    runs = _runs(course, declared)
    for flow in course.flows:
        gone = Gone(runs.get(id(flow), ()))
        for one in filled(flow.holes, flow.displaced):
            findings.once(found.ALTERED, one.epoch, one.seq, NOT_BEFORE)
        for hole in without(flow.holes, flow.damaged):
            explain(hole, gone, findings)


def _runs(course: Course, declared: Declared) -> dict[int, list[Run]]:
    """Return which runs are declared gone of each run of numbers.

    A station that went on from an old copy speaks of the older epoch only up to where it branched.
    """
    runs: dict[int, list[Run]] = {}
    for epoch, run in declared.runs():
        flow, first, last = course.flow(epoch), run.first, run.last
        while flow is not None and first <= last:
            whole = (first, last) == (run.first, run.last)
            part = run if whole else _part(run, last)
            runs.setdefault(id(flow), []).append(part)
            last = min(last, flow.since_parent - 1)
            flow = flow.parent
    return runs


def _part(run: Run, last: int) -> Run:
    """Return the beginning of a run; its end is not the one whose chain value is declared."""
    return Run(first=run.first, last=last, before=run.before, after=None, by=run.by)


def _judge_tails(course: Course, head: Head | None, declared: Declared, findings: Findings) -> None:
    signed = head is not None and head.signature is not None
    for flow in course.flows:
        newest = flow.newest
        if signed and head is not None and course.flow(head.epoch) is flow:
            continue
        if flow.unsigned > MOST_UNSIGNED and (course.signatures or declared.verifier is None):
            seqs = (flow.unsigned_from, newest.seq)
            findings.add(found.UNSIGNED, newest.epoch, seqs, UNVOUCHED)


def _judge_epochs(course: Course, declared: Declared, findings: Findings) -> None:
    for number, (epoch, seen) in enumerate(course.epochs.items()):
        begun, seqs = declared.begun(epoch), (seen.first, seen.first)
        if begun is None:
            stray = seen.events == 1 and findings.says(found.ALTERED, epoch, seen.first)
            if number and not stray:
                findings.add(found.EPOCH, epoch, seqs, UNTOLD)
            continue
        why = (AFRESH if begun.afresh else RESUMED) + begun.why
        findings.add(found.EPOCH, epoch, seqs, why, fault=False)
        parent = course.epochs.get(begun.parent)
        if begun.why == "restored" and (parent is None or parent.last <= begun.upto):
            findings.add(found.OLD_COPY, begun.parent, (begun.upto, begun.upto), OLD)


def _lasts(course: Course, declared: Declared) -> dict[str, int]:
    """Return the last number of each epoch; one that another went on from reaches up to there."""
    lasts = {epoch: seen.last for epoch, seen in course.epochs.items()}
    for begun in declared.parents():
        if begun.parent in lasts:
            lasts[begun.parent] = max(lasts[begun.parent], begun.upto)
    return lasts
