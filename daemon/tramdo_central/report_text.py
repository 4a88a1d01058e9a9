"""What was found of a record, in words for people who have to sign for it. No I/O."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from tramdo.proof import Verifier, fingerprint
from tramdo.proof.findings import OPEN, PROVEN, Finding, Report, Span

WIDTH = 100
MOST_SHOWN = 20
NOBODY = (
    "No key was given, so nobody has vouched for any of this: whoever had the file could have "
    "written all of it anew. Give the station's public key with --key."
)
SELECTION = (
    "This is a selection of kinds: whether something is missing cannot be said. Each event is "
    "judged by its own signature only."
)
COMPLETE = "COMPLETE AND UNTOUCHED: this is what the station recorded, and nothing is missing."
ELSEWHERE = "compare with the central (--central) or with a number on paper (--known)."
GENUINE = "GENUINE AS FAR AS IT GOES: each of these events is what the station recorded."
UNPROVEN = "NOT PROVEN: the chain is whole, but nobody vouches for it."
UNPROVEN_PART = "NOT PROVEN: nothing here contradicts itself, but nobody vouches for it."
WRONG = "NOT AS THE STATION WROTE IT, or not all of it."


Lines = Mapping[tuple[str, int], int]


def page(report: Report, file: str, verifier: Verifier | None, lines: Lines) -> str:
    """Return the report as text; `lines` says on which line of the file an event stands."""
    return "\n".join(_lines(report, file, verifier, lines))


def _lines(report: Report, file: str, verifier: Verifier | None, lines: Lines) -> Iterator[str]:
    yield f"Record of station {report.station or '(none)'}, in {ascii(file)[1:-1]}"
    yield ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    yield f"  events      {report.events}" + (f": {kinds}" if kinds else "")
    for span in report.epochs:
        numbers = f"numbers {span.first} to {span.last}, {_vouched(span, report)}"
        yield f"  epoch       {span.epoch}: {numbers}"
    yield f"  signatures  {_signatures(report)}"
    for key in verifier.keys if verifier else ():
        yield f"  key         {fingerprint(key)}"
    yield ""
    for note in (NOBODY if report.proven is None else "", SELECTION if report.partial else ""):
        if note:
            yield from textwrap.wrap(note, WIDTH)
            yield ""
    wrong = report.faults[:MOST_SHOWN]
    told = [one for one in report.findings if not one.fault][: MOST_SHOWN - len(wrong)]
    yield from _found("Wrong:", wrong, lines)
    yield from _found("To know:", told, lines)
    if more := len(report.findings) - len(wrong) - len(told) + report.unlisted:
        yield f"  and {more} more"
        yield ""
    yield from textwrap.wrap(_verdict(report), WIDTH)


def _vouched(span: Span, report: Report) -> str:
    if not span.vouched:
        return "none of them vouched for"
    wrong = sum(_below(one, span) for one in report.faults if one.epoch == span.epoch)
    but = f", but for {wrong} event{'s' if wrong > 1 else ''} below" if wrong else ""
    if span.vouched == span.last:
        return f"vouched for{but}" if wrong else "all vouched for"
    return f"vouched for up to {span.vouched}{but}, those after it not (yet)"


def _below(one: Finding, span: Span) -> int:
    """Return how many of the events that seem vouched for a finding is about."""
    return max(0, min(one.last, span.vouched) - max(one.first, 1) + 1)


def _signatures(report: Report) -> str:
    if report.proven is None:
        return f"{report.signatures}, none of them judged"
    return f"{report.signatures}, of which {report.proven} proven"


def _found(title: str, findings: Sequence[Finding], lines: Lines) -> Iterator[str]:
    if not findings:
        return
    yield title
    for one in findings:
        line = lines.get((one.epoch, one.first))
        place = one.where + (f" (line {line})" if line else "")
        text = f"{one.kind.upper()}: {place}: {one.why}"
        yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""


def _verdict(report: Report) -> str:
    if not report.whole:
        return WRONG
    if not report.vouched_for:
        return UNPROVEN_PART if report.partial else UNPROVEN
    if report.partial:
        return GENUINE
    return COMPLETE if report.end == PROVEN else _as_far_as_known(report)


def _as_far_as_known(report: Report) -> str:
    """Return what holds where only the station's own signatures speak for the end."""
    last, tail = report.epochs[-1].last, report.tail
    cut = f"Whether events after {last} were cut off cannot be told from this file; {ELSEWHERE}"
    if report.end != OPEN:
        return f"COMPLETE AND UNTOUCHED UP TO {last}, which the station signed. {cut}"
    signed = [report.epochs[0], *(one for one in report.epochs if one.vouched)][-1]
    upto = signed.vouched if signed is report.epochs[-1] else f"{signed.epoch}.{signed.vouched}"
    which = f"Events {tail[0]} to {last} are" if len(tail) > 1 else f"Event {last} is"
    return (
        f"UNTOUCHED UP TO {upto}: what the station signed is whole up to there. "
        f"{which} not signed: {'they' if len(tail) > 1 else 'it'} may have been changed. {cut}"
    )
